/*
 * Whose credentials the chain takes, and whether they are the ones that were
 * meant.
 */
#include "doctor.h"

#include "lib/base/encode.h"
#include "lib/base/clock.h"

#include <string.h>
#include <strings.h>

static const char unset_keys[] =
	"unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN";

/* ---- the environment ------------------------------------------------------------- */

void doctor_environment(struct doctor *d)
{
	const char *key = doctor_env(d, "AWS_ACCESS_KEY_ID");
	const char *secret = doctor_env(d, "AWS_SECRET_ACCESS_KEY");
	const char *token = doctor_env(d, "AWS_SESSION_TOKEN");
	const char *old = doctor_env(d, "AWS_SECURITY_TOKEN");
	const char *profile = doctor_env(d, "AWS_PROFILE"), *other = doctor_env(d, "AWS_DEFAULT_PROFILE");
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "half-environment",
				    .fix = unset_keys };

	if (key && !secret)
		doctor_found(d, &f, "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: the AWS "
			     "CLI and codetrain stop there");
	f.severity = DOCTOR_WARNING;
	if (!key && (secret || token || old))
		doctor_found(d, &f, "%s is set without AWS_ACCESS_KEY_ID: nothing uses it",
			     secret ? "AWS_SECRET_ACCESS_KEY" : token ? "AWS_SESSION_TOKEN"
								      : "AWS_SECURITY_TOKEN");
	if (token && old && strcmp(token, old) != 0) {
		f.rule = "two-tokens";
		f.fix = "unset AWS_SECURITY_TOKEN";
		doctor_found(d, &f, "AWS_SESSION_TOKEN and AWS_SECURITY_TOKEN differ: the AWS CLI and "
			     "codetrain take the latter, newer SDKs the former");
	}
	if (profile && other && strcmp(profile, other) != 0) {
		f = (struct doctor_finding){ .severity = DOCTOR_NOTE, .rule = "two-profiles" };
		doctor_found(d, &f, "AWS_PROFILE is \"%.100s\" and AWS_DEFAULT_PROFILE \"%.100s\"; the "
			     "former counts", profile, other);
	}
}

/* ---- the profile ----------------------------------------------------------------- */

void doctor_profile(struct doctor *d, struct doctor_identity *who)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "no-credentials" };
	struct chain_input in = doctor_chain_input(d, who);
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	struct err err;

	if (!d->config) {
		f.rule = "config-unreadable";
		f.file = d->config_path;
		doctor_found(d, &f, "the AWS config files cannot be read to their end, so that there are "
			     "no credentials of any profile; see the other findings");
	} else if (chain_choose(&in, &who->choice, &err) == 0) {
		who->chosen = true;
	} else {
		bool missing = strcmp(who->label, "default") != 0 &&
			       !awsconfig_has_profile(d->config, who->label);

		f.rule = missing ? "no-profile" : "no-credentials";
		buf_adds(&fix, "aws configure --profile ");
		encode_shell(who->label, &fix);
		if (missing && !d->cloud9)
			f.fix = buf_str(&fix);
		doctor_found(d, &f, "%s", err.message);
	}
	buf_free(&fix);
}

void doctor_shadowed(struct doctor *d, struct doctor_identity *who)
{
	struct doctor_finding f = { .severity = DOCTOR_WARNING, .rule = "shadowed-profile",
				    .fix = unset_keys };
	const char *named = doctor_env(d, "AWS_PROFILE");
	const char *variable = named ? "AWS_PROFILE" : "AWS_DEFAULT_PROFILE";
	char key[16];

	if (!named)
		named = doctor_env(d, "AWS_DEFAULT_PROFILE");
	if (!who->chosen || who->choice.provider != CHAIN_ENVIRONMENT || !named)
		return;
	doctor_short_key(doctor_env(d, "AWS_ACCESS_KEY_ID"), key);
	doctor_found(d, &f, "%s is \"%.100s\", but the keys in the environment (%s) go first, as with "
		     "the AWS CLI; only --profile would beat them, and the SDK for JavaScript does "
		     "take the profile", variable, named, key);
}

/* ---- keys ------------------------------------------------------------------------ */

/* The end of credentials, as those who write them into files note it. */
static bool end_of(const struct doctor *d, const struct doctor_identity *who, int64_t *end,
		   struct awsconfig_value *at)
{
	static const char *const names[] = {
		"x_security_token_expires", "aws_session_expiration", "aws_expiration", "expiration",
	};
	const char *variable = doctor_env(d, "AWS_CREDENTIAL_EXPIRATION");

	*at = (struct awsconfig_value){ 0 };
	if (who->choice.provider == CHAIN_ENVIRONMENT)
		return variable && clock_parse(variable, end) == 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (awsconfig_get(d->config, who->label, names[i], at) &&
		    clock_parse(at->value, end) == 0)
			return true;
	return false;
}

static void check_end(struct doctor *d, const struct doctor_identity *who)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "expired-credentials" };
	char text[CLOCK_EXTENDED_LEN];
	struct awsconfig_value at;
	int64_t end;

	if (!end_of(d, who, &end, &at) || end > d->now + CREDS_ADVISORY_REFRESH)
		return;
	clock_extended(end, text);
	f.file = at.file;
	f.line = at.line;
	if (end > d->now)
		f.severity = DOCTOR_WARNING;
	doctor_found(d, &f, "the credentials of %s%s end%s at %s; get new ones where these came from",
		     at.file ? "profile " : "the environment", at.file ? who->label : "",
		     end > d->now ? "" : "ed", text);
}

static void check_token(struct doctor *d, const struct doctor_identity *who,
			const struct creds *creds)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "token-missing" };
	struct awsconfig_value at = { 0 };
	bool lasting = strncmp(creds->access_key_id, "AKIA", 4) == 0;

	if (who->choice.provider != CHAIN_ENVIRONMENT)
		awsconfig_get(d->config, who->label, "aws_access_key_id", &at);
	f.file = at.file;
	f.line = at.line;
	if (strncmp(creds->access_key_id, "ASIA", 4) == 0 && !*creds->session_token)
		doctor_found(d, &f, "%s is a temporary key without its session token: AWS refuses it; "
			     "copy all three values again", who->key);
	f.rule = "token-of-other-key";
	if (lasting && *creds->session_token)
		doctor_found(d, &f, "%s is a long-lived key, and beside it is a session token, which "
			     "belongs to another: AWS refuses them together", who->key);
}

void doctor_keys(struct doctor *d, struct doctor_identity *who)
{
	struct chain_input in = doctor_chain_input(d, who);
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "bad-keys" };
	struct err err = { 0 };
	struct creds *creds;

	if (!who->chosen || !chain_is_local(who->choice.provider))
		return;
	check_end(d, who);
	creds = creds_new(&err);
	if (creds && chain_fetch_local(&in, &who->choice, creds, &err) == 0) {
		doctor_short_key(creds->access_key_id, who->key);
		snprintf(who->account, sizeof(who->account), "%s", creds->account_id);
		check_token(d, who, creds);
	} else {
		doctor_found(d, &f, "%s", err.message);
	}
	creds_free(creds);
}

/* ---- the account ----------------------------------------------------------------- */

/* The one that is known without a call: of the role or of SSO. */
static const char *account_by_configuration(const struct doctor *d,
					    const struct doctor_identity *who, char out[static 16])
{
	const char *arn = doctor_property(d, who, "role_arn");
	const char *sso = doctor_property(d, who, "sso_account_id");

	*out = '\0';
	if (who->choice.provider == CHAIN_SSO && sso)
		snprintf(out, 16, "%s", sso);
	else if (who->choice.provider == CHAIN_ASSUME_ROLE && arn)
		for (int colons = 0; *arn && !*out; arn++) {
			colons += *arn == ':';
			if (colons == 4)
				snprintf(out, 16, "%.*s", (int)strspn(arn + 1, "0123456789"), arn + 1);
		}
	return out;
}

static void wrong_account(struct doctor *d, const struct doctor_identity *who, const char *account,
			  const char *pinned, const struct doctor_finding *f, const char *by)
{
	if (*account && strcmp(account, pinned) != 0)
		doctor_found(d, f, "profile %s is of account %s, and %s wants %.20s", who->label, account,
			     by, pinned);
}

void doctor_pins(struct doctor *d, struct doctor_identity *who)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "wrong-account" };
	const struct doctor_git_entry *e;
	struct awsconfig_value at;
	char found[16], key[200], by[300];
	const char *account = who->account;

	if (!who->chosen)
		return;
	if (!*account)
		account = account_by_configuration(d, who, found);
	if (awsconfig_get(d->config, who->label, "aws_account_id", &at) && *at.value) {
		f.file = at.file;
		f.line = at.line;
		wrong_account(d, who, account, at.value, &f, "aws_account_id in it");
	}
	f = (struct doctor_finding){ .severity = DOCTOR_ERROR, .rule = "wrong-account" };
	for (size_t i = 0; i < d->place_count; i++) {
		const struct doctor_place *p = &d->places[i];

		snprintf(key, sizeof(key), "remote.%s.codetrainaccount", p->name);
		e = &d->identities[p->identity] == who ? doctor_git_last(&d->git, key) : NULL;
		if (!e || !e->value)
			continue;
		snprintf(by, sizeof(by), "remote.%s.codetrainAccount", p->name);
		f.file = e->file;
		wrong_account(d, who, account, e->value, &f, by);
	}
}
