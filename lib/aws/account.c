#include "account.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { KEY_PREFIX = 4, KEY_LEN = 20, DIGITS_LEN = 10 /* base32, for the 48 bits wanted */ };

static bool set(char account[static ACCOUNT_LEN + 1], const char *value)
{
	if (!value || strlen(value) != ACCOUNT_LEN || strspn(value, "0123456789") != ACCOUNT_LEN)
		return false;
	memcpy(account, value, ACCOUNT_LEN + 1);
	return true;
}

bool account_of_key(const char *id, char account[static ACCOUNT_LEN + 1])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint64_t bits = 0;

	if (!id || strlen(id) != KEY_LEN || strspn(id + KEY_PREFIX, alphabet) != KEY_LEN - KEY_PREFIX)
		return false;
	for (size_t i = 0; i < DIGITS_LEN; i++)
		bits = bits << 5 | (uint64_t)(strchr(alphabet, id[KEY_PREFIX + i]) - alphabet);
	bits >>= 2;	/* 50 bits to 48 */
	if (!(bits >> 47))
		return false;
	bits = (bits & 0x7fffffffffffu) >> 7;
	if (bits > 999999999999u)
		return false;
	snprintf(account, ACCOUNT_LEN + 1, "%012llu", (unsigned long long)bits);
	return true;
}

bool account_of_arn(const char *arn, char account[static ACCOUNT_LEN + 1])
{
	char part[ACCOUNT_LEN + 1];

	if (!arn || strncmp(arn, "arn:", 4) != 0)
		return false;
	for (int colons = 0; colons < 4; colons++) {
		arn = strchr(arn, ':');
		if (!arn)
			return false;
		arn++;
	}
	if (strcspn(arn, ":") != ACCOUNT_LEN)
		return false;
	memcpy(part, arn, ACCOUNT_LEN);
	part[ACCOUNT_LEN] = '\0';
	return set(account, part);
}

static const char *property(const struct chain_input *in, const char *profile, const char *name)
{
	struct awsconfig_value v;

	return awsconfig_get(in->config, profile, name, &v) ? v.value : NULL;
}

static const char *environment_account(const struct chain_input *in)
{
	const char *said = in->getenv("AWS_ACCOUNT_ID");

	return said && *said ? said : NULL;
}

bool account_of_chain(const struct chain_input *in, char account[static ACCOUNT_LEN + 1])
{
	struct err ignored = { 0 };
	struct chain_choice c;

	if (chain_choose(in, &c, &ignored) < 0)
		return false;
	switch (c.provider) {
	case CHAIN_ENVIRONMENT:
		return set(account, environment_account(in)) ||
		       account_of_key(in->getenv("AWS_ACCESS_KEY_ID"), account);
	case CHAIN_ASSUME_ROLE:
		return account_of_arn(property(in, c.profile, "role_arn"), account);
	case CHAIN_WEB_IDENTITY:
		return account_of_arn(chain_web_identity(in, &c, "role_arn"), account);
	case CHAIN_SSO:
		return set(account, property(in, c.profile, "sso_account_id"));
	case CHAIN_LOGIN:
		return account_of_arn(property(in, c.profile, "login_session"), account);
	case CHAIN_CREDENTIALS_FILE:
	case CHAIN_CONFIG_FILE:
		return set(account, property(in, c.profile, "aws_account_id")) ||
		       account_of_key(property(in, c.profile, "aws_access_key_id"), account);
	case CHAIN_KEYRING:
	case CHAIN_PROCESS:
	case CHAIN_CONTAINER:
	case CHAIN_IMDS:
		return set(account, property(in, c.profile, "aws_account_id"));
	}
	return false;
}
