#include "credentials_values.h"

#include "lib/spec/reference.h"

#include <string.h>

enum { VALUE_MAX = 64 << 10 };	/* Secrets Manager: 65,536 bytes; a parameter has 8 KiB at most */

/* The answer of the call before: often several variables are keys of one secret. */
struct memory {
	struct aws *aws;
	char id[REFERENCE_MAX];		/* the secret with its version, "" at first */
	cJSON *answer;
};

static bool is_missing(const struct aws *a)
{
	const char *code = aws_error_code(a);

	return strcmp(code, "ParameterNotFound") == 0 || strcmp(code, "ParameterVersionNotFound") == 0 ||
	       strcmp(code, "ResourceNotFoundException") == 0;
}

/* One call, in the region of the ARN when it is one. */
static int call(struct aws *a, const char *operation, const char *name, cJSON *request,
		cJSON **answer, struct err *err)
{
	struct aws *other = NULL;
	char region[32];
	int rc = -1;

	reference_region(name, region);
	if (*region && strcmp(region, aws_region(a)) != 0) {
		const struct creds *creds = aws_credentials(a, err);

		if (creds)
			other = aws_open_beside(a, &(struct aws_settings){ .region = region,
						.creds = creds, .label = aws_label(a) }, err);
		if (!other)
			goto out;
	}
	rc = aws_call(other ? other : a, operation, request, answer, err);
	if (rc < 0 && is_missing(other ? other : a))
		err->class = ERR_NO;
out:
	aws_close(other);
	json_free(request);
	return rc;
}

static int parameter(struct aws *a, const char *name, struct buf *out, struct err *err)
{
	cJSON *request = cJSON_CreateObject(), *answer = NULL;
	const char *value;

	json_set_string(request, "Name", name);
	json_set_bool(request, "WithDecryption", true);
	if (call(a, "ssm:GetParameter", name, request, &answer, err) < 0) {
		if (err->class == ERR_NO)	/* as CodeBuild says it */
			err_set(err, ERR_NO, "parameter does not exist: %.300s", name);
		return -1;
	}
	value = json_string(answer, "Parameter.Value", NULL);
	if (value)
		buf_adds(out, value);
	else
		err_set(err, ERR_NO, "the parameter %.300s has no value", name);
	json_free(answer);
	return value ? buf_check(out, "the value of a parameter", err) : -1;
}

static int member(const char *text, const char *key, struct buf *out, struct err *err)
{
	struct err parse;	/* the parser's own message may show a character of the secret */
	cJSON *tree = json_parse(text, strlen(text), "secret", &parse);
	const cJSON *value = cJSON_IsObject(tree) ? cJSON_GetObjectItemCaseSensitive(tree, key) : NULL;
	int rc = 0;

	if (!cJSON_IsObject(tree))
		rc = err_set(err, ERR_NO, "its value is no JSON object, so it has no key \"%.100s\"", key);
	else if (!value)
		rc = err_set(err, ERR_NO, "it has no key \"%.100s\"", key);
	else if (cJSON_IsString(value))
		buf_adds(out, value->valuestring);
	else
		rc = json_print(value, false, out, err);
	json_free(tree);
	return rc < 0 ? -1 : buf_check(out, "the value of a secret", err);
}

int credentials_values_of_secret(const cJSON *answer, const char *key, struct buf *out,
				 struct err *err)
{
	const char *text = json_string(answer, "SecretString", NULL);

	if (!text)
		return err_set(err, ERR_NO, "its value is no text%s",
			       json_string(answer, "SecretBinary", NULL) ? ", but binary" : "");
	if (*key)
		return member(text, key, out, err);
	buf_adds(out, text);
	return buf_check(out, "the value of a secret", err);
}

static int fetch(struct memory *m, const struct reference_secret *r, struct err *err)
{
	cJSON *request = cJSON_CreateObject();

	json_set_string(request, "SecretId", r->id);
	if (*r->stage)
		json_set_string(request, "VersionStage", r->stage);
	if (*r->version)
		json_set_string(request, "VersionId", r->version);
	json_free(m->answer);
	m->answer = NULL;
	return call(m->aws, "secretsmanager:GetSecretValue", r->id, request, &m->answer, err);
}

static int secret(struct memory *m, const char *text, struct buf *out, struct err *err)
{
	struct reference_secret r;
	struct buf id = BUF_INIT(REFERENCE_MAX - 1);
	int rc = 0;

	if (reference_secret(text, &r) < 0)
		return err_set(err, ERR_USAGE, "\"%.200s\" is not a reference to a secret; write SECRET, "
			       "SECRET:KEY or SECRET:KEY:STAGE:VERSION", text);
	buf_addf(&id, "%s\n%s\n%s", r.id, r.stage, r.version);
	if (buf_check(&id, "the reference", err) < 0)
		rc = -1;
	else if (!m->answer || strcmp(m->id, buf_str(&id)) != 0)
		rc = fetch(m, &r, err);
	if (rc == 0) {
		memcpy(m->id, buf_str(&id), id.len + 1);
		rc = credentials_values_of_secret(m->answer, r.key, out, err);
	}
	buf_free(&id);
	return rc < 0 ? err_prefix(err, "secret \"%.200s\": ", r.id) : 0;
}

static int one(struct memory *m, const char *line, struct buf *value, struct err *err)
{
	if (strncmp(line, "parameter ", 10) == 0 && line[10])
		return parameter(m->aws, line + 10, value, err);
	if (strncmp(line, "secret ", 7) == 0)
		return secret(m, line + 7, value, err);
	return err_set(err, ERR_USAGE, "\"%.60s\" asks for neither a parameter nor a secret", line);
}

int credentials_values(struct aws *a, const char *asked, struct buf *out, struct err *err)
{
	struct memory m = { .aws = a };
	int n = 0, rc = 0;

	while (*asked && rc == 0) {
		struct buf value = BUF_INIT_SECRET(VALUE_MAX);
		char line[REFERENCE_MAX + 16];
		size_t len = strcspn(asked, "\n");

		if (len >= sizeof(line) || n == CREDENTIALS_VALUES_MOST) {
			rc = err_set(err, ERR_USAGE, "a reference is too long, or there are more than %d",
				     CREDENTIALS_VALUES_MOST);
		} else {
			memcpy(line, asked, len);
			line[len] = '\0';
			rc = one(&m, line, &value, err);
		}
		if (rc == 0) {
			buf_addf(out, "%zu\n", value.len);
			buf_add(out, buf_str(&value), value.len);
			buf_addc(out, '\n');
			rc = buf_check(out, "the values", err);
			n++;
		}
		buf_free(&value);
		asked += len + (asked[len] == '\n');
	}
	json_free(m.answer);
	if (rc == 0)
		return 0;
	buf_free(out);
	buf_addf(out, "!%d\n", n);
	return -1;
}
