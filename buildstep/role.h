/*
 * The ARN of a role that was given by name.
 */
#ifndef CODETRAIN_ROLE_H
#define CODETRAIN_ROLE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/net/aws.h"

#define ROLE_ARN_MAX 2049	/* the limit of SageMaker's requests, with the NUL */

/* By iam:GetRole in the account of `who`, as the SDK does; where that is not
 * allowed it is made from the account's number. An ARN stays as it is. ERR_NO
 * when the account has no such role. */
int role_arn(struct aws *who, const char *role, char out[static ROLE_ARN_MAX], struct err *err);

/* Without asking IAM: from the account of `who`. */
int role_arn_made(struct aws *who, const char *role, char out[static ROLE_ARN_MAX],
		  struct err *err);

#endif
