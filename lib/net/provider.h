/*
 * Credential providers that need the network or another process. Each is one
 * file with one function; provider.c is the table.
 */
#ifndef CODETRAIN_PROVIDER_H
#define CODETRAIN_PROVIDER_H

#include "aws_private.h"

struct provider_request {
	struct aws *a;			/* HTTP session, config files, environment */
	const struct chain_choice *choice;
};

typedef int provider_fetch(const struct provider_request *p, struct creds *out, struct err *err);

provider_fetch provider_role;		/* provider_role.c */
provider_fetch provider_web_identity;	/* provider_web_identity.c */
provider_fetch provider_sso;		/* provider_sso.c */
provider_fetch provider_login;		/* provider_login.c */
provider_fetch provider_keyring;	/* provider_keyring.c */
provider_fetch provider_process;	/* provider_process.c */
provider_fetch provider_container;	/* provider_container.c */
provider_fetch provider_imds;		/* provider_imds.c */

/* Whatever the chain chose, the local ones too. */
int provider_choice(struct aws *a, const struct chain_choice *choice, struct creds *out,
		    struct err *err);

/* Where the provider's sessions may be kept (session.h's places; 0: nowhere) and
 * for how many seconds at the longest (0: to their end; `most` may be NULL). */
unsigned provider_places(enum chain_provider provider, int64_t *most);

/* For calls of a provider's own: like the request's `a`, in `region` (NULL: the
 * same), with `creds` (NULL: for unsigned calls). */
struct aws *provider_open(const struct provider_request *p, const char *region,
			  const struct creds *creds, struct err *err);

/* A property of the deciding profile, from either file; NULL when unset. */
const char *provider_property(const struct provider_request *p, const char *name);

/* {"AccessKeyId", "SecretAccessKey", "SessionToken" | "Token", "Expiration",
 * "AccountId"} as STS, the container and the metadata endpoint give them. */
int provider_take(const cJSON *tree, const char *source, struct creds *out, struct err *err);
/* Twelve digits; anything else, and NULL, is left out. */
void provider_take_account(const char *id, struct creds *out);

/* A GET or PUT of a credential endpoint on or near this machine: no proxy, a small
 * secret answer. */
struct provider_local {
	const char *method, *url;
	const struct strs *headers;
	int timeout_ms;
};
int provider_local_get(const struct provider_request *p, const struct provider_local *q,
		       struct http_response *r, struct err *err);

/* sts:AssumeRole, called as `caller`. */
int provider_assume(struct aws *caller, const struct chain_role *role, struct creds *out,
		    struct err *err);

/* The answer of AssumeRole or AssumeRoleWithWebIdentity, with the role's account. */
int provider_take_assumed(const cJSON *answer, const char *source, struct creds *out,
			  struct err *err);

#define PROVIDER_MFA_LEN 7	/* six digits and the NUL; the caller wipes it */

/* A code of an MFA device, asked within two minutes, or until *stop is set: on the terminal, unless
 * GIT_TERMINAL_PROMPT forbids it or there is none; else by GIT_ASKPASS or SSH_ASKPASS.
 * Standard input is never read: it is git's. `a` tells environment and profile. */
int provider_ask_mfa(const struct aws *a, const char *serial, char out[static PROVIDER_MFA_LEN],
		     struct err *err);

#endif
