/*
 * What queue_refs.c (one ref, the formats) and queue_refs_each.c (all of them, and
 * those that are no files) share.
 */
#ifndef CODETRAIN_QUEUE_REFS_PRIVATE_H
#define CODETRAIN_QUEUE_REFS_PRIVATE_H

#include "queue_refs.h"

enum queue_refs_found {
	QUEUE_REFS_NONE,
	QUEUE_REFS_OID_THERE,
	QUEUE_REFS_LINK,	/* `to` is the name of another, within `text` */
	QUEUE_REFS_BROKEN,
};

/* `text` is room for the file's content. */
enum queue_refs_found queue_refs_read_loose(const char *gitdir, const char *ref, char *oid,
					    char *text, size_t size, const char **to,
					    struct err *err);

/* packed-refs in memory; NULL when there is none. */
int queue_refs_packed_map(const char *gitdir, const char **data, size_t *len, struct err *err);
void queue_refs_packed_unmap(const char *data, size_t len);

/* Are the refs in another storage than files of this folder? */
bool queue_refs_elsewhere(const char *gitdir);

/* By git. */
int queue_refs_ask_one(const char *gitdir, const char *ref, struct buf *name, char *oid,
		       struct err *err);

#endif
