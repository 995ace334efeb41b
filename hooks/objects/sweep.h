/*
 * Reading many objects as fast as they can be: in the order of the packs, each
 * base before the deltas upon it, depth first, on several threads.
 */
#ifndef CODETRAIN_SWEEP_H
#define CODETRAIN_SWEEP_H

#include "pack.h"
#include "lib/base/clock.h"
#include "lib/base/span.h"

#define SWEEP_SPANS_MAX 4096	/* changes; a delta with more is told as new */

struct sweep_object {
	const git_oid *oid;
	size_t index;			/* in `wanted` */
	git_object_t type;
	const char *data;		/* until fn returns; no NUL follows */
	size_t len;
	/* What is not in the base at that place, in order. One of length 0 is a
	 * seam: what stands before and after it does not do so in the base, or
	 * the text begins or ends there now. NULL: all of it may be new. */
	const struct span *changed;
	size_t n_changed;
	int base;			/* what fn left for the base; 0: none, or not wanted */
};

/* Called once for each object that is read, by `threads` threads. What it
 * leaves in *state, which is 0 before, is the `base` of the deltas upon it;
 * unless it is 0 they are told what changed. -1 with err set ends the sweep. */
typedef int sweep_fn(void *arg, const struct sweep_object *o, int *state, struct err *err);

/*
 * `args` has one for each thread (1 to SWEEP_THREADS_MAX), the first of which
 * is the caller. `done` has one for each wanted object: false when it could not
 * be read here (or stands in `wanted` a second time); ask libgit2. No more is
 * held than a chain's objects: at most 1 + log2(n) a thread, and of objects
 * over 64 MiB one thread's only. ERR_TIMEOUT when the deadline (0: none) is over.
 */
#define SWEEP_THREADS_MAX 64
int sweep(struct packs *packs, const git_oid *wanted, size_t n, unsigned threads, sweep_fn *fn,
	  void *const *args, deadline_t deadline, bool *done, struct err *err);

#endif
