/*
 * Credentials out of another program of codetrain, through a pipe: it prints
 * the line protocol of creds.h, its exit code is the class of what went wrong,
 * and its last line on stderr is the reason.
 */
#ifndef CODETRAIN_CREDS_RUN_H
#define CODETRAIN_CREDS_RUN_H

#include "awsconfig.h"
#include "creds.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>

struct creds_run {
	const char *program;		/* "codetrain-credentials", a sibling */
	const char *const *arguments;	/* without the program; NULL behind the last; never a secret */
	const char *profile;		/* for messages, when the program's own names it not */
	const char *provider;		/* the same: chain_name */
	bool asks;			/* it may ask on the terminal */
	int timeout_ms;
	const volatile int *stop;	/* as proc_run's; may be NULL */
};

/* The room that an answer needs. */
#define CREDS_RUN_MAX (CREDS_TOKEN_MAX + 4096)

/* What it printed, appended to `answer` (a secret buffer), as a string.
 * ERR_UNAVAILABLE when it is not done in time. */
int creds_run_text(const struct creds_run *r, struct buf *answer, struct err *err);

/* The same, read as credentials. */
int creds_run(const struct creds_run *r, struct creds *out, struct err *err);

/* codetrain-keyring ends by itself after a second. */
#define CREDS_RUN_KEYRING_MS 5000

/* The keys that a profile has in the keyring, by the name in its codetrain_keyring. */
int creds_run_keyring(const struct awsconfig *config, const char *profile,
		      const volatile int *stop, struct creds *out, struct err *err);

#endif
