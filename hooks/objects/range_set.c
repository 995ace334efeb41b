#include "range_set.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST = 64 };

static int no_memory(struct err *err, size_t n)
{
	return err_set(err, ERR_INTERNAL, "no memory for %zu objects", n);
}

int range_set_append(struct range_list *list, const git_oid *oid, struct err *err)
{
	if (list->n == list->cap) {
		size_t cap = list->cap ? 2 * list->cap : FIRST;
		git_oid *v = realloc(list->v, cap * sizeof(*v));

		if (!v)
			return no_memory(err, cap);
		list->v = v;
		list->cap = cap;
	}
	list->v[list->n++] = *oid;
	return 0;
}

/* The slot that holds the id, or the free one where it belongs. */
static struct range_slot *find(struct range_slot *slot, size_t cap, const git_oid *oid)
{
	static const git_oid zero;
	size_t at;

	memcpy(&at, oid->id, sizeof(at));
	for (at &= cap - 1;; at = (at + 1) & (cap - 1))
		if (memcmp(&slot[at].oid, oid, sizeof(*oid)) == 0 ||
		    memcmp(&slot[at].oid, &zero, sizeof(zero)) == 0)
			return &slot[at];
}

static int grow(struct range_set *set, struct err *err)
{
	size_t cap = set->cap ? 2 * set->cap : FIRST;
	struct range_slot *slot = calloc(cap, sizeof(*slot));

	if (!slot)
		return no_memory(err, cap);
	for (size_t i = 0; i < set->cap; i++)
		if (!git_oid_is_zero(&set->slot[i].oid))
			*find(slot, cap, &set->slot[i].oid) = set->slot[i];
	free(set->slot);
	set->slot = slot;
	set->cap = cap;
	return 0;
}

int range_set_add(struct range_set *set, const git_oid *oid, bool *fresh, struct err *err)
{
	struct range_slot *slot;
	bool free_slot;

	if (2 * set->n >= set->cap && grow(set, err) < 0)
		return -1;
	slot = find(set->slot, set->cap, oid);
	free_slot = git_oid_is_zero(&slot->oid);
	if (fresh)
		*fresh = free_slot;
	if (free_slot)
		*slot = (struct range_slot){ *oid, (unsigned)set->n++ };
	return 0;
}

bool range_set_has(const struct range_set *set, const git_oid *oid)
{
	return set->cap && !git_oid_is_zero(&find(set->slot, set->cap, oid)->oid);
}

size_t range_set_order(const struct range_set *set, const git_oid *member)
{
	return find(set->slot, set->cap, member)->order;
}

void range_set_free_list(struct range_list *list)
{
	free(list->v);
	*list = (struct range_list){ 0 };
}

void range_set_free(struct range_set *set)
{
	free(set->slot);
	*set = (struct range_set){ 0 };
}
