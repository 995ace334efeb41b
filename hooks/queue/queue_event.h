/*
 * An event as a JSON document: what exec gets on its standard input, EventBridge
 * as its detail, SQS as its body.
 *
 *	version		1; members may be added, none changes its meaning
 *	id		"UUID/12": the same whenever it is delivered again, and no other
 *			event's; whoever must not see one twice keeps the ids
 *	repository	the folder of the repository on its server
 *	name		the folder's own name, without .git
 *	ref		"refs/heads/main"; bytes that are no UTF-8 or steer a terminal are '?',
 *			and then ref_base64 has the ref as it is
 *	branch, tag	its short name, for refs/heads and refs/tags
 *	old, new	object names; zeros: there was, is none
 *	created, deleted
 *	pusher, options	what the hook knew: "" and [] when it knew nothing
 *	recorded	"2030-01-31T12:00:00.123Z"
 *	source		which program saw it: "reference-transaction", "post-receive"…
 */
#ifndef CODETRAIN_QUEUE_EVENT_H
#define CODETRAIN_QUEUE_EVENT_H

#include "target.h"
#include "lib/spec/json.h"

#define QUEUE_EVENT_MAX (96 << 10)	/* bytes of the text, of the largest push there can be */

/* The caller frees it by json_free. NULL: no memory. */
cJSON *queue_event_json(const struct target_job *job, struct err *err);

/* The same as one line of text without a newline. */
int queue_event_text(const struct target_job *job, struct buf *out, struct err *err);

#endif
