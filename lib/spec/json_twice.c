#include "json_twice.h"
#include "shape_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct look {
	char pointer[SHAPE_POINTER_MAX];
	size_t len;
	json_twice_fn *fn;
	void *arg;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t push(struct look *l, const char *token)
{
	size_t before = l->len;

	if (before + 3 < SHAPE_POINTER_MAX)
		l->len = shape_pointer_append(l->pointer, before, token);
	return before;
}

static void pop(struct look *l, size_t before)
{
	l->len = before;
	l->pointer[before] = '\0';
}

/* Sorted, because a hostile object may have a million members. */
static int names(struct look *l, const cJSON *object, size_t n)
{
	const char **sorted = calloc(n, sizeof(*sorted));
	const cJSON *c;
	size_t i = 0;

	if (!sorted)
		return -1;
	cJSON_ArrayForEach(c, object)
		sorted[i++] = c->string;
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (i = 1; i < n; i++) {
		size_t before;

		/* once, however often it stands there */
		if (strcmp(sorted[i - 1], sorted[i]) != 0 ||
		    (i > 1 && strcmp(sorted[i - 2], sorted[i]) == 0))
			continue;
		before = push(l, sorted[i]);
		l->fn(l->arg, l->pointer, sorted[i]);
		pop(l, before);
	}
	free(sorted);
	return 0;
}

static int look(struct look *l, const cJSON *tree)
{
	char index[24];
	const cJSON *c;
	size_t before, n = 0;

	cJSON_ArrayForEach(c, tree) {
		snprintf(index, sizeof(index), "%zu", n++);
		before = push(l, c->string ? c->string : index);
		if ((cJSON_IsObject(c) || cJSON_IsArray(c)) && look(l, c) < 0)
			return -1;
		pop(l, before);
	}
	return cJSON_IsObject(tree) && n > 1 ? names(l, tree, n) : 0;
}

int json_twice(const cJSON *tree, json_twice_fn *fn, void *arg, struct err *err)
{
	struct look l = { .fn = fn, .arg = arg };

	if (look(&l, tree) < 0)
		return err_set(err, ERR_INTERNAL, "no memory to look through JSON");
	return 0;
}
