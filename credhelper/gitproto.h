/*
 * The lines that git speaks with a credential helper (git-credential(1),
 * "INPUT/OUTPUT FORMAT"): NAME=VALUE, to an empty line or the end.
 */
#ifndef CODETRAIN_GITPROTO_H
#define CODETRAIN_GITPROTO_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define GITPROTO_MAX (64 << 10)	/* bytes of a request */

/* Strings are "" when git did not say; they point into the text. */
struct gitproto {
	const char *protocol;
	const char *host;	/* with ":PORT" when the URL has one */
	const char *path;	/* decoded, without slashes at its ends */
	const char *username;
	bool authtype;		/* git knows authtype and ephemeral (2.46) */
	bool contradictory;	/* the protocol or the host came twice, as no git says it */
};

/* Reads to an empty line or the end; of a secret `text` no copy is left. More than
 * GITPROTO_MAX is ERR_USAGE. */
int gitproto_read(int fd, struct buf *text, struct err *err);

/* Takes the text apart, in place. Lines without '=' and unknown names are
 * skipped, so that tomorrow's git still works; a known one that holds a NUL is
 * taken for unset. */
void gitproto_parse(struct buf *text, struct gitproto *out);

/* Appends NAME= and the parts of its value. A line break in one is
 * ERR_INTERNAL, and nothing is added: it would be read as a line of its own. */
#define GITPROTO_VALUE(...) ((const char *const[]){ __VA_ARGS__, NULL })
int gitproto_add(struct buf *out, const char *name, const char *const *parts, struct err *err);

/* Appends the answer to `git`: the user name in parts, the password, when that ends
 * (seconds since 1970; 0: never), and that nobody is to keep it, for a git that knows. */
int gitproto_answer(const struct gitproto *git, const char *const *username, const char *password,
		    int64_t expiry, struct buf *out, struct err *err);

#endif
