/*
 * Where a push goes when the database cannot take it: one small text file in
 * GITDIR/codetrain/spool, written whole or not at all, read into the database
 * by the next hook or drainer.
 *
 *	codetrain-spool 1
 *	uid HEX
 *	source post-receive
 *	step prepared		(missing: pushed)
 *	run PROCESS		(missing: not known)
 *	recorded MILLISECONDS
 *	pusher NAME
 *	option TEXT		(any number)
 *	update OLD NEW REF	(any number)
 *	end
 */
#ifndef CODETRAIN_QUEUE_SPOOL_H
#define CODETRAIN_QUEUE_SPOOL_H

#include "queue_push.h"

#define QUEUE_SPOOL_MAX (24 << 20)	/* bytes in one file */

/* The text, and the way back: changes `text` (NUL-terminated); false when it is
 * not one of ours, whole. `push` was initialised. */
int queue_spool_print(const struct queue_push *push, struct buf *out, struct err *err);
bool queue_spool_parse(char *text, size_t len, struct queue_push *push);

/* `path` gets the file's name, for messages. */
int queue_spool_write(const char *gitdir, const struct queue_push *push, struct buf *path,
		      struct err *err);

/* Names of the files that wait, oldest first, at most `most`. A missing folder
 * is an empty one. */
int queue_spool_list(const char *gitdir, size_t most, struct strs *names, struct err *err);

/* ERR_USAGE when the file is not one of ours, whole, or is gone by now. */
int queue_spool_read(const char *gitdir, const char *name, struct queue_push *push,
		     struct err *err);

int queue_spool_remove(const char *gitdir, const char *name, struct err *err);

/* Sets a file aside that is not whole, as NAME.damaged. */
int queue_spool_set_aside(const char *gitdir, const char *name, struct err *err);

/* Names of those that were set aside, at most `most`. */
int queue_spool_damaged(const char *gitdir, size_t most, struct strs *names, struct err *err);

/* Removes what was written by halves before then: its hook was killed over it, and git told. */
int queue_spool_sweep(const char *gitdir, int64_t before_ms, struct err *err);

#endif
