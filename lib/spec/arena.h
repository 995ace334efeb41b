/*
 * Memory that is given back all at once: what a parsed document consists of.
 */
#ifndef CODETRAIN_ARENA_H
#define CODETRAIN_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;
	size_t used, size;	/* of the newest block */
};

#define ARENA_INIT { 0 }

/* Zeroed and aligned for any type; NULL when there is no memory. */
void *arena_alloc(struct arena *a, size_t size);

/* A copy of len bytes, and a NUL. */
char *arena_copy(struct arena *a, const char *s, size_t len);

/* Room for one more element in an array of *n that grows by doubling: the
 * array, moved or not. NULL when there is no memory. */
void *arena_grow(struct arena *a, void *array, size_t n, size_t element);

void arena_free(struct arena *a);

#endif
