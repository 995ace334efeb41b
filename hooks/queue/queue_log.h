/*
 * What a drainer did, for the machine's administrator: one line at a time into
 * the journal, or into GITDIR/codetrain/drainer.log.
 *
 * The journal gets fields beside the text (CODETRAIN_REPOSITORY, CODETRAIN_EVENT,
 * CODETRAIN_TARGET), so that `journalctl CODETRAIN_EVENT=12` finds an event. The
 * file is kept below 1 MiB, and the one before it as drainer.log.1.
 *
 * One thread at a time. A line that cannot be written is dropped: a full disk must
 * not stop a delivery.
 */
#ifndef CODETRAIN_QUEUE_LOG_H
#define CODETRAIN_QUEUE_LOG_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_LOG_JOURNAL "/run/systemd/journal/socket"
#define QUEUE_LOG_FILE_MAX (1 << 20)
#define QUEUE_LOG_LINE_MAX 2000		/* bytes of a text */

struct queue_log;

/* `kind` is the value of codetrain.log: "journal", "file", "none"; NULL: the journal
 * where there is one, otherwise the file. ERR_USAGE for another word. */
int queue_log_open(const char *gitdir, const char *kind, struct queue_log **out, struct err *err);

/* The same with a journal that listens at `socket`. */
int queue_log_open_journal(const char *gitdir, const char *socket, struct queue_log **out,
			   struct err *err);

/* `event` 0 and `target` NULL: it is about neither. The text becomes one line without
 * control characters. A NULL log is nothing. */
void queue_log_line(struct queue_log *log, int64_t event, const char *target, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* True when what this process writes to stderr is in the journal already. */
bool queue_log_is_stderr(const struct queue_log *log);

void queue_log_free(struct queue_log *log);	/* NULL is nothing */

#endif
