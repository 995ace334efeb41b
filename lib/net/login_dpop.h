/*
 * A DPoP proof (RFC 9449): a JWT (RFC 7515, ES256) that shows who sends a
 * request to have the private key that the session was begun with.
 */
#ifndef CODETRAIN_LOGIN_DPOP_H
#define CODETRAIN_LOGIN_DPOP_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdint.h>

#define LOGIN_DPOP_MAX 4096	/* bytes of a proof */

/* The value of the header DPoP, of a POST to `url` at `now`. `pem` is a P-256 key
 * as SEC 1 or PKCS #8; ERR_ACCESS when it is none. */
int login_dpop(const char *pem, const char *url, int64_t now, struct buf *out, struct err *err);

#endif
