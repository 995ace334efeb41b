#include "chain_part.h"
#include "lib/base/clock.h"

#include <stdio.h>
#include <string.h>

typedef bool getter(const struct awsconfig *c, const char *profile, const char *name,
		    struct awsconfig_value *out);

static void take_account(struct creds *out, const char *id)
{
	if (id && strlen(id) == 12 && strspn(id, "0123456789") == 12)
		memcpy(out->account_id, id, 13);
}

static int fetch_environment(const struct chain_input *in, struct creds *out, struct err *err)
{
	const char *key = chain_part_environment(in, "AWS_ACCESS_KEY_ID");
	const char *secret = chain_part_environment(in, "AWS_SECRET_ACCESS_KEY");
	const char *token = chain_part_environment(in, "AWS_SECURITY_TOKEN");	/* the older name first, as
									   in the AWS CLI */
	const char *end = chain_part_environment(in, "AWS_CREDENTIAL_EXPIRATION");
	int64_t expiration = 0;

	if (!token)
		token = chain_part_environment(in, "AWS_SESSION_TOKEN");
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
	take_account(out, chain_part_environment(in, "AWS_ACCOUNT_ID"));
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
