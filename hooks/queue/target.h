/*
 * Where events are delivered to: one file and one row in target.c each.
 *
 * A value of codetrain.target names an *instance*: it is a row's name, or
 * codetrain.INSTANCE.type is. So two projects for two branches are two instances
 * of one row, each with its own deliveries, order and configuration.
 */
#ifndef CODETRAIN_TARGET_H
#define CODETRAIN_TARGET_H

#include "queue_config.h"
#include "queue_store.h"

#include <stdbool.h>
#include <stdint.h>

#define TARGET_TEXT_MAX (32 << 10)	/* bytes kept of a request or an answer */

struct queue_options;

/* Where `start` and `look` run. */
enum target_kind {
	TARGET_SPAWNS,	/* on the drainer's own thread: they only start and watch processes */
	TARGET_CALLS,	/* on a lane, beside others: they wait for a service. They touch nothing
			 * but their `job`: no globals, no chdir, no setenv, no remember */
};

/* One delivery in a target's hands. */
struct target_job {
	const char *name;		/* the instance: what queue_config_get wants */
	const char *gitdir;
	const char *uuid;		/* of this repository's queue */
	const struct queue_config *config;
	const struct queue_options *options;	/* the push options it may know */
	struct queue_delivery *delivery;
	int64_t now_ms;
	const volatile int *stop;	/* may be NULL */
	void **state;			/* the target's own, kept from one delivery to the next;
					 * no two jobs have the same one at the same time */

	/* Puts `external` on the disk: what `look` needs to find the work again.
	 * To be called before the step that cannot be taken back. Only with
	 * TARGET_SPAWNS; NULL on a lane. */
	int (*remember)(struct target_job *job, const char *external, struct err *err);
	void *remember_arg;

	/* What the target says about it; all start empty. No secret in any. */
	struct buf outcome;		/* one line: "build scikit-learn-iris:12 started" */
	struct buf external;		/* the build's id; empty: what was remembered stays */
	struct buf request, answer;	/* for `queue show` */
	struct buf link;		/* where people can see it: a URL */
	struct buf status;		/* what the service said: "200", "400 ThrottlingException" */
	int64_t sent_ms, answered_ms;	/* of the request that counts; 0: not known */
	bool maybe_done;		/* with TARGET_FAILED: it may have been carried out */
	bool certain;			/* with TARGET_ABSENT: it was looked for where it would be */
	int wait_fd;			/* with TARGET_RUNNING: readable when it is worth looking;
					 * the caller closes it. -1: look once a second */
};

enum target_verdict {
	TARGET_DONE,	/* delivered; how it went is in `outcome` */
	TARGET_RUNNING,	/* under way: ask `look` */
	TARGET_ABSENT,	/* only from `look`: nothing was started, so start */
	TARGET_FAILED,	/* err.class says whether to try again; see deliver_is_temporary */
};

struct target {
	const char *name;	/* the value of codetrain.target */
	const char *label;	/* the key whose value names the destination for people; NULL */
	int slots;		/* deliveries under way at once, when codetrain.builds is unset */
	enum target_kind kind;
	bool builds;		/* -o ci.skip skips it, and it waits for a mirror of the same ref */
	bool deletions;		/* it is told of deleted refs, too */
	bool mirrors;		/* what builds waits until it has the event */

	/* Starts the delivery. It was claimed on the disk before. */
	enum target_verdict (*start)(struct target_job *job, struct err *err);

	/* What became of a delivery that was started, by this process or by one
	 * that died at any instruction of `start`. Also asked before a second
	 * try when the first may have been carried out. NULL: what was sent cannot be
	 * searched for; it is sent again, and known by its id. */
	enum target_verdict (*look)(struct target_job *job, struct err *err);

	/* Frees *state; NULL when there is none. */
	void (*close)(void *state);
};

extern const struct target *const target_table[];	/* NULL behind the last */

/* NULL when there is none of that name. */
const struct target *target_find(const struct target *const *table, const char *name);

/* The row of an instance: by its name, or by codetrain.INSTANCE.type. NULL when
 * there is none. */
const struct target *target_of(const struct target *const *table,
			       const struct queue_config *config, const char *instance);

/* "codebuild scikit-learn-iris", several with ", "; for people. */
int target_summary(const struct target *const *table, const struct queue_config *config,
		   struct buf *out, struct err *err);

extern const struct target target_local, target_exec, target_mirror;
extern const struct target target_codebuild, target_codepipeline, target_eventbridge, target_sqs;

#endif
