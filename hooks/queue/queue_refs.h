/*
 * The refs of a repository, read without git where they are files: loose ones
 * first, then packed-refs, which is the order in which a ref that git packs
 * meanwhile is not missed. Other storage: `git for-each-ref`.
 *
 * A ref that stands for another ("ref: refs/...") has no moves of its own.
 */
#ifndef CODETRAIN_QUEUE_REFS_H
#define CODETRAIN_QUEUE_REFS_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define QUEUE_REFS_OID 65	/* bytes of an object's name, with the NUL */
#define QUEUE_REFS_MOST 2000000	/* refs in one repository */

/* -1 ends the walk. */
typedef int queue_refs_fn(void *arg, const char *ref, const char *oid, struct err *err);

/* Every ref below refs/ once, ordered by its bytes, without those that stand for another, are
 * no good names, or are broken. No two need be of one moment. */
int queue_refs_each(const char *gitdir, queue_refs_fn *fn, void *arg, struct err *err);

/* What a ref is, or what the one is that it stands for; "" when there is none.
 * -1 when that cannot be said (a broken file). */
int queue_refs_read(const char *gitdir, const char *ref, char oid[static QUEUE_REFS_OID],
		    struct err *err);

/* The same with the name of the ref that `ref` stands for; its own when for none. */
int queue_refs_resolve(const char *gitdir, const char *ref, struct buf *name,
		       char oid[static QUEUE_REFS_OID], struct err *err);

/* As git checks a full name: below refs/, no part that begins with a dot or ends
 * in .lock, no "..", "@{" or character of ~^:?*[\ and below 0x21. */
bool queue_refs_good_name(const char *ref);

/* The formats. A loose ref: true with an oid, or with oid "" and the name of
 * another ref in `to` (borrowed from the text, which is changed). */
bool queue_refs_loose(char *text, char oid[static QUEUE_REFS_OID], const char **to);

/* packed-refs: one ref's value, true when it is there; and all lines. */
bool queue_refs_packed_find(const char *data, size_t len, const char *ref,
			    char oid[static QUEUE_REFS_OID]);
int queue_refs_packed_each(const char *data, size_t len, queue_refs_fn *fn, void *arg,
			   struct err *err);

#endif
