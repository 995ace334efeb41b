#include "suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t suggest_distance(const char *a, const char *b, size_t limit)
{
	/* the rows for i - 2, i - 1 and i of Damerau's table (optimal alignment) */
	size_t rows[3][SUGGEST_WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > SUGGEST_WORD_MAX || lb > SUGGEST_WORD_MAX)
		return limit + 1;
	if ((la > lb ? la - lb : lb - la) > limit)
		return limit + 1;
	for (j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (i = 1; i <= la; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];
		size_t best = row[0] = i;

		for (j = 1; j <= lb; j++) {
			row[j] = least(above[j - 1] + !same(a[i - 1], b[j - 1]),
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], two[j - 2] + 1);
			best = least(best, row[j]);
		}
		if (best > limit)
			return limit + 1;
	}
	return least(rows[la % 3][lb], limit + 1);
}

void suggest_offer(struct suggest *s, const char *name)
{
	size_t changes;

	if (s->below == 0)
		return;
	changes = suggest_distance(s->word, name, s->below - 1);
	if (changes < s->below) {
		s->below = changes;
		s->nearest = name;
	}
}
