/*
 * What CodeBuild and CloudWatch Logs answer, read. Pure; an answer may hold anything.
 */
#ifndef CODETRAIN_TARGET_CODEBUILD_PARSE_H
#define CODETRAIN_TARGET_CODEBUILD_PARSE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/spec/json.h"

#include <stdbool.h>

#define TARGET_CODEBUILD_MARKER "CODETRAIN_EVENT"	/* the variable that names the event */

/* Of a build: its id, "build iris:12 started", and the console's address (left empty when
 * the build's ARN is not one of CodeBuild's own form). Each is replaced. ERR_UNAVAILABLE
 * when the answer has no id. */
int target_codebuild_parse_started(const cJSON *build, const char *region, struct buf *id,
				   struct buf *outcome, struct buf *link, struct err *err);

/* Is the variable CODETRAIN_EVENT of the build `marker`? */
bool target_codebuild_parse_is_ours(const cJSON *build, const char *marker);

struct target_codebuild_state {
	const char *status;		/* "IN_PROGRESS", "SUCCEEDED"…; borrowed from the tree */
	const char *phase;		/* "QUEUED", "BUILD"…; "" */
	const char *group, *stream;	/* of its log; "" as long as there is none */
	bool ended;
};
/* Of an answer of BatchGetBuilds for one build. False: it is not there. */
bool target_codebuild_parse_state(const cJSON *answer, struct target_codebuild_state *out);

/* Of an answer of GetLogEvents: the messages, cleaned, a line each, to `out` (what does
 * not fit is left out). The token to go on with is put in `token`; *more when it is
 * another one than before. -1: no memory. */
int target_codebuild_parse_log(const cJSON *answer, struct buf *token, struct buf *out, bool *more,
			       struct err *err);

#endif
