#include "template.h"
#include "json.h"

#include "lib/base/buf.h"

#include <stdlib.h>
#include <string.h>

struct work {
	template_lookup_fn *lookup;
	void *arg;
	size_t total;
	struct buf pointer;
	struct err *err;
};

const char *template_environment(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	while ((s[n] >= 'A' && s[n] <= 'Z') || (s[n] >= 'a' && s[n] <= 'z') || s[n] == '_' ||
	       (n > 0 && s[n] >= '0' && s[n] <= '9'))
		n++;
	return n;
}

static int malformed(struct work *w, const char *at)
{
	return err_set(w->err, ERR_USAGE,
		       "%s: \"%.*s\" is not ${NAME} or ${NAME:-text}; write $${ for a literal ${",
		       buf_str(&w->pointer), (int)strnlen(at, 40), at);
}

/* A request is kept, shown and logged: what signs it has no place in it. */
static bool is_credential(const char *name)
{
	static const char *const names[] = {
		"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* One reference at *at, which begins with "${"; moves *at behind it. */
static int reference(struct work *w, const char **at, struct buf *out)
{
	const char *name = *at + 2;
	size_t len = name_length(name);
	const char *end = strchr(name, '}');
	char copy[TEMPLATE_NAME_MAX + 1];
	const char *value;

	if (!end || len == 0 || len > TEMPLATE_NAME_MAX)
		return malformed(w, *at);
	memcpy(copy, name, len);
	copy[len] = '\0';
	if (is_credential(copy))
		return err_set(w->err, ERR_USAGE, "%s: the variable %s is a credential, which has no "
			       "place in a request", buf_str(&w->pointer), copy);
	value = w->lookup(w->arg, copy);
	*at = end + 1;
	if (name[len] == ':' && name[len + 1] == '-') {
		if (value && *value)
			return buf_adds(out, value);
		return buf_add(out, name + len + 2, (size_t)(end - name) - len - 2);
	}
	if (name[len] != '}')
		return malformed(w, name - 2);
	if (!value)
		return err_set(w->err, ERR_USAGE,
			       "%s: the variable %s is not set; set it, or write ${%s:-default}",
			       buf_str(&w->pointer), copy, copy);
	return buf_adds(out, value);
}

/* The error of a buffer that is full stands behind any other. */
static int expand_text(struct work *w, const char *s, struct buf *out)
{
	while (*s) {
		if (strncmp(s, "$${", 3) == 0) {
			buf_adds(out, "${");
			s += 3;
		} else if (strncmp(s, "${", 2) == 0) {
			if (reference(w, &s, out) < 0 && !out->failed)
				return -1;
		} else {
			buf_addc(out, *s++);
		}
	}
	return 0;
}

static int expand_string(struct work *w, cJSON *value)
{
	struct buf out = BUF_INIT(TEMPLATE_STRING_MAX);
	int rc = -1;

	if (!strstr(value->valuestring, "${"))
		return 0;
	if (expand_text(w, value->valuestring, &out) < 0)
		goto out;
	w->total += out.len;
	if (out.failed || w->total > TEMPLATE_TOTAL_MAX) {
		err_set(w->err, ERR_USAGE, "%s: the variables make this value too large",
			buf_str(&w->pointer));
		goto out;
	}
	if (!cJSON_SetValuestring(value, buf_str(&out))) {
		err_set(w->err, ERR_INTERNAL, "no memory to fill in variables");
		goto out;
	}
	rc = 0;
out:
	if (out.data)
		explicit_bzero(out.data, out.len);
	buf_free(&out);
	return rc;
}

static void push(struct buf *pointer, const cJSON *parent, const cJSON *child, size_t index)
{
	buf_addc(pointer, '/');
	if (!cJSON_IsObject(parent)) {
		buf_addf(pointer, "%zu", index);
		return;
	}
	for (const char *s = child->string; *s; s++) {
		if (*s == '~' || *s == '/')
			buf_adds(pointer, *s == '~' ? "~0" : "~1");
		else
			buf_addc(pointer, *s);
	}
}

static int walk(struct work *w, cJSON *node, int depth)
{
	size_t index = 0;
	cJSON *child;

	if (depth > JSON_DEPTH_MAX)
		return err_set(w->err, ERR_USAGE, "the document is nested too deeply");
	if (cJSON_IsString(node))
		return expand_string(w, node);
	cJSON_ArrayForEach(child, node) {
		size_t len = w->pointer.len;

		push(&w->pointer, node, child, index++);
		if (walk(w, child, depth + 1) < 0)
			return -1;
		w->pointer.failed = false;
		w->pointer.len = len;
		if (w->pointer.data)
			w->pointer.data[len] = '\0';
	}
	return 0;
}

int template_expand(cJSON *tree, template_lookup_fn *lookup, void *arg,
		    char pointer[static TEMPLATE_POINTER_MAX], struct err *err)
{
	struct work w = { .lookup = lookup, .arg = arg, .err = err,
			  .pointer = BUF_INIT(TEMPLATE_POINTER_MAX - 1) };
	int rc = walk(&w, tree, 0);

	memcpy(pointer, buf_str(&w.pointer), w.pointer.len + 1);
	buf_free(&w.pointer);
	return rc;
}
