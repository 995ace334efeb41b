#include "chain.h"
#include "lib/base/clock.h"
#include "lib/base/secret.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { ROLES_MAX = 16 };	/* roles in one line of source profiles */

/* What a provider is asked about: a profile, as the chain's own or as the
 * source of a role. */
struct question {
	const struct chain_input *in;
	const char *profile;
	bool source;
};

static const char *environment(const struct chain_input *in, const char *name)
{
	const char *v = in->getenv(name);

	return v && *v ? v : NULL;
}

/* Which profile, and what named it; NULL when nothing did. */
static const char *named_profile(const struct chain_input *in, const char **by)
{
	static const char *const names[] = { "AWS_PROFILE", "AWS_DEFAULT_PROFILE" };

	*by = "--profile";
	if (in->profile && *in->profile)
		return in->profile;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		*by = names[i];
		if (environment(in, names[i]))
			return environment(in, names[i]);
	}
	return NULL;
}

const char *chain_profile(const struct chain_input *in)
{
	const char *by, *profile = named_profile(in, &by);

	return profile ? profile : "default";
}

/* An empty value is as good as none, but the two key names: there it is a
 * mistake that the references report too. */
static const char *property(const struct question *q, const char *name)
{
	struct awsconfig_value v;

	return awsconfig_get(q->in->config, q->profile, name, &v) && *v.value ? v.value : NULL;
}

const char *chain_region(const struct chain_input *in, const char *option)
{
	const struct question q = { in, chain_profile(in), false };

	if (option && *option)
		return option;
	if (environment(in, "AWS_REGION"))
		return environment(in, "AWS_REGION");
	if (environment(in, "AWS_DEFAULT_REGION"))
		return environment(in, "AWS_DEFAULT_REGION");
	return property(&q, "region");
}

/* "FILE:LINE: " of a property, for messages. */
static int place(const struct question *q, const char *name, struct err *err)
{
	struct awsconfig_value v;

	if (awsconfig_get(q->in->config, q->profile, name, &v))
		err_prefix(err, "%s:%d: ", v.file, v.line);
	return -1;
}

/* A continued line in a property that is one word is nearly always a property
 * that was indented by mistake. */
static int check_one_line(const struct question *q, const char *name, struct err *err)
{
	const char *value = property(q, name);

	if (!value || !strchr(value, '\n'))
		return 0;
	err_set(err, ERR_USAGE, "%s of profile \"%s\" goes on in the next line, which is indented; "
		"take the spaces at its beginning away", name, q->profile);
	return place(q, name, err);
}

/* ---- the providers: 1 when it answers, 0 when it does not, -1 when wrong -------------- */

static int wants_environment(const struct question *q, struct err *err)
{
	if (q->source || (q->in->profile && *q->in->profile))
		return 0;
	if (!environment(q->in, "AWS_ACCESS_KEY_ID"))
		return 0;
	if (!environment(q->in, "AWS_SECRET_ACCESS_KEY"))
		return err_set(err, ERR_USAGE, "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY "
			       "is not; set both, or unset AWS_ACCESS_KEY_ID to use profile \"%s\"",
			       q->profile);
	return 1;
}

static bool is_role(const struct question *q)
{
	return property(q, "role_arn") && !property(q, "web_identity_token_file");
}

static bool has_keys(const struct question *q)
{
	struct awsconfig_value v;

	return awsconfig_get(q->in->config, q->profile, "aws_access_key_id", &v) ||
	       awsconfig_get(q->in->config, q->profile, "aws_secret_access_key", &v);
}

static int wants_role(const struct question *q, struct err *err)
{
	struct chain_role role;

	/* A source's own keys come before its role, or a profile could not be
	 * the source of itself. */
	if (!is_role(q) || (q->source && has_keys(q)))
		return 0;
	return chain_role(q->in, q->profile, &role, err) < 0 ? -1 : 1;
}

static const char *web_identity(const struct question *q, const char *name)
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
		if (strcmp(names[i].name, name) == 0 && environment(q->in, names[i].variable))
			return environment(q->in, names[i].variable);
	return property(q, name);
}

static int wants_web_identity(const struct question *q, struct err *err)
{
	if (!web_identity(q, "web_identity_token_file"))
		return 0;
	if (!web_identity(q, "role_arn"))
		return err_set(err, ERR_USAGE, "a web identity token is there for profile \"%s\" "
			       "but no role; set AWS_ROLE_ARN, or role_arn in the profile",
			       q->profile);
	return 1;
}

static int wants_sso(const struct question *q, struct err *err)
{
	static const char *const needed[] = {
		"sso_role_name", "sso_account_id", "sso_start_url", "sso_region"
	};
	const char *session = property(q, "sso_session");
	struct awsconfig_value v;

	if (!property(q, "sso_role_name") && !property(q, "sso_account_id"))
		return 0;
	if (session && !awsconfig_has_section(q->in->config, "sso-session", session)) {
		err_set(err, ERR_USAGE, "profile \"%s\" names the sso_session \"%s\", and there is no "
			"section [sso-session %s]; run aws configure sso", q->profile, session,
			session);
		return place(q, "sso_session", err);
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (property(q, needed[i]) ||
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

static int wants_keys(const struct question *q, getter *get, struct err *err)
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

static int wants_credentials_file(const struct question *q, struct err *err)
{
	return wants_keys(q, awsconfig_get_credentials, err);
}

static int wants_config_file(const struct question *q, struct err *err)
{
	return wants_keys(q, awsconfig_get_config, err);
}

static int wants_login(const struct question *q, struct err *err)
{
	(void)err;
	return property(q, "login_session") != NULL;
}

static int wants_process(const struct question *q, struct err *err)
{
	if (!property(q, "credential_process"))
		return 0;
	return check_one_line(q, "credential_process", err) < 0 ? -1 : 1;
}

static int wants_container(const struct question *q, struct err *err)
{
	(void)err;
	return !q->source && (environment(q->in, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
			      environment(q->in, "AWS_CONTAINER_CREDENTIALS_FULL_URI"));
}

static int wants_imds(const struct question *q, struct err *err)
{
	const char *disabled = environment(q->in, "AWS_EC2_METADATA_DISABLED");

	(void)err;
	return !q->source && !(disabled && strcasecmp(disabled, "true") == 0);
}

/* In the order in which they are asked. `credential_source` is the name by
 * which a role can ask for it. */
static const struct provider {
	enum chain_provider provider;
	const char *name;
	int (*wants)(const struct question *q, struct err *err);
	bool local;
	const char *credential_source;
} providers[] = {
	{ CHAIN_ENVIRONMENT, "environment", wants_environment, true, "Environment" },
	{ CHAIN_ASSUME_ROLE, "assume role", wants_role, false, NULL },
	{ CHAIN_WEB_IDENTITY, "web identity", wants_web_identity, false, NULL },
	{ CHAIN_SSO, "SSO", wants_sso, false, NULL },
	{ CHAIN_CREDENTIALS_FILE, "credentials file", wants_credentials_file, true, NULL },
	{ CHAIN_LOGIN, "aws login", wants_login, false, NULL },
	{ CHAIN_PROCESS, "credential_process", wants_process, false, NULL },
	{ CHAIN_CONFIG_FILE, "config file", wants_config_file, true, NULL },
	{ CHAIN_CONTAINER, "container", wants_container, false, "EcsContainer" },
	{ CHAIN_IMDS, "instance metadata", wants_imds, false, "Ec2InstanceMetadata" },
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

const char *chain_web_identity(const struct chain_input *in, const struct chain_choice *choice,
			       const char *name)
{
	const struct question q = { in, choice->profile, choice->source };

	return web_identity(&q, name);
}

/* 1 with the first provider that answers, 0, or -1. */
static int ask(const struct question *q, struct chain_choice *out, struct err *err)
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

/* ---- roles --------------------------------------------------------------------------- */

/* The profile that `q`'s role names as its source; NULL with an error. */
static const char *source_profile(const struct question *q, struct err *err)
{
	const char *source = property(q, "source_profile");

	if (source && awsconfig_has_profile(q->in->config, source))
		return source;
	if (source)
		err_set(err, ERR_USAGE, "profile \"%s\" has source_profile \"%.200s\", and there is "
			"no such profile; run aws configure --profile %.200s", q->profile, source,
			source);
	else
		err_set(err, ERR_USAGE, "profile \"%s\" has role_arn but neither source_profile nor "
			"credential_source; run aws configure set source_profile NAME --profile %s",
			q->profile, q->profile);
	place(q, source ? "source_profile" : "role_arn", err);
	return NULL;
}

/* Environment, EcsContainer or Ec2InstanceMetadata. */
static int credential_source(const struct question *q, const char *name, struct chain_choice *out,
			     struct err *err)
{
	for (size_t i = 0; i < PROVIDERS; i++) {
		const struct provider *p = &providers[i];

		if (p->credential_source && strcmp(p->credential_source, name) == 0) {
			*out = (struct chain_choice){ p->provider, q->profile, true };
			return 0;
		}
	}
	err_set(err, ERR_USAGE, "profile \"%s\" has credential_source \"%.64s\"; it is to be "
		"Environment, EcsContainer or Ec2InstanceMetadata", q->profile, name);
	return place(q, "credential_source", err);
}

static int role_source(const struct question *q, int depth, struct chain_choice *out,
		       struct err *err);

/* The source profile of a role, which may be a role itself. */
static int role_source_profile(const struct question *q, int depth, struct chain_choice *out,
			       struct err *err)
{
	struct question next = { q->in, source_profile(q, err), true };
	struct chain_choice further;
	int answer;

	if (!next.profile)
		return -1;
	if (depth >= ROLES_MAX) {
		err_set(err, ERR_USAGE, "the source profiles of \"%s\" go round in a circle; give one "
			"of them a source_profile with keys", q->profile);
		return place(q, "source_profile", err);
	}
	if (is_role(&next) && !has_keys(&next)) {
		if (role_source(&next, depth + 1, &further, err) < 0)
			return -1;
		*out = (struct chain_choice){ CHAIN_ASSUME_ROLE, next.profile, true };
		return 0;
	}
	answer = ask(&next, out, err);
	if (answer == 0) {
		err_set(err, ERR_USAGE, "profile \"%s\" has source_profile \"%s\", which has no "
			"credentials; run aws configure --profile %s", q->profile, next.profile,
			next.profile);
		return place(q, "source_profile", err);
	}
	return answer < 0 ? -1 : 0;
}

static int role_source(const struct question *q, int depth, struct chain_choice *out,
		       struct err *err)
{
	static const char *const single[] = { "role_arn", "source_profile", "credential_source" };
	const char *named = property(q, "credential_source");

	for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++)
		if (check_one_line(q, single[i], err) < 0)
			return -1;
	if (named && property(q, "source_profile")) {
		err_set(err, ERR_USAGE, "profile \"%s\" has both source_profile and "
			"credential_source; take one of them out", q->profile);
		return place(q, "credential_source", err);
	}
	if (named)
		return credential_source(q, named, out, err);
	return role_source_profile(q, depth, out, err);
}

/* 900 seconds to 12 hours, as STS has it. What is no number counts as unset,
 * as in the AWS CLI. */
static int duration(const struct question *q, long *out, struct err *err)
{
	const char *s = property(q, "duration_seconds");
	long v = 0;

	*out = 0;
	if (!s || s[strspn(s, "0123456789")])
		return 0;
	for (; *s && v < 100000; s++)
		v = v * 10 + (*s - '0');
	if (v < 900 || v > 43200) {
		err_set(err, ERR_USAGE, "duration_seconds of profile \"%s\" is to be 900 to 43200",
			q->profile);
		return place(q, "duration_seconds", err);
	}
	*out = v;
	return 0;
}

int chain_role(const struct chain_input *in, const char *profile, struct chain_role *out,
	       struct err *err)
{
	const struct question q = { in, profile, false };
	struct chain_role role = {
		.arn = property(&q, "role_arn"),
		.external_id = property(&q, "external_id"),
		.session_name = property(&q, "role_session_name"),
		.mfa_serial = property(&q, "mfa_serial"),
	};

	if (!role.arn)
		return err_set(err, ERR_USAGE, "profile \"%s\" has no role_arn", profile);
	if (role_source(&q, 0, &role.source, err) < 0 || duration(&q, &role.duration, err) < 0)
		return -1;
	*out = role;
	return 0;
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
	const struct question q = { in, named ? named : "default", false };
	int answer;

	if (named && !awsconfig_has_profile(in->config, named))
		return no_profile(in, named, by, err);
	answer = ask(&q, out, err);
	if (answer)
		return answer < 0 ? -1 : 0;
	return err_set(err, ERR_ACCESS, "no AWS credentials: none in the environment, none for "
		       "profile \"%s\" in %s or %s; run aws configure%s%s, or set AWS_PROFILE",
		       q.profile, awsconfig_credentials_path(in->config),
		       awsconfig_config_path(in->config), named ? " --profile " : "",
		       named ? named : "");
}

/* ---- what needs neither network nor process ------------------------------------------- */

static void take_account(struct creds *out, const char *id)
{
	if (id && strlen(id) == 12 && strspn(id, "0123456789") == 12)
		memcpy(out->account_id, id, 13);
}

static int fetch_environment(const struct chain_input *in, struct creds *out, struct err *err)
{
	const char *key = environment(in, "AWS_ACCESS_KEY_ID");
	const char *secret = environment(in, "AWS_SECRET_ACCESS_KEY");
	const char *token = environment(in, "AWS_SECURITY_TOKEN");	/* the older name first, as
									   in the AWS CLI */
	const char *end = environment(in, "AWS_CREDENTIAL_EXPIRATION");
	int64_t expiration = 0;

	if (!token)
		token = environment(in, "AWS_SESSION_TOKEN");
	if (!key || !secret)
		return err_set(err, ERR_ACCESS, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not "
			       "both set in the environment");
	if (end && clock_parse(end, &expiration) < 0)
		return err_set(err, ERR_USAGE, "AWS_CREDENTIAL_EXPIRATION is no time such as "
			       "2015-08-30T12:36:00Z");
	if (end && expiration <= in->now)
		return err_set(err, ERR_ACCESS, "the AWS credentials in the environment ended at %s; "
			       "sign in again, or unset AWS_ACCESS_KEY_ID to use a profile", end);
	if (creds_set(out, key, secret, token, "environment", err) < 0)
		return -1;
	out->expiration = expiration;
	take_account(out, environment(in, "AWS_ACCOUNT_ID"));
	return 0;
}

static int fetch_keys(const struct chain_input *in, const char *profile, getter *get,
		      struct creds *out, struct err *err)
{
	struct awsconfig_value key, secret, token = { 0 }, account = { 0 };
	char source[sizeof(out->source)];

	if (!get(in->config, profile, "aws_access_key_id", &key) ||
	    !get(in->config, profile, "aws_secret_access_key", &secret))
		return err_set(err, ERR_ACCESS, "profile \"%s\" has no keys", profile);
	if (!get(in->config, profile, "aws_security_token", &token))
		get(in->config, profile, "aws_session_token", &token);
	get(in->config, profile, "aws_account_id", &account);
	snprintf(source, sizeof(source), "profile \"%.100s\" in %s", profile, key.file);
	if (creds_set(out, key.value, secret.value, token.value, source, err) < 0)
		return err_prefix(err, "%s:%d: ", key.file, key.line);
	take_account(out, account.value);
	return 0;
}

int chain_fetch_local(const struct chain_input *in, const struct chain_choice *choice,
		      struct creds *out, struct err *err)
{
	switch (choice->provider) {
	case CHAIN_ENVIRONMENT:
		return fetch_environment(in, out, err);
	case CHAIN_CREDENTIALS_FILE:
		return fetch_keys(in, choice->profile, awsconfig_get_credentials, out, err);
	case CHAIN_CONFIG_FILE:
		return fetch_keys(in, choice->profile, awsconfig_get_config, out, err);
	default:
		return err_set(err, ERR_INTERNAL, "credentials of %s are not in a file",
			       chain_name(choice->provider));
	}
}
