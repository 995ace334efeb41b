/*
 * git's deltas: instructions that make an object of another, the base.
 */
#ifndef CODETRAIN_DELTA_H
#define CODETRAIN_DELTA_H

#include "lib/base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Behind a base this many bytes may be read, behind a result written: short
 * copies are made in one piece. */
#define DELTA_SLACK 32

/* What is new in a result, in order; see sweep.h. Grows, is used again, and is
 * freed with delta_free_spans. */
struct delta_spans {
	struct span *v;
	size_t n, cap;
	size_t max;	/* with more, or without memory, `failed` */
	bool failed;
};

/* The sizes that a delta announces. false: it is none. */
bool delta_sizes(const uint8_t *delta, size_t len, size_t *base, size_t *result);

/* Makes the result, `len` bytes as announced. `spans` may be NULL. false when
 * the delta is broken or made for a base of another size. */
bool delta_apply(const uint8_t *delta, size_t delta_len, const char *base, size_t base_len,
		 char *result, size_t len, struct delta_spans *spans);

void delta_free_spans(struct delta_spans *spans);

#endif
