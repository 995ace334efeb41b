/*
 * A look at each line of an AWS config file as it is: what the AWS CLI and boto3
 * (Python's configparser), the SDKs (by AWS's reference) and codetrain read
 * differently, or not at all. What botocore does was tried with 1.44.5.
 */
#ifndef CODETRAIN_DOCTOR_CONFIG_H
#define CODETRAIN_DOCTOR_CONFIG_H

#include "doctor.h"

struct doctor_flaw {
	int line;
	enum doctor_severity severity;
	const char *rule;
	const char *message;	/* names sections and known properties, never a value */
	const char *sed;	/* a sed script that mends the line; NULL: it takes an editor */
};

typedef void doctor_flaw_fn(void *arg, const struct doctor_flaw *flaw);

/* `text` is borrowed and stays as it is. `credentials`: the credentials file,
 * whose sections are profiles without the word. */
void doctor_config_scan(const char *text, size_t len, bool credentials, doctor_flaw_fn *fn,
			void *arg);

#endif
