/*
 * One pack and its index (version 2), mapped.
 */
#ifndef CODETRAIN_PACK_FILE_H
#define CODETRAIN_PACK_FILE_H

#include "pack.h"

#include <pthread.h>
#include <stdint.h>

#define PACK_NONE UINT32_MAX

struct pack_file {
	char *path;			/* of the pack */
	const uint8_t *index;		/* mapped, as it is */
	size_t index_len;
	uint32_t n, n_large;		/* objects, and offsets of 64 bits */
	const uint8_t *names, *crcs, *offsets, *large;
	pthread_mutex_t lock;		/* for what is made when first needed: */
	_Atomic int mapped, ordered;	/* 0: not yet; 1; -1: cannot be */
	const uint8_t *data;		/* the pack */
	size_t len;			/* without its checksum */
	/* entries as they lie in the pack: where, and their place in the index */
	uint64_t *at;
	uint32_t *place;
};

struct packs {
	struct pack_file **v;
	size_t n, cap;
	size_t max;
};

/* `path` is the index's; "….idx". NULL when there is none, or one that is not
 * understood. */
struct pack_file *pack_file_open(const char *path);
void pack_file_free(struct pack_file *file);

/* An object's place in the index, or PACK_NONE. */
uint32_t pack_file_find(const struct pack_file *file, const uint8_t name[static GIT_OID_RAWSZ]);
/* Where it is in the pack; may be outside. */
uint64_t pack_file_offset(const struct pack_file *file, uint32_t place);
uint32_t pack_file_crc(const struct pack_file *file, uint32_t place);

/* Makes `data`, `at` and `place` to be there. false: the pack cannot be read. */
bool pack_file_map(struct pack_file *file);
bool pack_file_order(struct pack_file *file);

/* Which entry starts at `offset`, of those before entry `from` (quick when near)
 * or of all; PACK_NONE: none does. Ordered files only. */
uint32_t pack_file_rank(const struct pack_file *file, uint64_t offset, uint32_t from);

/* The pack that has an object, and its place there; NULL: none. `hint` (may be
 * NULL) is the number of the pack to ask first. */
struct pack_file *pack_file_of(const struct packs *packs, const git_oid *oid, size_t *hint,
			       uint32_t *place);

#endif
