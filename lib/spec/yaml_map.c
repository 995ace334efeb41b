#include "yaml_reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

int yml_add_item(struct reader *r, struct full *to, const struct full *key,
		    const struct full *value)
{
	struct yml_node *n = &to->node;
	struct yml_item *items = arena_grow(r->arena, n->items, n->n, sizeof(*items));

	if (!items) {
		yml_no_memory(r);
		return -1;
	}
	n->items = items;
	n->items[n->n++] = (struct yml_item){ key ? &key->node : NULL, &value->node };
	to->weight += value->weight + (key ? 1 : 0);
	if (to->height < value->height + 1)
		to->height = value->height + 1;
	return 0;
}

static bool is_merge_key(const struct yml_node *key)
{
	return key->plain && strcmp(key->text, "<<") == 0;
}

/* A key and its place in the mapping; own keys stand before merged ones. */
struct slot {
	const struct yml_item *item;
	size_t order;
};

static int by_key(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;
	int c = strcmp(x->item->key->text, y->item->key->text);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* Takes out merged keys that are there already, refuses own ones that are. */
static int unique_keys(struct reader *r, struct full *map, size_t own)
{
	struct yml_node *n = &map->node;
	struct slot *slots = n->n ? calloc(n->n, sizeof(*slots)) : NULL;
	struct yml_item *items = n->n ? arena_alloc(r->arena, n->n * sizeof(*items)) : NULL;
	const struct yml_node *twice = NULL;
	size_t kept = 0;

	if (n->n && (!slots || !items)) {
		free(slots);
		yml_no_memory(r);
		return -1;
	}
	for (size_t i = 0; i < n->n; i++)
		slots[i] = (struct slot){ &n->items[i], i };
	if (n->n)
		qsort(slots, n->n, sizeof(*slots), by_key);
	for (size_t i = 0; i < n->n; i++) {
		const struct yml_node *key = slots[i].item->key;

		if (!kept || strcmp(slots[kept - 1].item->key->text, key->text) != 0)
			slots[kept++] = slots[i];
		else if (slots[i].order < own && !is_merge_key(key) && !twice)
			twice = key;
	}
	if (kept)
		qsort(slots, kept, sizeof(*slots), by_order);
	for (size_t i = 0; i < kept; i++)
		items[i] = *slots[i].item;
	free(slots);
	n->items = items;
	n->n = kept;
	if (!twice)
		return 0;
	yml_fail(r, twice->line, twice->column, "the key ");
	err_suffix(r->err, "\"%.80s\" stands twice in this map", twice->text);
	return -1;
}

static int merge_one(struct reader *r, struct full *map, const struct yml_node *from)
{
	if (from->kind != YML_MAPPING) {
		yml_fail(r, from->line, from->column, "<< wants a map or a list of maps");
		return -1;
	}
	for (size_t i = 0; i < from->n; i++) {
		const struct full *value = (const struct full *)from->items[i].value;

		r->total += value->weight + 1;
		if (r->total > YML_NODES_MAX) {
			yml_fail(r, from->line, from->column, "the aliases make the document too large");
			return -1;
		}
		if (yml_add_item(r, map, (const struct full *)from->items[i].key, value) < 0)
			return -1;
	}
	return 0;
}

/* The end of a mapping: merges, then checks its keys. */
int yml_finish_map(struct reader *r, struct full *map)
{
	struct yml_node *n = &map->node;
	struct yml_item *all = n->items;
	size_t own = n->n, kept = 0;

	for (size_t i = 0; i < own; i++) {
		const struct yml_node *value = all[i].value;

		if (!is_merge_key(all[i].key))
			continue;
		for (size_t k = 0; value->kind == YML_SEQUENCE && k < value->n; k++)
			if (merge_one(r, map, value->items[k].value) < 0)
				return -1;
		if (value->kind != YML_SEQUENCE && merge_one(r, map, value) < 0)
			return -1;
	}
	if (unique_keys(r, map, own) < 0)
		return -1;
	for (size_t i = 0; i < n->n; i++)
		if (!is_merge_key(n->items[i].key))
			n->items[kept++] = n->items[i];
	n->n = kept;
	return 0;
}

const struct yml_node *yml_get(const struct yml_node *map, const char *key)
{
	if (!map || map->kind != YML_MAPPING)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->items[i].key->text, key) == 0)
			return map->items[i].value;
	return NULL;
}

bool yml_is_null(const struct yml_node *n)
{
	return n->kind == YML_SCALAR && n->plain &&
	       (n->len == 0 || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0 ||
		strcmp(n->text, "Null") == 0 || strcmp(n->text, "NULL") == 0);
}

int yml_bool(const struct yml_node *n, bool *out)
{
	static const char *const words[2][4] = { { "no", "false", "off", "n" },
						 { "yes", "true", "on", "y" } };

	for (int value = 0; n->kind == YML_SCALAR && value < 2; value++) {
		for (size_t i = 0; i < 4; i++) {
			if (strcasecmp(n->text, words[value][i]) == 0) {
				*out = value;
				return 0;
			}
		}
	}
	return -1;
}

const char *yml_kind_name(const struct yml_node *n)
{
	static const char *const names[] = { "a string", "a list", "a map" };

	return yml_is_null(n) ? "nothing" : names[n->kind];
}
