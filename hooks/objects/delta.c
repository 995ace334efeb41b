#include "delta.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST = 64,
	COPY_DEFAULT = 0x10000,		/* a copy that tells no size */
	SHORT = DELTA_SLACK,
};

/* Seven bits a byte, the lowest first. */
static bool read_size(const uint8_t **p, const uint8_t *end, size_t *out)
{
	size_t size = 0;

	for (unsigned shift = 0; *p < end && shift <= 56; shift += 7) {
		uint8_t c = *(*p)++;

		size |= (size_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*out = size;
			return true;
		}
	}
	return false;
}

bool delta_sizes(const uint8_t *delta, size_t len, size_t *base, size_t *result)
{
	const uint8_t *p = delta;

	return read_size(&p, delta + len, base) && read_size(&p, delta + len, result);
}

static void add_span(struct delta_spans *spans, size_t offset, size_t len)
{
	struct span *last = spans->n ? &spans->v[spans->n - 1] : NULL;

	if (last && last->offset + last->len == offset) {
		last->len += len;
		return;
	}
	if (spans->n == spans->max)
		spans->failed = true;
	if (!spans->failed && spans->n == spans->cap) {
		size_t cap = spans->cap ? 2 * spans->cap : FIRST;
		struct span *v = realloc(spans->v, cap * sizeof(*v));

		spans->failed = !v;
		if (v) {
			spans->v = v;
			spans->cap = cap;
		}
	}
	if (!spans->failed)
		spans->v[spans->n++] = (struct span){ offset, len };
}

/* Whether a copy's arguments were all there; each is there when its bit is. */
static bool read_copy(const uint8_t **at, const uint8_t *end, uint8_t op, size_t *offset, size_t *size)
{
	const uint8_t *p = *at;

	if (end - p < __builtin_popcount(op & 0x7f))
		return false;
	*offset = *size = 0;
	for (unsigned i = 0; i < 4; i++)
		if (op & 1u << i)
			*offset |= (size_t)*p++ << 8 * i;
	for (unsigned i = 0; i < 3; i++)
		if (op & 0x10u << i)
			*size |= (size_t)*p++ << 8 * i;
	if (*size == 0)
		*size = COPY_DEFAULT;
	*at = p;
	return true;
}

static inline void copy(char *to, const char *from, size_t len)
{
	if (len <= SHORT)
		memcpy(to, from, SHORT);
	else
		memcpy(to, from, len);
}

bool delta_apply(const uint8_t *delta, size_t delta_len, const char *base, size_t base_len,
		 char *result, size_t len, struct delta_spans *spans)
{
	const uint8_t *p = delta, *end = delta + delta_len;
	size_t announced, announced_base, offset, size, done = 0;
	size_t next = 0;	/* where the base goes on behind what was copied */

	if (!read_size(&p, end, &announced_base) || !read_size(&p, end, &announced) ||
	    announced_base != base_len || announced != len)
		return false;
	if (spans)
		spans->n = spans->failed = 0;
	while (p < end) {
		uint8_t op = *p++;

		if (op & 0x80) {
			if (!read_copy(&p, end, op, &offset, &size) || offset > base_len ||
			    size > base_len - offset || size > len - done)
				return false;
			if (spans && offset != next)
				add_span(spans, done, 0);
			copy(result + done, base + offset, size);
			next = offset + size;
		} else {
			size = op;
			if (size == 0 || size > (size_t)(end - p) || size > len - done)
				return false;
			if (spans)
				add_span(spans, done, size);
			memcpy(result + done, p, size);
			p += size;
		}
		done += size;
	}
	if (spans && next != base_len)
		add_span(spans, done, 0);
	return done == len;
}

void delta_free_spans(struct delta_spans *spans)
{
	free(spans->v);
	*spans = (struct delta_spans){ 0 };
}
