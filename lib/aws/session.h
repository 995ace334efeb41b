/*
 * Sessions that are kept between processes, so that one sign-in, one MFA code
 * and one call of STS serve every git that runs in the next hour.
 *
 * A session has a name, a hash over all that it depends on: a changed
 * configuration, another sign-in or another user is another name, and what is
 * kept under the old one is found no more. It is kept in the kernel's keyring
 * of the user, or where the kernel does not let us in a file that only the
 * user can read: in $XDG_RUNTIME_DIR/codetrain, else in codetrain below
 * $XDG_CACHE_HOME or ~/.cache. A place that does not work, or is not the
 * user's own, is passed over: nothing here is needed for an answer.
 *
 * CODETRAIN_SESSION_CACHE is "kernel" or "file" for one of the places alone,
 * and "off" for none; unset is the kernel, and else a file.
 */
#ifndef CODETRAIN_SESSION_H
#define CODETRAIN_SESSION_H

#include "chain.h"
#include "creds.h"
#include "hash.h"

#include <stdbool.h>
#include <stdint.h>

enum { SESSION_KERNEL = 1, SESSION_FILE = 2, SESSION_ANYWHERE = 3 };

/* Whose session. */
struct session_scope {
	const struct chain_input *in;
	const struct chain_choice *choice;
	const char *const *variables;	/* environ(7); NULL: nothing is kept */
	const char *region;		/* other than chain_region's own; NULL or "": none */
};

struct session {
	char name[HASH_HEX_LEN];
	unsigned places;		/* 0: it is not kept anywhere */
	int64_t since;			/* when what session_load gave was stored */
	const char *(*getenv)(const char *name);
};

/* `places`: where it may be kept. Providers that have no sessions are kept
 * nowhere. -1 (ERR_USAGE) only for a CODETRAIN_SESSION_CACHE that is none. */
int session_open(struct session *s, const struct session_scope *scope, unsigned places,
		 struct err *err);

/* SHA-256 in hex over the user, the provider, the profile with the sections it
 * names and those of its source profiles, HOME, every AWS_ variable (with a
 * credential_process almost every one) and the token of a sign-in or a container
 * (its file's size, time, number and device). -1 when that cannot be told. */
int session_name(const struct session_scope *scope, char out[static HASH_HEX_LEN]);

enum session_state {
	SESSION_NONE,	/* `out` holds nothing of use */
	SESSION_LIVE,	/* to be used only when there is no newer: it ends soon */
	SESSION_FRESH,
};
/* `now` is this machine's time, as for session_store. */
enum session_state session_load(struct session *s, int64_t now, struct creds *out);

/* How long before its end a session is to be replaced: `most` seconds, but half
 * of a short one's life. */
int64_t session_margin(int64_t life, int64_t most);

/* Keeps it to its end, `most` seconds at the longest (0: no limit; only the
 * kernel can do it). What does not end is not kept. False: it is kept nowhere. */
bool session_store(const struct session *s, const struct creds *c, int64_t now, int64_t most);

/* Drops what is kept when it has this access key id (another process may have
 * replaced it already); NULL: whatever it has. */
void session_forget(const struct session *s, const char *access_key_id);

/*
 * One refresh at a time: an exclusive lock on a file beside the sessions, which
 * is removed when the refresh is over. Those who have waited see how it went.
 */
enum session_turn {
	SESSION_MINE,		/* refresh, then session_unlock */
	SESSION_OVER,		/* another process has done it: look again */
	SESSION_REFUSED,	/* another has tried in vain; `err` is its failure */
	SESSION_BUSY,		/* `wait_ms` went by, or *stop was set */
	SESSION_ALONE,		/* there can be no lock, or it is of no use: go on without */
};
struct session_lock {
	int folder, fd;
	char name[HASH_HEX_LEN + 8];
};
enum session_turn session_lock(const struct session *s, int wait_ms, const volatile int *stop,
			       struct session_lock *lock, struct err *err);

/* After SESSION_MINE. `failure`: those who wait fail with it; one of ERR_NONE
 * tells them that nothing was kept, and that each may ask for itself. NULL: it is done. */
void session_unlock(struct session_lock *lock, const struct err *failure);

#endif
