/*
 * Threads that wait for services, so that one which hangs holds up nobody else.
 *
 * Only what is given to a lane is its thread's, until it is taken back: the work
 * and what it points to. The queue's database never is.
 */
#ifndef CODETRAIN_DELIVER_LANES_H
#define CODETRAIN_DELIVER_LANES_H

#include "lib/base/err.h"

#include <stddef.h>

#define LANES_MAX 128

/* The first member of what a caller gives. */
struct lane_work {
	void (*run)(struct lane_work *work, const volatile int *stop);
	struct lane_work *next;		/* the lanes' own */
};

struct lanes;

/* Threads start when there is work for them, `most` (up to LANES_MAX) at most.
 * They take no signals. */
int lanes_new(int most, struct lanes **out, struct err *err);

/* -1 only when there is no thread at all and none can be started; the work
 * stays the caller's then. More work than threads waits for its turn. */
int lanes_give(struct lanes *lanes, struct lane_work *work, struct err *err);

/* What has ended, up to `most`; returns how many. */
size_t lanes_take(struct lanes *lanes, struct lane_work **done, size_t most);

/* Readable when there is something to take. */
int lanes_fd(const struct lanes *lanes);

/* Tells all that runs to end (its *stop), and waits for it: the caller takes
 * what is left, also what never began (its run is called with *stop set). */
void lanes_stop(struct lanes *lanes);

/* Stops them when that was not done. What was not taken is forgotten. NULL is nothing. */
void lanes_free(struct lanes *lanes);

#endif
