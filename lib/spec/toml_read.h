/*
 * What toml.c, toml_value.c and toml_string.c share.
 */
#ifndef CODETRAIN_TOML_READ_H
#define CODETRAIN_TOML_READ_H

#include "toml.h"
#include "lib/base/buf.h"

#include <stdbool.h>

#define TOML_STRING_MAX (1 << 20)	/* bytes of one string */

struct toml {
	const char *text, *name;
	size_t len, at;
	int line;
	size_t line_start;
	unsigned depth;
	struct buf buf;		/* the string or key just read */
	struct err *err;
};

/* Always -1; the first fault is kept. */
int toml_bad(struct toml *t, const char *why);

static inline char toml_peek(const struct toml *t)
{
	return t->at < t->len ? t->text[t->at] : '\0';
}
bool toml_starts(const struct toml *t, const char *s);
void toml_blanks(struct toml *t);	/* spaces and tabs */
void toml_newline(struct toml *t);	/* counts the line break before `at` */

/* Into t->buf. */
int toml_string(struct toml *t);
int toml_bare_key(struct toml *t);
/* Checks the bytes from..to as UTF-8 without control characters but tabs. */
int toml_check_text(struct toml *t, size_t from, size_t to);

/* The value at `at`; NULL after toml_bad. */
cJSON *toml_value(struct toml *t);
/* Spaces, line breaks and comments. */
int toml_gap(struct toml *t);
/* `a."b c".d = value` into a table. */
int toml_pair(struct toml *t, cJSON *table);
/* No more keys or elements may come: an inline table. */
void toml_close(cJSON *table);
cJSON *toml_node(struct toml *t, cJSON *item);	/* notes its line; NULL when there is no memory */

#endif
