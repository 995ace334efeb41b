/*
 * A SageMaker model in one account, made once.
 */
#ifndef CODETRAIN_MODEL_H
#define CODETRAIN_MODEL_H

#include "lib/net/aws.h"

#include <stdbool.h>

struct model_want {
	const char *name;
	const char *image;	/* pinned */
	const char *artifact;	/* S3 URI of the .tar.gz, read in place */
	const char *role;	/* execution role in the model's account: name or ARN */
	const char *job;	/* for a tag; may be "" */
	const char *digest;	/* for a tag; may be "" */
};

struct model_made {
	char account[13];
	char arn[256];
	bool created;		/* false: it was there and is the same */
};

/* The same model again is success. ERR_CONFLICT with the difference when the
 * name is taken by another. A refusal for a missing grant names the grant. */
int model_make(struct aws *who, const struct model_want *want, struct model_made *out,
	       struct err *err);

#endif
