/*
 * What a team has decided: the committed .codetrain file, and git config
 * codetrain.* of this machine.
 *
 *	[codetrain "allow"]
 *		sha256 = <SHA-256 of a value that is no secret>
 *	[codetrain]
 *		max-file-size = 50m
 *		inline-allow = true | false | warn
 *		rules = <a rule file in the repository>		(any number)
 *		builtin-rules = all | none | <groups>
 *	[codetrain "REMOTE"]					(see remote_pins.h)
 *		account = ...
 *	[rule "ID"]						(as in a rule file)
 *		...
 */
#ifndef CODETRAIN_CHECK_POLICY_H
#define CODETRAIN_CHECK_POLICY_H

#include "check_allow.h"
#include "remote_pins.h"
#include "hooks/secrets/rules.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <git2.h>
#include <stdbool.h>

#define CHECK_POLICY_FILE ".codetrain"
#define CHECK_POLICY_BYTES_MAX (1 << 20)
#define CHECK_POLICY_FILE_SIZE (50ULL << 20)	/* when nothing else is said */
#define CHECK_POLICY_SECONDS 45			/* a check's time, then it refuses */

/* What a comment beside a value ("codetrain:allow") does; the larger allows more. */
enum check_inline { CHECK_INLINE_IGNORED, CHECK_INLINE_WARNS, CHECK_INLINE_ALLOWS };

struct check_policy {
	struct check_allow allow;
	unsigned long long max_file_size;
	long seconds;
	struct remote_pins pins;	/* of all files */
	enum check_inline inline_allow;
	bool sized, commented;		/* a file has named a size, has spoken of comments */
	struct rules rules;		/* a team's own */
	bool own_rules;			/* there are any, or built-in ones are left out */
	struct strs rule_files;		/* that the last file has named, to be loaded */
	struct buf bypass_log;		/* this machine's; empty: none */
	/* of all files: the groups that count, when each file leaves some out */
	struct buf builtin;
	bool builtin_all;
	bool builtin_fixed;		/* the command line has said it */
};

void check_policy_init(struct check_policy *policy);

/* Adds a .codetrain file. What allows most counts when there are several.
 * ERR_USAGE with "NAME:LINE: ..." when it is broken. */
int check_policy_read(struct check_policy *policy, const char *text, size_t len, const char *name,
		      struct err *err);

/* A commit without such a file: it leaves no built-in rule out. */
void check_policy_none(struct check_policy *policy);

/* The machine's git config overrides. */
int check_policy_config(struct check_policy *policy, git_repository *repo, struct err *err);

/* --builtin-rules: over what the files say. */
int check_policy_builtin(struct check_policy *policy, const char *words, struct err *err);

/* Once all is read: which built-in rules count. */
int check_policy_settle(struct check_policy *policy, struct err *err);

void check_policy_free(struct check_policy *policy);

#endif
