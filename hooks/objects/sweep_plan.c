#include "sweep_plan.h"
#include "pack_entry.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST = 1024 };

/* What is known of an entry, by rank: a node's number, or one of these. */
enum { UNSEEN = SWEEP_NONE, BROKEN = SWEEP_NONE - 1, ON_PATH = SWEEP_NONE - 2 };

struct planning {
	struct packs *packs;
	struct sweep_plan *plan;
	uint32_t **wanted;		/* of each pack, if any is: by place, what is wanted there */
	/* of the pack that is looked at */
	struct pack_file *file;
	uint32_t number;
	uint32_t *node;			/* by rank */
	uint32_t path[PACK_DEPTH_MAX + 1];
};

static int no_memory(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "no memory to plan the reading of the packs");
}

static uint32_t *filled(size_t n)
{
	uint32_t *v = malloc((n ? n : 1) * sizeof(*v));

	if (v)
		memset(v, 0xff, n * sizeof(*v));
	return v;
}

/* Which object is wanted from which pack. */
static int locate(struct planning *p, const git_oid *wanted, size_t n, struct err *err)
{
	size_t hint = 0;
	uint32_t place;

	for (size_t i = 0; i < n; i++) {
		struct pack_file *file = pack_file_of(p->packs, &wanted[i], &hint, &place);

		if (!file)
			continue;
		if (!p->wanted[hint] && !(p->wanted[hint] = filled(file->n)))
			return no_memory(err);
		if (p->wanted[hint][place] == SWEEP_NONE)
			p->wanted[hint][place] = (uint32_t)i;
	}
	return 0;
}

static int add_node(struct planning *p, uint32_t rank, uint32_t parent, struct err *err)
{
	struct sweep_plan *plan = p->plan;
	uint32_t place = p->file->place[rank];

	if (plan->n == plan->cap) {
		size_t cap = plan->cap ? 2 * plan->cap : FIRST;
		struct sweep_node *node = NULL;

		if (cap < SWEEP_NONE - 2)
			node = realloc(plan->node, cap * sizeof(*node));
		if (!node)
			return no_memory(err);
		plan->node = node;
		plan->cap = cap;
	}
	p->node[rank] = (uint32_t)plan->n;
	plan->node[plan->n++] = (struct sweep_node){
		.pack = p->number, .place = place, .wanted = p->wanted[p->number][place],
		.parent = parent, .weight = 1,
		.heavy = SWEEP_NONE, .light = SWEEP_NONE, .next = SWEEP_NONE,
	};
	return 0;
}

/* Goes from an entry to what it is made of, up to the root or a node; then makes
 * nodes of the path, or marks all of it broken. */
static int climb(struct planning *p, uint32_t rank, struct err *err)
{
	struct pack_entry e;
	uint32_t parent = BROKEN;
	size_t n = 0;

	for (;;) {
		if (rank == PACK_NONE)
			break;
		if (p->node[rank] != UNSEEN) {
			parent = p->node[rank];
			break;
		}
		if (n == PACK_DEPTH_MAX + 1 ||
		    !pack_entry_parse(p->file, p->file->at[rank], p->packs->max, &e))
			break;
		p->node[rank] = ON_PATH;
		p->path[n++] = rank;
		if (!pack_entry_is_delta(&e)) {
			parent = SWEEP_NONE;
			break;
		}
		rank = pack_entry_base(p->file, &e, rank);
	}
	while (n) {
		rank = p->path[--n];
		if (parent == BROKEN || parent == ON_PATH) {
			p->node[rank] = BROKEN;
			continue;
		}
		if (add_node(p, rank, parent, err) < 0)
			return -1;
		parent = p->node[rank];
	}
	return 0;
}

static int plan_pack(struct planning *p, uint32_t number, struct err *err)
{
	const uint32_t *wanted = p->wanted[number];
	int rc = 0;

	p->file = p->packs->v[number];
	p->number = number;
	if (!wanted || !pack_file_order(p->file))
		return 0;
	p->node = filled(p->file->n);
	if (!p->node)
		return no_memory(err);
	for (uint32_t rank = 0; rc == 0 && rank < p->file->n; rank++)
		if (wanted[p->file->place[rank]] != SWEEP_NONE && p->node[rank] == UNSEEN)
			rc = climb(p, rank, err);
	free(p->node);
	p->node = NULL;
	return rc;
}

/* Children come after their parents: from the end, each node's weight is whole
 * when it is given to its parent. */
static void link_children(struct sweep_plan *plan)
{
	for (uint32_t i = (uint32_t)plan->n; i-- > 0; ) {
		struct sweep_node *node = &plan->node[i], *parent, *heavy;

		if (node->parent == SWEEP_NONE) {
			plan->n_roots++;
			continue;
		}
		parent = &plan->node[node->parent];
		parent->weight += node->weight;
		heavy = parent->heavy == SWEEP_NONE ? NULL : &plan->node[parent->heavy];
		if (!heavy || node->weight > heavy->weight) {
			if (heavy) {
				heavy->next = parent->light;
				parent->light = parent->heavy;
			}
			parent->heavy = i;
		} else {
			node->next = parent->light;
			parent->light = i;
		}
	}
}

static int list_roots(struct sweep_plan *plan, struct err *err)
{
	size_t n = 0;

	plan->root = malloc((plan->n_roots + 1) * sizeof(*plan->root));
	if (!plan->root)
		return no_memory(err);
	for (uint32_t i = 0; i < plan->n; i++)
		if (plan->node[i].parent == SWEEP_NONE)
			plan->root[n++] = i;
	return 0;
}

int sweep_plan(struct packs *packs, const git_oid *wanted, size_t n, struct sweep_plan *out,
	       struct err *err)
{
	struct sweep_plan plan = { 0 };
	struct planning *p = calloc(1, sizeof(*p));
	int rc = -1;

	if (p) {
		p->packs = packs;
		p->plan = &plan;
		p->wanted = calloc(packs->n + 1, sizeof(*p->wanted));
	}
	if (!p || !p->wanted || n >= SWEEP_NONE - 2) {
		no_memory(err);
		goto out;
	}
	rc = locate(p, wanted, n, err);
	for (uint32_t i = 0; rc == 0 && i < packs->n; i++)
		rc = plan_pack(p, i, err);
	if (rc < 0)
		goto out;
	link_children(&plan);
	rc = list_roots(&plan, err);
out:
	for (size_t i = 0; p && p->wanted && i < packs->n; i++)
		free(p->wanted[i]);
	if (p)
		free(p->wanted);
	free(p);
	if (rc < 0)
		sweep_plan_free(&plan);
	else
		*out = plan;
	return rc;
}

void sweep_plan_free(struct sweep_plan *plan)
{
	free(plan->node);
	free(plan->root);
	*plan = (struct sweep_plan){ 0 };
}
