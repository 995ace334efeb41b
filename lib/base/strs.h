/*
 * A NULL-terminated list of strings: an argv, an environment.
 */
#ifndef CODETRAIN_STRS_H
#define CODETRAIN_STRS_H

#include <stdbool.h>
#include <stddef.h>

#define STRS_MAX 4096	/* strings in one list */

struct strs {
	char **v;	/* v[n] is NULL; v itself is NULL while n is 0 and nothing was added */
	size_t n;
	int failed;	/* an add that did not fit or had no memory; see strs_add */
};

#define STRS_INIT { 0 }

/* Copies the string. After a failure nothing more is added: check `failed`
 * once, or let proc_run do it. Both return 0 or -1. */
int strs_add(struct strs *l, const char *s);
int strs_addf(struct strs *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds every non-NULL string of a NULL-terminated argument list. */
int strs_add_all(struct strs *l, ...) __attribute__((sentinel));

bool strs_has(const struct strs *l, const char *s);

/* Frees the strings and leaves an empty list. */
void strs_free(struct strs *l);

#endif
