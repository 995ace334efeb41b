#include "strs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take(struct strs *l, char *copy)
{
	char **v;

	if (!copy || l->failed || l->n >= STRS_MAX)
		goto fail;
	v = realloc(l->v, (l->n + 2) * sizeof(*v));
	if (!v)
		goto fail;
	l->v = v;
	l->v[l->n++] = copy;
	l->v[l->n] = NULL;
	return 0;
fail:
	free(copy);
	l->failed = 1;
	return -1;
}

int strs_add(struct strs *l, const char *s)
{
	return take(l, strdup(s));
}

int strs_addf(struct strs *l, const char *fmt, ...)
{
	char *copy = NULL;
	va_list ap, again;
	int len;

	/* not vasprintf, which leaves copies behind while it grows: it may be a secret */
	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len >= 0)
		copy = malloc((size_t)len + 1);
	if (copy)
		vsnprintf(copy, (size_t)len + 1, fmt, again);
	va_end(again);
	return take(l, copy);
}

int strs_add_all(struct strs *l, ...)
{
	const char *s;
	va_list ap;

	va_start(ap, l);
	while ((s = va_arg(ap, const char *)))
		strs_add(l, s);
	va_end(ap);
	return l->failed ? -1 : 0;
}

bool strs_has(const struct strs *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

void strs_free(struct strs *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strs)STRS_INIT;
}
