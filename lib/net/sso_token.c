#include "sso_token.h"

#include "cache_file.h"
#include "lib/aws/signin_file.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <string.h>

enum { REFRESH_WINDOW = 15 * 60, LIFE_MAX = 366 * 86400 };

struct token {
	struct cache_file file;
	const char *bearer;	/* of file.tree */
	int64_t end;
};

int sso_token_sign_in(const struct sso_token_want *want, const char *why, struct err *err)
{
	if (want->session)
		return err_set(err, ERR_ACCESS, "the SSO session \"%s\" %s; run aws sso login "
			       "--sso-session %s", want->session, why, want->session);
	return err_set(err, ERR_ACCESS, "the SSO session %s; run aws sso login --profile %s", why,
		       want->p->choice->profile);
}

static int token_path(const struct sso_token_want *want, struct buf *out, struct err *err)
{
	return signin_file_sso(aws_home(want->p->a), want->session ? want->session : want->start_url, out,
			       err);
}

/* What can stand in a header. */
static bool is_token(const char *s)
{
	const char *at = s;

	while (*at > ' ' && *at < 0x7f)
		at++;
	return at > s && !*at;
}

static void drop(struct token *t)
{
	json_free(t->file.tree);
	*t = (struct token){ 0 };
}

static int load(const struct sso_token_want *want, const char *path, struct token *t,
		struct err *err)
{
	*t = (struct token){ 0 };
	if (cache_file_read(path, CACHE_FILE_TOKEN, &t->file, err) < 0)
		return err_suffix(err, ", or run aws sso login%s%s",
				  want->session ? " --sso-session " : " --profile ",
				  want->session ? want->session : want->p->choice->profile);
	if (t->file.missing)
		return sso_token_sign_in(want, "was never begun", err);
	t->bearer = json_string(t->file.tree, "accessToken", NULL);
	if (t->bearer && is_token(t->bearer) &&
	    cache_file_time(json_string(t->file.tree, "expiresAt", ""), &t->end) == 0)
		return 0;
	drop(t);
	return sso_token_sign_in(want, "in the cache cannot be read", err);
}

/* ---- renewing -------------------------------------------------------------------- */

static int64_t left(const struct sso_token_want *want, const struct token *t)
{
	return t->end - aws_now(want->p->a);
}

/* NULL, or why the token cannot be renewed. */
static const char *unrenewable(const struct sso_token_want *want, const struct token *t,
			       const char *path)
{
	static const char *const needed[] = { "refreshToken", "clientId", "clientSecret" };
	int64_t end;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (!want->session || !*json_string(t->file.tree, needed[i], ""))
			return "has expired";
	if (cache_file_time(json_string(t->file.tree, "registrationExpiresAt", ""), &end) < 0 ||
	    end <= aws_now(want->p->a))
		return "has expired, and so has the registration that could renew it";
	/* A new token that cannot be kept would be lost, and the old one used up. */
	if (!t->file.own || !cache_file_writable(path))
		return "has expired, and its file in ~/.aws/sso/cache cannot be written";
	return NULL;
}

static cJSON *request(const struct token *t)
{
	cJSON *r = cJSON_CreateObject();
	static const char *const members[] = { "clientId", "clientSecret", "refreshToken" };
	bool good = json_set_string(r, "grantType", "refresh_token") == 0;

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		good = good && json_set_string(r, members[i],
					       json_string(t->file.tree, members[i], "")) == 0;
	if (good)
		return r;
	json_free(r);
	return NULL;
}

/* The answer into the token; what else is in its file stays. */
static int merge(const struct sso_token_want *want, const cJSON *answer, struct token *t,
		 struct err *err)
{
	const char *bearer = json_string(answer, "accessToken", NULL);
	const char *refresh = json_string(answer, "refreshToken", NULL);
	int64_t life = json_integer(answer, "expiresIn", 0);
	char end[CLOCK_EXTENDED_LEN];
	cJSON *tree = t->file.tree;

	if (!bearer || life <= 0 || life > LIFE_MAX)
		return err_set(err, ERR_UNAVAILABLE, "CreateToken gave no token");
	if (strpbrk(bearer, "\r\n"))
		return err_set(err, ERR_ACCESS, "CreateToken gave a token with a line break");
	if (!is_token(bearer))
		return err_set(err, ERR_ACCESS, "CreateToken gave a token with a space, a line break or "
			       "another character that no token has");
	t->bearer = NULL;
	clock_extended(aws_now(want->p->a) + life, end);
	if (json_set_string(tree, "accessToken", bearer) < 0 ||
	    json_set_string(tree, "expiresAt", end) < 0 ||
	    json_set_string(tree, "startUrl", want->start_url) < 0 ||
	    json_set_string(tree, "region", want->region) < 0 ||
	    (refresh && json_set_string(tree, "refreshToken", refresh) < 0))
		return err_set(err, ERR_INTERNAL, "no memory for a token");
	t->bearer = json_string(tree, "accessToken", NULL);
	t->end = aws_now(want->p->a) + life;
	return 0;
}

static int create_token(const struct sso_token_want *want, struct token *t, struct err *err)
{
	cJSON *r = request(t), *answer = NULL;
	struct aws *a = NULL;
	int result = -1;

	if (!r)
		err_set(err, ERR_INTERNAL, "no memory for a request");
	else if ((a = provider_open(want->p, want->region, NULL, err)) &&
		 aws_call(a, "sso-oidc:CreateToken", r, &answer, err) == 0)
		result = merge(want, answer, t, err);
	json_free(r);
	json_free(answer);
	aws_close(a);
	return result;
}

/* Alone, and after another look: who had the lock before may have renewed it. */
static int renew(const struct sso_token_want *want, const char *path, struct token *t,
		 struct err *err)
{
	struct cache_file_turn turn;
	struct err ignored;
	struct token now;
	int result = -1;

	if (cache_file_begin(path, &turn, err) < 0)
		return -1;
	if (load(want, path, &now, err) == 0) {
		drop(t);
		*t = now;
		if (left(want, t) >= REFRESH_WINDOW || unrenewable(want, t, path))
			result = 0;
		else if (create_token(want, t, err) == 0) {
			cache_file_write(path, t->file.tree, &ignored);
			result = 0;
		}
	}
	cache_file_end(&turn);
	return result;
}

/* The server has said no, or there was none to say so. */
static int not_renewed(const struct sso_token_want *want, const struct err *why, struct err *err)
{
	if (why->class == ERR_UNAVAILABLE || why->class == ERR_INTERNAL) {
		*err = *why;
		return err_prefix(err, "the SSO session%s%s has expired and could not be renewed: ",
				  want->session ? " " : "", want->session ? want->session : "");
	}
	sso_token_sign_in(want, "has ended", err);
	return err_suffix(err, " (%s)", why->message);
}

int sso_token(const struct sso_token_want *want, struct buf *out, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct err why = { 0 };
	const char *never;
	struct token t = { 0 };
	int result = -1;

	if (token_path(want, &path, err) < 0 || load(want, buf_str(&path), &t, err) < 0)
		goto out;
	never = unrenewable(want, &t, buf_str(&path));
	if (left(want, &t) < REFRESH_WINDOW && !never)
		renew(want, buf_str(&path), &t, &why);
	if (why.class != ERR_NONE && (!t.bearer || left(want, &t) <= 0))
		not_renewed(want, &why, err);
	else if (left(want, &t) <= 0)
		sso_token_sign_in(want, never ? never : "has expired", err);
	else if (buf_adds(out, t.bearer) < 0)
		sso_token_sign_in(want, "in the cache is too long", err);
	else
		result = 0;
out:
	drop(&t);
	buf_free(&path);
	return result;
}
