/*
 * `codetrain queue list` and `show`, as a table or as JSON.
 */
#ifndef CODETRAIN_QUEUE_PRINT_H
#define CODETRAIN_QUEUE_PRINT_H

#include "queue_store.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct queue_print {
	struct queue_db *db;
	FILE *out;
	bool json;
	int64_t now_ms;
	int columns;		/* of the table */
	bool drainer;		/* one is at work */
	const char *fault;	/* of the last background drainer; "" */
	const char *gitdir;
	const char *token;	/* for forms of the page; NULL: it has none */
};

/* "event   target      state ..." and under what waits or failed, why. */
int queue_print_list(const struct queue_print *p, const struct queue_filter *filter,
		     struct err *err);

/* Everything about one event. ERR_USAGE when there is none. */
int queue_print_show(const struct queue_print *p, int64_t event, struct err *err);

#endif
