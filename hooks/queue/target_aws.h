/*
 * The connection of a target that calls AWS: by the instance's codetrain.profile and
 * codetrain.region, kept in *job->state while these say the same.
 */
#ifndef CODETRAIN_TARGET_AWS_H
#define CODETRAIN_TARGET_AWS_H

#include "target.h"
#include "lib/net/aws.h"

/* Borrowed; NULL on failure. May be called by several threads at once, each with a
 * state of its own. */
struct aws *target_aws(struct target_job *job, struct err *err);

/* struct target's `close`. */
void target_aws_close(void *state);

/* One request: sent with its text in job->request and the times and the status of the
 * answer in `job`; the answer is the caller's. On -1 job->answer has the reason,
 * job->maybe_done says whether it may have been carried out all the same, and *err has
 * the class; AWS's own code is aws_error_code(aws). */
int target_aws_call(struct target_job *job, struct aws *aws, const char *operation,
		    const cJSON *request, cJSON **answer, struct err *err);

/* "; mend it, then: codetrain queue retry N -t INSTANCE" behind the message of what is
 * not tried again by itself. */
void target_aws_mend(const struct target_job *job, struct err *err);

/* "UUID/12", the event's name at its targets; "UUID/12/1" when people ask for a second
 * delivery. `separator` in place of '/': '-' where a token has no slash. */
#define TARGET_AWS_NAME 96
void target_aws_name(const struct target_job *job, char separator, char out[static TARGET_AWS_NAME]);

/* What a commit's build is started with: delivery->new, or of an annotated tag the
 * commit that it names. ERR_USAGE when it names none. */
int target_aws_commit(struct target_job *job, struct buf *out, struct err *err);

#endif
