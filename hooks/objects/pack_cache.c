#include "pack_cache.h"
#include "delta.h"

#include <stdlib.h>

enum { BUCKETS = 1 << 13 };

struct kept {
	const void *pack;
	uint64_t offset;
	struct pack_bytes *bytes;
	struct kept *next;		/* in the bucket */
	struct kept *newer, *older;	/* by use */
};

struct pack_cache {
	size_t used, max;		/* bytes */
	struct kept *newest, *oldest;
	struct kept *bucket[BUCKETS];
};

struct pack_cache *pack_cache_open(size_t max)
{
	struct pack_cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		cache->max = max;
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

static struct kept **bucket_of(struct pack_cache *cache, const void *pack, uint64_t offset)
{
	uint64_t hash = (offset ^ (uintptr_t)pack << 20) * 0x9e3779b97f4a7c15;

	return &cache->bucket[hash >> 51];
}

static void unlink_use(struct pack_cache *cache, struct kept *k)
{
	*(k->newer ? &k->newer->older : &cache->newest) = k->older;
	*(k->older ? &k->older->newer : &cache->oldest) = k->newer;
}

static void link_newest(struct pack_cache *cache, struct kept *k)
{
	k->newer = NULL;
	k->older = cache->newest;
	*(k->older ? &k->older->newer : &cache->oldest) = k;
	cache->newest = k;
}

static size_t cost(const struct pack_bytes *bytes)
{
	return sizeof(struct kept) + sizeof(*bytes) + bytes->len + DELTA_SLACK;
}

static void forget_oldest(struct pack_cache *cache)
{
	struct kept *k = cache->oldest, **at = bucket_of(cache, k->pack, k->offset);

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	unlink_use(cache, k);
	cache->used -= cost(k->bytes);
	pack_cache_drop(k->bytes);
	free(k);
}

void pack_cache_free(struct pack_cache *cache)
{
	if (!cache)
		return;
	while (cache->oldest)
		forget_oldest(cache);
	free(cache);
}

static struct kept *find(struct pack_cache *cache, const void *pack, uint64_t offset)
{
	struct kept *k = *bucket_of(cache, pack, offset);

	while (k && (k->pack != pack || k->offset != offset))
		k = k->next;
	return k;
}

struct pack_bytes *pack_cache_get(struct pack_cache *cache, const void *pack, uint64_t offset)
{
	struct kept *k = find(cache, pack, offset);

	if (!k)
		return NULL;
	unlink_use(cache, k);
	link_newest(cache, k);
	k->bytes->holders++;
	return k->bytes;
}

void pack_cache_put(struct pack_cache *cache, const void *pack, uint64_t offset,
		    struct pack_bytes *bytes)
{
	struct kept **at = bucket_of(cache, pack, offset), *k;

	if (cost(bytes) > cache->max || find(cache, pack, offset) || !(k = malloc(sizeof(*k))))
		return;
	while (cache->oldest && cache->used + cost(bytes) > cache->max)
		forget_oldest(cache);
	*k = (struct kept){ .pack = pack, .offset = offset, .bytes = bytes, .next = *at };
	*at = k;
	link_newest(cache, k);
	bytes->holders++;
	cache->used += cost(bytes);
}
