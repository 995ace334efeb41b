/*
 * From a finished job to models in other accounts.
 */
#ifndef CODETRAIN_PROMOTE_H
#define CODETRAIN_PROMOTE_H

#include "identity.h"
#include "lib/spec/json.h"

#include <stdio.h>

struct promote_options {
	struct identity_options identity;	/* of the job's account, to look the job up */
	const char *job;		/* NULL: from the file */
	const char *job_file;		/* what `codetrain submit --json` printed; NULL: ask */
	struct strs to;			/* profiles */
	const char *model_name;		/* NULL: the job's */
	const char *role;		/* execution role in each account: a name or an ARN */
	const volatile int *stop;
	FILE *notes;
};

/* Makes the model in every profile's account; all are tried. *models is the
 * list of {"profile","account","model","arn","created"} of those that are
 * there, which the caller frees. The class of `err` is the worst of all; with
 * one failure the message is its own. */
int promote_run(const struct promote_options *o, cJSON **models, struct err *err);

#endif
