/*
 * What the credential helper answers to git's "get".
 */
#ifndef CODETRAIN_CODECOMMIT_H
#define CODETRAIN_CODECOMMIT_H

#include "lib/aws/chain.h"
#include "lib/aws/creds.h"
#include "lib/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

#define CODECOMMIT_ANSWER_MAX (CREDS_KEY_MAX + CREDS_TOKEN_MAX + 1024)
#define CODECOMMIT_PASSWORD_SECONDS 900	/* how long CodeCommit takes a signature */

struct codecommit {
	const char *profile;		/* --profile; NULL: the chain's own */
	const char *region;		/* --region, for hosts that do not tell theirs; may be NULL */
	bool ignore_host_check;
	int64_t now;
	const char *(*getenv)(const char *name);
	const char *const *variables;	/* environ(7); NULL: no session is kept */
	/* For the providers that are not local, when no session of theirs is kept. */
	int (*fetch)(const struct chain_input *in, const struct chain_choice *choice,
		     struct creds *out, struct err *err);
};

/*
 * `request` is what git wrote; it is taken apart in place. `answer` (a secret
 * buffer of CODECOMMIT_ANSWER_MAX) stays empty when the question is none for
 * CodeCommit: another host, or not https. When it is one and fails, the answer
 * is quit=1, so that git does not ask the user for a password that nobody has.
 * `warning` gets a message (class ERR_NONE) or stays as it is.
 */
int codecommit_get(const struct codecommit *c, struct buf *request, struct buf *answer,
		   struct err *warning, struct err *err);

/* git's "erase" of what it was given before: a session that is kept, and has the
 * access key id of the user name, is dropped; without a user name, whatever
 * session is kept. Says nothing, whatever happens. */
void codecommit_erase(const struct codecommit *c, struct buf *request);

#endif
