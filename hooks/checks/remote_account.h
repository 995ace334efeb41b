/*
 * The account that a push to a CodeCommit URL would go to: that of the
 * credentials that git would be given. Told from the URL, git's configuration
 * and the AWS files of this machine; AWS is not asked.
 */
#ifndef CODETRAIN_REMOTE_ACCOUNT_H
#define CODETRAIN_REMOTE_ACCOUNT_H

#include "lib/aws/account.h"
#include "lib/aws/region.h"
#include "lib/base/buf.h"

#include <git2.h>
#include <stdbool.h>

/* The region of a CodeCommit URL: https://HOST/..., ssh://[ID@]HOST/...,
 * codecommit::REGION://...; "" for codecommit://... (the profile's) and for what is
 * no such URL. True when it is one. */
bool remote_account_region(const char *url, char region[static REGION_MAX]);

/* False when it cannot be told. `whose` gets words for messages in both cases:
 * "profile mlops-devops", or why it cannot. */
bool remote_account(git_config *config, const char *url, char account[static ACCOUNT_LEN + 1],
		    struct buf *whose);

/* The first profile of this machine whose account it is; false when none is. */
bool remote_account_find(const char *account, struct buf *profile);

#endif
