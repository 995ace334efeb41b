/*
 * Reading objects out of git's packs, many times as fast as libgit2 does.
 *
 * What is odd is not here: a loose object, a broken, SHA-256 or thin pack, a
 * version that nobody has seen yet, an object over the limit. The caller then
 * asks libgit2, whose word counts. What is told is what git would tell: each
 * entry's CRC and each result's size is checked, names are not hashed again.
 *
 * The formats: git's gitformat-pack(5).
 */
#ifndef CODETRAIN_PACK_H
#define CODETRAIN_PACK_H

#include "lib/base/err.h"

#include <git2.h>
#include <stdbool.h>
#include <stddef.h>

#define PACK_OBJECT_MAX ((size_t)2 << 30)	/* bytes; the largest file that CodeCommit takes */
#define PACK_DEPTH_MAX 4095			/* deltas on deltas; git's own limit */
#define PACK_CACHE_MAX ((size_t)96 << 20)	/* bytes of bases that a reader keeps */

/* All packs of a repository and its alternates; any thread may use them. */
struct packs;

/* `objects` is the folder that git calls that, `max` the largest object that is
 * read, in bytes. Packs that come later are not seen; those that go can be read
 * still. A folder that is not there has no packs. */
int pack_open(const char *objects, size_t max, struct packs **out, struct err *err);
int pack_open_of(git_repository *repo, size_t max, struct packs **out, struct err *err);
void pack_free(struct packs *packs);

/* Whether some pack's index has it. */
bool pack_has(const struct packs *packs, const git_oid *oid);

/* Reads one object at a time, in any order; bases of deltas are kept, up to
 * `cache` bytes. One for each thread; the packs must stay open. */
struct pack_reader;
int pack_reader_open(struct packs *packs, size_t cache, struct pack_reader **out,
		     struct err *err);
void pack_reader_free(struct pack_reader *reader);

struct pack_object {
	git_object_t type;
	const char *data;	/* the reader's, until its next call; no NUL follows */
	size_t len;
};

/* false: not here, ask libgit2. */
bool pack_read(struct pack_reader *reader, const git_oid *oid, struct pack_object *out);

#endif
