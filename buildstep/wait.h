/*
 * Waiting for a training job: its states as they change, its log lines, and
 * the end, which is noticed within five seconds.
 */
#ifndef CODETRAIN_WAIT_H
#define CODETRAIN_WAIT_H

#include "identity.h"

#include <stdbool.h>
#include <stdio.h>

struct wait_options {
	long timeout;		/* seconds; 0: as long as the job may run */
	bool logs;
	bool stop_on_signal;	/* a signal stops the job; otherwise it ends the waiting alone */
	FILE *states;		/* state changes and the progress line */
	FILE *lines;		/* log lines */
	int fastest_ms;		/* between two looks, at first ... */
	int slowest_ms;		/* ... and after a while; at most 4,000 */
	int patience_ms;	/* how long AWS may be out of reach */
	volatile int *stop;	/* set by a signal */
};
#define WAIT_OPTIONS_INIT \
	{ .logs = true, .fastest_ms = 1000, .slowest_ms = 4000, .patience_ms = 300000 }

/* Waits until the job is over and hands over DescribeTrainingJob's last answer,
 * which the caller frees; also on failure, when there was one. 0 when the job
 * is over, whatever became of it. ERR_TIMEOUT when waiting ended before (by the time
 * limit or a signal) and the job goes on; ERR_NO when there is no such job. */
int wait_job(struct identity *id, const char *job, const struct wait_options *options,
	     cJSON **described, struct err *err);

/* DescribeTrainingJob. ERR_NO when there is no such job. */
int wait_describe(struct identity *id, const char *job, cJSON **described, struct err *err);

/* SIGINT and SIGTERM set the flag that this answers. */
volatile int *wait_catch_signals(void);

#endif
