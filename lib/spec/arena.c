#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 16384 };

struct arena_block {
	struct arena_block *next;
	alignas(max_align_t) unsigned char data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	unsigned char *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + align - 1) / align * align;
	if (!a->blocks || size > a->size - a->used) {
		size_t room = size > BLOCK ? size : BLOCK;
		struct arena_block *b = calloc(1, sizeof(*b) + room);

		if (!b)
			return NULL;
		b->next = a->blocks;
		a->blocks = b;
		a->size = room;
		a->used = 0;
	}
	p = a->blocks->data + a->used;
	a->used += size;
	return p;
}

char *arena_copy(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

void *arena_grow(struct arena *a, void *array, size_t n, size_t element)
{
	void *larger;

	if (n & (n - 1))	/* full at 0, 1, 2, 4, 8... */
		return array;
	if (n > SIZE_MAX / 4 / element)
		return NULL;
	larger = arena_alloc(a, (n ? 2 * n : 1) * element);
	if (larger && n)
		memcpy(larger, array, n * element);
	return larger;
}

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	*a = (struct arena)ARENA_INIT;
}
