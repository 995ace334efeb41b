#include "json.h"
#include "json_text.h"
#include "json_twice.h"
#include "shape_walk.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4096 };

struct first_twice {
	char pointer[SHAPE_POINTER_MAX], name[64];
};

static void remember_first(void *arg, const char *pointer, const char *name)
{
	struct first_twice *first = arg;

	if (first->name[0])
		return;
	snprintf(first->pointer, sizeof(first->pointer), "%s", pointer);
	snprintf(first->name, sizeof(first->name), "\"%.60s\"", name);
}

size_t json_bom(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

cJSON *json_parse(const char *text, size_t len, const char *name, struct err *err)
{
	struct first_twice first = { "", "" };
	cJSON *tree = json_parse_twice(text, len, name, remember_first, &first, err);
	int line = 1, column = 1;

	if (!tree || !first.name[0])
		return tree;
	json_free(tree);
	json_locate(text, len, first.pointer, &line, &column);
	err_set(err, ERR_USAGE, "%s:%d:%d: the member %s stands twice in one object", name, line,
		column, first.name);
	return NULL;
}

cJSON *json_parse_twice(const char *text, size_t len, const char *name, json_twice_fn *fn,
			void *arg, struct err *err)
{
	size_t offset, bom = json_bom(text, len);
	const char *fault;
	int line, column;
	cJSON *tree;

	text += bom;
	len -= bom;
	fault = json_text_fault(text, len, &offset);
	if (fault) {
		json_text_place(text, offset, &line, &column);
		err_set(err, ERR_USAGE, "%s:%d:%d: not JSON: %s", name, line, column, fault);
		return NULL;
	}
	tree = cJSON_ParseWithLength(text, len);
	if (!tree)
		err_set(err, ERR_INTERNAL, "%s: no memory to read JSON", name);
	else if (json_twice(tree, fn, arg, err) < 0) {
		json_free(tree);
		tree = NULL;
	}
	return tree;
}

static void wipe(cJSON *tree)
{
	if (tree->type & cJSON_IsReference)
		return;
	if (tree->valuestring)
		explicit_bzero(tree->valuestring, strlen(tree->valuestring));
	for (cJSON *c = tree->child; c; c = c->next)
		wipe(c);
}

void json_free(cJSON *tree)
{
	if (!tree)
		return;
	wipe(tree);
	cJSON_Delete(tree);
}

/* cJSON's own buffer leaves copies behind when it grows. */
static int print_secret(const cJSON *tree, bool pretty, struct buf *out, struct err *err)
{
	size_t left = out->max - out->len, room = FIRST_ROOM;

	for (;; room *= 4) {
		char *to;

		if (room > left)
			room = left;
		to = room < INT_MAX ? buf_room(out, room) : NULL;
		if (to && cJSON_PrintPreallocated((cJSON *)tree, to, (int)room + 1, pretty)) {
			out->len += strlen(to);
			return 0;
		}
		if (to)
			*to = '\0';
		if (!to || room == left) {
			out->failed = true;
			return buf_check(out, "a JSON document", err);
		}
	}
}

int json_print(const cJSON *tree, bool pretty, struct buf *out, struct err *err)
{
	char *text;
	size_t len;

	if (out->secret)
		return print_secret(tree, pretty, out, err);
	text = pretty ? cJSON_Print(tree) : cJSON_PrintUnformatted(tree);
	if (!text)
		return err_set(err, ERR_INTERNAL, "no memory to print JSON");
	len = strlen(text);
	buf_add(out, text, len);
	cJSON_free(text);
	return buf_check(out, "a JSON document", err);
}

/* One step of a path: "Name" or "[3]"; moves *path behind it and its dot. */
static const cJSON *step(const cJSON *at, const char **path)
{
	const cJSON *found = NULL;
	size_t len;

	if (**path == '[') {
		char *end;
		unsigned long index = strtoul(*path + 1, &end, 10);

		found = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, index > INT_MAX ? -1 : (int)index)
		      : index == 0 ? at : NULL;
		*path = *end == ']' ? end + 1 : end;
	} else {
		const cJSON *c;

		len = strcspn(*path, ".[");
		if (cJSON_IsObject(at))
			cJSON_ArrayForEach(c, at)
				if (strlen(c->string) == len && !strncmp(c->string, *path, len))
					found = c;
		*path += len;
	}
	if (**path == '.')
		(*path)++;
	return found;
}

const cJSON *json_get(const cJSON *tree, const char *path)
{
	while (tree && *path)
		tree = step(tree, &path);
	return tree && !cJSON_IsNull(tree) ? tree : NULL;
}

const char *json_string(const cJSON *tree, const char *path, const char *fallback)
{
	const cJSON *v = json_get(tree, path);

	return cJSON_IsString(v) ? v->valuestring : fallback;
}

double json_number(const cJSON *tree, const char *path, double fallback)
{
	const cJSON *v = json_get(tree, path);
	char *end;
	double d;

	if (cJSON_IsNumber(v))
		return v->valuedouble;
	if (!cJSON_IsString(v) || !*v->valuestring)
		return fallback;
	d = strtod(v->valuestring, &end);
	return *end ? fallback : d;
}

int64_t json_integer(const cJSON *tree, const char *path, int64_t fallback)
{
	double d = json_number(tree, path, NAN);

	if (isnan(d) || d < -9.2e18 || d > 9.2e18)
		return fallback;
	return (int64_t)d;
}

bool json_bool(const cJSON *tree, const char *path, bool fallback)
{
	const cJSON *v = json_get(tree, path);

	if (cJSON_IsBool(v))
		return cJSON_IsTrue(v);
	if (cJSON_IsString(v) && strcmp(v->valuestring, "true") == 0)
		return true;
	if (cJSON_IsString(v) && strcmp(v->valuestring, "false") == 0)
		return false;
	return fallback;
}

size_t json_count(const cJSON *tree, const char *path)
{
	const cJSON *v = json_get(tree, path);

	if (!v)
		return 0;
	return cJSON_IsArray(v) ? (size_t)cJSON_GetArraySize(v) : 1;
}

const cJSON *json_at(const cJSON *tree, const char *path, size_t index)
{
	const cJSON *v = json_get(tree, path);

	if (!v || !cJSON_IsArray(v))
		return index == 0 ? v : NULL;
	return index > INT_MAX ? NULL : cJSON_GetArrayItem(v, (int)index);
}

int json_need(const cJSON *tree, const char *path, const char *what, const char **out,
	      struct err *err)
{
	const char *s = json_string(tree, path, NULL);

	if (!s || !*s)
		return err_set(err, ERR_USAGE, "%s has no \"%s\"", what, path);
	*out = s;
	return 0;
}

int json_set(cJSON *tree, const char *path, cJSON *value)
{
	const char *dot;
	cJSON *old;

	if (!value)
		return -1;
	while ((dot = strchr(path, '.'))) {
		const char *rest = path;
		const cJSON *next = step(tree, &rest);
		char name[256];

		if (!next) {
			if ((size_t)(dot - path) >= sizeof(name) || !cJSON_IsObject(tree))
				goto fail;
			memcpy(name, path, (size_t)(dot - path));
			name[dot - path] = '\0';
			next = cJSON_AddObjectToObject(tree, name);
		}
		if (!next)
			goto fail;
		tree = (cJSON *)next;
		path = dot + 1;
	}
	if (!cJSON_IsObject(tree))
		goto fail;
	old = cJSON_GetObjectItemCaseSensitive(tree, path);
	if (old) {
		wipe(old);	/* cJSON frees it as it is */
		if (cJSON_ReplaceItemInObjectCaseSensitive(tree, path, value))
			return 0;
	} else if (cJSON_AddItemToObject(tree, path, value)) {
		return 0;
	}
fail:
	json_free(value);
	return -1;
}

int json_set_string(cJSON *tree, const char *path, const char *value)
{
	return json_set(tree, path, cJSON_CreateString(value));
}

int json_set_integer(cJSON *tree, const char *path, int64_t value)
{
	return json_set(tree, path, cJSON_CreateNumber((double)value));
}

int json_set_bool(cJSON *tree, const char *path, bool value)
{
	return json_set(tree, path, cJSON_CreateBool(value));
}

int json_locate(const char *text, size_t len, const char *pointer, int *line, int *column)
{
	size_t offset, bom = json_bom(text, len);

	text += bom;
	len -= bom;
	if (json_text_find(text, len, pointer, &offset) < 0)
		return -1;
	json_text_place(text, offset, line, column);
	return 0;
}
