#include "credentials_print.h"

#include "lib/base/clock.h"
#include "lib/spec/json.h"

#include <string.h>

const char credentials_print_names[] = "process, env, json or lines";

static int finish(cJSON *tree, bool whole, struct buf *out, struct err *err)
{
	int result = whole ? json_print(tree, true, out, err)
			   : err_set(err, ERR_INTERNAL, "no memory for the answer");

	json_free(tree);
	buf_addc(out, '\n');
	return result < 0 ? -1 : buf_check(out, "the answer", err);
}

/* A member that has nothing to say is left out. */
static bool put(cJSON *tree, const char *name, const char *value)
{
	return !*value || json_set_string(tree, name, value) == 0;
}

static bool put_keys(cJSON *tree, const struct creds *c)
{
	char end[CLOCK_EXTENDED_LEN] = "";

	if (c->expiration)
		clock_extended(c->expiration, end);
	return put(tree, "AccessKeyId", c->access_key_id) &&
	       put(tree, "SecretAccessKey", c->secret_access_key) &&
	       put(tree, "SessionToken", c->session_token) && put(tree, "Expiration", end) &&
	       put(tree, "AccountId", c->account_id);
}

/* What credential_process wants of a program (docs.aws.amazon.com/sdkref,
 * "Process credential provider"). */
static int as_process(const struct credentials_print *p, struct buf *out, struct err *err)
{
	cJSON *tree = cJSON_CreateObject();
	bool whole = json_set_integer(tree, "Version", 1) == 0 && put_keys(tree, p->creds);

	return finish(tree, whole, out, err);
}

static int as_json(const struct credentials_print *p, struct buf *out, struct err *err)
{
	cJSON *tree = cJSON_CreateObject();
	bool whole = put_keys(tree, p->creds) && put(tree, "Region", p->region) &&
		     put(tree, "Profile", p->profile) && put(tree, "Source", p->creds->source);

	return finish(tree, whole, out, err);
}

/* Inside '' a shell takes every character but ' for itself. */
static void export_line(struct buf *out, const char *name, const char *value)
{
	if (!*value) {
		buf_addf(out, "unset %s\n", name);
		return;
	}
	buf_addf(out, "export %s='", name);
	for (const char *s = value; *s; s++) {
		if (*s == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *s);
	}
	buf_adds(out, "'\n");
}

static int as_env(const struct credentials_print *p, struct buf *out, struct err *err)
{
	const struct creds *c = p->creds;
	char end[CLOCK_EXTENDED_LEN] = "";

	if (c->expiration)
		clock_extended(c->expiration, end);
	export_line(out, "AWS_ACCESS_KEY_ID", c->access_key_id);
	export_line(out, "AWS_SECRET_ACCESS_KEY", c->secret_access_key);
	export_line(out, "AWS_SESSION_TOKEN", c->session_token);
	export_line(out, "AWS_CREDENTIAL_EXPIRATION", end);
	export_line(out, "AWS_ACCOUNT_ID", c->account_id);
	if (*p->region)
		export_line(out, "AWS_REGION", p->region);
	buf_adds(out, "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SECURITY_TOKEN\n");
	return buf_check(out, "the answer", err);
}

static int as_lines(const struct credentials_print *p, struct buf *out, struct err *err)
{
	return creds_write_lines(p->creds, out, err);
}

static const struct {
	const char *name;
	credentials_printer *print;
} formats[] = {
	{ "process", as_process },
	{ "env", as_env },
	{ "json", as_json },
	{ "lines", as_lines },
};

credentials_printer *credentials_print_find(const char *format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strcmp(formats[i].name, format) == 0)
			return formats[i].print;
	return NULL;
}
