/* JSON pointers (RFC 6901) that grow and shrink with the walk. */
#include "lib/spec/shape_walk.h"

#include <string.h>

size_t shape_pointer_append(char pointer[static SHAPE_POINTER_MAX], size_t len, const char *token)
{
	size_t at = len;
	const char *c;

	pointer[at++] = '/';
	for (c = token; *c && at + 2 < SHAPE_POINTER_MAX; c++) {
		if (*c == '~' || *c == '/') {
			pointer[at++] = '~';
			pointer[at++] = *c == '~' ? '0' : '1';
		} else {
			pointer[at++] = *c;
		}
	}
	if (*c)
		at = len;
	pointer[at] = '\0';
	return at;
}

bool shape_pointer_find(const struct shape *shape, const char *name, int depth,
		       char place[static SHAPE_POINTER_MAX], size_t len)
{
	size_t i, end;

	for (i = 0; i < shape->n_members; i++) {
		const struct shape_member *m = &shape->members[i];

		if (depth == 0 && strcmp(m->name, name) == 0) {
			shape_pointer_append(place, len, m->name);
			return true;
		}
		if (depth == 0 || m->shape->kind != SHAPE_STRUCTURE)
			continue;
		end = shape_pointer_append(place, len, m->name);
		if (shape_pointer_find(m->shape, name, depth - 1, place, end))
			return true;
		place[len] = '\0';
	}
	return false;
}
