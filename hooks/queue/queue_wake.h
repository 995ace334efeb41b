/*
 * How a hook and the drainer of a repository find each other.
 *
 * The drainer holds a lock and reads a FIFO, both in GITDIR/codetrain. A FIFO
 * can be opened for writing only while someone reads it, so a hook that gets a
 * byte into it knows that a living drainer will look again, and starts one
 * otherwise. A drainer that ends closes the FIFO, unlocks, and then looks once
 * more: what was recorded before its last look is seen by it, what came later
 * finds no reader.
 */
#ifndef CODETRAIN_QUEUE_WAKE_H
#define CODETRAIN_QUEUE_WAKE_H

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <stdbool.h>

/* True when a drainer is there and was woken. */
bool queue_wake(const char *gitdir);

/* True when a drainer is there; it is left alone. */
bool queue_wake_present(const char *gitdir);

/* Wakes the drainer, or starts one in the background: its own session, no
 * descriptor of ours, the environment below. With codetrain.drainer = none it only wakes. */
int queue_wake_or_start(const char *gitdir, struct err *err);

/* Names of this environment that a drainer needs, and one who follows it: no other may reach
 * it from a pusher. */
int queue_wake_environment(struct strs *out, struct err *err);

/* For the drainer: its lock (ERR_TIMEOUT: another has it) and the reading end,
 * which never blocks and never ends. Both are closed by the caller. */
int queue_wake_lock(const char *gitdir, deadline_t deadline, struct err *err);
int queue_wake_listen(const char *gitdir, struct err *err);
/* False when the lock's file is no longer the one at its path: the repository was
 * removed, or another took its place. */
bool queue_wake_still_there(const char *gitdir, int lock);
/* Takes what was written; true when there was something. Then a moment has passed: the hook that
 * woke the drainer, and git behind it, end before it takes the processor and the database. */
bool queue_wake_take(int fd);

#endif
