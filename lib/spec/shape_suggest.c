/* What somebody meant: the nearest name or value of a model. */
#include "lib/spec/shape.h"

#include "lib/base/suggest.h"

#include <string.h>

/* A third of the word may be wrong; one character of a short one. */
static size_t limit_for(const char *word)
{
	size_t limit = strlen(word) / 3 + 1;

	return limit < 6 ? limit : 6;
}

const char *shape_suggest_member(const struct shape *structure, const char *word)
{
	struct suggest s = SUGGEST_INIT(word, limit_for(word));

	for (size_t i = 0; i < structure->n_members; i++)
		suggest_offer(&s, structure->members[i].name);
	return s.nearest;
}

const char *shape_suggest_value(const struct shape *shape, const char *word)
{
	struct suggest s = SUGGEST_INIT(word, limit_for(word));

	for (size_t i = 0; i < shape->n_values; i++)
		suggest_offer(&s, shape->values[i]);
	return s.nearest;
}
