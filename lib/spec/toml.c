#include "toml_read.h"
#include "json.h"

#include <string.h>

/* How a table came to be, in a member of cJSON's that tables do not use. */
enum {
	HEADER = 1,	/* [a] */
	DOTTED = 2,	/* a.b = 1 made a */
	CLOSED = 4,	/* an inline table or array */
	TABLES = 8,	/* the array of [[a]] */
};

static bool has(const cJSON *item, int flag)
{
	return ((int)item->valuedouble & flag) != 0;
}

static void mark(cJSON *item, int flag)
{
	item->valuedouble = (int)item->valuedouble | flag;
}

int toml_line(const cJSON *item)
{
	return item ? item->valueint : 0;
}

int toml_bad(struct toml *t, const char *why)
{
	if (t->err->class == ERR_NONE)
		err_set(t->err, ERR_USAGE, "%s:%d:%zu: %s", t->name, t->line,
			t->at - t->line_start + 1, why);
	return -1;
}

bool toml_starts(const struct toml *t, const char *s)
{
	size_t n = strlen(s);

	return t->len - t->at >= n && memcmp(t->text + t->at, s, n) == 0;
}

void toml_blanks(struct toml *t)
{
	while (toml_peek(t) == ' ' || toml_peek(t) == '\t')
		t->at++;
}

void toml_newline(struct toml *t)
{
	t->line++;
	t->line_start = t->at;
}

cJSON *toml_node(struct toml *t, cJSON *item)
{
	if (item)
		item->valueint = t->line;
	else
		toml_bad(t, "no memory");
	return item;
}

void toml_close(cJSON *table)
{
	mark(table, CLOSED);
	for (cJSON *c = table->child; c; c = c->next)
		if (cJSON_IsObject(c))
			toml_close(c);
}

static int key(struct toml *t)
{
	char c = toml_peek(t);

	if (c != '"' && c != '\'')
		return toml_bare_key(t);
	if (toml_starts(t, "\"\"\"") || toml_starts(t, "'''"))
		return toml_bad(t, "a key cannot have three quotes");
	return toml_string(t);
}

/* Adds a member that is not there, named by the key just read. Takes it. */
static cJSON *add(struct toml *t, cJSON *table, cJSON *item)
{
	if (item && cJSON_GetArraySize(table) >= TOML_KEYS_MAX)
		toml_bad(t, "too many keys in one table");
	else if (item && cJSON_AddItemToObject(table, buf_str(&t->buf), item))
		return item;
	cJSON_Delete(item);
	toml_bad(t, "no memory");
	return NULL;
}

static cJSON *member(struct toml *t, cJSON *table)
{
	return cJSON_GetObjectItemCaseSensitive(table, buf_str(&t->buf));
}

/* The table of the key just read, on the way to another key behind a dot. */
static cJSON *through(struct toml *t, cJSON *table, bool header)
{
	cJSON *next = member(t, table);

	if (!next) {
		next = add(t, table, toml_node(t, cJSON_CreateObject()));
		if (next && !header)
			mark(next, DOTTED);
		return next;
	}
	if (header && cJSON_IsArray(next) && has(next, TABLES))
		next = next->child->prev;	/* the last one */
	if (!cJSON_IsObject(next) || has(next, CLOSED) || (!header && !has(next, DOTTED))) {
		toml_bad(t, "this key has a value already, and is no table to add to");
		return NULL;
	}
	return next;
}

/* Reads `a.b.c` up to the last key, which is left in t->buf. NULL on a fault. */
static cJSON *path(struct toml *t, cJSON *table, bool header)
{
	for (unsigned n = 0; table; n++) {
		if (n == TOML_DEPTH_MAX) {
			toml_bad(t, "too deep");
			return NULL;
		}
		toml_blanks(t);
		if (key(t) < 0)
			return NULL;
		toml_blanks(t);
		if (toml_peek(t) != '.')
			return table;
		t->at++;
		table = through(t, table, header);
	}
	return NULL;
}

int toml_pair(struct toml *t, cJSON *table)
{
	struct buf name;
	cJSON *value;
	int rc = -1;

	table = path(t, table, false);
	if (!table)
		return -1;
	if (member(t, table))
		return toml_bad(t, "this key is there twice");
	if (toml_peek(t) != '=')
		return toml_bad(t, "= is expected behind a key");
	t->at++;
	toml_blanks(t);
	name = t->buf;
	t->buf = (struct buf)BUF_INIT(TOML_STRING_MAX);
	value = toml_value(t);
	buf_free(&t->buf);
	t->buf = name;
	if (value)
		rc = add(t, table, value) ? 0 : -1;
	return rc;
}

static cJSON *new_element(struct toml *t, cJSON *parent)
{
	cJSON *array = member(t, parent), *table;

	if (!array) {
		array = add(t, parent, toml_node(t, cJSON_CreateArray()));
		if (array)
			mark(array, TABLES);
	}
	if (!array)
		return NULL;
	if (!cJSON_IsArray(array) || !has(array, TABLES)) {
		toml_bad(t, "this key has a value already, which is no list of tables");
		return NULL;
	}
	table = toml_node(t, cJSON_CreateObject());
	if (table && !cJSON_AddItemToArray(array, table)) {
		cJSON_Delete(table);
		table = NULL;
	}
	return table;
}

static cJSON *new_table(struct toml *t, cJSON *parent)
{
	cJSON *table = member(t, parent);

	if (!table)
		table = add(t, parent, toml_node(t, cJSON_CreateObject()));
	else if (!cJSON_IsObject(table) || has(table, HEADER | DOTTED | CLOSED)) {
		toml_bad(t, "this table is there twice");
		return NULL;
	}
	if (table) {
		mark(table, HEADER);
		table->valueint = t->line;
	}
	return table;
}

static cJSON *header(struct toml *t, cJSON *root)
{
	bool many = toml_starts(t, "[[");
	cJSON *table;

	t->at += many ? 2 : 1;
	table = path(t, root, true);
	if (!table)
		return NULL;
	if (!toml_starts(t, many ? "]]" : "]")) {
		toml_bad(t, "] is expected behind a table's name");
		return NULL;
	}
	table = many ? new_element(t, table) : new_table(t, table);
	t->at += many ? 2 : 1;
	return table;
}

static int document(struct toml *t, cJSON *root)
{
	cJSON *table = root;

	for (;;) {
		int line;

		if (toml_gap(t) < 0)
			return -1;
		if (t->at == t->len)
			return 0;
		line = t->line;
		if (toml_peek(t) == '[') {
			table = header(t, root);
			if (!table)
				return toml_bad(t, "no memory");
			line = t->line;
		} else {
			if (toml_pair(t, table) < 0)
				return toml_bad(t, "no memory");
			line = t->line;
		}
		if (toml_gap(t) < 0)
			return -1;
		if (t->at < t->len && t->line == line)
			return toml_bad(t, "a line break is expected");
	}
}

cJSON *toml_parse(const char *text, size_t len, const char *name, struct err *err)
{
	struct err fault = { 0 };
	struct toml t = { .text = text, .len = len, .name = name, .line = 1, .err = &fault,
			  .buf = BUF_INIT(TOML_STRING_MAX) };
	cJSON *root = cJSON_CreateObject();
	int rc;

	if (toml_starts(&t, "\xef\xbb\xbf"))
		t.at = t.line_start = 3;
	rc = root ? document(&t, root) : toml_bad(&t, "no memory");
	buf_free(&t.buf);
	if (rc == 0)
		return root;
	json_free(root);
	*err = fault;
	return NULL;
}
