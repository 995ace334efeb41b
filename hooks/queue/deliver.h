/*
 * The drainer's work, one turn at a time: take in the spool, collect what has
 * ended; then in one transaction look up the targets of what is new, settle what
 * ended and claim what is ready; then send what was claimed. So a turn costs one
 * fsync, however many deliveries it is about.
 *
 * It keeps no promise in memory: each step is on the disk before the one that
 * depends on it, so a new drainer (the lock proves that the old one is dead)
 * goes on from the database alone. Time and randomness are parameters.
 *
 * Targets that wait for a service do so on threads (deliver_lanes.h); all else,
 * and the database, is the calling thread's.
 */
#ifndef CODETRAIN_DELIVER_H
#define CODETRAIN_DELIVER_H

#include "target.h"

#include <poll.h>

#define DELIVER_SLOTS_MAX 16	/* deliveries to one target at once */
#define DELIVER_POLL_MAX 64

struct deliver_settings {
	struct queue_db *db;
	const char *gitdir;
	const struct target *const *targets;
	int64_t (*now_ms)(void *arg);	/* also asked by threads */
	uint32_t (*random)(void *arg);
	/* One line about each delivery that was settled; may be NULL. */
	void (*report)(void *arg, const struct queue_delivery *d, enum queue_state state,
		       const char *text);
	void *arg;
	const volatile int *stop;	/* may be NULL */
};

struct deliver;

/* What is found "delivering" is taken over by the first turn. */
int deliver_new(const struct deliver_settings *settings, struct deliver **out, struct err *err);
void deliver_free(struct deliver *d);	/* what runs goes on; NULL is nothing */

struct deliver_state {
	int64_t wake_ms;	/* when the next turn is due; 0: nothing waits for a time */
	int running;		/* deliveries under way */
	int calling;		/* and of those with a lane: deliver_poll tells of their end */
	int settled, failed;	/* in this turn: all, and of those the dead letters */
	bool more;		/* another turn at once */
};

/* -1 when the database cannot be used; a delivery that fails is no failure. */
int deliver_turn(struct deliver *d, struct deliver_state *out, struct err *err);

/* The drainer ends: tells what waits for a service to stop, and puts on the disk how
 * that went. Turns are over then. */
int deliver_end(struct deliver *d, struct deliver_state *out, struct err *err);

/* Descriptors that become readable when something under way has changed. */
size_t deliver_poll(const struct deliver *d, struct pollfd *out, size_t most);

/* The configuration as it was read last; NULL: none could be read yet. */
const struct queue_config *deliver_config(const struct deliver *d);

/* A new push or a person has come: targets that did not answer are asked again
 * without waiting for their time. */
void deliver_hurry(struct deliver *d);

/* Full jitter: anything from 0 to base * 2^(attempts - 1), bounded; the base and
 * the bound depend on the class (access that has to be granted is waited for
 * more slowly than a server that is away). Milliseconds. */
int64_t deliver_backoff(enum err_class class, int attempts, uint32_t random);

/* Worth trying again, or a dead letter? */
bool deliver_is_temporary(enum err_class class);

#endif
