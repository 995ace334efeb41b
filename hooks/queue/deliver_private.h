/*
 * What deliver.c (whose turn is it) and deliver_job.c (one delivery) share.
 */
#ifndef CODETRAIN_DELIVER_PRIVATE_H
#define CODETRAIN_DELIVER_PRIVATE_H

#include "deliver.h"

#define DELIVER_TARGETS_MAX 16

struct running {
	struct queue_delivery d;
	const struct target *target;
	int fd;
};

struct deliver {
	struct deliver_settings s;
	struct queue_config config;
	bool config_good, names_checked;
	struct running *running;
	int n, room;
	void *state[DELIVER_TARGETS_MAX];		/* by row of the table of targets */
	int64_t paused_until[DELIVER_TARGETS_MAX];
	struct deliver_state *out;		/* of the turn that goes on */
};

static inline int64_t deliver_now(const struct deliver *d)
{
	return d->s.now_ms(d->s.arg);
}

static inline bool deliver_stopping(const struct deliver *d)
{
	return d->s.stop && *d->s.stop;
}

/* The target's row in the table. */
int deliver_row(const struct deliver *d, const struct target *target);

/* Takes the delivery over; the caller's is empty afterwards. */
int deliver_add_running(struct deliver *d, const struct target *target, struct queue_delivery *q,
			int fd, struct err *err);
void deliver_end_running(struct deliver *d, int i);

/* Claims it, hands it to the target, and puts on the disk what the target says. */
int deliver_one(struct deliver *d, const struct target *target, struct queue_delivery *q,
		struct err *err);

/* Asks about everything under way. */
int deliver_ask_running(struct deliver *d, struct err *err);

/* To the disk, counted and reported. */
int deliver_settle(struct deliver *d, const struct queue_delivery *q,
		   const struct queue_settlement *s, struct err *err);

#endif
