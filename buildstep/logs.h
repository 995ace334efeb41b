/*
 * The log lines of a job, as they come: every stream of every host, each line
 * once and in its stream's order.
 */
#ifndef CODETRAIN_LOGS_H
#define CODETRAIN_LOGS_H

#include "identity.h"

#include <stdbool.h>
#include <stdio.h>

#define LOGS_STREAMS_MAX 2000

struct logs;	/* where each stream has been read to */

struct logs *logs_new(const char *job, struct err *err);
void logs_free(struct logs *l);

/* Called before the first line of a poll is printed (to clear a progress line). */
typedef void logs_before_fn(void *arg);

struct logs_sink {
	FILE *out;
	logs_before_fn *before;	/* may be NULL */
	void *arg;
};

/* Prints what is new. *lines: how many there were. A job without logs yet is no error. */
int logs_poll(struct logs *l, struct identity *id, const struct logs_sink *sink, size_t *lines,
	      struct err *err);

#endif
