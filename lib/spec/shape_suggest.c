/* What somebody meant: the nearest name or value by edit distance. */
#include "lib/spec/shape.h"

#include <ctype.h>
#include <string.h>

#define WORD_MAX 64	/* longer words get no suggestion */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

size_t shape_suggest_distance(const char *a, const char *b, size_t limit)
{
	/* the rows for i - 2, i - 1 and i of Damerau's table (optimal alignment) */
	size_t rows[3][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > WORD_MAX || lb > WORD_MAX)
		return limit + 1;
	if ((la > lb ? la - lb : lb - la) > limit)
		return limit + 1;
	for (j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (i = 1; i <= la; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];
		size_t best = row[0] = i;

		for (j = 1; j <= lb; j++) {
			bool same = lower(a[i - 1]) == lower(b[j - 1]);

			row[j] = least(above[j - 1] + !same, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j], two[j - 2] + 1);
			best = least(best, row[j]);
		}
		if (best > limit)
			return limit + 1;
	}
	return least(rows[la % 3][lb], limit + 1);
}

/* A third of the word may be wrong; one character of a short one. */
static size_t limit_for(const char *word)
{
	return least(strlen(word) / 3 + 1, 6);
}

const char *shape_suggest_member(const struct shape *structure, const char *word)
{
	size_t best = limit_for(word) + 1, distance, i;
	const char *found = NULL;

	for (i = 0; i < structure->n_members; i++) {
		distance = shape_suggest_distance(word, structure->members[i].name, best - 1);
		if (distance < best) {
			best = distance;
			found = structure->members[i].name;
		}
		if (best == 0)
			break;
	}
	return found;
}

const char *shape_suggest_value(const struct shape *shape, const char *word)
{
	size_t best = limit_for(word) + 1, distance, i;
	const char *found = NULL;

	for (i = 0; i < shape->n_values; i++) {
		distance = shape_suggest_distance(word, shape->values[i], best - 1);
		if (distance < best) {
			best = distance;
			found = shape->values[i];
		}
		if (best == 0)
			break;
	}
	return found;
}
