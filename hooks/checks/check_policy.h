/*
 * What a team has decided: the committed .codetrain file, and git config
 * codetrain.* of this machine.
 *
 *	[codetrain "allow"]
 *		sha256 = <SHA-256 of a value that is no secret>
 *	[codetrain]
 *		max-file-size = 50m
 */
#ifndef CODETRAIN_CHECK_POLICY_H
#define CODETRAIN_CHECK_POLICY_H

#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <git2.h>
#include <stdbool.h>

#define CHECK_POLICY_FILE ".codetrain"
#define CHECK_POLICY_BYTES_MAX (1 << 20)
#define CHECK_POLICY_FILE_SIZE (50ULL << 20)	/* when nothing else is said */
#define CHECK_POLICY_SECONDS 45			/* a check's time, then it refuses */

struct check_policy {
	struct strs allow;	/* hex */
	unsigned long long max_file_size;
	long seconds;
};

void check_policy_init(struct check_policy *policy);

/* Adds a .codetrain file. What allows most counts when there are several.
 * ERR_USAGE with "NAME:LINE: ..." when it is broken. */
int check_policy_read(struct check_policy *policy, const char *text, size_t len, const char *name,
		      struct err *err);

/* The machine's git config overrides. */
int check_policy_config(struct check_policy *policy, git_repository *repo, struct err *err);

bool check_policy_allows(const struct check_policy *policy, const char *sha256);

void check_policy_free(struct check_policy *policy);

#endif
