#include "delta.h"
#include "pack_cache.h"
#include "pack_entry.h"

#include <stdlib.h>

struct step {
	struct pack_entry entry;
	uint32_t place;
};

struct pack_reader {
	struct packs *packs;
	size_t hint;				/* the pack that had the last one */
	struct pack_cache *cache;
	struct libdeflate_decompressor *inflate;
	struct pack_bytes *held;		/* what was told last */
	uint8_t *delta;				/* a delta, inflated */
	size_t delta_cap;
	size_t n;
	struct step chain[PACK_DEPTH_MAX + 1];	/* from what is wanted to its root */
};

int pack_reader_open(struct packs *packs, size_t cache, struct pack_reader **out, struct err *err)
{
	struct pack_reader *r = calloc(1, sizeof(*r));

	if (r) {
		r->packs = packs;
		r->cache = pack_cache_open(cache);
		r->inflate = libdeflate_alloc_decompressor();
	}
	if (!r || !r->cache || !r->inflate) {
		pack_reader_free(r);
		return err_set(err, ERR_INTERNAL, "no memory to read packs");
	}
	*out = r;
	return 0;
}

void pack_reader_free(struct pack_reader *r)
{
	if (!r)
		return;
	pack_cache_drop(r->held);
	pack_cache_free(r->cache);
	if (r->inflate)
		libdeflate_free_decompressor(r->inflate);
	free(r->delta);
	free(r);
}

/* Lists the deltas down to the first base that is kept (told in *base), or to
 * the root, which is then the last of the chain. */
static bool follow(struct pack_reader *r, struct pack_file *file, uint32_t place,
		   struct pack_bytes **base)
{
	uint64_t offset = pack_file_offset(file, place);
	uint32_t rank = file->n;

	for (r->n = 0; r->n < PACK_DEPTH_MAX + 1; ) {
		struct step *step = &r->chain[r->n];

		*base = pack_cache_get(r->cache, file, offset);
		if (*base)
			return true;
		if (place == PACK_NONE) {	/* the base of an offset delta */
			rank = pack_file_order(file) ? pack_file_rank(file, offset, rank) : PACK_NONE;
			if (rank == PACK_NONE)
				return false;
			place = file->place[rank];
		}
		if (!pack_entry_parse(file, offset, r->packs->max, &step->entry))
			return false;
		step->place = place;
		r->n++;
		if (!pack_entry_is_delta(&step->entry))
			return true;
		offset = step->entry.base;
		place = PACK_NONE;
		if (step->entry.type == GIT_OBJECT_OFS_DELTA)
			continue;
		place = pack_file_find(file, step->entry.base_name);
		if (place == PACK_NONE)
			return false;
		offset = pack_file_offset(file, place);
		rank = file->n;
	}
	return false;
}

static bool room_for_delta(struct pack_reader *r, size_t size)
{
	if (size > r->delta_cap || !r->delta) {
		free(r->delta);
		r->delta_cap = size + size / 2 + 64;
		r->delta = malloc(r->delta_cap);
	}
	return r->delta != NULL;
}

/* What a step makes of its base; held by the caller. */
static struct pack_bytes *make(struct pack_reader *r, const struct pack_file *file,
			       const struct step *step, const struct pack_bytes *base)
{
	const struct pack_entry *e = &step->entry;
	struct pack_bytes *made = NULL;
	size_t base_len, len;
	bool ok;

	if (!base) {
		made = pack_cache_make(e->type, e->size);
		ok = made && pack_entry_inflate(file, e, step->place, r->inflate, made->data);
	} else {
		ok = room_for_delta(r, e->size) &&
		     pack_entry_inflate(file, e, step->place, r->inflate, r->delta) &&
		     delta_sizes(r->delta, e->size, &base_len, &len) && len <= r->packs->max &&
		     (made = pack_cache_make(base->type, len)) &&
		     delta_apply(r->delta, e->size, base->data, base->len, made->data, len, NULL);
	}
	if (ok)
		return made;
	pack_cache_drop(made);
	return NULL;
}

bool pack_read(struct pack_reader *r, const git_oid *oid, struct pack_object *out)
{
	struct pack_bytes *bytes;
	struct pack_file *file;
	uint32_t place;

	pack_cache_drop(r->held);
	r->held = NULL;
	file = pack_file_of(r->packs, oid, &r->hint, &place);
	if (!file || !pack_file_map(file) || !follow(r, file, place, &bytes))
		return false;
	while (r->n) {
		const struct step *step = &r->chain[--r->n];
		struct pack_bytes *made = make(r, file, step, bytes);

		pack_cache_drop(bytes);
		bytes = made;
		if (!made)
			return false;
		pack_cache_put(r->cache, file, step->entry.offset, made);
	}
	r->held = bytes;
	*out = (struct pack_object){ bytes->type, bytes->data, bytes->len };
	return true;
}
