/*
 * What `aws login` keeps: ~/.aws/login/cache/SHA256(login_session).json (or in
 * AWS_LOGIN_CACHE_DIRECTORY) with the credentials themselves, a refresh token
 * and the key that it is bound to. They are renewed in their last five minutes by
 * signin's CreateOAuth2Token and written back, as botocore does it.
 */
#include "provider.h"

#include "cache_file.h"
#include "lib/aws/signin_file.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "login_dpop.h"

#include <stdio.h>
#include <string.h>

enum { REFRESH_WINDOW = 5 * 60, LIFE_MAX = 86400 };

struct login {
	const struct provider_request *p;
	struct cache_file file;
	int64_t end;
};

static int sign_in(const struct login *l, const char *why, struct err *err)
{
	return err_set(err, ERR_ACCESS, "the session of aws login %s; run aws login --profile %s", why,
		       l->p->choice->profile);
}

static int session_path(const struct provider_request *p, struct buf *out, struct err *err)
{
	const char *session = provider_property(p, "login_session");

	if (!session)
		return err_set(err, ERR_USAGE, "login_session is not set");
	return signin_file_login(aws_home(p->a), aws_getenv(p->a, "AWS_LOGIN_CACHE_DIRECTORY"), session,
				 out, err);
}

static void drop(struct login *l)
{
	json_free(l->file.tree);
	l->file = (struct cache_file){ 0 };
}

static int load(struct login *l, const char *path, struct err *err)
{
	static const char *const needed[] = {
		"accessToken.accessKeyId", "accessToken.secretAccessKey", "accessToken.sessionToken",
		"refreshToken", "dpopKey", "clientId",
	};
	char why[80];

	if (cache_file_read(path, CACHE_FILE_TOKEN, &l->file, err) < 0)
		return err_suffix(err, ", or run aws login --profile %s", l->p->choice->profile);
	if (l->file.missing)
		return sign_in(l, "was never begun", err);
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (*json_string(l->file.tree, needed[i], ""))
			continue;
		snprintf(why, sizeof(why), "in the cache has no %s", needed[i]);
		return sign_in(l, why, err);
	}
	if (cache_file_time(json_string(l->file.tree, "accessToken.expiresAt", ""), &l->end) == 0)
		return 0;
	return sign_in(l, "in the cache has no time at which it ends", err);
}

/* ---- renewing -------------------------------------------------------------------- */

static cJSON *request(const struct login *l)
{
	cJSON *r = cJSON_CreateObject();

	if (json_set_string(r, "clientId", json_string(l->file.tree, "clientId", "")) == 0 &&
	    json_set_string(r, "refreshToken", json_string(l->file.tree, "refreshToken", "")) == 0 &&
	    json_set_string(r, "grantType", "refresh_token") == 0)
		return r;
	json_free(r);
	return NULL;
}

/* The proof is of the very URL that the request goes to. */
static int add_proof(void *arg, struct aws_request *q, struct err *err)
{
	const struct login *l = arg;
	struct buf url = BUF_INIT(1024), proof = BUF_INIT(LOGIN_DPOP_MAX);
	size_t scheme = (size_t)(strstr(q->endpoint.url, "://") + 3 - q->endpoint.url);
	int result = -1;

	buf_addf(&url, "%.*s%s%s", (int)scheme, q->endpoint.url, q->host, buf_str(&q->path));
	if (buf_check(&url, "the URL of signin", err) == 0 &&
	    login_dpop(json_string(l->file.tree, "dpopKey", ""), buf_str(&url), aws_now(l->p->a), &proof,
		       err) == 0)
		result = aws_request_header(q, "dpop", buf_str(&proof), err);
	buf_free(&url);
	buf_free(&proof);
	return result;
}

/* What people can do about a refusal. */
static int refused(const struct login *l, const struct aws *a, struct err *err)
{
	static const struct {
		const char *code, *why;
	} kinds[] = {
		{ "TOKEN_EXPIRED", "has ended" },
		{ "USER_CREDENTIALS_CHANGED", "has ended: the user's password has changed" },
		{ "INSUFFICIENT_PERMISSIONS", "may not be renewed: let an administrator allow "
			"signin:CreateOAuth2Token" },
	};
	const struct err why = *err;

	if (strcmp(aws_error_code(a), "AccessDeniedException") != 0)
		return -1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strncmp(aws_error_message(a), kinds[i].code, strlen(kinds[i].code)) == 0)
			return sign_in(l, kinds[i].why, err);
	sign_in(l, "was not renewed", err);
	return err_suffix(err, " (%s)", why.message);
}

/* The answer into what was kept; the rest of it stays. */
static int merge(struct login *l, const cJSON *answer, struct err *err)
{
	static const char *const keys[] = { "accessKeyId", "secretAccessKey", "sessionToken" };
	int64_t now = aws_now(l->p->a), life = json_integer(answer, "expiresIn", 0);
	const char *refresh = json_string(answer, "refreshToken", NULL);
	const cJSON *fresh = json_get(answer, "accessToken");
	char path[64], end[CLOCK_EXTENDED_LEN];
	bool good = true;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		good = good && *json_string(fresh, keys[i], "");
	if (!good || !refresh || life <= 0 || life > LIFE_MAX)
		return err_set(err, ERR_UNAVAILABLE, "CreateOAuth2Token gave no credentials");
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (strpbrk(json_string(fresh, keys[i], ""), " \t\r\n"))
			return err_set(err, ERR_ACCESS, "CreateOAuth2Token gave a %s with a line break or a space",
				       keys[i]);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		snprintf(path, sizeof(path), "accessToken.%s", keys[i]);
		good = good && json_set_string(l->file.tree, path, json_string(fresh, keys[i], "")) == 0;
	}
	clock_extended(now + life, end);
	if (!good || json_set_string(l->file.tree, "accessToken.expiresAt", end) < 0 ||
	    json_set_string(l->file.tree, "refreshToken", refresh) < 0)
		return err_set(err, ERR_INTERNAL, "no memory for a token");
	l->end = now + life;
	return 0;
}

/* A new one that is not written serves this once. */
static int create_token(struct login *l, const char *path, struct err *err)
{
	const char *region = json_string(l->file.tree, "signInRegion", NULL);
	struct aws *a = provider_open(l->p, region && *region ? region : NULL, NULL, err);
	const struct aws_preparation proof = { add_proof, l };
	cJSON *input = request(l), *answer = NULL;
	struct err ignored;
	int result = -1;

	if (!input)
		err_set(err, ERR_INTERNAL, "no memory for a request");
	else if (a && aws_call_prepared(a, "signin:CreateOAuth2Token", input, &proof, &answer, err) == 0)
		result = merge(l, answer, err);
	else if (a)
		refused(l, a, err);
	if (result == 0)
		cache_file_write(path, l->file.tree, &ignored);
	json_free(input);
	json_free(answer);
	aws_close(a);
	return result;
}

static bool due(const struct login *l)
{
	return l->end - aws_now(l->p->a) <= REFRESH_WINDOW;
}

/* Alone, and after another look: who had the lock before may have renewed it. `l`
 * stays as it is on failure. */
static int renew(struct login *l, const char *path, struct err *err)
{
	struct login now = { .p = l->p };
	struct cache_file_turn turn;
	int result = -1;

	/* a new token that cannot be kept would be lost, and the old one used up */
	if (!l->file.own || !cache_file_writable(path))
		return sign_in(l, "needs to be renewed, and its file cannot be written", err);
	if (cache_file_begin(path, &turn, err) < 0)
		return -1;
	if (load(&now, path, err) == 0 && (!due(&now) || create_token(&now, path, err) == 0)) {
		drop(l);
		*l = now;
		result = 0;
	} else {
		drop(&now);
	}
	cache_file_end(&turn);
	return result;
}

/* ---- the provider ---------------------------------------------------------------- */

static int take(const struct login *l, struct creds *out, struct err *err)
{
	const cJSON *t = json_get(l->file.tree, "accessToken");
	char source[sizeof(out->source)];

	snprintf(source, sizeof(source), "aws login of profile %.200s", l->p->choice->profile);
	if (creds_set(out, json_string(t, "accessKeyId", ""), json_string(t, "secretAccessKey", ""),
		      json_string(t, "sessionToken", ""), source, err) < 0) {
		err->class = ERR_ACCESS;	/* what was kept, not what the user typed */
		return -1;
	}
	provider_take_account(json_string(t, "accountId", NULL), out);
	out->expiration = l->end;
	return 0;
}

int provider_login(const struct provider_request *p, struct creds *out, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct login l = { .p = p };
	struct err why = { 0 };
	int result = -1;

	if (session_path(p, &path, err) == 0 && load(&l, buf_str(&path), err) == 0) {
		if (due(&l))
			renew(&l, buf_str(&path), &why);
		if (l.end > aws_now(p->a))
			result = take(&l, out, err);
		else if (why.class != ERR_NONE)
			*err = why;
		else
			sign_in(&l, "has ended", err);
	}
	drop(&l);
	buf_free(&path);
	return result;
}
