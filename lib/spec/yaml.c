#include "lib/spec/yaml.h"
#include "json_text.h"
#include "yaml_reader.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
	struct anchor *next;
	const char *name;
	struct full *node;
};

struct yml {
	struct arena arena;
	const struct yml_node *root;
};

struct full *yml_fail(struct reader *r, int line, int column, const char *what)
{
	r->line = line;
	r->column = column;
	err_set(r->err, ERR_USAGE, "%s:%d:%d: %s", r->name, line, column, what);
	return NULL;
}

struct full *yml_no_memory(struct reader *r)
{
	err_set(r->err, ERR_INTERNAL, "no memory to read %s", r->name);
	return NULL;
}

/* What libyaml says, in its own words: they are CodeBuild's too. */
static void syntax_error(struct reader *r, const char *text)
{
	const yaml_parser_t *p = r->parser;
	const char *problem = p->problem ? p->problem : "unknown fault";
	int line = (int)p->problem_mark.line + 1, column = (int)p->problem_mark.column + 1;

	if (p->error == YAML_MEMORY_ERROR) {
		yml_no_memory(r);
		return;
	}
	if (p->error == YAML_READER_ERROR) {
		json_text_place(text, p->problem_offset, &line, &column);
		yml_fail(r, line, column, problem);
		return;
	}
	yml_fail(r, line, column, problem);
	if (p->context && p->context_mark.line + 1 != (size_t)line)
		err_suffix(r->err, " %s (line %zu)", p->context, p->context_mark.line + 1);
	else if (p->context)
		err_suffix(r->err, " %s", p->context);
	if (strstr(problem, "cannot start any token"))
		err_suffix(r->err, "; indent with spaces, not tabs, and quote text that begins "
			   "with %%, @ or `");
}

static struct full *new_node(struct reader *r, const yaml_event_t *event, enum yml_kind kind)
{
	int line = (int)event->start_mark.line + 1, column = (int)event->start_mark.column + 1;
	struct full *f;

	if (++r->total > YML_NODES_MAX)
		return yml_fail(r, line, column, "the document has too many nodes");
	f = arena_alloc(r->arena, sizeof(*f));
	if (!f)
		return yml_no_memory(r);
	f->node = (struct yml_node){ .kind = kind, .line = line, .column = column };
	f->weight = 1;
	f->height = kind == YML_SCALAR ? 0 : 1;
	f->open = true;
	return f;
}

static int remember(struct reader *r, const yaml_char_t *name, struct full *node)
{
	struct anchor *a;

	if (!name)
		return 0;
	if (++r->n_anchors > YML_ANCHORS_MAX) {
		yml_fail(r, node->node.line, node->node.column, "the document has too many anchors");
		return -1;
	}
	a = arena_alloc(r->arena, sizeof(*a));
	if (a)
		a->name = arena_copy(r->arena, (const char *)name, strlen((const char *)name));
	if (!a || !a->name) {
		yml_no_memory(r);
		return -1;
	}
	a->node = node;
	a->next = r->anchors;
	r->anchors = a;
	return 0;
}

static struct full *scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	struct full *f = new_node(r, event, YML_SCALAR);

	if (!f || remember(r, event->data.scalar.anchor, f) < 0)
		return NULL;
	f->node.len = event->data.scalar.length;
	f->node.plain = event->data.scalar.plain_implicit &&
			event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (memchr(text, '\0', f->node.len))
		return yml_fail(r, f->node.line, f->node.column, "a NUL character in a string");
	f->node.text = arena_copy(r->arena, text, f->node.len);
	f->open = false;
	return f->node.text ? f : yml_no_memory(r);
}

static struct full *alias(struct reader *r, const yaml_event_t *event, int depth)
{
	int line = (int)event->start_mark.line + 1, column = (int)event->start_mark.column + 1;
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *a = r->anchors;

	while (a && strcmp(a->name, name) != 0)
		a = a->next;
	if (!a)
		return yml_fail(r, line, column, "found undefined alias");
	if (a->node->open)
		return yml_fail(r, line, column, "an alias stands inside its own anchor");
	r->total += a->node->weight;
	if (r->total > YML_NODES_MAX)
		return yml_fail(r, line, column, "the aliases make the document too large");
	if (depth + a->node->height > YML_DEPTH_MAX)
		return yml_fail(r, line, column, "nested too deeply");
	return a->node;
}

static struct full *node(struct reader *r, yaml_event_t *event, int depth);

/* The next event; *done when it ends the collection. The caller deletes it. */
static int next(struct reader *r, yaml_event_t *event, bool *done)
{
	if (!yaml_parser_parse(r->parser, event))
		return -1;
	*done = event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT;
	return 0;
}

static struct full *next_node(struct reader *r, int depth, bool *done)
{
	struct full *f;
	yaml_event_t event;

	*done = false;
	if (next(r, &event, done) < 0)
		return NULL;
	f = *done ? NULL : node(r, &event, depth);
	yaml_event_delete(&event);
	return f;
}

static struct full *collection(struct reader *r, const yaml_event_t *event, int depth)
{
	bool map = event->type == YAML_MAPPING_START_EVENT, done;
	struct full *f = new_node(r, event, map ? YML_MAPPING : YML_SEQUENCE);

	if (!f || remember(r, map ? event->data.mapping_start.anchor
				  : event->data.sequence_start.anchor, f) < 0)
		return NULL;
	if (depth >= YML_DEPTH_MAX)
		return yml_fail(r, f->node.line, f->node.column, "nested too deeply");
	for (;;) {
		struct full *value = next_node(r, depth + 1, &done), *key = NULL;

		if (done)
			break;
		if (value && map) {
			key = value;
			if (key->node.kind != YML_SCALAR)
				return yml_fail(r, key->node.line, key->node.column,
					    "the key of a map must be a string");
			value = next_node(r, depth + 1, &done);
		}
		if (!value || yml_add_item(r, f, key, value) < 0)
			return NULL;
	}
	f->open = false;
	return map && yml_finish_map(r, f) < 0 ? NULL : f;
}

static struct full *node(struct reader *r, yaml_event_t *event, int depth)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return alias(r, event, depth);
	case YAML_SCALAR_EVENT:
		return scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return collection(r, event, depth);
	default:
		return yml_fail(r, (int)event->start_mark.line + 1, (int)event->start_mark.column + 1,
			    "the document is empty");
	}
}

/* The stream: one document and its end. */
static struct full *stream(struct reader *r)
{
	struct full *root = NULL;
	yaml_event_type_t type = YAML_NO_EVENT;
	yaml_event_t event;

	while (type != YAML_STREAM_END_EVENT) {
		bool ok = true;

		if (!yaml_parser_parse(r->parser, &event))
			return NULL;
		type = event.type;
		if (type == YAML_DOCUMENT_START_EVENT && root) {
			yml_fail(r, (int)event.start_mark.line + 1, 1, "a second document begins here");
			ok = false;
		} else if (type == YAML_STREAM_END_EVENT && !root) {
			yml_fail(r, 1, 1, "the document is empty");
			ok = false;
		} else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
			   type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT) {
			root = node(r, &event, 0);
			ok = root != NULL;
		}
		yaml_event_delete(&event);
		if (!ok)
			return NULL;
	}
	return root;
}

static struct yml *read_text(struct reader *r, const char *text, size_t len)
{
	struct yml *doc = calloc(1, sizeof(*doc));
	yaml_parser_t parser;
	struct full *root;

	if (!doc || !yaml_parser_initialize(&parser)) {
		free(doc);
		yml_no_memory(r);
		return NULL;
	}
	r->parser = &parser;
	r->arena = &doc->arena;
	yaml_parser_set_encoding(r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(r->parser, (const unsigned char *)text, len);
	root = stream(r);
	if (root) {
		doc->root = &root->node;
	} else {
		if (r->err->class == ERR_NONE)
			syntax_error(r, text);
		yml_free(doc);
		doc = NULL;
	}
	yaml_parser_delete(&parser);
	r->parser = NULL;
	return doc;
}

struct yml *yml_parse(const char *text, size_t len, const char *name, int *line, int *column,
			struct err *err)
{
	struct err own = { 0 };
	struct reader r = { .name = name, .line = 1, .column = 1, .err = &own };
	struct yml *doc = NULL;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (len > YML_TEXT_MAX)
		yml_fail(&r, 1, 1, "the document is larger than 1 MiB");
	else
		doc = read_text(&r, text, len);
	if (!doc)
		*err = own;
	if (line)
		*line = r.line;
	if (column)
		*column = r.column;
	return doc;
}

void yml_free(struct yml *doc)
{
	if (!doc)
		return;
	arena_free(&doc->arena);
	free(doc);
}

const struct yml_node *yml_root(const struct yml *doc)
{
	return doc->root;
}
