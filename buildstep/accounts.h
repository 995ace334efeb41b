/*
 * The accounts file of `codetrain grant`: who takes part, and what is shared.
 *
 * {
 *   "region": "us-east-2", "repository": "scikit-learn-iris",
 *   "bucket": "mlops-beta-222222222222", "input": "iris/", "output": "output/",
 *   "secret": "mlops/beta",
 *   "accounts": {
 *     "devops": { "id": "111111111111", "profile": "mlops-devops",
 *                 "role": "SageMakerExecutionRole", "build_role": "codebuild-x" },
 *     "beta":   { "id": "222222222222", "profile": "mlops-beta", "role": "..." },
 *     "production": { ..., "release_role": "codetrain-release",
 *                     "group": "SageMaker", "user": "someone" } } }
 *
 * "devops" owns the repository, the secret and the build; "beta" trains and owns
 * the bucket; every account, with devops, gets models.
 */
#ifndef CODETRAIN_ACCOUNTS_H
#define CODETRAIN_ACCOUNTS_H

#include "lib/base/buf.h"
#include "lib/spec/json.h"

#define ACCOUNTS_FILE_MAX (256 << 10)
#define ACCOUNTS_MAX 32

struct account {
	const char *name;	/* all borrowed from the tree */
	const char *id, *profile, *role;
	const char *build_role, *release_role, *group, *user;	/* NULL: none */
};

struct accounts {	/* points into itself: not to be copied */
	cJSON *tree;
	const char *region, *partition;
	const char *repository, *bucket, *input, *output;
	const char *secret;	/* name or ARN; NULL: none */
	struct account account[ACCOUNTS_MAX];
	size_t n;
	const struct account *devops, *beta;
};

/* ERR_USAGE with NAME:LINE:COLUMN for the first thing that is wrong. */
int accounts_read(const char *text, size_t len, const char *name, struct accounts *out,
		  struct err *err);
int accounts_load(const char *path, struct accounts *out, struct err *err);
void accounts_free(struct accounts *a);

#endif
