#include "pack_file.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER = 8, FANOUT = 256 * 4, SUMS = 2 * GIT_OID_RAWSZ,		/* an index */
	PACK_HEADER = 12,						/* a pack */
	DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS,
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static const uint8_t *map(const char *path, size_t least, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p = MAP_FAILED;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uintmax_t)st.st_size >= least &&
	    (uintmax_t)st.st_size <= SIZE_MAX / 2) {
		*len = (size_t)st.st_size;
		p = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* Sizes and the sums of the fan-out; a table for SHA-256 has another size. */
static bool understand(struct pack_file *f)
{
	const uint8_t *fanout = f->index + HEADER;
	uint64_t rest = f->index_len - HEADER - FANOUT - SUMS;

	if (memcmp(f->index, "\377tOc\0\0\0\2", HEADER) != 0)
		return false;
	for (size_t i = 0; i < 255; i++)
		if (be32(fanout + 4 * i) > be32(fanout + 4 * i + 4))
			return false;
	f->n = be32(fanout + 255 * 4);
	if (f->n >= PACK_NONE - 1 || rest < (uint64_t)f->n * (GIT_OID_RAWSZ + 8))
		return false;
	rest -= (uint64_t)f->n * (GIT_OID_RAWSZ + 8);
	if (rest % 8 || rest / 8 > f->n)
		return false;
	f->n_large = (uint32_t)(rest / 8);
	f->names = fanout + FANOUT;
	f->crcs = f->names + (size_t)f->n * GIT_OID_RAWSZ;
	f->offsets = f->crcs + (size_t)f->n * 4;
	f->large = f->offsets + (size_t)f->n * 4;
	return true;
}

struct pack_file *pack_file_open(const char *path)
{
	struct pack_file *f = calloc(1, sizeof(*f));
	size_t len = strlen(path);

	if (!f)
		return NULL;
	pthread_mutex_init(&f->lock, NULL);
	f->index = map(path, HEADER + FANOUT + SUMS, &f->index_len);
	f->path = malloc(len + 2);
	if (!f->index || !f->path || len < 4 || !understand(f)) {
		pack_file_free(f);
		return NULL;
	}
	memcpy(f->path, path, len - 4);
	memcpy(f->path + len - 4, ".pack", 6);
	return f;
}

void pack_file_free(struct pack_file *f)
{
	if (!f)
		return;
	if (f->index)
		munmap((void *)(uintptr_t)f->index, f->index_len);
	if (f->data)
		munmap((void *)(uintptr_t)f->data, f->len + GIT_OID_RAWSZ);
	pthread_mutex_destroy(&f->lock);
	free(f->at);
	free(f->place);
	free(f->path);
	free(f);
}

static int compare(const struct pack_file *f, uint32_t place, const uint8_t *name)
{
	return memcmp(f->names + (size_t)place * GIT_OID_RAWSZ, name, GIT_OID_RAWSZ);
}

/* Names are spread evenly: one is seldom farther from where it should be than
 * some square roots of their number, and so the search starts with few. */
static void narrow(const struct pack_file *f, const uint8_t *name, uint32_t *low, uint32_t *high)
{
	uint32_t n = *high - *low, near = 4, guess, from, to;

	while (near < n && (uint64_t)near * near < 4 * (uint64_t)n)
		near *= 2;
	if (n <= 4 * near)
		return;
	guess = *low + (uint32_t)((uint64_t)n * be32(name + 1) >> 32);
	from = guess - *low > near ? guess - near : *low;
	to = *high - guess > near ? guess + near : *high - 1;
	if (compare(f, from, name) > 0) {
		*high = from;
		return;
	}
	*low = from;
	if (compare(f, to, name) > 0)
		*high = to;
	else
		*low = to;
}

uint32_t pack_file_find(const struct pack_file *f, const uint8_t name[static GIT_OID_RAWSZ])
{
	const uint8_t *fanout = f->index + HEADER;
	uint32_t low = name[0] ? be32(fanout + 4 * name[0] - 4) : 0;
	uint32_t high = be32(fanout + 4 * name[0]);

	narrow(f, name, &low, &high);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare(f, middle, name);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return PACK_NONE;
}

uint64_t pack_file_offset(const struct pack_file *f, uint32_t place)
{
	uint32_t offset = be32(f->offsets + (size_t)place * 4);
	uint32_t at = offset & 0x7fffffff;

	if (offset == at)
		return offset;
	if (at >= f->n_large)
		return UINT64_MAX;
	return (uint64_t)be32(f->large + (size_t)at * 8) << 32 | be32(f->large + (size_t)at * 8 + 4);
}

uint32_t pack_file_crc(const struct pack_file *f, uint32_t place)
{
	return be32(f->crcs + (size_t)place * 4);
}

/* Calls `make` once, whichever thread comes first. */
static bool once(struct pack_file *f, _Atomic int *state, bool (*make)(struct pack_file *))
{
	if (atomic_load_explicit(state, memory_order_acquire) == 0) {
		pthread_mutex_lock(&f->lock);
		if (*state == 0)
			atomic_store_explicit(state, make(f) ? 1 : -1, memory_order_release);
		pthread_mutex_unlock(&f->lock);
	}
	return atomic_load_explicit(state, memory_order_acquire) > 0;
}

/* The index ends with the pack's checksum and then its own. */
static bool map_pack(struct pack_file *f)
{
	size_t len;
	const uint8_t *p = map(f->path, PACK_HEADER + GIT_OID_RAWSZ, &len);
	uint32_t version;

	if (!p)
		return false;
	version = be32(p + 4);
	if (memcmp(p, "PACK", 4) != 0 || (version != 2 && version != 3) || be32(p + 8) != f->n ||
	    memcmp(p + len - GIT_OID_RAWSZ, f->index + f->index_len - SUMS, GIT_OID_RAWSZ) != 0) {
		munmap((void *)(uintptr_t)p, len);
		return false;
	}
	f->data = p;
	f->len = len - GIT_OID_RAWSZ;
	return true;
}

bool pack_file_map(struct pack_file *f)
{
	return once(f, &f->mapped, map_pack);
}

/* By one digit of the offset; equal ones stay in their order. */
static void sort_digit(const struct pack_file *f, unsigned shift, const uint64_t *at,
		       const uint32_t *place, uint64_t *to_at, uint32_t *to_place)
{
	uint32_t start[DIGITS] = { 0 };
	uint32_t sum = 0;

	for (uint32_t i = 0; i < f->n; i++)
		start[at[i] >> shift & (DIGITS - 1)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		uint32_t n = start[d];

		start[d] = sum;
		sum += n;
	}
	for (uint32_t i = 0; i < f->n; i++) {
		uint32_t to = start[at[i] >> shift & (DIGITS - 1)]++;

		to_at[to] = at[i];
		to_place[to] = place[i];
	}
}

static bool order(struct pack_file *f)
{
	size_t n = f->n ? f->n : 1;
	uint64_t *at = malloc(n * sizeof(*at)), *other_at = malloc(n * sizeof(*at));
	uint32_t *place = malloc(n * sizeof(*place)), *other_place = malloc(n * sizeof(*place));
	bool ok = at && other_at && place && other_place;

	for (uint32_t i = 0; ok && i < f->n; i++) {
		at[i] = pack_file_offset(f, i);
		place[i] = i;
		ok = at[i] >= PACK_HEADER && at[i] < f->len;
	}
	for (unsigned shift = 0; ok && shift < 64 && f->len >> shift; shift += DIGIT_BITS) {
		uint64_t *a = at;
		uint32_t *p = place;

		sort_digit(f, shift, at, place, other_at, other_place);
		at = other_at;
		other_at = a;
		place = other_place;
		other_place = p;
	}
	free(other_at);
	free(other_place);
	if (ok) {
		f->at = at;
		f->place = place;
	} else {
		free(at);
		free(place);
	}
	return ok;
}

bool pack_file_order(struct pack_file *f)
{
	return pack_file_map(f) && once(f, &f->ordered, order);
}

uint32_t pack_file_rank(const struct pack_file *f, uint64_t offset, uint32_t from)
{
	uint32_t low = 0, high = from < f->n ? from : f->n;

	for (uint32_t step = 1; high < f->n && step < high; step *= 2) {
		if (f->at[high - step] <= offset) {
			low = high - step;
			break;
		}
		high -= step;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (f->at[middle] == offset)
			return middle;
		if (f->at[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return PACK_NONE;
}

struct pack_file *pack_file_of(const struct packs *packs, const git_oid *oid, size_t *hint,
			       uint32_t *place)
{
	size_t first = hint && *hint < packs->n ? *hint : 0;

	for (size_t i = 0; i < packs->n; i++) {
		size_t k = i == 0 ? first : i == first ? 0 : i;

		*place = pack_file_find(packs->v[k], oid->id);
		if (*place == PACK_NONE)
			continue;
		if (hint)
			*hint = k;
		return packs->v[k];
	}
	return NULL;
}
