#include "aws_private.h"

#include "lib/base/encode.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 512 };

static void add(struct buf *out, const char *key, const char *value)
{
	if (out->len)
		buf_addc(out, '&');
	encode_percent(key, strlen(key), "", out);
	buf_addc(out, '=');
	encode_percent(value, strlen(value), "", out);
}

static void add_number(struct buf *out, const char *key, double v)
{
	char text[40];

	if (v > -1e15 && v < 1e15 && v == (double)(long long)v)
		snprintf(text, sizeof(text), "%.0f", v);
	else
		snprintf(text, sizeof(text), "%.17g", v);
	add(out, key, text);
}

/* Lists become KEY.member.N, objects KEY.NAME. */
static int flatten(const cJSON *v, const char *key, struct buf *out, struct err *err)
{
	char longer[KEY_MAX];
	const cJSON *c;
	int n = 0;

	if (cJSON_IsString(v))
		add(out, key, v->valuestring);
	else if (cJSON_IsBool(v))
		add(out, key, cJSON_IsTrue(v) ? "true" : "false");
	else if (cJSON_IsNumber(v))
		add_number(out, key, v->valuedouble);
	else if (cJSON_IsArray(v) && !v->child)
		add(out, key, "");
	cJSON_ArrayForEach(c, v) {
		const char *dot = *key ? "." : "";
		int len = cJSON_IsArray(v)
			? snprintf(longer, sizeof(longer), "%s.member.%d", key, ++n)
			: snprintf(longer, sizeof(longer), "%s%s%s", key, dot, c->string);

		if (len < 0 || (size_t)len >= sizeof(longer))
			return err_set(err, ERR_USAGE, "a member's name is too long");
		if (flatten(c, longer, out, err) < 0)
			return -1;
	}
	return 0;
}

int aws_query_body(const struct aws_operation *operation, const cJSON *input, struct buf *out,
		   struct err *err)
{
	add(out, "Action", operation->name);
	add(out, "Version", operation->service->target_or_version);
	if (input && flatten(input, "", out, err) < 0)
		return -1;
	return buf_check(out, operation->name, err);
}
