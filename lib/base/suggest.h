/*
 * What somebody meant: the name with the fewest changes to a mistyped word.
 */
#ifndef CODETRAIN_SUGGEST_H
#define CODETRAIN_SUGGEST_H

#include <stddef.h>

#define SUGGEST_WORD_MAX 64	/* longer words are near to nothing */

/* How many single-character changes (insert, remove, replace, swap neighbours)
 * lead from a to b, upper and lower case alike; at most `limit` + 1. */
size_t suggest_distance(const char *a, const char *b, size_t limit);

/* Offer every name that there is; `nearest` is then the answer, the first of
 * equals, borrowed, or NULL. */
struct suggest {
	const char *word;
	size_t below;	/* only fewer changes than this count */
	const char *nearest;
};

#define SUGGEST_INIT(mistyped, most) { .word = (mistyped), .below = (most) + 1 }

void suggest_offer(struct suggest *s, const char *name);

#endif
