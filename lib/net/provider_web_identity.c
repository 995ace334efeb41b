#include "provider.h"

#include "cli_cache.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <string.h>

enum { TOKEN_MAX = 20000 };	/* STS: WebIdentityToken */

static int read_token(const char *path, struct buf *token, struct err *err)
{
	if (file_read(path, token, NULL, err) < 0)
		return err_prefix(err, "the web identity token: ");
	while (token->len && strchr("\r\n \t", token->data[token->len - 1]))
		token->data[--token->len] = '\0';
	if (token->len == 0)
		return err_set(err, ERR_ACCESS, "the web identity token file %s is empty", path);
	return 0;
}

static cJSON *request(const char *role, const char *session, const char *token, int64_t now)
{
	cJSON *r = cJSON_CreateObject();
	char name[64];

	snprintf(name, sizeof(name), "codetrain-%lld", (long long)now);
	if (json_set_string(r, "RoleArn", role) == 0 &&
	    json_set_string(r, "RoleSessionName", session ? session : name) == 0 &&
	    json_set_string(r, "WebIdentityToken", token) == 0)
		return r;
	json_free(r);
	return NULL;
}

struct exchange {
	const struct provider_request *p;
	const char *file, *role, *session, *source;
};

static int assume(void *arg, struct creds *out, struct err *err)
{
	const struct exchange *e = arg;
	struct buf token = BUF_INIT_SECRET(TOKEN_MAX);
	cJSON *r = NULL, *answer = NULL;
	struct aws *a = NULL;
	int result = -1;

	if (read_token(e->file, &token, err) < 0)
		goto out;
	r = request(e->role, e->session, buf_str(&token), aws_now(e->p->a));
	if (!r) {
		err_set(err, ERR_INTERNAL, "no memory for a request");
		goto out;
	}
	a = provider_open(e->p, NULL, NULL, err);
	if (!a)
		goto out;
	if (aws_call(a, "sts:AssumeRoleWithWebIdentity", r, &answer, err) == 0)
		result = provider_take_assumed(answer, e->source, out, err);
	if (result < 0)
		err_suffix(err, "; the role was %s, the token %s", e->role, e->file);
out:
	buf_free(&token);
	json_free(r);
	json_free(answer);
	aws_close(a);
	return result;
}

int provider_web_identity(const struct provider_request *p, struct creds *out, struct err *err)
{
	struct chain_input in = aws_chain_input(p->a);
	char source[sizeof(out->source)];
	struct exchange e = {
		.p = p,
		.file = chain_web_identity(&in, p->choice, "web_identity_token_file"),
		.role = chain_web_identity(&in, p->choice, "role_arn"),
		.session = chain_web_identity(&in, p->choice, "role_session_name"),
		.source = source,
	};
	const struct cli_cache_argument arguments[] = {
		{ "RoleArn", e.role, 0 }, { "RoleSessionName", e.session, 0 },
	};
	struct cli_cache_item item = { .source = source, .service = "STS" };

	if (!e.file || !e.role)
		return err_set(err, ERR_USAGE, "a token file and a role are needed");
	snprintf(source, sizeof(source), "role %.200s by web identity", e.role);
	cli_cache_key(arguments, sizeof(arguments) / sizeof(*arguments), true, item.key);
	return cli_cache_through(p->a, &item, assume, &e, out, err);
}
