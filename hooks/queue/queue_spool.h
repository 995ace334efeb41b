/*
 * What hooks were told and is not in the database yet, as text in GITDIR/codetrain.
 *
 * moves	each adds a block at the end (queue_moves.h)
 * spool/NUMBER.moves	what `moves` was before it was sealed; taken in by their number,
 *		within a transaction, and removed after it
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

#define QUEUE_SPOOL_MAX (256 << 20)	/* bytes in one file */

/* The text, and the way back: changes `text` (NUL-terminated); false when it is
 * not one of ours, whole. `push` was initialised. */
int queue_spool_print(const struct queue_push *push, struct buf *out, struct err *err);
bool queue_spool_parse(char *text, size_t len, struct queue_push *push);

/* Gives `moves` a number among the files that wait; missing or empty it is left alone. */
int queue_spool_seal(const char *gitdir, struct err *err);

/* Names of the files that wait, oldest first, at most `most`; `moves` is sealed before. A
 * missing folder is an empty one. */
int queue_spool_list(const char *gitdir, size_t most, struct strs *names, struct err *err);

/* Whether any waits, but for `moves`; true when that cannot be seen. */
bool queue_spool_is_any(const char *gitdir);

struct queue_spool_file {
	struct buf text;
	size_t at;	/* where the next is looked for */
};

/* ERR_USAGE when the file is gone by now. */
int queue_spool_open(const char *gitdir, const char *name, struct queue_spool_file *out,
		     struct err *err);
void queue_spool_close(struct queue_spool_file *f);

/* 1 with a push, to be freed; 0 at the end; -1. What was written by halves is left out: its
 * hook was killed over it, or told so. */
int queue_spool_next(struct queue_spool_file *f, struct queue_push *push, struct err *err);

int queue_spool_remove(const char *gitdir, const char *name, struct err *err);

#endif
