/*
 * What a build says: its own lines as CodeBuild writes them, and the output of
 * its commands, to one stream and one file, with secrets taken out.
 */
#ifndef CODETRAIN_BUILD_OUTPUT_H
#define CODETRAIN_BUILD_OUTPUT_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <stdbool.h>
#include <stddef.h>

#define BUILD_SECRETS_MAX 512
#define BUILD_SECRET_LINE_MIN 8	/* lines of a secret, a key say, are taken out one by one, too */
#define BUILD_SECRET_MIN 4	/* shorter values are too common to take out */

struct build_output {
	int stream;		/* descriptor of the terminal or pipe; -1 after it went away */
	int log;		/* descriptor of the log file; -1 without one */
	bool in_line;		/* the last byte written did not end a line */
	struct buf secrets[BUILD_SECRETS_MAX];
	size_t n_secrets, longest;
	bool begins[256];	/* bytes that a secret begins with */
	struct buf held;	/* what may be the beginning of a secret */
	struct err fault;	/* the first write that failed */
};

#define BUILD_OUTPUT_INIT(fd)							\
	{ .stream = (fd), .log = -1, .held = BUF_INIT_SECRET(128u << 10) }

/* Creates or empties the log file, mode 0600. */
int build_output_open(struct build_output *o, const char *path, struct err *err);

/* From now on the value is written as "***", and so are its lines. Values beyond
 * the maximum number or 64 KiB are refused. */
int build_output_hide(struct build_output *o, const char *value, struct err *err);
/* Is one of them in the text? */
bool build_output_hides(const struct build_output *o, const char *text);

/* Bytes of a command. What could be the beginning of a secret is kept back
 * until the next call, or build_output_flush. */
void build_output_raw(struct build_output *o, const char *data, size_t len);
void build_output_flush(struct build_output *o);

/* "[Container] 2026/11/23 12:00:00 text": a line of its own. */
void build_output_say(struct build_output *o, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, followed by a text of any length. */
void build_output_say_text(struct build_output *o, const char *label, const char *text);

/* Closes the log. 0, or -1 with the first write that failed. */
int build_output_close(struct build_output *o, struct err *err);

#endif
