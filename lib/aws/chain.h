/*
 * The credential chain of AWS CLI v2, as a table of providers.
 *
 * Deciding which provider answers needs only the environment and the config
 * files, so it happens here, once, for every program. Providers whose answer
 * needs the network or another process are fetched through `external`: the
 * git helper runs codetrain-credentials, programs with lib/net fetch in
 * process.
 */
#ifndef CODETRAIN_CHAIN_H
#define CODETRAIN_CHAIN_H

#include "awsconfig.h"
#include "creds.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum chain_provider {
	CHAIN_ENVIRONMENT,	/* AWS_ACCESS_KEY_ID … */
	CHAIN_ASSUME_ROLE,	/* role_arn with source_profile or credential_source */
	CHAIN_WEB_IDENTITY,
	CHAIN_SSO,
	CHAIN_CREDENTIALS_FILE,	/* keys in the credentials file */
	CHAIN_LOGIN,		/* login_session */
	CHAIN_KEYRING,		/* codetrain_keyring: codetrain-keyring has the keys */
	CHAIN_PROCESS,		/* credential_process */
	CHAIN_CONFIG_FILE,	/* keys in the config file */
	CHAIN_CONTAINER,
	CHAIN_IMDS,
};

/* Everything that the decision depends on. */
struct chain_input {
	const char *(*getenv)(const char *name);	/* wraps getenv(3), or a test's table */
	const struct awsconfig *config;
	const char *profile;		/* from --profile; NULL: AWS_PROFILE, AWS_DEFAULT_PROFILE, "default" */
	int64_t now;
};

struct chain_choice {
	enum chain_provider provider;
	const char *profile;	/* the profile that decided; borrowed */
	bool source;		/* it is the source_profile of a role */
};

/* The name of the provider, for messages: "assume role". */
const char *chain_name(enum chain_provider provider);
/* Does its answer need neither the network nor another process? */
bool chain_is_local(enum chain_provider provider);
/* Are they fetched, and may they end? */
bool chain_has_sessions(enum chain_provider provider);

/* --profile, AWS_PROFILE, AWS_DEFAULT_PROFILE, "default". */
const char *chain_profile(const struct chain_input *in);
/* --region (may be NULL), AWS_REGION, AWS_DEFAULT_REGION, the profile's; NULL when none. */
const char *chain_region(const struct chain_input *in, const char *option);

/* Which provider answers. ERR_USAGE for a profile that was named and does not
 * exist, or is wrong (file, line), ERR_ACCESS when nothing is configured at all; both with
 * the mending command. CHAIN_IMDS is chosen last and only when it is not
 * disabled. */
int chain_choose(const struct chain_input *in, struct chain_choice *out, struct err *err);

/* How to assume the role of a profile; all strings borrowed from the config,
 * NULL when not set. */
struct chain_role {
	const char *arn;
	const char *external_id, *session_name, *mfa_serial;
	long duration;			/* seconds; 0: STS's default */
	struct chain_choice source;	/* whose credentials assume it; its profile may be the same */
};

/* The role of a profile with role_arn, after chain_choose has found it right:
 * sources are followed to their end, so a loop, a missing source profile and
 * a source without credentials are ERR_USAGE here. A source that is a role
 * itself is CHAIN_ASSUME_ROLE: call again with its profile. */
int chain_role(const struct chain_input *in, const char *profile, struct chain_role *out,
	       struct err *err);

/* AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME, or the
 * profile's properties of the same meaning, each by itself, as the chain reads
 * them: `name` is "web_identity_token_file", "role_arn" or "role_session_name".
 * The environment counts only for the chain's own profile and without
 * --profile, never for a source_profile. NULL when unset. */
const char *chain_web_identity(const struct chain_input *in, const struct chain_choice *choice,
			       const char *name);

/* Fetches what needs neither network nor process: environment and keys in the
 * files. ERR_INTERNAL for any other provider. */
int chain_fetch_local(const struct chain_input *in, const struct chain_choice *choice,
		      struct creds *out, struct err *err);

#endif
