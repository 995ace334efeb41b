/*
 * In which order a sweep reads: trees of deltas upon their bases, of the
 * wanted objects and those that these are made of.
 */
#ifndef CODETRAIN_SWEEP_PLAN_H
#define CODETRAIN_SWEEP_PLAN_H

#include "pack_file.h"

#define SWEEP_NONE UINT32_MAX

struct sweep_node {
	uint32_t pack;		/* its number */
	uint32_t place;		/* in that pack's index */
	uint32_t wanted;	/* its number, or SWEEP_NONE */
	uint32_t parent;	/* the base; lower than the node's own number. SWEEP_NONE: a root */
	uint32_t weight;	/* nodes, with all below it */
	uint32_t heavy;		/* its child of most weight: comes last, so that few bases are held */
	uint32_t light;		/* first of the others */
	uint32_t next;		/* of the parent's light ones */
};

struct sweep_plan {
	struct sweep_node *node;
	size_t n, cap;
	uint32_t *root;		/* in the order of the packs */
	size_t n_roots;
};

/* What is in no pack, or cannot be read, is left out. */
int sweep_plan(struct packs *packs, const git_oid *wanted, size_t n, struct sweep_plan *out,
	       struct err *err);
void sweep_plan_free(struct sweep_plan *plan);

#endif
