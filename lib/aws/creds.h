/*
 * Credentials: one struct that wipes itself, and a frozen snapshot: key, secret
 * and token always come from the same answer.
 */
#ifndef CODETRAIN_CREDS_H
#define CODETRAIN_CREDS_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define CREDS_KEY_MAX 128		/* IAM: access key ids have 16 to 128 characters */
#define CREDS_SECRET_MAX 256
#define CREDS_TOKEN_MAX 16384		/* no documented maximum; seen up to about 4 KiB */

/* In secret memory; made by creds_new, freed by creds_free. */
struct creds {
	char access_key_id[CREDS_KEY_MAX + 1];
	char secret_access_key[CREDS_SECRET_MAX + 1];
	char session_token[CREDS_TOKEN_MAX + 1];	/* "" for long-lived keys */
	int64_t expiration;		/* seconds since 1970 UTC; 0: never */
	char account_id[13];		/* "" when not known */
	char source[256];		/* where from, for messages: "environment", "profile x in FILE" */
};

struct creds *creds_new(struct err *err);
void creds_free(struct creds *c);	/* wipes; NULL is nothing */

/* Copies the parts in, refusing what is too long or holds control characters
 * or spaces (ERR_USAGE; the message names the part, never its value).
 * `token` may be NULL. */
int creds_set(struct creds *c, const char *key, const char *secret, const char *token,
	      const char *source, struct err *err);

/* 15 minutes before the end refreshing is advised, 10 before it is needed. */
#define CREDS_ADVISORY_REFRESH 900
#define CREDS_MANDATORY_REFRESH 600
bool creds_expires_within(const struct creds *c, int64_t now, int64_t seconds);

/*
 * The line protocol between codetrain-credentials and a program without JSON:
 * the line "codetrain-credentials 1", then NAME=VALUE lines: access_key_id,
 * secret_access_key, session_token, expiration (seconds), account_id, source.
 * Unknown names are ignored.
 */
struct buf;
int creds_write_lines(const struct creds *c, struct buf *out, struct err *err);
int creds_read_lines(const char *text, struct creds *out, struct err *err);

#endif
