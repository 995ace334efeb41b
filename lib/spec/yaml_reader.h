/*
 * Inside the YAML reader: what yaml.c and yaml_map.c share.
 */
#ifndef CODETRAIN_YAML_READER_H
#define CODETRAIN_YAML_READER_H

#include "arena.h"
#include "lib/spec/yaml.h"

/* A node with what the limits need to know of it. */
struct full {
	struct yml_node node;	/* first: a node's address is its full one's */
	size_t weight;		/* nodes in it, itself included */
	int height;		/* collections from here to its deepest */
	bool open;		/* its end has not been read */
};

struct anchor;
struct yaml_parser_s;

struct reader {
	struct arena *arena;
	struct yaml_parser_s *parser;
	struct anchor *anchors;	/* the newest first: a name may be given again */
	size_t n_anchors;
	const char *name;
	size_t total;		/* nodes so far, aliased ones again */
	int line, column;	/* of the fault */
	struct err *err;
};

/* Both set the error and return NULL. */
struct full *yml_fail(struct reader *r, int line, int column, const char *what);
struct full *yml_no_memory(struct reader *r);

/* Appends an item; key is NULL in sequences. 0 or -1. */
int yml_add_item(struct reader *r, struct full *to, const struct full *key,
		 const struct full *value);

/* The end of a mapping: resolves its merge keys, refuses keys that stand twice.
 * 0 or -1. */
int yml_finish_map(struct reader *r, struct full *map);

#endif
