/*
 * Objects that deltas are likely to be made upon, kept until newer ones need
 * the room. Not for several threads.
 */
#ifndef CODETRAIN_PACK_CACHE_H
#define CODETRAIN_PACK_CACHE_H

#include "pack.h"

#include <stdint.h>

/* An object's bytes, shared by the cache and who holds them; DELTA_SLACK bytes
 * follow that may be read and written. */
struct pack_bytes {
	unsigned holders;
	git_object_t type;
	size_t len;
	/* the cache's, when it keeps them */
	const void *pack;
	uint64_t offset;
	struct pack_bytes *next;		/* in the bucket */
	struct pack_bytes *newer, *older;	/* by use */
	char data[];
};

struct pack_cache;

/* NULL: no memory. */
struct pack_cache *pack_cache_open(size_t max);
void pack_cache_free(struct pack_cache *cache);

/* What is kept of the entry at `offset` of `pack` (any pointer that names one),
 * held for the caller; or NULL. */
struct pack_bytes *pack_cache_get(struct pack_cache *cache, const void *pack, uint64_t offset);

/* Keeps it too, when there is room for it at all and that entry is not there yet. */
void pack_cache_put(struct pack_cache *cache, const void *pack, uint64_t offset,
		    struct pack_bytes *bytes);

/* For `len` bytes, held by the caller; NULL: no memory. */
struct pack_bytes *pack_cache_make(git_object_t type, size_t len);
void pack_cache_drop(struct pack_bytes *bytes);

#endif
