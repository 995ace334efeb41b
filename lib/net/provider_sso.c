#include "provider.h"

#include "lib/base/clock.h"
#include "lib/base/encode.h"
#include "lib/base/file.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

enum { CACHE_MAX = 64 << 10, BEARER_MAX = 16 << 10 };

/* From the profile, or from its [sso-session]. */
static const char *setting(const struct provider_request *p, const char *name)
{
	const char *session = provider_property(p, "sso_session");
	struct awsconfig_value value;

	if (session && awsconfig_get_section(p->a->shared->config, "sso-session", session, name,
					     &value))
		return value.value;
	return provider_property(p, name);
}

/* Where the AWS CLI keeps the token: by the SHA-1 of the session's name, or of
 * the start URL. */
static int cache_path(const struct provider_request *p, struct buf *out, struct err *err)
{
	const char *key = provider_property(p, "sso_session");
	const char *home = aws_getenv(p->a, "HOME");
	unsigned char digest[SHA_DIGEST_LENGTH];
	char hex[2 * SHA_DIGEST_LENGTH + 1];

	if (!key)
		key = setting(p, "sso_start_url");
	if (!key || !home)
		return err_set(err, ERR_USAGE, "%s is not set", key ? "HOME" : "sso_start_url");
	SHA1((const unsigned char *)key, strlen(key), digest);
	encode_hex(digest, sizeof(digest), hex);
	buf_addf(out, "%s/.aws/sso/cache/%s.json", home, hex);
	return buf_check(out, "the path of the SSO cache", err);
}

/* "2020-06-17T10:02:08UTC" is how older versions of the AWS CLI wrote it. */
static int parse_end(const char *text, int64_t *out)
{
	char copy[40];
	size_t len = strlen(text);

	if (len > 3 && len < sizeof(copy) && strcmp(text + len - 3, "UTC") == 0) {
		snprintf(copy, sizeof(copy), "%.*sZ", (int)len - 3, text);
		return clock_parse(copy, out);
	}
	return clock_parse(text, out);
}

static int sign_in(const struct provider_request *p, const char *why, struct err *err)
{
	return err_set(err, ERR_ACCESS, "the SSO session %s; run aws sso login --profile %s", why,
		       p->choice->profile);
}

static int read_token(const struct provider_request *p, struct buf *token, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), text = BUF_INIT_SECRET(CACHE_MAX);
	struct file_info info = { 0 };
	const char *bearer;
	cJSON *tree = NULL;
	struct err parse;
	int64_t end;
	int result = -1;

	if (cache_path(p, &path, err) < 0 || file_read(buf_str(&path), &text, &info, err) < 0)
		goto out;
	if (info.missing) {
		sign_in(p, "was never begun", err);
		goto out;
	}
	tree = json_parse(buf_str(&text), text.len, "the SSO cache", &parse);
	bearer = json_string(tree, "accessToken", NULL);
	if (!bearer || parse_end(json_string(tree, "expiresAt", ""), &end) < 0)
		sign_in(p, "in the cache cannot be read", err);
	else if (end <= aws_now(p->a))
		sign_in(p, "has expired", err);
	else if (buf_adds(token, bearer) < 0)
		sign_in(p, "in the cache is too long", err);
	else
		result = 0;
out:
	json_free(tree);
	buf_free(&text);
	buf_free(&path);
	return result;
}

static int take(const cJSON *answer, const char *source, struct creds *out, struct err *err)
{
	const cJSON *c = json_get(answer, "roleCredentials");
	const char *key = json_string(c, "accessKeyId", NULL);
	const char *secret = json_string(c, "secretAccessKey", NULL);

	if (!key || !secret)
		return err_set(err, ERR_ACCESS, "the answer has no keys");
	if (creds_set(out, key, secret, json_string(c, "sessionToken", NULL), source, err) < 0)
		return -1;
	out->expiration = json_integer(c, "expiration", 0) / 1000;
	return 0;
}

int provider_sso(const struct provider_request *p, struct creds *out, struct err *err)
{
	const char *account = setting(p, "sso_account_id"), *role = setting(p, "sso_role_name");
	struct buf token = BUF_INIT_SECRET(BEARER_MAX);
	char source[sizeof(out->source)];
	cJSON *r = cJSON_CreateObject(), *answer = NULL;
	struct aws *a = NULL;
	int result = -1;

	if (!account || !role) {
		err_set(err, ERR_USAGE, "%s is not set", account ? "sso_role_name" : "sso_account_id");
		goto out;
	}
	if (read_token(p, &token, err) < 0)
		goto out;
	if (json_set_string(r, "role_name", role) < 0 || json_set_string(r, "account_id", account) < 0 ||
	    json_set_string(r, "x-amz-sso_bearer_token", buf_str(&token)) < 0) {
		err_set(err, ERR_INTERNAL, "no memory for a request");
		goto out;
	}
	a = provider_open(p, setting(p, "sso_region"), NULL, err);
	if (!a)
		goto out;
	if (aws_call(a, "sso:GetRoleCredentials", r, &answer, err) < 0) {
		if (strcmp(aws_error_code(a), "UnauthorizedException") == 0)
			sign_in(p, "is no longer valid", err);
		goto out;
	}
	snprintf(source, sizeof(source), "SSO role %.100s in %.12s", role, account);
	result = take(answer, source, out, err);
	if (result == 0)
		snprintf(out->account_id, sizeof(out->account_id), "%s", account);
out:
	json_free(r);
	json_free(answer);
	buf_free(&token);
	aws_close(a);
	return result;
}

/* What `aws login` keeps is its own; the AWS CLI gives it out on request. */
int provider_login(const struct provider_request *p, struct creds *out, struct err *err)
{
	(void)out;
	return err_set(err, ERR_ACCESS, "a login_session is read by the AWS CLI alone; put "
		       "\"credential_process = aws configure export-credentials --profile %s\" into "
		       "another profile and use that", p->choice->profile);
}
