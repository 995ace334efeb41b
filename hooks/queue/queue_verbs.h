/*
 * What `codetrain queue` does, a function a verb: 0, or -1 with the exit code of the
 * program in err->class. They print results on stdout and notes on stderr.
 */
#ifndef CODETRAIN_QUEUE_VERBS_H
#define CODETRAIN_QUEUE_VERBS_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

extern const char queue_verbs_program[];	/* "codetrain queue" */

/* The command line. */
struct queue_request {
	const char *dir, *target, *state, *file;
	bool json, once, background, all;
	long life_s, wait_s, port;	/* life_s 0: the verb's own */
	struct strs args;		/* behind the verb */
	struct buf gitdir;
};

/* Looking: queue_verbs_look.c. */
int queue_verbs_list(struct queue_request *q, struct err *err);
int queue_verbs_show(struct queue_request *q, struct err *err);
int queue_verbs_stats(struct queue_request *q, struct err *err);
int queue_verbs_targets(struct queue_request *q, struct err *err);
int queue_verbs_page(struct queue_request *q, struct err *err);
int queue_verbs_serve(struct queue_request *q, struct err *err);

/* Changing: queue_verbs_act.c. */
int queue_verbs_run(struct queue_request *q, struct err *err);
int queue_verbs_retry(struct queue_request *q, struct err *err);
int queue_verbs_drop(struct queue_request *q, struct err *err);
int queue_verbs_record(struct queue_request *q, struct err *err);

/* In files of their own. */
int queue_verbs_follow(struct queue_request *q, struct err *err);
int queue_verbs_init(struct queue_request *q, struct err *err);

/* The event number among the operands. */
int queue_verbs_number(const struct queue_request *q, size_t i, int64_t *out, struct err *err);

/* Becomes non-zero at SIGTERM, SIGINT or SIGHUP, which end nothing else from now on. */
const volatile int *queue_verbs_stop(void);

/* A tree on stdout; frees it. NULL is no memory. */
int queue_verbs_json(cJSON *tree, struct err *err);

#endif
