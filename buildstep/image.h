/*
 * Images: what their names say, and the digest behind a tag.
 */
#ifndef CODETRAIN_IMAGE_H
#define CODETRAIN_IMAGE_H

#include "lib/aws/region.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/net/aws.h"

#include <stdbool.h>

#define IMAGE_MAX 256	/* CreateTrainingJob's limit of 255, with the NUL */
#define IMAGE_DIGEST_LEN 72	/* "sha256:" and 64 digits, with the NUL */

struct image {
	char registry[IMAGE_MAX];	/* "111111111111.dkr.ecr.us-east-2.amazonaws.com" */
	char repository[IMAGE_MAX];	/* "team/scikit-learn-iris" */
	char tag[IMAGE_MAX];		/* "" when none */
	char digest[IMAGE_DIGEST_LEN];	/* "" when none */
	bool ecr;			/* the registry is Amazon ECR; then: */
	char account[13];
	char region[REGION_MAX];
};

/* ERR_USAGE for what is no image name. */
int image_parse(const char *name, struct image *out, struct err *err);

/* REGISTRY/REPOSITORY@DIGEST; the digest must be there. */
int image_pinned(const struct image *i, char out[static IMAGE_MAX], struct err *err);

/* Asks the registry (ecr:BatchGetImage) in the image's region for the digest of
 * the tag ("latest" without one). ERR_USAGE when the registry says that there is no
 * such image, ERR_ACCESS when it may not be asked. */
int image_resolve(struct image *i, struct aws *who, struct err *err);

#endif
