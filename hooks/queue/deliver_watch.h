/*
 * The drainer's eye on what hooks began and may not end: it waits for their git
 * processes, and looks for moves that no hook told of.
 *
 * It looks at its start, when it is woken, when such a process has died, and every
 * minute; never longer than a twentieth of its time and never twice in half a
 * second, so that a push of 4,000 refs is not 4,000 looks at all refs.
 */
#ifndef CODETRAIN_DELIVER_WATCH_H
#define CODETRAIN_DELIVER_WATCH_H

#include "queue_db.h"
#include "lib/base/clock.h"
#include "lib/base/strs.h"

#include <poll.h>
#include <stdbool.h>

#define DELIVER_WATCH_RUNS 32	/* processes waited for; more are looked at in their turn */

struct deliver_watch {
	struct strs runs;		/* of pushes that are not complete */
	int fds[DELIVER_WATCH_RUNS];	/* of the first of them */
	int n;
	bool due;			/* as soon as it may */
	deadline_t may, must;
};

void deliver_watch_init(struct deliver_watch *watch);
void deliver_watch_free(struct deliver_watch *watch);

/* Someone has come: look again soon. */
void deliver_watch_woken(struct deliver_watch *watch);

/* Looks when it is time; *looked says whether it was, *found how many moves no hook told of. */
int deliver_watch_turn(struct deliver_watch *watch, struct queue_db *db, const char *gitdir,
		       int64_t now_ms, bool *looked, long *found, struct err *err);

/* Somebody's post-receive may still come: the drainer has to stay. */
bool deliver_watch_waits(const struct deliver_watch *watch);

/* When it wants its next turn, in milliseconds from now. */
int deliver_watch_left(const struct deliver_watch *watch);

size_t deliver_watch_poll(const struct deliver_watch *watch, struct pollfd *out, size_t most);

#endif
