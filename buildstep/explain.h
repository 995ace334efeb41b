/*
 * Which grant is missing: what AWS says when one account does not let another
 * in, told as the grant of `codetrain grant` that mends it.
 */
#ifndef CODETRAIN_EXPLAIN_H
#define CODETRAIN_EXPLAIN_H

#include "lib/base/err.h"

/* What the failed call or job was about; any may be NULL. */
struct explain_about {
	const char *role;	/* ARN of the execution role */
	const char *image;
	const char *data;	/* S3 URI of what is read: artefact or input */
	const char *output;	/* S3 URI of what is written */
};

/* Adds "; the grant that is missing: ...; codetrain grant apply -f
 * accounts.json" to the message, when `said` (AWS's words) are those of a
 * missing grant; ERR_USAGE becomes ERR_ACCESS. Leaves others alone. */
void explain_missing_grant(const char *said, const struct explain_about *about, struct err *err);

#endif
