#include "chain_part.h"

#include <string.h>
#include <strings.h>

/* Which profile, and what named it; NULL when nothing did. */
static const char *named_profile(const struct chain_input *in, const char **by)
{
	static const char *const names[] = { "AWS_PROFILE", "AWS_DEFAULT_PROFILE" };

	*by = "--profile";
	if (in->profile && *in->profile)
		return in->profile;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		*by = names[i];
		if (chain_part_environment(in, names[i]))
			return chain_part_environment(in, names[i]);
	}
	return NULL;
}

const char *chain_profile(const struct chain_input *in)
{
	const char *by, *profile = named_profile(in, &by);

	return profile ? profile : "default";
}

const char *chain_region(const struct chain_input *in, const char *option)
{
	const struct chain_question q = { in, chain_profile(in), false };

	if (option && *option)
		return option;
	if (chain_part_environment(in, "AWS_REGION"))
		return chain_part_environment(in, "AWS_REGION");
	if (chain_part_environment(in, "AWS_DEFAULT_REGION"))
		return chain_part_environment(in, "AWS_DEFAULT_REGION");
	return chain_part_property(&q, "region");
}

/* ---- the providers: 1 when it answers, 0 when it does not, -1 when wrong -------------- */

static int wants_environment(const struct chain_question *q, struct err *err)
{
	if (q->source || (q->in->profile && *q->in->profile))
		return 0;
	if (!chain_part_environment(q->in, "AWS_ACCESS_KEY_ID"))
		return 0;
	if (!chain_part_environment(q->in, "AWS_SECRET_ACCESS_KEY"))
		return err_set(err, ERR_USAGE, "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY "
			       "is not; set both, or unset AWS_ACCESS_KEY_ID to use profile \"%s\"",
			       q->profile);
	return 1;
}

static int wants_role(const struct chain_question *q, struct err *err)
{
	struct chain_role role;

	/* A source's own keys come before its role, or a profile could not be
	 * the source of itself. */
	if (!chain_part_is_role(q) || (q->source && chain_part_has_keys(q)))
		return 0;
	return chain_role(q->in, q->profile, &role, err) < 0 ? -1 : 1;
}

static const char *web_identity(const struct chain_question *q, const char *name)
{
	static const struct {
		const char *name, *variable;
	} names[] = {
		{ "web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE" },
		{ "role_arn", "AWS_ROLE_ARN" },
		{ "role_session_name", "AWS_ROLE_SESSION_NAME" },
	};
	bool use = !q->source && !(q->in->profile && *q->in->profile);

	for (size_t i = 0; use && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i].name, name) == 0 && chain_part_environment(q->in, names[i].variable))
			return chain_part_environment(q->in, names[i].variable);
	return chain_part_property(q, name);
}

static int wants_web_identity(const struct chain_question *q, struct err *err)
{
	if (!web_identity(q, "web_identity_token_file"))
		return 0;
	if (!web_identity(q, "role_arn"))
		return err_set(err, ERR_USAGE, "a web identity token is there for profile \"%s\" "
			       "but no role; set AWS_ROLE_ARN, or role_arn in the profile",
			       q->profile);
	return 1;
}

/* The profile may repeat what its session says, not gainsay it. */
static int agrees(const struct chain_question *q, const char *session, const char *name, struct err *err)
{
	const char *own = chain_part_property(q, name);
	struct awsconfig_value v;

	if (!own || !awsconfig_get_section(q->in->config, "sso-session", session, name, &v) ||
	    strcmp(own, v.value) == 0)
		return 0;
	err_set(err, ERR_USAGE, "%s of profile \"%s\" is another than that of its sso_session \"%s\" "
		"(%s:%d); take it out of the profile", name, q->profile, session, v.file, v.line);
	return chain_part_place(q, name, err);
}

static int wants_sso(const struct chain_question *q, struct err *err)
{
	static const char *const needed[] = {
		"sso_role_name", "sso_account_id", "sso_start_url", "sso_region"
	};
	const char *session = chain_part_property(q, "sso_session");
	struct awsconfig_value v;

	if (!chain_part_property(q, "sso_role_name") && !chain_part_property(q, "sso_account_id"))
		return 0;
	if (session && !awsconfig_has_section(q->in->config, "sso-session", session)) {
		err_set(err, ERR_USAGE, "profile \"%s\" names the sso_session \"%s\", and there is no "
			"section [sso-session %s]; run aws configure sso", q->profile, session,
			session);
		return chain_part_place(q, "sso_session", err);
	}
	if (session && (agrees(q, session, "sso_start_url", err) < 0 || agrees(q, session, "sso_region", err) < 0))
		return -1;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (chain_part_property(q, needed[i]) ||
		    (session && awsconfig_get_section(q->in->config, "sso-session", session,
						      needed[i], &v)))
			continue;
		return err_set(err, ERR_USAGE, "profile \"%s\" signs in with SSO but has no %s; "
			       "run aws configure sso --profile %s", q->profile, needed[i],
			       q->profile);
	}
	return 1;
}

typedef bool getter(const struct awsconfig *c, const char *profile, const char *name,
		    struct awsconfig_value *out);

static int wants_keys(const struct chain_question *q, getter *get, struct err *err)
{
	struct awsconfig_value key, secret;

	if (!get(q->in->config, q->profile, "aws_access_key_id", &key))
		return 0;
	if (!get(q->in->config, q->profile, "aws_secret_access_key", &secret))
		return err_set(err, ERR_USAGE, "%s:%d: profile \"%s\" has aws_access_key_id but no "
			       "aws_secret_access_key; run aws configure --profile %s",
			       key.file, key.line, q->profile, q->profile);
	return 1;
}

static int wants_credentials_file(const struct chain_question *q, struct err *err)
{
	return wants_keys(q, awsconfig_get_credentials, err);
}

static int wants_config_file(const struct chain_question *q, struct err *err)
{
	return wants_keys(q, awsconfig_get_config, err);
}

static int wants_login(const struct chain_question *q, struct err *err)
{
	(void)err;
	return chain_part_property(q, "login_session") != NULL;
}

/* The profile's credential_process asks the same keyring, for other programs; with
 * this name it is asked without them. */
static int wants_keyring(const struct chain_question *q, struct err *err)
{
	(void)err;
	return chain_part_property(q, "codetrain_keyring") != NULL;
}

static int wants_process(const struct chain_question *q, struct err *err)
{
	if (!chain_part_property(q, "credential_process"))
		return 0;
	return chain_part_one_line(q, "credential_process", err) < 0 ? -1 : 1;
}

static int wants_container(const struct chain_question *q, struct err *err)
{
	(void)err;
	return !q->source && (chain_part_environment(q->in, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
			      chain_part_environment(q->in, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
}

static int wants_imds(const struct chain_question *q, struct err *err)
{
	const char *disabled = chain_part_environment(q->in, "AWS_EC2_METADATA_DISABLED");

	(void)err;
	return !q->source && !(disabled && strcasecmp(disabled, "true") == 0);
}

/* In the order in which they are asked. `credential_source` is the name by
 * which a role can ask for it. */
static const struct provider {
	enum chain_provider provider;
	const char *name;
	int (*wants)(const struct chain_question *q, struct err *err);
	bool local, sessions;
	const char *credential_source;
} providers[] = {
	{ CHAIN_ENVIRONMENT, "environment", wants_environment, true, false, "Environment" },
	{ CHAIN_ASSUME_ROLE, "assume role", wants_role, false, true, NULL },
	{ CHAIN_WEB_IDENTITY, "web identity", wants_web_identity, false, true, NULL },
	{ CHAIN_SSO, "SSO", wants_sso, false, true, NULL },
	{ CHAIN_CREDENTIALS_FILE, "credentials file", wants_credentials_file, true, false, NULL },
	{ CHAIN_LOGIN, "aws login", wants_login, false, true, NULL },
	{ CHAIN_KEYRING, "keyring", wants_keyring, false, false, NULL },
	{ CHAIN_PROCESS, "credential_process", wants_process, false, true, NULL },
	{ CHAIN_CONFIG_FILE, "config file", wants_config_file, true, false, NULL },
	{ CHAIN_CONTAINER, "container", wants_container, false, true, "EcsContainer" },
	{ CHAIN_IMDS, "instance metadata", wants_imds, false, true, "Ec2InstanceMetadata" },
};

enum { PROVIDERS = sizeof(providers) / sizeof(*providers) };

static const struct provider *row(enum chain_provider provider)
{
	for (size_t i = 0; i < PROVIDERS; i++)
		if (providers[i].provider == provider)
			return &providers[i];
	return NULL;
}

const char *chain_name(enum chain_provider provider)
{
	const struct provider *p = row(provider);

	return p ? p->name : "unknown provider";
}

bool chain_is_local(enum chain_provider provider)
{
	const struct provider *p = row(provider);

	return p && p->local;
}

bool chain_has_sessions(enum chain_provider provider)
{
	const struct provider *p = row(provider);

	return p && p->sessions;
}

const char *chain_web_identity(const struct chain_input *in, const struct chain_choice *choice,
			       const char *name)
{
	const struct chain_question q = { in, choice->profile, choice->source };

	return web_identity(&q, name);
}

int chain_part_ask(const struct chain_question *q, struct chain_choice *out, struct err *err)
{
	for (size_t i = 0; i < PROVIDERS; i++) {
		int answer = providers[i].wants(q, err);

		if (answer < 0)
			return -1;
		if (answer) {
			*out = (struct chain_choice){ providers[i].provider, q->profile, q->source };
			return 1;
		}
	}
	return 0;
}

int chain_part_named(const char *credential_source, enum chain_provider *out)
{
	for (size_t i = 0; i < PROVIDERS; i++) {
		const struct provider *p = &providers[i];

		if (p->credential_source && strcmp(p->credential_source, credential_source) == 0) {
			*out = p->provider;
			return 0;
		}
	}
	return -1;
}

/* ---- the chain ----------------------------------------------------------------------- */

/* A few of the profiles that there are, for someone who mistyped one. */
static void suggest(const struct chain_input *in, struct err *err)
{
	const char *const *p = awsconfig_profiles(in->config);

	for (int i = 0; *p && i < 5; i++, p++)
		err_suffix(err, "%s%s", i ? ", " : "; there are: ", *p);
	if (*p)
		err_suffix(err, " …");
}

static int no_profile(const struct chain_input *in, const char *profile, const char *by,
		      struct err *err)
{
	err_set(err, ERR_USAGE, "the AWS profile \"%.200s\" (from %s) is neither in %s nor in %s; "
		"run aws configure --profile %.200s", profile, by, awsconfig_config_path(in->config),
		awsconfig_credentials_path(in->config), profile);
	suggest(in, err);
	return -1;
}

int chain_choose(const struct chain_input *in, struct chain_choice *out, struct err *err)
{
	const char *by, *named = named_profile(in, &by);
	const struct chain_question q = { in, named ? named : "default", false };
	int answer;

	if (named && !awsconfig_has_profile(in->config, named))
		return no_profile(in, named, by, err);
	answer = chain_part_ask(&q, out, err);
	if (answer)
		return answer < 0 ? -1 : 0;
	return err_set(err, ERR_ACCESS, "no AWS credentials: none in the environment, none for "
		       "profile \"%s\" in %s or %s; run aws configure%s%s, or set AWS_PROFILE",
		       q.profile, awsconfig_credentials_path(in->config),
		       awsconfig_config_path(in->config), named ? " --profile " : "",
		       named ? named : "");
}
