#include "buildspec_read.h"
#include "lib/base/suggest.h"

#include <stdarg.h>
#include <string.h>

enum { PATH_MAX_POINTER = 1024 };

__attribute__((format(printf, 6, 0)))
static void finding(struct bspec *b, enum buildspec_severity severity, const char *rule,
		    const struct yml_node *at, const char *fix, const char *fmt, va_list ap)
{
	struct err text;	/* bounded, and without control characters */

	if (severity == BUILDSPEC_ERROR)
		b->refused = true;
	if (!b->report || ++b->n_findings > BUILDSPEC_FINDINGS_MAX)
		return;
	err_vset(&text, ERR_USAGE, fmt, ap);
	b->report(b->arg, &(struct buildspec_finding){
		.rule = rule, .severity = severity, .message = text.message, .fix = fix,
		.path = buf_str(&b->path), .line = at->line, .column = at->column });
}

void bspec_error(struct bspec *b, const char *rule, const struct yml_node *at, const char *fix,
		 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	finding(b, BUILDSPEC_ERROR, rule, at, fix, fmt, ap);
	va_end(ap);
}

void bspec_warn(struct bspec *b, const char *rule, const struct yml_node *at, const char *fix,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	finding(b, BUILDSPEC_WARNING, rule, at, fix, fmt, ap);
	va_end(ap);
}

size_t bspec_enter(struct bspec *b, const char *key)
{
	size_t length = b->path.len;

	if (length + strlen(key) > PATH_MAX_POINTER)
		key = "...";
	buf_addc(&b->path, '/');
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			buf_adds(&b->path, *key == '~' ? "~0" : "~1");
		else
			buf_addc(&b->path, *key);
	}
	return length;
}

size_t bspec_enter_index(struct bspec *b, size_t index)
{
	size_t length = b->path.len;

	buf_addf(&b->path, "/%zu", index);
	return length;
}

void bspec_leave(struct bspec *b, size_t length)
{
	if (b->path.failed)
		b->no_memory = true;
	else if (b->path.data)
		b->path.data[length] = '\0';
	b->path.len = length;
}

bool bspec_want(struct bspec *b, const struct yml_node *node, enum yml_kind kind)
{
	static const char *const want[] = { "a string", "a list", "a map" };

	if (node->kind == kind)
		return true;
	bspec_error(b, "buildspec-type", node, NULL, "%s is expected here, not %s", want[kind],
		    yml_kind_name(node));
	return false;
}

const char *bspec_meant(const char *word, const char *const *names)
{
	struct suggest s = SUGGEST_INIT(word, strlen(word) / 4 + 1);

	for (; *names; names++)
		suggest_offer(&s, *names);
	return s.nearest;
}

const char *bspec_one_of(struct bspec *b, const struct yml_node *value, const char *what,
			 const char *const *names)
{
	const char *meant;

	for (const char *const *n = names; *n; n++)
		if (strcmp(value->text, *n) == 0)
			return *n;
	meant = bspec_meant(value->text, names);
	bspec_error(b, "buildspec-value", value, NULL, "\"%.60s\" is no %s of CodeBuild%s%s%s", value->text,
		    what, meant ? ": did you mean " : "", meant ? meant : "", meant ? "?" : "");
	return NULL;
}

bool bspec_is_private(const char *key)
{
	return *key == '.' || strncmp(key, "x-", 2) == 0;
}

static const struct bspec_key *find(const struct bspec_key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static void unknown_key(struct bspec *b, const struct yml_node *key, const char *what,
			const struct bspec_key *keys)
{
	const char *names[24];
	const char *meant;
	size_t n = 0;

	if (bspec_is_private(key->text))
		return;
	for (; n + 1 < sizeof(names) / sizeof(*names) && keys[n].name; n++)
		names[n] = keys[n].name;
	names[n] = NULL;
	meant = bspec_meant(key->text, names);
	if (meant)
		bspec_error(b, "buildspec-unknown-key", key, NULL,
			    "%s has no \"%.60s\": did you mean \"%s\"?", what, key->text, meant);
	else
		bspec_warn(b, "buildspec-unknown-key", key, NULL,
			   "%s has no \"%.60s\": CodeBuild passes it over", what, key->text);
}

void bspec_map(struct bspec *b, const struct yml_node *map, const char *what,
	       const struct bspec_key *keys, void *to)
{
	if (!bspec_want(b, map, YML_MAPPING))
		return;
	for (size_t i = 0; i < map->n && !b->no_memory; i++) {
		const struct yml_node *key = map->items[i].key, *value = map->items[i].value;
		const struct bspec_key *k = find(keys, key->text);
		size_t length = bspec_enter(b, key->text);

		if (!k)
			unknown_key(b, key, what, keys);
		else if (!yml_is_null(value))
			k->read(b, value, (char *)to + k->offset);
		bspec_leave(b, length);
	}
}

void *bspec_append(struct bspec *b, void *array, size_t *n, size_t element)
{
	void *grown = arena_grow(b->arena, array, *n, element);

	if (grown)
		(*n)++;
	else
		b->no_memory = true;
	return grown;
}

const char *bspec_copy(struct bspec *b, const struct yml_node *scalar)
{
	const char *copy = arena_copy(b->arena, scalar->text, scalar->len);

	if (!copy)
		b->no_memory = true;
	return copy;
}

void bspec_any(struct bspec *b, const struct yml_node *value, void *to)
{
	(void)b;
	(void)value;
	(void)to;
}

void bspec_string_only(struct bspec *b, const struct yml_node *value, void *to)
{
	(void)to;
	bspec_want(b, value, YML_SCALAR);
}

void bspec_string(struct bspec *b, const struct yml_node *value, void *to)
{
	if (bspec_want(b, value, YML_SCALAR))
		*(const char **)to = bspec_copy(b, value);
}

void bspec_flag(struct bspec *b, const struct yml_node *value, void *to)
{
	if (!bspec_want(b, value, YML_SCALAR))
		return;
	if (yml_bool(value, to) < 0)
		bspec_error(b, "buildspec-value", value, "write yes or no",
			    "yes or no is expected here, not \"%.60s\"", value->text);
}

static void add_string(struct bspec *b, const struct yml_node *value, struct buildspec_strings *to)
{
	const char **v;
	const char *copy;

	if (!bspec_want(b, value, YML_SCALAR))
		return;
	copy = bspec_copy(b, value);
	v = bspec_append(b, to->v, &to->n, sizeof(*v));
	if (!v || !copy)
		return;
	to->v = v;
	to->v[to->n - 1] = copy;
}

void bspec_strings(struct bspec *b, const struct yml_node *value, void *to)
{
	if (value->kind == YML_SCALAR) {
		add_string(b, value, to);
		return;
	}
	if (!bspec_want(b, value, YML_SEQUENCE))
		return;
	for (size_t i = 0; i < value->n && !b->no_memory; i++) {
		size_t length = bspec_enter_index(b, i);

		add_string(b, value->items[i].value, to);
		bspec_leave(b, length);
	}
}

void bspec_flag_only(struct bspec *b, const struct yml_node *value, void *to)
{
	bool unused;

	(void)to;
	bspec_flag(b, value, &unused);
}

void bspec_strings_only(struct bspec *b, const struct yml_node *value, void *to)
{
	struct buildspec_strings unused = { 0 };

	(void)to;
	bspec_strings(b, value, &unused);
}
