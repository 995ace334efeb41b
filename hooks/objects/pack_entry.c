#include "pack_entry.h"

enum {
	RATIO_MAX = 1032,	/* of deflate: 258 bytes of two bits */
};

/* The base of an offset delta: how far before, seven bits a byte, each but the
 * last counting from one. */
static bool read_distance(const struct pack_file *file, struct pack_entry *e)
{
	uint64_t distance = 0;

	for (int i = 0; e->body < file->len; i++) {
		uint8_t c = file->data[e->body++];

		if (distance >= UINT64_MAX >> 8)
			return false;
		distance = (i ? distance + 1 : 0) << 7 | (c & 0x7f);
		if (c & 0x80)
			continue;
		if (distance == 0 || distance >= e->offset)
			return false;
		e->base = e->offset - distance;
		return true;
	}
	return false;
}

static bool read_base(const struct pack_file *file, struct pack_entry *e)
{
	switch (e->type) {
	case GIT_OBJECT_COMMIT:
	case GIT_OBJECT_TREE:
	case GIT_OBJECT_BLOB:
	case GIT_OBJECT_TAG:
		return true;
	case GIT_OBJECT_OFS_DELTA:
		return read_distance(file, e);
	case GIT_OBJECT_REF_DELTA:
		if (file->len - e->body < GIT_OID_RAWSZ)
			return false;
		e->base_name = file->data + e->body;
		e->body += GIT_OID_RAWSZ;
		return true;
	default:
		return false;
	}
}

bool pack_entry_parse(const struct pack_file *file, uint64_t offset, size_t max,
		      struct pack_entry *out)
{
	struct pack_entry e = { .offset = offset, .body = offset };
	uint64_t size;
	unsigned shift = 4;
	uint8_t c;

	if (e.body >= file->len)
		return false;
	c = file->data[e.body++];
	e.type = (git_object_t)(c >> 4 & 7);
	size = c & 15;
	while (c & 0x80) {
		if (e.body >= file->len || shift > 56)
			return false;
		c = file->data[e.body++];
		size |= (uint64_t)(c & 0x7f) << shift;
		shift += 7;
	}
	if (size > max || !read_base(file, &e) || size / RATIO_MAX > file->len - e.body)
		return false;
	e.size = (size_t)size;
	*out = e;
	return true;
}

bool pack_entry_is_delta(const struct pack_entry *entry)
{
	return entry->type == GIT_OBJECT_OFS_DELTA || entry->type == GIT_OBJECT_REF_DELTA;
}

uint32_t pack_entry_base(const struct pack_file *file, const struct pack_entry *entry, uint32_t rank)
{
	uint32_t place;

	if (entry->type == GIT_OBJECT_OFS_DELTA)
		return pack_file_rank(file, entry->base, rank);
	place = pack_file_find(file, entry->base_name);
	return place == PACK_NONE ? PACK_NONE
				  : pack_file_rank(file, pack_file_offset(file, place), file->n);
}

bool pack_entry_inflate(const struct pack_file *file, const struct pack_entry *entry,
			uint32_t place, struct libdeflate_decompressor *inflate, void *out)
{
	const uint8_t *body = file->data + entry->body;
	size_t used, made;

	if (libdeflate_zlib_decompress_ex(inflate, body, file->len - entry->body, out, entry->size,
					  &used, &made) != LIBDEFLATE_SUCCESS ||
	    made != entry->size)
		return false;
	return libdeflate_crc32(0, file->data + entry->offset,
				entry->body - entry->offset + used) == pack_file_crc(file, place);
}
