/*
 * One entry of a pack: its header and what is compressed behind it.
 */
#ifndef CODETRAIN_PACK_ENTRY_H
#define CODETRAIN_PACK_ENTRY_H

#include "pack_file.h"

#include <libdeflate.h>

struct pack_entry {
	uint64_t offset;
	git_object_t type;		/* or one of the two kinds of delta */
	size_t size;			/* inflated */
	uint64_t body;			/* where the compressed bytes start */
	uint64_t base;			/* an offset delta's base */
	const uint8_t *base_name;	/* a reference delta's base */
};

/* false: no entry is there, or one over `max` bytes. The file is mapped. */
bool pack_entry_parse(const struct pack_file *file, uint64_t offset, size_t max,
		      struct pack_entry *out);

bool pack_entry_is_delta(const struct pack_entry *entry);

/* The rank of a delta's base in the same pack, PACK_NONE when there is none.
 * `rank` is the entry's own. The file is ordered. */
uint32_t pack_entry_base(const struct pack_file *file, const struct pack_entry *entry,
			 uint32_t rank);

/* Inflates entry->size bytes. false when they are others than the index's
 * checksum of the entry at `place` says, fewer, or more. */
bool pack_entry_inflate(const struct pack_file *file, const struct pack_entry *entry,
			uint32_t place, struct libdeflate_decompressor *inflate, void *out);

#endif
