#include "pack_cache.h"
#include "delta.h"

#include <stdlib.h>

enum { TYPICAL = 1 << 10, BITS_MIN = 6, BITS_MAX = 18 };

struct pack_cache {
	size_t used, max;		/* bytes */
	struct pack_bytes *newest, *oldest;
	unsigned bits;			/* of a bucket's number */
	struct pack_bytes *bucket[];
};

/* A bucket for each object, if they are of typical size. */
struct pack_cache *pack_cache_open(size_t max)
{
	struct pack_cache *cache;
	unsigned bits = BITS_MIN;

	while (bits < BITS_MAX && max / TYPICAL >> bits)
		bits++;
	cache = calloc(1, sizeof(*cache) + (sizeof(*cache->bucket) << bits));
	if (cache) {
		cache->max = max;
		cache->bits = bits;
	}
	return cache;
}

struct pack_bytes *pack_cache_make(git_object_t type, size_t len)
{
	struct pack_bytes *bytes = malloc(sizeof(*bytes) + len + DELTA_SLACK);

	if (bytes)
		*bytes = (struct pack_bytes){ .holders = 1, .type = type, .len = len };
	return bytes;
}

void pack_cache_drop(struct pack_bytes *bytes)
{
	if (bytes && --bytes->holders == 0)
		free(bytes);
}

static struct pack_bytes **bucket_of(struct pack_cache *cache, const void *pack, uint64_t offset)
{
	uint64_t hash = (offset ^ (uintptr_t)pack << 20) * 0x9e3779b97f4a7c15;

	return &cache->bucket[hash >> (64 - cache->bits)];
}

static void unlink_use(struct pack_cache *cache, struct pack_bytes *b)
{
	*(b->newer ? &b->newer->older : &cache->newest) = b->older;
	*(b->older ? &b->older->newer : &cache->oldest) = b->newer;
}

static void link_newest(struct pack_cache *cache, struct pack_bytes *b)
{
	b->newer = NULL;
	b->older = cache->newest;
	*(b->older ? &b->older->newer : &cache->oldest) = b;
	cache->newest = b;
}

static size_t cost(const struct pack_bytes *bytes)
{
	return sizeof(*bytes) + bytes->len + DELTA_SLACK;
}

static void forget_oldest(struct pack_cache *cache)
{
	struct pack_bytes *b = cache->oldest, **at = bucket_of(cache, b->pack, b->offset);

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	unlink_use(cache, b);
	cache->used -= cost(b);
	pack_cache_drop(b);
}

void pack_cache_free(struct pack_cache *cache)
{
	if (!cache)
		return;
	while (cache->oldest)
		forget_oldest(cache);
	free(cache);
}

static struct pack_bytes *find(struct pack_cache *cache, const void *pack, uint64_t offset)
{
	struct pack_bytes *b = *bucket_of(cache, pack, offset);

	while (b && (b->pack != pack || b->offset != offset))
		b = b->next;
	return b;
}

struct pack_bytes *pack_cache_get(struct pack_cache *cache, const void *pack, uint64_t offset)
{
	struct pack_bytes *b = find(cache, pack, offset);

	if (!b)
		return NULL;
	if (b != cache->newest) {
		unlink_use(cache, b);
		link_newest(cache, b);
	}
	b->holders++;
	return b;
}

void pack_cache_put(struct pack_cache *cache, const void *pack, uint64_t offset,
		    struct pack_bytes *bytes)
{
	struct pack_bytes **at = bucket_of(cache, pack, offset);

	if (bytes->pack || cost(bytes) > cache->max || find(cache, pack, offset))
		return;
	while (cache->oldest && cache->used + cost(bytes) > cache->max)
		forget_oldest(cache);
	bytes->pack = pack;
	bytes->offset = offset;
	bytes->next = *at;
	*at = bytes;
	link_newest(cache, bytes);
	bytes->holders++;
	cache->used += cost(bytes);
}
