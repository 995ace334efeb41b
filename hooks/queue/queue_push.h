/*
 * What one push did, as a hook of git is told: the refs that moved, who pushed,
 * with which push options.
 */
#ifndef CODETRAIN_QUEUE_PUSH_H
#define CODETRAIN_QUEUE_PUSH_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_PUSH_REFS 4000		/* refs recorded in one transaction */
#define QUEUE_PUSH_LINE (16 << 10)	/* bytes in one line of a hook's input */
#define QUEUE_PUSH_OPTIONS (16 << 10)	/* bytes in all push options of a push */
#define QUEUE_PUSH_PUSHER 256
#define QUEUE_PUSH_UID 32
#define QUEUE_PUSH_RUN 96

/* What a hook of git tells of. All but the first of a reference-transaction: git
 * holds the locks of these refs while `prepared` runs. */
enum queue_step {
	QUEUE_PUSHED,		/* post-receive: these refs moved */
	QUEUE_PREPARED,		/* they are about to move */
	QUEUE_ABORTED,		/* they did not move */
};

struct queue_push {
	char uid[QUEUE_PUSH_UID + 1];	/* random; the same push recorded twice is one */
	enum queue_step step;
	/* The git process that runs the hook, by queue_run_find; "": not known. The
	 * same for all hooks of a push: it says whose move a line is. */
	char run[QUEUE_PUSH_RUN];
	const char *source;		/* "post-receive"; static text */
	char pusher[QUEUE_PUSH_PUSHER];
	struct buf options;		/* one to a line */
	int64_t recorded_ms;
	struct strs updates;		/* "OLD NEW REF", each checked by queue_push_split */
};

/* An update in its three parts, borrowed from the line. */
struct queue_update {
	const char *old, *new, *ref;
	int oid_len;	/* of old and new: 40, or 64 in SHA-256 repositories */
};

void queue_push_init(struct queue_push *push, const char *source, int64_t now_ms);
void queue_push_free(struct queue_push *push);

/* A new uid and no updates: the next part of a push with too many refs for one. */
void queue_push_next(struct queue_push *push);

/* False when the line is not "OLD NEW REF" of git: two object names in lower
 * case, a full ref name of at most 4,096 bytes without control characters. */
bool queue_push_split(const char *line, struct queue_update *out);
bool queue_push_is_zero(const char *oid, int len);

/* Is it a move? Not when old and new are the same. */
bool queue_push_move(const struct queue_update *u);

/* Pusher (REMOTE_USER, GL_USER, a good push certificate, LOGNAME, USER, the
 * uid) and push options from the environment. True when options were left
 * out because they are too many or too long. */
bool queue_push_environment(struct queue_push *push);

/* Lines of a hook's standard input. */
struct queue_lines {
	int fd;
	char data[QUEUE_PUSH_LINE];
	size_t start, end;
	bool over;
};

/* The next line without its newline, as a string borrowed until the next call:
 * 1, or 0 at the end, or -1 (cannot read). *malformed is set when the line has a
 * NUL, or is too long (then `line` is a remark and the line is skipped). */
int queue_push_line(struct queue_lines *in, const char **line, bool *malformed, struct err *err);

#endif
