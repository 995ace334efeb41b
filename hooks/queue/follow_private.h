/*
 * What follow.c (the deliveries and their order) and follow_log.c (one build's log)
 * share.
 */
#ifndef CODETRAIN_FOLLOW_PRIVATE_H
#define CODETRAIN_FOLLOW_PRIVATE_H

#include "follow.h"
#include "target_aws.h"

#include "lib/base/clock.h"

#define FOLLOW_PRINTED (16 << 20)	/* most bytes of one build's log that are printed */

/* How far the log of one delivery is printed. */
struct follow_log {
	void *state;		/* of target_aws */
	struct buf token;	/* CloudWatch's: where to read on */
	int64_t offset;		/* in the file of a local build */
	int attempt;		/* whose file it is */
	size_t printed;
	deadline_t next;	/* no question before */
	int faults;		/* in a row */
	int quiet;		/* empty looks since the build ended */
	bool unreadable;	/* it was said that the log cannot be read */
	struct buf status;	/* how it ended: "SUCCEEDED"…; "" while it goes on */
};

#define FOLLOW_LOG_INIT { .token = BUF_INIT(4096), .status = BUF_INIT(64) }
void follow_log_free(struct follow_log *log);

/* Each appends what is new of the log to `out`, as lines that are fit for a terminal.
 * -1: it cannot be followed. */

/* The log of a local build. `over`: no more will come. */
int follow_log_local(struct follow_log *log, const struct target_job *job, bool over, struct buf *out,
		     struct err *err);

/* The build `job->delivery->external` of CodeBuild and its log in CloudWatch Logs, asked
 * at most once a second. log->status is set when the build has ended and its log is read. */
int follow_log_codebuild(struct follow_log *log, struct target_job *job, struct buf *out,
			 struct err *err);

#endif
