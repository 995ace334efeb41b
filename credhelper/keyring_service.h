/*
 * The Secret Service of the desktop (specifications.freedesktop.org/secret-service),
 * as far as the keyring's program needs it.
 *
 * Nothing waits for long: all talks of one process together have
 * KEYRING_SERVICE_WAIT_MS, whatever answers, or does not, at the other end. No
 * window is ever waited for: what is locked is ERR_UNAVAILABLE, with the command
 * that unlocks it.
 */
#ifndef CODETRAIN_KEYRING_SERVICE_H
#define CODETRAIN_KEYRING_SERVICE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYRING_SERVICE_WAIT_MS 1000
#define KEYRING_PROFILE_MAX 200		/* bytes of a profile's name */
#define KEYRING_TEXT_MAX 4096		/* bytes of a secret */

struct keyring_item {
	char kind[16];			/* "keys" or "git" */
	char profile[KEYRING_PROFILE_MAX + 1];
	char where[64];			/* the keyring that it is in: "login" */
	int64_t created, modified;	/* seconds since 1970 */
	struct buf text;		/* the secret, in secret memory */
};

struct keyring_service;	/* opaque */

struct keyring_service *keyring_service_open(struct err *err);
void keyring_service_close(struct keyring_service *s);	/* NULL is nothing */

/* What is stored for a profile, or with NULL for all, of one kind or of both; the
 * newest first. Borrowed until the next call. */
int keyring_service_find(struct keyring_service *s, const char *kind, const char *profile,
			 const struct keyring_item **items, size_t *n, struct err *err);

/* Stores in the default keyring, in place of what was there for this kind and
 * profile. A keyring that is gone after the session is refused. */
int keyring_service_put(struct keyring_service *s, const char *kind, const char *profile,
			const char *label, const char *text, struct err *err);

/* Removes all of this kind and profile. */
int keyring_service_erase(struct keyring_service *s, const char *kind, const char *profile,
			  struct err *err);

#endif
