/*
 * Who submits, and where: the identity of the build (the ambient chain or a
 * profile), and the one in whose account the job runs, which may come from a
 * secret that the first one reads, or from a role that it assumes. What came
 * so is kept in memory alone, and fetched again before it ends.
 */
#ifndef CODETRAIN_IDENTITY_H
#define CODETRAIN_IDENTITY_H

#include "lib/base/err.h"
#include "lib/base/opt.h"
#include "lib/net/aws.h"

struct identity_options {
	const char *profile;	/* of the build; NULL: the chain's own */
	const char *region;	/* NULL: the chain's own */
	const char *secret;	/* Secrets Manager: the job's account */
	const char *role_arn;	/* assumed: the job's account */
};

/* Rows for a program's table of options. */
#define IDENTITY_OPTIONS(o)                                                                      \
	{ "secret", 0, OPT_STRING, &(o)->secret, "ID",                                           \
	  "name or ARN of a Secrets Manager secret with the\ncredentials of the job's account" }, \
	{ "profile", 0, OPT_STRING, &(o)->profile, "PROFILE", "profile of the AWS config files" }, \
	{ "role-arn", 0, OPT_STRING, &(o)->role_arn, "ARN", "a role to assume in the job's account" }, \
	{ "region", 0, OPT_STRING, &(o)->region, "REGION", "region of the job" }

struct identity {
	struct identity_options options;
	const volatile int *stop;
	struct aws *home;	/* the build's */
	struct aws *job;	/* where the job runs; `home` itself without secret and role */
	struct creds *creds;	/* of `job`, when it is not `home` */
};

/* Opens the build's side; no network. ERR_USAGE for options that exclude each
 * other. `stop` ends waits (may be NULL). */
int identity_open(struct identity *id, const struct identity_options *options,
		  const volatile int *stop, struct err *err);

/* Makes `job` usable: reads the secret or assumes the role, again when what is
 * held ends soon. */
int identity_ready(struct identity *id, struct err *err);

/* A call in the job's account, with fresh credentials when they have ended. */
int identity_call(struct identity *id, const char *operation, const cJSON *input, cJSON **output,
		  struct err *err);

void identity_close(struct identity *id);

#endif
