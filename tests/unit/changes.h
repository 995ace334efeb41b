/*
 * Random texts, and what they may have been before a change.
 */
#ifndef CODETRAIN_TESTS_CHANGES_H
#define CODETRAIN_TESTS_CHANGES_H

#include "lib/base/buf.h"
#include "lib/base/span.h"

enum { CHANGES_MAX = 8 };

static inline unsigned changes_random(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

/* Fills `base` with a text that `b` may have been made of, and *changed with what is new in b (half of
 * it near `at`): some of b is not there, and at some seams there was another word. How many. */
static inline size_t changes_of(const struct buf *b, size_t at, unsigned *seed, const char *const *words,
				size_t n_words, struct buf *base, struct span changed[static CHANGES_MAX])
{
	size_t n = 0, done = 0;

	while (n < CHANGES_MAX && changes_random(seed) % 4) {
		size_t near = changes_random(seed) % 2 ? at + changes_random(seed) % 160
						       : changes_random(seed) % b->len;
		size_t from = near < done ? done : near, left = from < b->len ? b->len - from : 0;
		size_t len = changes_random(seed) % 3 ? changes_random(seed) % 60 : 0;

		if (left == 0)
			break;
		len = len < left ? len : left;
		buf_add(base, b->data + done, from - done);
		if (len == 0 || changes_random(seed) % 2 == 0)
			buf_adds(base, words[changes_random(seed) % n_words]);
		changed[n++] = (struct span){ from, len };
		done = from + len;
	}
	buf_add(base, b->data + done, b->len - done);
	return n;
}

#endif
