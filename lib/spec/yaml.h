/*
 * YAML that people write, as a tree in which every node knows its place.
 *
 * One document of YAML 1.1, as libyaml reads it. Aliases and merge keys (<<)
 * are resolved: the node of an alias is the node of its anchor, with the
 * anchor's place. Refused, with line and column: a key that stands twice in a
 * mapping, a key that is no scalar, an alias inside its own anchor, more than
 * one document, and anything beyond the limits below.
 */
#ifndef CODETRAIN_YAML_H
#define CODETRAIN_YAML_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define YAML_TEXT_MAX (1u << 20)	/* bytes of a document */
#define YAML_DEPTH_MAX 100		/* nested collections, through aliases too */
#define YAML_NODES_MAX 100000		/* nodes, counted again for each alias to them */

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node;

struct yaml_item {
	const struct yaml_node *key;	/* a scalar in mappings, NULL in sequences */
	const struct yaml_node *value;
};

struct yaml_node {
	enum yaml_kind kind;
	int line, column;		/* from 1 */
	/* scalars */
	const char *text;		/* never NULL in a scalar; no NUL inside */
	size_t len;
	bool plain;			/* neither quoted nor a block: may be a number or null */
	/* sequences and mappings, in the order of the text; merged keys last */
	struct yaml_item *items;
	size_t n;
};

struct yaml;	/* a document; it owns its nodes */

/* NULL with ERR_USAGE and "NAME:LINE:COLUMN: ..." (or ERR_INTERNAL when there
 * is no memory); `line` and `column`, which may be NULL, tell the place again.
 * A document without content is refused. */
struct yaml *yaml_parse(const char *text, size_t len, const char *name, int *line, int *column,
			struct err *err);
void yaml_free(struct yaml *doc);

const struct yaml_node *yaml_root(const struct yaml *doc);

/* The value of a key of a mapping; NULL when it is not there or `map` is none
 * (NULL is allowed). */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* A plain scalar that YAML 1.1 reads as null: "", "~", "null". */
bool yaml_is_null(const struct yaml_node *node);

/* yes/no, true/false, on/off in YAML 1.1's spellings (quoted ones too, as
 * CodeBuild takes them). 0 or -1. */
int yaml_bool(const struct yaml_node *node, bool *out);

/* "a string", "a list", "a map": for messages. */
const char *yaml_kind_name(const struct yaml_node *node);

#endif
