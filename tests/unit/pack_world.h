/*
 * Packs made by hand, for the tests and the fuzzer of their reader: right ones,
 * and such as git does not write.
 */
#ifndef CODETRAIN_TESTS_PACK_WORLD_H
#define CODETRAIN_TESTS_PACK_WORLD_H

#include "hooks/objects/sweep.h"
#include "lib/base/buf.h"
#include "lib/base/file.h"

#include <libdeflate.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACK_WORLD_MAX 8400	/* entries */

struct pack_world_entry {
	git_oid oid;
	uint64_t offset;
	uint32_t crc;
};

struct pack_world {
	char folder[64];	/* "…/pack" in it has the packs */
	struct buf pack, index;
	struct pack_world_entry v[PACK_WORLD_MAX];
	size_t n;
	bool large_offsets;	/* all as if they had 64 bits */
	struct libdeflate_compressor *deflate;
};

static inline void put32(struct buf *b, uint64_t v)
{
	const char bytes[4] = { (char)(v >> 24), (char)(v >> 16), (char)(v >> 8), (char)v };

	buf_add(b, bytes, 4);
}

static inline void pack_world_begin(struct pack_world *w)
{
	buf_clear(&w->pack);
	buf_clear(&w->index);
	w->n = 0;
	buf_add(&w->pack, "PACK\0\0\0\2\0\0\0\0", 12);
}

static inline void pack_world_open(struct pack_world *w)
{
	char path[160];

	memset(w, 0, sizeof(*w));
	w->pack.max = w->index.max = 64 << 20;
	w->deflate = libdeflate_alloc_compressor(1);
	snprintf(w->folder, sizeof(w->folder), "%s/codetrain-pack.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(w->folder))
		abort();
	snprintf(path, sizeof(path), "%s/pack", w->folder);
	if (mkdir(path, 0700) < 0)
		abort();
	pack_world_begin(w);
}

static inline void pack_world_close(struct pack_world *w)
{
	struct err err;

	if (file_remove_tree(w->folder, &err) < 0)
		abort();
	buf_free(&w->pack);
	buf_free(&w->index);
	libdeflate_free_compressor(w->deflate);
}

/* The name that the nth entry gets; they are no hashes. */
static inline git_oid pack_world_name(size_t n)
{
	git_oid oid;
	uint64_t h = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; i < sizeof(oid.id); i++) {
		h ^= h >> 29;
		h *= UINT64_C(0xbf58476d1ce4e5b9);
		oid.id[i] = (unsigned char)(h >> 40);
	}
	memcpy(oid.id + 16, &(uint32_t){ (uint32_t)n }, 4);
	return oid;
}

/* An entry of any kind: `base` is what stands between its header and its bytes,
 * `announced` the size that the header tells. */
static inline size_t pack_world_add_raw(struct pack_world *w, unsigned type, size_t announced,
					const void *base, size_t base_len, const void *data, size_t len)
{
	struct pack_world_entry *e = &w->v[w->n];
	size_t most = libdeflate_zlib_compress_bound(w->deflate, len);
	size_t rest = announced >> 4, start = w->pack.len;
	char *room;

	e->oid = pack_world_name(w->n);
	e->offset = start;
	buf_addc(&w->pack, (char)(type << 4 | (announced & 15) | (rest ? 0x80 : 0)));
	for (; rest; rest >>= 7)
		buf_addc(&w->pack, (char)((rest & 0x7f) | (rest >> 7 ? 0x80 : 0)));
	buf_add(&w->pack, base, base_len);
	room = buf_room(&w->pack, most);
	if (!room)
		abort();
	w->pack.len += libdeflate_zlib_compress(w->deflate, data, len, room, most);
	e->crc = libdeflate_crc32(0, w->pack.data + start, w->pack.len - start);
	return w->n++;
}

static inline size_t pack_world_add(struct pack_world *w, git_object_t type, const void *data, size_t len)
{
	return pack_world_add_raw(w, type, len, "", 0, data, len);
}

static inline size_t pack_world_add_far(struct pack_world *w, uint64_t distance,
					const void *delta, size_t len)
{
	unsigned char bytes[10];
	size_t at = sizeof(bytes) - 1;

	bytes[at] = distance & 0x7f;
	while (distance >>= 7)
		bytes[--at] = (unsigned char)(0x80 | (--distance & 0x7f));
	return pack_world_add_raw(w, GIT_OBJECT_OFS_DELTA, len, bytes + at, sizeof(bytes) - at,
				  delta, len);
}

static inline size_t pack_world_add_offset(struct pack_world *w, size_t base,
					   const void *delta, size_t len)
{
	return pack_world_add_far(w, w->pack.len - w->v[base].offset, delta, len);
}

static inline size_t pack_world_add_reference(struct pack_world *w, const git_oid *base,
					      const void *delta, size_t len)
{
	return pack_world_add_raw(w, GIT_OBJECT_REF_DELTA, len, base->id, sizeof(base->id), delta, len);
}

static inline int pack_world_order(const void *a, const void *b)
{
	return memcmp(a, b, GIT_OID_RAWSZ);
}

static inline void pack_world_write(const struct pack_world *w, const char *name, const struct buf *b)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/pack/%s", w->folder, name);
	f = fopen(path, "w");
	if (!f || fwrite(b->data, 1, b->len, f) != b->len || fclose(f) != 0)
		abort();
}

/* The number of objects, both checksums (which are none), the index. */
static inline void pack_world_finish(struct pack_world *w)
{
	struct pack_world_entry *v = malloc((w->n + 1) * sizeof(*v));
	static const char sums[40] = "a checksum of 20 B..";

	if (!v)
		abort();
	memcpy(v, w->v, w->n * sizeof(*v));
	qsort(v, w->n, sizeof(*v), pack_world_order);
	w->pack.data[10] = (char)(w->n >> 8);
	w->pack.data[11] = (char)w->n;
	buf_add(&w->pack, sums, 20);
	buf_clear(&w->index);
	buf_add(&w->index, "\377tOc\0\0\0\2", 8);
	for (size_t first = 0, i = 0; first < 256; first++) {
		while (i < w->n && v[i].oid.id[0] <= first)
			i++;
		put32(&w->index, i);
	}
	for (size_t i = 0; i < w->n; i++)
		buf_add(&w->index, v[i].oid.id, GIT_OID_RAWSZ);
	for (size_t i = 0; i < w->n; i++)
		put32(&w->index, v[i].crc);
	for (size_t i = 0; i < w->n; i++)
		put32(&w->index, w->large_offsets ? 0x80000000u | i : v[i].offset);
	for (size_t i = 0; w->large_offsets && i < w->n; i++) {
		put32(&w->index, v[i].offset >> 32);
		put32(&w->index, v[i].offset);
	}
	buf_add(&w->index, sums, 40);
	free(v);
}

static inline void pack_world_save(const struct pack_world *w, const char *name)
{
	char file[64];

	snprintf(file, sizeof(file), "%s.pack", name);
	pack_world_write(w, file, &w->pack);
	snprintf(file, sizeof(file), "%s.idx", name);
	pack_world_write(w, file, &w->index);
}

/* What every sweep must keep to: what lies between two changes stands in the
 * base, at its start when nothing comes before and at its end when nothing comes
 * after it. */
static inline bool pack_world_changes_hold(const struct sweep_object *o, const char *base, size_t base_len)
{
	size_t at = 0;

	for (size_t i = 0; i <= o->n_changed; i++) {
		size_t end = i < o->n_changed ? o->changed[i].offset : o->len, len = end - at;

		if (end < at || end > o->len || len > base_len)
			return false;
		if ((i == 0 && memcmp(base, o->data, len) != 0) ||
		    (i == o->n_changed && memcmp(base + base_len - len, o->data + at, len) != 0) ||
		    (len && !memmem(base, base_len, o->data + at, len)))
			return false;
		if (i < o->n_changed)
			at = end + o->changed[i].len;
	}
	return at <= o->len;
}

#endif
