#include "provider.h"

#include "cli_cache.h"
#include "sso_token.h"

#include <stdio.h>
#include <string.h>

enum { BEARER_MAX = 16 << 10 };

struct sso {
	struct sso_token_want token;
	const char *account, *role, *source;
};

/* From the [sso-session], or from the profile; the chain has seen that they agree. */
static int setting(const struct provider_request *p, const char *session, const char *name,
		   const char **out, struct err *err)
{
	struct awsconfig_value value;

	if (session && awsconfig_get_section(p->a->shared->config, "sso-session", session, name,
					     &value))
		*out = value.value;
	else
		*out = provider_property(p, name);
	if (*out && **out)
		return 0;
	return err_set(err, ERR_USAGE, "%s is not set; run aws configure sso --profile %s", name,
		       p->choice->profile);
}

static int settings(const struct provider_request *p, struct sso *s, struct err *err)
{
	const char *session = provider_property(p, "sso_session");

	s->token.p = p;
	s->token.session = session;
	if (setting(p, session, "sso_account_id", &s->account, err) < 0 ||
	    setting(p, session, "sso_role_name", &s->role, err) < 0 ||
	    setting(p, session, "sso_start_url", &s->token.start_url, err) < 0)
		return -1;
	return setting(p, session, "sso_region", &s->token.region, err);
}

static int take(const cJSON *answer, const struct sso *s, struct creds *out, struct err *err)
{
	const cJSON *c = json_get(answer, "roleCredentials");
	const char *key = json_string(c, "accessKeyId", NULL);
	const char *secret = json_string(c, "secretAccessKey", NULL);

	if (!key || !secret)
		return err_set(err, ERR_ACCESS, "the answer has no keys");
	if (creds_set(out, key, secret, json_string(c, "sessionToken", NULL), s->source, err) < 0) {
		err->class = ERR_ACCESS;	/* what a server said, not the user */
		return -1;
	}
	out->expiration = json_integer(c, "expiration", 0) / 1000;
	snprintf(out->account_id, sizeof(out->account_id), "%s", s->account);
	return 0;
}

static cJSON *request(const struct sso *s, const char *token)
{
	cJSON *r = cJSON_CreateObject();

	if (json_set_string(r, "role_name", s->role) == 0 &&
	    json_set_string(r, "account_id", s->account) == 0 &&
	    json_set_string(r, "x-amz-sso_bearer_token", token) == 0)
		return r;
	json_free(r);
	return NULL;
}

static int fetch(void *arg, struct creds *out, struct err *err)
{
	const struct sso *s = arg;
	struct buf token = BUF_INIT_SECRET(BEARER_MAX);
	cJSON *r = NULL, *answer = NULL;
	struct aws *a = NULL;
	int result = -1;

	if (sso_token(&s->token, &token, err) < 0)
		goto out;
	r = request(s, buf_str(&token));
	if (!r) {
		err_set(err, ERR_INTERNAL, "no memory for a request");
		goto out;
	}
	a = provider_open(s->token.p, s->token.region, NULL, err);
	if (!a)
		goto out;
	if (aws_call(a, "sso:GetRoleCredentials", r, &answer, err) == 0)
		result = take(answer, s, out, err);
	else if (strcmp(aws_error_code(a), "UnauthorizedException") == 0)
		sso_token_sign_in(&s->token, "is no longer valid", err);
	else
		err_suffix(err, "; the role was %s in account %s", s->role, s->account);
out:
	json_free(r);
	json_free(answer);
	buf_free(&token);
	aws_close(a);
	return result;
}

static void sso_key(const struct sso *s, char out[static CLI_CACHE_KEY_LEN])
{
	const char *session = s->token.session;
	const struct cli_cache_argument arguments[] = {
		{ "accountId", s->account, 0 },
		{ "roleName", s->role, 0 },
		{ session ? "sessionName" : "startUrl", session ? session : s->token.start_url, 0 },
	};

	cli_cache_key(arguments, sizeof(arguments) / sizeof(*arguments), false, out);
}

int provider_sso(const struct provider_request *p, struct creds *out, struct err *err)
{
	char source[sizeof(out->source)];
	struct sso s = { .source = source };
	struct cli_cache_item item = { .source = source, .provider_type = "sso",
				       .service = "SSO" };

	if (settings(p, &s, err) < 0)
		return -1;
	snprintf(source, sizeof(source), "SSO role %.100s in %.12s", s.role, s.account);
	sso_key(&s, item.key);
	return cli_cache_through(p->a, &item, fetch, &s, out, err);
}
