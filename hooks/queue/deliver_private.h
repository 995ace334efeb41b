/*
 * What deliver.c (whose turn is it), deliver_instance.c (who there is) and
 * deliver_job.c (one delivery) share.
 */
#ifndef CODETRAIN_DELIVER_PRIVATE_H
#define CODETRAIN_DELIVER_PRIVATE_H

#include "deliver.h"
#include "deliver_lanes.h"
#include "queue_options.h"

#define DELIVER_INSTANCES_MAX 64

/* A target of the configuration, and what is known of it. */
struct instance {
	char name[QUEUE_CONFIG_TARGET];
	const struct target *target;
	bool wanted;			/* something is on its way there */
	int under_way;
	int window;			/* at once; 1 until it has answered, and when it does not */
	int64_t asked_ms;		/* since when it is asked without an answer */
	int64_t paused_until;
	int64_t answered_ms;		/* as it is noted */
	void *states[DELIVER_SLOTS_MAX];
	bool taken[DELIVER_SLOTS_MAX];	/* the state is with a lane */
};

/* The configuration, kept while a delivery that began with it goes on. */
struct shared_config {
	struct queue_config config;
	int users;
};

enum phase {
	CLAIMED,	/* on the disk, and not handed out */
	AT_WORK,	/* with a lane, whose it is */
	WATCHED,	/* started; to be looked at */
	ENDED,		/* `verdict` and `why` are to be put on the disk */
	SETTLED,	/* in the transaction that goes on */
};

struct running {
	struct lane_work work;		/* the first: a lane gives it back */
	struct queue_delivery d;
	struct instance *in;		/* NULL: there is no such target */
	const struct target *target;
	const struct deliver_settings *settings;
	struct shared_config *config;
	struct queue_options options;
	struct target_job job;
	enum phase phase;
	bool look;			/* before a start: something may have been started */
	bool unbegun;			/* the drainer's end came first */
	int slot;			/* of its state; -1: none */
	int fd;				/* readable when it is worth looking; -1 */
	int64_t look_ms;
	enum target_verdict verdict;
	struct err why;
	enum queue_state state;		/* that it was settled to */
};

struct deliver {
	struct deliver_settings s;
	struct shared_config *config;	/* the last good one; NULL: none yet */
	bool config_good, adopted, ending;
	struct lanes *lanes;
	struct instance *instances[DELIVER_INSTANCES_MAX];
	int instances_n;
	struct running **running;
	int n, room;
	struct deliver_state *out;	/* of the turn that goes on */
};

static inline int64_t deliver_now(const struct deliver *d)
{
	return d->s.now_ms(d->s.arg);
}

static inline bool deliver_stopping(const struct deliver *d)
{
	return d->ending || (d->s.stop && *d->s.stop);
}

static inline void deliver_wake_at(struct deliver *d, int64_t ms)
{
	if (ms && (!d->out->wake_ms || ms < d->out->wake_ms))
		d->out->wake_ms = ms;
}

/* ---- deliver_instance.c -------------------------------------------------------------- */

/* Reads the configuration when it has changed; config_good says whether it can be read. */
int deliver_instance_config(struct deliver *d, struct err *err);
void deliver_instance_config_drop(struct shared_config *config);

/* Every target that something is on its way to. What is for none is settled. */
int deliver_instance_names(struct deliver *d, struct err *err);
struct instance *deliver_instance_find(const struct deliver *d, const char *name);
void deliver_instance_free(struct instance *in);

/* How many more may be under way now. */
int deliver_instance_room(struct deliver *d, const struct instance *in);

/* It has answered, or has not. */
int deliver_instance_answered(struct deliver *d, struct instance *in, int64_t now_ms,
			      struct err *err);
void deliver_instance_silent(struct instance *in, enum err_class class, int64_t until_ms);

/* ---- deliver_job.c ------------------------------------------------------------------- */

/* Takes the delivery over, as CLAIMED; the caller's is empty afterwards. NULL: no memory. */
struct running *deliver_job_add(struct deliver *d, struct instance *in, struct queue_delivery *q,
				struct err *err);
void deliver_job_remove(struct deliver *d, int i);

/* The delivery is for a target that there is not: ENDED, with the reason. */
void deliver_job_refuse(struct running *r);

/* Gives everything CLAIMED to its target, now that this is on the disk. */
int deliver_job_hand_out(struct deliver *d, struct err *err);

/* Takes back what lanes have done, and looks at what is watched. */
int deliver_job_collect(struct deliver *d, struct err *err);

/* What was said about one that has ENDED, in the turn's transaction. */
int deliver_job_settle(struct deliver *d, struct running *r, struct err *err);

#endif
