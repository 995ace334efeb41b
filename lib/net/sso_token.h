/*
 * The token of an SSO sign-in, as `aws sso login` keeps it in ~/.aws/sso/cache:
 * {"accessToken", "expiresAt", "refreshToken", "clientId", "clientSecret",
 * "registrationExpiresAt", "startUrl", "region"}, by the SHA-1 of the
 * sso-session's name, or of the start URL in a profile of the older form.
 *
 * That of an sso-session is renewed in its last 15 minutes by sso-oidc's
 * CreateToken, as botocore does it, and written back for all tools; under a
 * lock, since a refresh token may be good only once. A refresh that fails is no
 * failure while the token lives. The older form has nothing to renew with.
 */
#ifndef CODETRAIN_SSO_TOKEN_H
#define CODETRAIN_SSO_TOKEN_H

#include "provider.h"

struct sso_token_want {
	const struct provider_request *p;
	const char *session;	/* NULL in the older form */
	const char *start_url, *region;
};

/* The bearer token. ERR_ACCESS when people have to sign in, ERR_UNAVAILABLE when
 * the token has ended and there was no answer to renew it. */
int sso_token(const struct sso_token_want *want, struct buf *out, struct err *err);

/* ERR_ACCESS: the session, `why`, and the command that begins one. */
int sso_token_sign_in(const struct sso_token_want *want, const char *why, struct err *err);

#endif
