#include "provider.h"

#include "lib/base/encode.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { SECRET_MAX = 64 << 10, NAMES_SHOWN = 8 };	/* Secrets Manager: 65,536 bytes */

/* What people call them, without case and punctuation. */
static const char *const key_names[] = { "awsaccesskeyid", "accesskeyid", "awsaccesskey",
					 "accesskey", NULL };
static const char *const secret_names[] = { "awssecretaccesskey", "secretaccesskey", "awssecretkey",
					    "secretkey", NULL };
static const char *const token_names[] = { "awssessiontoken", "sessiontoken", "awssecuritytoken",
					   "securitytoken", NULL };
static const char *const role_names[] = { "rolearn", "awsrolearn", NULL };
static const char *const external_names[] = { "externalid", "awsexternalid", NULL };

static void plain_name(const char *name, char out[static 40])
{
	size_t n = 0;

	for (; *name && n < 39; name++)
		if (isalnum((unsigned char)*name))
			out[n++] = (char)tolower((unsigned char)*name);
	out[n] = '\0';
}

static const char *member(const cJSON *tree, const char *const *names)
{
	const cJSON *c;

	for (; *names; names++) {
		cJSON_ArrayForEach(c, tree) {
			char name[40];

			plain_name(c->string ? c->string : "", name);
			if (strcmp(name, *names) == 0 && cJSON_IsString(c) && *c->valuestring)
				return c->valuestring;
		}
	}
	return NULL;
}

/* Names, never values. */
static int nothing_found(const cJSON *tree, struct err *err)
{
	const cJSON *c;
	int n = 0;

	err_set(err, ERR_USAGE, "no AWS credentials are in it: wanted are aws_access_key_id and "
		"aws_secret_access_key, or role_arn; there is ");
	cJSON_ArrayForEach(c, tree) {
		if (n == NAMES_SHOWN) {
			err_suffix(err, ", …");
			break;
		}
		err_suffix(err, "%s\"%.40s\"", n++ ? ", " : "", c->string);
	}
	return n ? -1 : err_suffix(err, "nothing");
}

/* The role that the secret names, assumed by its own keys or by ours. */
static int assume(struct aws *a, const cJSON *tree, struct creds *keys, const char *source,
		  struct creds *out, struct err *err)
{
	const struct chain_role role = { .arn = member(tree, role_names),
					 .external_id = member(tree, external_names) };
	const struct aws_settings settings = { .profile = a->profile, .region = a->region,
					       .creds = keys, .label = source };
	struct aws *caller = keys ? aws_open_beside(a, &settings, err) : NULL;
	int result = -1;

	if (!keys || caller)
		result = provider_assume(caller ? caller : a, &role, out, err);
	aws_close(caller);
	return result;
}

static int take(struct aws *a, const cJSON *tree, const char *source, struct creds *out,
		struct err *err)
{
	const char *key = member(tree, key_names), *secret = member(tree, secret_names);
	const char *token = member(tree, token_names);
	struct creds *keys;
	int result;

	if (!key && !secret && member(tree, role_names))
		return assume(a, tree, NULL, source, out, err);
	if (!key && !secret && cJSON_IsObject(json_get(tree, "Credentials")))
		return take(a, json_get(tree, "Credentials"), source, out, err);
	if (!key && !secret && cJSON_IsObject(json_get(tree, "AccessKey")))
		return take(a, json_get(tree, "AccessKey"), source, out, err);
	if (!key || !secret)
		return nothing_found(tree, err);
	if (!member(tree, role_names))
		return creds_set(out, key, secret, token, source, err);
	keys = creds_new(err);
	result = keys && creds_set(keys, key, secret, token, source, err) == 0
		? assume(a, tree, keys, source, out, err) : -1;
	creds_free(keys);
	return result;
}

static cJSON *request(const char *secret_id)
{
	const char *stage = strchr(secret_id, '#');
	size_t len = stage ? (size_t)(stage - secret_id) : strlen(secret_id);
	cJSON *r = cJSON_CreateObject();
	char id[2049];		/* Secrets Manager: SecretId */

	if (len < sizeof(id)) {
		memcpy(id, secret_id, len);
		id[len] = '\0';
		if (json_set_string(r, "SecretId", id) == 0 &&
		    (!stage || json_set_string(r, "VersionStage", stage + 1) == 0))
			return r;
	}
	json_free(r);
	return NULL;
}

/* The text of the secret, from either form. */
static int secret_text(const cJSON *answer, struct buf *out, struct err *err)
{
	const char *text = json_string(answer, "SecretString", NULL);
	const char *binary = json_string(answer, "SecretBinary", NULL);

	if (text)
		buf_adds(out, text);
	else if (!binary)
		return err_set(err, ERR_USAGE, "it has no value");
	else if (decode_base64(binary, strlen(binary), out) < 0)
		return err_set(err, ERR_USAGE, "its binary value is no base64");
	return buf_check(out, "its value", err);
}

int aws_secret_credentials(struct aws *a, const char *secret_id, struct creds *out, struct err *err)
{
	struct buf text = BUF_INIT_SECRET(SECRET_MAX);
	cJSON *r = request(secret_id), *answer = NULL, *tree = NULL;
	char source[sizeof(out->source)];
	struct err parse;
	int result = -1;

	if (!r) {
		err_set(err, ERR_USAGE, "the name of the secret is too long");
		goto out;
	}
	if (aws_call(a, "secretsmanager:GetSecretValue", r, &answer, err) < 0)
		goto out;
	if (secret_text(answer, &text, err) < 0)
		goto out;
	snprintf(source, sizeof(source), "secret %.200s", secret_id);
	/* the parser's own message may show a character of the secret */
	tree = json_parse(buf_str(&text), text.len, "secret", &parse);
	if (cJSON_IsObject(tree))
		result = take(a, tree, source, out, err);
	else
		err_set(err, ERR_USAGE, "its value is no JSON object such as "
			"{\"aws_access_key_id\": …, \"aws_secret_access_key\": …}");
out:
	if (result < 0)
		err_prefix(err, "secret \"%.200s\": ", secret_id);
	json_free(tree);
	json_free(answer);
	json_free(r);
	buf_free(&text);
	return result;
}
