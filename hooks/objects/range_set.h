/*
 * Object ids: a list, and a set.
 */
#ifndef CODETRAIN_RANGE_SET_H
#define CODETRAIN_RANGE_SET_H

#include "lib/base/err.h"

#include <git2.h>
#include <stdbool.h>
#include <stddef.h>

struct range_list {
	git_oid *v;
	size_t n, cap;
};

/* Open addressing; the ids are their own hash. All zero is the empty set (the
 * zero id itself cannot be a member). */
struct range_set {
	struct range_slot {
		git_oid oid;
		unsigned order;
	} *slot;
	size_t n, cap;
};

int range_set_append(struct range_list *list, const git_oid *oid, struct err *err);

/* Adds; *fresh says whether it was not there before (may be NULL). */
int range_set_add(struct range_set *set, const git_oid *oid, bool *fresh, struct err *err);
/* How many were added before a member. */
size_t range_set_order(const struct range_set *set, const git_oid *member);
bool range_set_has(const struct range_set *set, const git_oid *oid);

void range_set_free_list(struct range_list *list);
void range_set_free(struct range_set *set);

#endif
