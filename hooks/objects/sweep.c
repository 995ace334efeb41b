#include "sweep.h"
#include "delta.h"
#include "pack_entry.h"
#include "sweep_plan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Of objects over LARGE one thread holds any at a time; buffers over KEEP are
 * not kept for the next tree. */
#define LARGE ((size_t)64 << 20)
#define KEEP ((size_t)16 << 20)

/* A child that is not its parent's heavy one has at most half of its weight. */
enum { LEVELS = 34 };

struct job {
	struct packs *packs;
	const git_oid *wanted;
	bool *done;
	sweep_fn *fn;
	deadline_t deadline;
	struct sweep_plan plan;
	_Atomic size_t next;			/* root */
	_Atomic bool stop;
	pthread_mutex_t large;
};

struct bytes {
	char *data;
	size_t len, cap;
};

/* A base whose children are not all made. */
struct level {
	struct bytes bytes;
	int state;
	uint32_t light, heavy;			/* still to do */
};

struct worker {
	struct job *job;
	void *arg;
	pthread_t thread;
	struct libdeflate_decompressor *inflate;
	struct level level[LEVELS];
	size_t n;				/* levels in use */
	git_object_t type;			/* of the tree's root, and so of all */
	struct bytes made, delta;
	struct delta_spans spans;
	bool large;				/* has the lock */
	bool failed;
	struct err err;
};

/* The contents are lost. */
static bool room(struct worker *w, struct bytes *b, size_t len)
{
	if (len > LARGE && !w->large) {
		pthread_mutex_lock(&w->job->large);
		w->large = true;
	}
	if (len + DELTA_SLACK > b->cap) {
		free(b->data);
		b->cap = len + len / 4 + 4096;
		b->data = malloc(b->cap);
		if (!b->data)
			b->cap = 0;
	}
	b->len = len;
	return b->data != NULL;
}

static void give_back(struct bytes *b)
{
	if (b->cap > KEEP) {
		free(b->data);
		*b = (struct bytes){ 0 };
	}
}

static void give_back_large(struct worker *w)
{
	for (size_t i = 0; i < LEVELS; i++)
		give_back(&w->level[i].bytes);
	give_back(&w->made);
	give_back(&w->delta);
	if (w->large)
		pthread_mutex_unlock(&w->job->large);
	w->large = false;
}

/* Makes a node's object in w->made. false: it cannot be read. */
static bool make(struct worker *w, const struct sweep_node *node, const struct level *base, bool diff)
{
	const struct pack_file *file = w->job->packs->v[node->pack];
	struct pack_entry e;
	size_t base_len, len, max = w->job->packs->max;

	if (!pack_entry_parse(file, pack_file_offset(file, node->place), max, &e) ||
	    pack_entry_is_delta(&e) != (base != NULL))
		return false;
	if (!base) {
		w->type = e.type;
		return room(w, &w->made, e.size) &&
		       pack_entry_inflate(file, &e, node->place, w->inflate, w->made.data);
	}
	return room(w, &w->delta, e.size) &&
	       pack_entry_inflate(file, &e, node->place, w->inflate, w->delta.data) &&
	       delta_sizes((uint8_t *)w->delta.data, e.size, &base_len, &len) && len <= max &&
	       room(w, &w->made, len) &&
	       delta_apply((uint8_t *)w->delta.data, e.size, base->bytes.data, base->bytes.len,
			   w->made.data, len, diff ? &w->spans : NULL);
}

/* Makes a node's object and tells it. *made is whether its children can be. */
static int visit(struct worker *w, const struct sweep_node *node, const struct level *base,
		 int *state, bool *made)
{
	struct job *job = w->job;
	bool wanted = node->wanted != SWEEP_NONE, diff = wanted && base && base->state;
	struct sweep_object o;

	*state = 0;
	if (job->deadline && deadline_over(job->deadline))
		return err_set(&w->err, ERR_TIMEOUT, "time is over while the packs are read");
	*made = make(w, node, base, diff);
	if (!*made || !wanted)
		return 0;
	o = (struct sweep_object){
		.oid = &job->wanted[node->wanted], .index = node->wanted, .type = w->type,
		.data = w->made.data, .len = w->made.len, .base = base ? base->state : 0,
	};
	if (diff && !w->spans.failed) {
		o.changed = w->spans.v;
		o.n_changed = w->spans.n;
	}
	if (job->fn(w->arg, &o, state, &w->err) < 0)
		return -1;
	job->done[node->wanted] = true;
	return 0;
}

/* What was made becomes a base: in place of its parent when that has no more
 * children, or on a level of its own. */
static void push(struct worker *w, const struct sweep_node *node, int state)
{
	struct level *top = w->n ? &w->level[w->n - 1] : NULL;
	struct bytes old;

	if (node->heavy == SWEEP_NONE)
		return;
	if (!top || top->light != SWEEP_NONE || top->heavy != SWEEP_NONE)
		top = &w->level[w->n++];
	old = top->bytes;
	*top = (struct level){ w->made, state, node->light, node->heavy };
	w->made = old;
}

/* Depth first, the heavy child last. */
static int read_tree(struct worker *w, const struct sweep_node *root)
{
	const struct sweep_node *all = w->job->plan.node;
	bool made;
	int state;

	w->n = 0;
	if (visit(w, root, NULL, &state, &made) < 0)
		return -1;
	if (made)
		push(w, root, state);
	while (w->n && !w->job->stop) {
		struct level *top = &w->level[w->n - 1];
		const struct sweep_node *node;

		if (top->light != SWEEP_NONE) {
			node = &all[top->light];
			top->light = node->next;
		} else if (top->heavy != SWEEP_NONE) {
			node = &all[top->heavy];
			top->heavy = SWEEP_NONE;
		} else {
			w->n--;
			continue;
		}
		if (visit(w, node, top, &state, &made) < 0)
			return -1;
		if (made)
			push(w, node, state);
	}
	return 0;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct job *job = w->job;

	while (!job->stop && !w->failed) {
		size_t i = atomic_fetch_add(&job->next, 1);

		if (i >= job->plan.n_roots)
			break;
		w->failed = read_tree(w, &job->plan.node[job->plan.root[i]]) < 0;
		give_back_large(w);
	}
	if (w->failed)
		job->stop = true;
	return NULL;
}

static void close_worker(struct worker *w)
{
	for (size_t i = 0; i < LEVELS; i++)
		free(w->level[i].bytes.data);
	free(w->made.data);
	free(w->delta.data);
	delta_free_spans(&w->spans);
	if (w->inflate)
		libdeflate_free_decompressor(w->inflate);
}

static int open_worker(struct worker *w, struct job *job, void *arg, struct err *err)
{
	w->job = job;
	w->arg = arg;
	w->spans.max = SWEEP_SPANS_MAX;
	w->inflate = libdeflate_alloc_decompressor();
	return w->inflate ? 0 : err_set(err, ERR_INTERNAL, "no memory to read packs");
}

/* The caller works too; threads that cannot be had are done without. */
static int run(struct job *job, unsigned threads, void *const *args, struct err *err)
{
	struct worker *w = calloc(threads, sizeof(*w));
	unsigned started = 1;
	int rc = w ? 0 : err_set(err, ERR_INTERNAL, "no memory to read packs");

	for (unsigned i = 0; rc == 0 && i < threads; i++)
		rc = open_worker(&w[i], job, args[i], err);
	if (rc == 0) {
		while (started < threads &&
		       pthread_create(&w[started].thread, NULL, work, &w[started]) == 0)
			started++;
		work(&w[0]);
		while (started > 1)
			pthread_join(w[--started].thread, NULL);
	}
	for (unsigned i = 0; w && i < threads; i++) {
		if (rc == 0 && w[i].failed) {
			*err = w[i].err;
			rc = -1;
		}
		close_worker(&w[i]);
	}
	free(w);
	return rc;
}

int sweep(struct packs *packs, const git_oid *wanted, size_t n, unsigned threads, sweep_fn *fn,
	  void *const *args, deadline_t deadline, bool *done, struct err *err)
{
	struct job job = {
		.packs = packs, .wanted = wanted, .done = done, .fn = fn, .deadline = deadline,
		.large = PTHREAD_MUTEX_INITIALIZER,
	};
	int rc;

	for (size_t i = 0; i < n; i++)
		done[i] = false;
	if (sweep_plan(packs, wanted, n, &job.plan, err) < 0)
		return -1;
	if (threads > SWEEP_THREADS_MAX)
		threads = SWEEP_THREADS_MAX;
	if (threads > job.plan.n_roots)
		threads = (unsigned)job.plan.n_roots;
	rc = run(&job, threads ? threads : 1, args, err);
	sweep_plan_free(&job.plan);
	return rc;
}
