/*
 * What the services answer that are asked once an event, read. Pure; an answer may
 * hold anything. Each replaces `external` (the id that the service gave) and
 * `outcome`; ERR_UNAVAILABLE when the answer has no id. "" is left on failure.
 */
#ifndef CODETRAIN_TARGET_ANSWERS_H
#define CODETRAIN_TARGET_ANSWERS_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/spec/json.h"

#include <stdbool.h>

/* StartPipelineExecution: "execution ID started". */
int target_answers_pipeline(const cJSON *answer, struct buf *external, struct buf *outcome,
			    struct err *err);

/* PutEvents of one entry, which may be refused in an answer that says 200:
 * ERR_UNAVAILABLE, ERR_ACCESS or ERR_NO then, with the entry's own code. */
int target_answers_events(const cJSON *answer, struct buf *external, struct buf *outcome,
			  struct err *err);

/* SendMessage: "message ID sent". */
int target_answers_message(const cJSON *answer, struct buf *external, struct buf *outcome,
			   struct err *err);

/* Of ListPipelineExecutions: the id of the one that was started for the commit by a request
 * (not by a change in the source) at `since` (seconds since 1970) or later; "" when there is
 * none. *older: the page reaches back to before `since`. Borrowed from the tree. */
const char *target_answers_execution(const cJSON *page, const char *commit, double since,
				     bool *older);

/* Of GetPipelineExecution: has this variable that value? */
bool target_answers_variable(const cJSON *answer, const char *name, const char *value);

#endif
