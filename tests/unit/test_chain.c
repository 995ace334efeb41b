/* lib/aws/chain*.c: which provider answers, in AWS CLI v2's order. */
#include "lib/aws/chain.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

enum { NOW = 1440938160 };	/* 2015-08-30T12:36:00Z */

static char home[] = "/tmp/codetrain-chain.XXXXXX";
static const char *variables;	/* "NAME=VALUE NAME=VALUE" */

static const char *environment(const char *name)
{
	static char value[4][256];
	static int turn;
	size_t len = strlen(name);

	for (const char *s = variables; s && *s; s += strcspn(s, " "), s += *s == ' ') {
		if (strncmp(s, name, len) != 0 || s[len] != '=')
			continue;
		s += len + 1;
		turn = (turn + 1) % 4;
		snprintf(value[turn], sizeof(value[turn]), "%.*s", (int)strcspn(s, " "), s);
		return value[turn];
	}
	return NULL;
}

static const char *getenv_const(const char *name)
{
	return getenv(name);
}

static int make_home(void **state)
{
	char path[64];

	(void)state;
	if (!mkdtemp(home))
		return -1;
	snprintf(path, sizeof(path), "%s/.aws", home);
	return mkdir(path, 0700);
}

static int remove_home(void **state)
{
	(void)state;
	return file_remove_tree(home, &(struct err){ 0 });
}

static void put(const char *name, const char *text)
{
	struct err err = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "%s/.aws/%s", home, name);
	if (file_replace(path, text ? text : "", text ? strlen(text) : 0, 0600, &err) < 0)
		fail_msg("%s", err.message);
}

/* One situation: environment x files x option. */
struct situation {
	const char *name, *variables, *config, *credentials, *option;
	int provider;		/* -1: an error */
	const char *profile;	/* that decided; or a part of the error's message */
	enum err_class class;
};

static struct awsconfig *arrange(const struct situation *s, struct chain_input *in)
{
	struct err err = { 0 };
	struct awsconfig *config;

	variables = s->variables;
	put("config", s->config);
	put("credentials", s->credentials);
	config = awsconfig_load(NULL, NULL, home, &err);
	if (!config)
		fail_msg("%s: %s", s->name, err.message);
	*in = (struct chain_input){ environment, config, s->option, NOW };
	return config;
}

static void check(const struct situation *s)
{
	struct chain_choice choice;
	struct err err = { 0 };
	struct chain_input in;
	struct awsconfig *config = arrange(s, &in);
	int rc = chain_choose(&in, &choice, &err);

	if (s->provider < 0) {
		if (rc == 0)
			fail_msg("%s: chose %s", s->name, chain_name(choice.provider));
		if (err.class != s->class || !strstr(err.message, s->profile))
			fail_msg("%s: class %d: %s", s->name, (int)err.class, err.message);
		assert_null(strstr(err.message, "CANARY"));
	} else {
		if (rc < 0)
			fail_msg("%s: %s", s->name, err.message);
		if ((int)choice.provider != s->provider)
			fail_msg("%s: chose %s", s->name, chain_name(choice.provider));
		if (strcmp(choice.profile, s->profile) != 0)
			fail_msg("%s: decided by %s", s->name, choice.profile);
	}
	awsconfig_free(config);
}

#define ENV "AWS_ACCESS_KEY_ID=AKIDENV AWS_SECRET_ACCESS_KEY=CANARY"
#define NO_IMDS "AWS_EC2_METADATA_DISABLED=true"
#define KEYS "aws_access_key_id = AKIDFILE\naws_secret_access_key = CANARY\n"
#define SSO "sso_account_id = 1\nsso_role_name = r\nsso_start_url = u\nsso_region = us-east-1\n"

static const struct situation order[] = {
	{ "nothing, on EC2 perhaps", "", NULL, NULL, NULL, CHAIN_IMDS, "default", 0 },
	{ "IMDS disabled in any case of letters", "AWS_EC2_METADATA_DISABLED=TRUE", NULL, NULL,
	  NULL, -1, "run aws configure", ERR_ACCESS },
	{ "IMDS disabled by another word is not", "AWS_EC2_METADATA_DISABLED=yes", NULL, NULL,
	  NULL, CHAIN_IMDS, "default", 0 },
	{ "environment", ENV, NULL, "[default]\n" KEYS, NULL, CHAIN_ENVIRONMENT, "default", 0 },
	{ "environment before AWS_PROFILE's keys", ENV " AWS_PROFILE=a", NULL, "[a]\n" KEYS, NULL,
	  CHAIN_ENVIRONMENT, "a", 0 },
	{ "--profile before the environment", ENV, NULL, "[a]\n" KEYS, "a",
	  CHAIN_CREDENTIALS_FILE, "a", 0 },
	{ "an empty --profile is none", ENV, NULL, "[a]\n" KEYS, "", CHAIN_ENVIRONMENT,
	  "default", 0 },
	{ "an empty key is no key", "AWS_ACCESS_KEY_ID= AWS_SECRET_ACCESS_KEY=CANARY", NULL,
	  "[default]\n" KEYS, NULL, CHAIN_CREDENTIALS_FILE, "default", 0 },
	{ "a secret without a key is none", "AWS_SECRET_ACCESS_KEY=CANARY", NULL,
	  "[default]\n" KEYS, NULL, CHAIN_CREDENTIALS_FILE, "default", 0 },
	{ "a key without a secret", "AWS_ACCESS_KEY_ID=AKID", NULL, "[default]\n" KEYS, NULL,
	  -1, "AWS_SECRET_ACCESS_KEY is not", ERR_USAGE },
	{ "AWS_PROFILE", "AWS_PROFILE=a", NULL, "[a]\n" KEYS "[b]\n" KEYS, NULL,
	  CHAIN_CREDENTIALS_FILE, "a", 0 },
	{ "AWS_PROFILE before AWS_DEFAULT_PROFILE", "AWS_DEFAULT_PROFILE=b AWS_PROFILE=a", NULL,
	  "[a]\n" KEYS "[b]\n" KEYS, NULL, CHAIN_CREDENTIALS_FILE, "a", 0 },
	{ "AWS_DEFAULT_PROFILE", "AWS_DEFAULT_PROFILE=b", NULL, "[a]\n" KEYS "[b]\n" KEYS, NULL,
	  CHAIN_CREDENTIALS_FILE, "b", 0 },
	{ "--profile before AWS_PROFILE", "AWS_PROFILE=a", NULL, "[a]\n" KEYS "[b]\n" KEYS, "b",
	  CHAIN_CREDENTIALS_FILE, "b", 0 },
	{ "a profile that is not there", "AWS_PROFILE=devlops", NULL, "[devops]\n" KEYS, NULL, -1,
	  "(from AWS_PROFILE)", ERR_USAGE },
	{ "the same beside good keys", ENV " AWS_PROFILE=devlops", NULL, "[devops]\n" KEYS, NULL,
	  -1, "there are: devops", ERR_USAGE },
	{ "the same by option", "", NULL, NULL, "x", -1, "aws configure --profile x", ERR_USAGE },
	{ "credentials file before config file", "", "[default]\n" KEYS, "[default]\n" KEYS, NULL,
	  CHAIN_CREDENTIALS_FILE, "default", 0 },
	{ "config file", "", "[default]\n" KEYS, NULL, NULL, CHAIN_CONFIG_FILE, "default", 0 },
	{ "half a key in a file", "", NULL, "[default]\naws_access_key_id = A\n", NULL, -1,
	  "credentials:2: ", ERR_USAGE },
	{ "process before the config file's keys", "",
	  "[default]\n" KEYS "credential_process = p\n", NULL, NULL, CHAIN_PROCESS, "default", 0 },
	{ "credentials file before process", "", "[default]\ncredential_process = p\n",
	  "[default]\n" KEYS, NULL, CHAIN_CREDENTIALS_FILE, "default", 0 },
	{ "a process in two lines", "", "[default]\ncredential_process = p\n  region = x\n", NULL,
	  NULL, -1, "config:2: credential_process", ERR_USAGE },
	{ "the keyring before the process that asks it for others", "",
	  "[default]\n" KEYS "credential_process = p\ncodetrain_keyring = default\n", NULL, NULL,
	  CHAIN_KEYRING, "default", 0 },
	{ "credentials file before the keyring", "", "[default]\ncodetrain_keyring = default\n",
	  "[default]\n" KEYS, NULL, CHAIN_CREDENTIALS_FILE, "default", 0 },
	{ "login before the keyring", "",
	  "[default]\ncodetrain_keyring = default\nlogin_session = arn\n", NULL, NULL, CHAIN_LOGIN,
	  "default", 0 },
	{ "no name in the keyring", "", "[default]\ncodetrain_keyring =\ncredential_process = p\n",
	  NULL, NULL, CHAIN_PROCESS, "default", 0 },
	{ "login before process", "",
	  "[default]\ncredential_process = p\nlogin_session = arn\n", NULL, NULL, CHAIN_LOGIN,
	  "default", 0 },
	{ "credentials file before login", "", "[default]\nlogin_session = arn\n",
	  "[default]\n" KEYS, NULL, CHAIN_CREDENTIALS_FILE, "default", 0 },
	{ "SSO before the credentials file", "", "[default]\n" SSO, "[default]\n" KEYS, NULL,
	  CHAIN_SSO, "default", 0 },
	{ "SSO by session", "", "[default]\nsso_account_id = 1\nsso_role_name = r\n"
	  "sso_session = s\n[sso-session s]\nsso_start_url = u\nsso_region = us-east-1\n", NULL,
	  NULL, CHAIN_SSO, "default", 0 },
	{ "an SSO session that is not there", "", "[default]\nsso_account_id = 1\n"
	  "sso_role_name = r\nsso_session = s\n", NULL, NULL, -1, "[sso-session s]", ERR_USAGE },
	{ "SSO without its URL", "", "[default]\nsso_account_id = 1\nsso_role_name = r\n"
	  "sso_region = x\n", NULL, NULL, -1, "no sso_start_url", ERR_USAGE },
	{ "an SSO session alone is no SSO profile", NO_IMDS, "[default]\nsso_session = s\n"
	  "[sso-session s]\nsso_start_url = u\n", NULL, NULL, -1, "no AWS credentials",
	  ERR_ACCESS },
	{ "web identity before SSO", "", "[default]\n" SSO "web_identity_token_file = /t\n"
	  "role_arn = arn\n", NULL, NULL, CHAIN_WEB_IDENTITY, "default", 0 },
	{ "web identity from the environment",
	  "AWS_WEB_IDENTITY_TOKEN_FILE=/t AWS_ROLE_ARN=arn", NULL, "[default]\n" KEYS, NULL,
	  CHAIN_WEB_IDENTITY, "default", 0 },
	{ "not with --profile", "AWS_WEB_IDENTITY_TOKEN_FILE=/t AWS_ROLE_ARN=arn", NULL,
	  "[default]\n" KEYS, "default", CHAIN_CREDENTIALS_FILE, "default", 0 },
	{ "web identity without a role", "AWS_WEB_IDENTITY_TOKEN_FILE=/t", NULL, NULL, NULL, -1,
	  "AWS_ROLE_ARN", ERR_USAGE },
	{ "container before IMDS", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1/x", NULL,
	  NULL, NULL, CHAIN_CONTAINER, "default", 0 },
	{ "container, relative", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x " NO_IMDS, NULL, NULL,
	  NULL, CHAIN_CONTAINER, "default", 0 },
	{ "keys before container", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1/x",
	  "[default]\n" KEYS, NULL, NULL, CHAIN_CONFIG_FILE, "default", 0 },
	{ "a profile with a region alone falls to the container",
	  "AWS_PROFILE=devops AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1/x",
	  "[profile devops]\nregion = us-east-2\n", NULL, NULL, CHAIN_CONTAINER, "devops", 0 },
};

static const struct situation roles[] = {
	{ "a role before all of the profile", "", "[default]\nrole_arn = arn\nsource_profile = a\n"
	  SSO KEYS, "[a]\n" KEYS, NULL, CHAIN_ASSUME_ROLE, "default", 0 },
	{ "the environment before a role", ENV, "[default]\nrole_arn = arn\nsource_profile = a\n",
	  "[a]\n" KEYS, NULL, CHAIN_ENVIRONMENT, "default", 0 },
	{ "a role before web identity of the environment",
	  "AWS_WEB_IDENTITY_TOKEN_FILE=/t AWS_ROLE_ARN=x",
	  "[default]\nrole_arn = arn\nsource_profile = a\n", "[a]\n" KEYS, NULL,
	  CHAIN_ASSUME_ROLE, "default", 0 },
	{ "a role without a source", "", "[default]\nregion = x\nrole_arn = arn\n", NULL, NULL, -1,
	  "config:3: profile \"default\" has role_arn but neither", ERR_USAGE },
	{ "two sources", "", "[default]\nrole_arn = arn\nsource_profile = a\n"
	  "credential_source = Environment\n", "[a]\n" KEYS, NULL, -1, "config:4: ", ERR_USAGE },
	{ "a source that is not there", "", "[default]\nrole_arn = arn\nsource_profile = b\n",
	  "[a]\n" KEYS, NULL, -1, "no such profile", ERR_USAGE },
	{ "a source with nothing in it", "", "[default]\nrole_arn = arn\nsource_profile = b\n"
	  "[profile b]\nregion = x\n", NULL, NULL, -1, "config:3: ", ERR_USAGE },
	{ "a source never falls to the container",
	  "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1/x",
	  "[default]\nrole_arn = arn\nsource_profile = b\n[profile b]\nregion = x\n", NULL, NULL,
	  -1, "which has no credentials", ERR_USAGE },
	{ "a source that names itself, with keys", "",
	  "[default]\nrole_arn = arn\nsource_profile = default\n", "[default]\n" KEYS, NULL,
	  CHAIN_ASSUME_ROLE, "default", 0 },
	{ "a source that names itself, without", "",
	  "[default]\nrole_arn = arn\nsource_profile = default\n", NULL, NULL, -1, "circle",
	  ERR_USAGE },
	{ "two that name each other", "", "[default]\nrole_arn = arn\nsource_profile = b\n"
	  "[profile b]\nrole_arn = arn\nsource_profile = default\n", NULL, NULL, -1, "circle",
	  ERR_USAGE },
	{ "a circle through a profile that has keys too", "", "[default]\nrole_arn = arn\n"
	  "source_profile = b\n" KEYS "[profile b]\nrole_arn = arn\nsource_profile = default\n",
	  NULL, NULL, -1, "circle", ERR_USAGE },
	{ "a source that is a role and has keys", "", "[default]\nrole_arn = arn\n"
	  "source_profile = b\n[profile b]\nrole_arn = arn\nsource_profile = b\n" KEYS, NULL, NULL,
	  CHAIN_ASSUME_ROLE, "default", 0 },
	{ "a chain of three", "", "[default]\nrole_arn = 1\nsource_profile = b\n"
	  "[profile b]\nrole_arn = 2\nsource_profile = c\n[profile c]\n" KEYS, NULL, NULL,
	  CHAIN_ASSUME_ROLE, "default", 0 },
	{ "a chain with a hole at its end", "", "[default]\nrole_arn = 1\nsource_profile = b\n"
	  "[profile b]\nrole_arn = 2\nsource_profile = c\n[profile c]\n", NULL, NULL, -1,
	  "source_profile \"c\"", ERR_USAGE },
	{ "a credential source", "", "[default]\nrole_arn = arn\ncredential_source = EcsContainer\n",
	  NULL, NULL, CHAIN_ASSUME_ROLE, "default", 0 },
	{ "a credential source that there is not", "",
	  "[default]\nrole_arn = arn\ncredential_source = ecscontainer\n", NULL, NULL, -1,
	  "Environment, EcsContainer", ERR_USAGE },
	{ "a property indented by mistake", "", "[default]\nrole_arn = arn\n  source_profile = a\n",
	  "[a]\n" KEYS, NULL, -1, "config:2: role_arn", ERR_USAGE },
	{ "too short a duration", "", "[default]\nrole_arn = arn\nsource_profile = a\n"
	  "duration_seconds = 60\n", "[a]\n" KEYS, NULL, -1, "900 to 43200", ERR_USAGE },
	{ "too long a duration", "", "[default]\nrole_arn = arn\nsource_profile = a\n"
	  "duration_seconds = 99999999999999999999\n", "[a]\n" KEYS, NULL, -1, "900 to 43200",
	  ERR_USAGE },
};

static void providers_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		check(&order[i]);
}

static void roles_and_sources(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		check(&roles[i]);
}

static void what_a_role_is(void **state)
{
	static const struct situation s = {
		"roles", "AWS_ROLE_ARN=other", "[profile a]\nrole_arn = arn:1\nsource_profile = b\n"
		"external_id = x\nrole_session_name = me\nmfa_serial = m\nduration_seconds = 3600\n"
		"[profile b]\nrole_arn = arn:2\nsource_profile = c\nduration_seconds = soon\n"
		"[profile d]\nrole_arn = arn:3\ncredential_source = Environment\n"
		"[profile e]\nrole_arn = arn:4\ncredential_source = Ec2InstanceMetadata\n"
		"[profile w]\nrole_arn = arn:5\nweb_identity_token_file = /t\n"
		"[profile v]\nrole_arn = arn:6\nsource_profile = w\n",
		"[c]\n" KEYS, "a", CHAIN_ASSUME_ROLE, "a", 0
	};
	struct chain_input in;
	struct awsconfig *config = arrange(&s, &in);
	struct chain_role r;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(chain_role(&in, "a", &r, &err), 0);
	assert_string_equal(r.arn, "arn:1");
	assert_string_equal(r.external_id, "x");
	assert_string_equal(r.session_name, "me");
	assert_string_equal(r.mfa_serial, "m");
	assert_int_equal(r.duration, 3600);
	assert_int_equal(r.source.provider, CHAIN_ASSUME_ROLE);
	assert_string_equal(r.source.profile, "b");
	assert_int_equal(chain_role(&in, r.source.profile, &r, &err), 0);
	assert_null(r.external_id);
	assert_int_equal(r.duration, 0);
	assert_int_equal(r.source.provider, CHAIN_CREDENTIALS_FILE);
	assert_string_equal(r.source.profile, "c");
	assert_int_equal(chain_role(&in, "d", &r, &err), 0);
	assert_int_equal(r.source.provider, CHAIN_ENVIRONMENT);
	assert_int_equal(chain_role(&in, "e", &r, &err), 0);
	assert_int_equal(r.source.provider, CHAIN_IMDS);
	assert_int_equal(chain_role(&in, "v", &r, &err), 0);
	assert_int_equal(r.source.provider, CHAIN_WEB_IDENTITY);
	assert_true(r.source.source);
	assert_string_equal(chain_web_identity(&in, &r.source, "role_arn"), "arn:5");
	assert_int_equal(chain_role(&in, "c", &r, &err), -1);
	awsconfig_free(config);
}

static void web_identity_parts(void **state)
{
	struct situation s = {
		"web", "AWS_WEB_IDENTITY_TOKEN_FILE=/env AWS_ROLE_SESSION_NAME=me",
		"[default]\nrole_arn = arn\nweb_identity_token_file = /file\n", NULL, NULL, 0, "", 0
	};
	struct chain_choice choice = { CHAIN_WEB_IDENTITY, "default", false };
	struct chain_input in;
	struct awsconfig *config = arrange(&s, &in);

	(void)state;
	assert_string_equal(chain_web_identity(&in, &choice, "web_identity_token_file"), "/env");
	assert_string_equal(chain_web_identity(&in, &choice, "role_arn"), "arn");
	assert_string_equal(chain_web_identity(&in, &choice, "role_session_name"), "me");
	in.profile = "default";
	assert_string_equal(chain_web_identity(&in, &choice, "web_identity_token_file"), "/file");
	assert_null(chain_web_identity(&in, &choice, "role_session_name"));
	in.profile = NULL;
	choice.source = true;
	assert_string_equal(chain_web_identity(&in, &choice, "web_identity_token_file"), "/file");
	awsconfig_free(config);
}

static void regions(void **state)
{
	struct situation s = { "region", "", "[default]\nregion = file\n[profile a]\n", NULL, NULL,
			       0, "", 0 };
	struct chain_input in;
	struct awsconfig *config = arrange(&s, &in);

	(void)state;
	assert_string_equal(chain_region(&in, NULL), "file");
	assert_string_equal(chain_region(&in, ""), "file");
	assert_string_equal(chain_region(&in, "option"), "option");
	variables = "AWS_DEFAULT_REGION=second";
	assert_string_equal(chain_region(&in, NULL), "second");
	variables = "AWS_DEFAULT_REGION=second AWS_REGION=first";
	assert_string_equal(chain_region(&in, NULL), "first");
	variables = "AWS_REGION=";
	in.profile = "a";
	assert_null(chain_region(&in, NULL));
	awsconfig_free(config);
}

static void local_fetch(void **state)
{
	static const struct {
		struct situation s;
		const char *key, *token, *source;	/* key NULL: source is in the message */
		int64_t expiration;
	} rows[] = {
		{ { "environment", ENV, NULL, NULL, NULL, CHAIN_ENVIRONMENT, "default", 0 },
		  "AKIDENV", "", "environment", 0 },
		{ { "token", ENV " AWS_SESSION_TOKEN=t AWS_CREDENTIAL_EXPIRATION="
		    "2015-08-30T12:36:01Z", NULL, NULL, NULL, CHAIN_ENVIRONMENT, "default", 0 },
		  "AKIDENV", "t", "environment", NOW + 1 },
		{ { "older token", ENV " AWS_SESSION_TOKEN=t AWS_SECURITY_TOKEN=u", NULL, NULL, NULL,
		    CHAIN_ENVIRONMENT, "default", 0 }, "AKIDENV", "u", "environment", 0 },
		{ { "ended", ENV " AWS_CREDENTIAL_EXPIRATION=2015-08-30T12:36:00Z", NULL, NULL, NULL,
		    CHAIN_ENVIRONMENT, "default", 0 }, NULL, NULL, "sign in again", 0 },
		{ { "no time", ENV " AWS_CREDENTIAL_EXPIRATION=soon", NULL, NULL, NULL,
		    CHAIN_ENVIRONMENT, "default", 0 }, NULL, NULL, "AWS_CREDENTIAL_EXPIRATION", 0 },
		{ { "file", "", NULL, "[a]\n" KEYS "aws_session_token = t\n"
		    "aws_account_id = 111111111111\n", "a", CHAIN_CREDENTIALS_FILE, "a", 0 },
		  "AKIDFILE", "t", "profile \"a\" in ", 0 },
		/* One snapshot: the config file's token does not join the other file's key. */
		{ { "both files", "", "[profile a]\naws_session_token = t\n", "[a]\n" KEYS, "a",
		    CHAIN_CREDENTIALS_FILE, "a", 0 }, "AKIDFILE", "", "profile \"a\" in ", 0 },
		{ { "config", "", "[profile a]\n" KEYS "aws_security_token = t\n", NULL, "a",
		    CHAIN_CONFIG_FILE, "a", 0 }, "AKIDFILE", "t", "/config", 0 },
		{ { "continued", "", NULL, "[a]\naws_access_key_id = A\n"
		    "aws_secret_access_key = CANARY\n  aws_session_token = x\n", "a",
		    CHAIN_CREDENTIALS_FILE, "a", 0 }, NULL, NULL, "credentials:2: ", 0 },
		{ { "empty", "", NULL, "[a]\naws_access_key_id =\naws_secret_access_key = CANARY\n",
		    "a", CHAIN_CREDENTIALS_FILE, "a", 0 }, NULL, NULL, "is empty", 0 },
	};
	struct creds *c = creds_new(&(struct err){ 0 });

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct chain_input in;
		struct awsconfig *config = arrange(&rows[i].s, &in);
		struct chain_choice choice;
		struct err err = { 0 };
		int rc;

		assert_int_equal(chain_choose(&in, &choice, &err), 0);
		assert_int_equal(choice.provider, rows[i].s.provider);
		assert_true(chain_is_local(choice.provider));
		rc = chain_fetch_local(&in, &choice, c, &err);
		if (rows[i].key) {
			assert_int_equal(rc, 0);
			assert_string_equal(c->access_key_id, rows[i].key);
			assert_string_equal(c->secret_access_key, "CANARY");
			assert_string_equal(c->session_token, rows[i].token);
			assert_non_null(strstr(c->source, rows[i].source));
			assert_int_equal(c->expiration, rows[i].expiration);
			assert_string_equal(c->account_id,
					    strcmp(rows[i].s.name, "file") ? "" : "111111111111");
		} else {
			assert_int_equal(rc, -1);
			assert_null(strstr(err.message, "CANARY"));
			if (!strstr(err.message, rows[i].source))
				fail_msg("%s: %s", rows[i].s.name, err.message);
		}
		awsconfig_free(config);
	}
	creds_free(c);
}

static void others_are_not_local(void **state)
{
	static const enum chain_provider others[] = {
		CHAIN_ASSUME_ROLE, CHAIN_WEB_IDENTITY, CHAIN_SSO, CHAIN_LOGIN, CHAIN_KEYRING,
		CHAIN_PROCESS, CHAIN_CONTAINER, CHAIN_IMDS,
	};
	struct creds *c = creds_new(&(struct err){ 0 });
	struct chain_input in = { environment, NULL, NULL, NOW };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const struct chain_choice choice = { others[i], "default", false };
		struct err err = { 0 };

		assert_false(chain_is_local(others[i]));
		assert_string_not_equal(chain_name(others[i]), "unknown provider");
		assert_int_equal(chain_fetch_local(&in, &choice, c, &err), -1);
		assert_int_equal(err.class, ERR_INTERNAL);
	}
	creds_free(c);
}

/* For the comparison with botocore: one decision on the real environment. */
static int decide(const char *option)
{
	struct err err = { 0 };
	struct awsconfig *config = awsconfig_load(getenv("AWS_CONFIG_FILE"),
						  getenv("AWS_SHARED_CREDENTIALS_FILE"), NULL, &err);
	struct chain_input in = { getenv_const, config, option, clock_now() };
	struct creds *c = creds_new(&err);
	const char *region;
	struct chain_choice choice;
	bool local = false;
	int rc = -1;

	if (config && c && chain_choose(&in, &choice, &err) == 0) {
		local = chain_is_local(choice.provider);
		rc = local ? chain_fetch_local(&in, &choice, c, &err) : 0;
	}
	if (rc == 0) {
		region = chain_region(&in, NULL);
		printf("%s|%s|%s|%s\n", chain_name(choice.provider), local ? c->access_key_id : "",
		       local ? c->session_token : "", region ? region : "");
	} else {
		printf("error|%s\n", err.message);
	}
	creds_free(c);
	awsconfig_free(config);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(providers_in_order),
		cmocka_unit_test(roles_and_sources),
		cmocka_unit_test(what_a_role_is),
		cmocka_unit_test(web_identity_parts),
		cmocka_unit_test(regions),
		cmocka_unit_test(local_fetch),
		cmocka_unit_test(others_are_not_local),
	};

	if (argc > 1 && strcmp(argv[1], "--decide") == 0)
		return decide(argv[2]);
	return cmocka_run_group_tests(tests, make_home, remove_home);
}
