/*
 * AWS Signature Version 4, as named stages (docs: "Create a signed AWS API
 * request"). Pure: time and payload hash are inputs; nothing is read from the
 * environment.
 */
#ifndef CODETRAIN_SIGV4_H
#define CODETRAIN_SIGV4_H

#include "creds.h"
#include "hash.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"

#include <stddef.h>

#define SIGV4_REQUEST_MAX (64 << 10)	/* bytes of a canonical request */
#define SIGV4_HEADERS_MAX 64
#define SIGV4_PARAMETERS_MAX 256

struct sigv4_pair {
	const char *name;
	const char *value;
};

struct sigv4_request {
	const char *method;
	const char *path;		/* as on the wire, without the query; "" is "/" */
	const char *query;		/* as on the wire, without '?'; "" when none */
	const struct sigv4_pair *headers;	/* all that are signed; host among them */
	size_t header_count;
	const char *payload_hash;	/* hex, or "UNSIGNED-PAYLOAD" */
	bool normalize;			/* dot segments and double slashes (all but S3) */
	bool encode_path_twice;		/* all but S3 */
};

struct sigv4_scope {
	const char *region;
	const char *service;
	int64_t time;			/* seconds since 1970 UTC */
};

int sigv4_canonical_request(const struct sigv4_request *r, struct buf *out, struct err *err);
int sigv4_signed_headers(const struct sigv4_request *r, struct buf *out, struct err *err);
int sigv4_string_to_sign(const struct sigv4_scope *s, const char *canonical_request, size_t len,
			 struct buf *out, struct err *err);
void sigv4_signing_key(const struct sigv4_scope *s, const char *secret,
		       unsigned char key[static HASH_LEN]);
void sigv4_signature(const unsigned char key[static HASH_LEN], const char *string_to_sign,
		     size_t len, char out[static HASH_HEX_LEN]);

/* All stages: the value of the Authorization header. The caller has put
 * x-amz-date (and x-amz-security-token) among the headers. */
int sigv4_authorization(const struct sigv4_request *r, const struct sigv4_scope *s,
			const struct creds *creds, struct buf *out, struct err *err);

/* Query signing (presigned): the query string with X-Amz-Signature last.
 * `token_after` leaves the session token out of what is signed. */
int sigv4_presign(const struct sigv4_request *r, const struct sigv4_scope *s,
		  const struct creds *creds, long expires, bool token_after,
		  struct buf *out, struct err *err);

/* CodeCommit's own variant for git over HTTPS: the password, TIMEZ followed by
 * the hex signature. `host` may have a port (it is not signed); `path` is what
 * git gives (decoded, no leading slash). */
int sigv4_codecommit_password(const char *host, const char *path, const struct sigv4_scope *s,
			      const char *secret, struct buf *out, struct err *err);

#endif
