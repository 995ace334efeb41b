/*
 * YAML that people write, as a tree in which every node knows its place.
 *
 * One document of YAML 1.1, as libyaml reads it. Aliases and merge keys (<<)
 * are resolved: the node of an alias is the node of its anchor, with the
 * anchor's place. Refused, with line and column: a key that stands twice in a
 * mapping, a key that is no scalar, an alias inside its own anchor, more than
 * one document, and anything beyond the limits below.
 *
 * The prefix is yml_: libyaml exports yaml_*, a yaml_free too.
 */
#ifndef CODETRAIN_YAML_H
#define CODETRAIN_YAML_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define YML_TEXT_MAX (1u << 20)	/* bytes of a document */
#define YML_DEPTH_MAX 100		/* nested collections, through aliases too */
#define YML_ANCHORS_MAX 1000
#define YML_NODES_MAX 100000		/* nodes, counted again for each alias to them */

enum yml_kind { YML_SCALAR, YML_SEQUENCE, YML_MAPPING };

struct yml_node;

struct yml_item {
	const struct yml_node *key;	/* a scalar in mappings, NULL in sequences */
	const struct yml_node *value;
};

struct yml_node {
	enum yml_kind kind;
	int line, column;		/* from 1 */
	/* scalars */
	const char *text;		/* never NULL in a scalar; no NUL inside */
	size_t len;
	bool plain;			/* neither quoted nor a block: may be a number or null */
	/* sequences and mappings, in the order of the text; merged keys last */
	struct yml_item *items;
	size_t n;
};

struct yml;	/* a document; it owns its nodes */

/* NULL with ERR_USAGE and "NAME:LINE:COLUMN: ..." (or ERR_INTERNAL when there
 * is no memory); `line` and `column`, which may be NULL, tell the place again.
 * A document without content is refused. */
struct yml *yml_parse(const char *text, size_t len, const char *name, int *line, int *column,
			struct err *err);
void yml_free(struct yml *doc);

const struct yml_node *yml_root(const struct yml *doc);

/* The value of a key of a mapping; NULL when it is not there or `map` is none
 * (NULL is allowed). */
const struct yml_node *yml_get(const struct yml_node *map, const char *key);

/* A plain scalar that YAML 1.1 reads as null: "", "~", "null". */
bool yml_is_null(const struct yml_node *node);

/* yes/no, true/false, on/off in YAML 1.1's spellings (quoted ones too, as
 * CodeBuild takes them). 0 or -1. */
int yml_bool(const struct yml_node *node, bool *out);

/* "a string", "a list", "a map": for messages. */
const char *yml_kind_name(const struct yml_node *node);

#endif
