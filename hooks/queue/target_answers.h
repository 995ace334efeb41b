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

/* StartPipelineExecution, or a summary of ListPipelineExecutions: "execution ID started". */
int target_answers_pipeline(const cJSON *answer, struct buf *external, struct buf *outcome,
			    struct err *err);

/* The console's address of an execution; left empty when the region is of no known
 * partition, or the id is none. */
void target_answers_pipeline_link(const char *region, const char *pipeline, const char *id,
				  struct buf *link);

/* PutEvents of one entry, which may be refused in an answer that says 200:
 * ERR_UNAVAILABLE, ERR_ACCESS or ERR_NO then, with the entry's own code. */
int target_answers_events(const cJSON *answer, struct buf *external, struct buf *outcome,
			  struct err *err);

/* SendMessage: "message ID sent". */
int target_answers_message(const cJSON *answer, struct buf *external, struct buf *outcome,
			   struct err *err);

/* What one of ListPipelineExecutions' summaries may be to a search for the execution that
 * was asked for with this commit (NULL: any) at `since` (seconds since 1970) or later. */
enum target_answers_match {
	TARGET_ANSWERS_OTHER,	/* another commit's, or started by a change in the source */
	TARGET_ANSWERS_SAME,
	TARGET_ANSWERS_UNKNOWN,	/* it has not looked at its source yet */
	TARGET_ANSWERS_OLDER,	/* and so are all behind it */
};
enum target_answers_match target_answers_execution(const cJSON *summary, const char *commit,
						   double since);

/* Of GetPipelineExecution: has this variable that value? */
bool target_answers_variable(const cJSON *answer, const char *name, const char *value);

#endif
