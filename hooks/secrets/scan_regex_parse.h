/*
 * Between scan_regex_parse.c (what stands in a row) and scan_regex_class.c (one character).
 */
#ifndef CODETRAIN_SCAN_REGEX_PARSE_H
#define CODETRAIN_SCAN_REGEX_PARSE_H

#include "scan_regex_tree.h"

/* Flags, in the order of "imsU". */
enum { FOLD = 1, LINES = 2, DOT_ALL = 4, UNGREEDY = 8 };

struct parser {
	const char *text;
	size_t len, at;
	unsigned flags;
	unsigned depth;
	bool quoted;		/* between \Q and \E */
	struct regex_tree *out;
	struct err *err;
};

void *scan_regex_parse_bad(struct parser *p, const char *why);	/* NULL; the first fault is kept */
bool scan_regex_parse_take(struct parser *p, const char *s);	/* goes on behind `s` when it is there */

/* The character at `at`, which may be of several bytes; invalid ones stand for themselves. */
uint32_t scan_regex_parse_rune(struct parser *p);
/* All below are 0 or -1. Adds characters to a set. */
int scan_regex_parse_range(struct parser *p, struct tree_set *set, uint32_t from, uint32_t to);
/* The character of an escape; `at` is behind the backslash. */
int scan_regex_parse_escape(struct parser *p, uint32_t *c);
/* \d and its like, or \p: 1 when it was one. */
int scan_regex_parse_class_escape(struct parser *p, struct tree_set *set);
/* "[...]" */
int scan_regex_parse_class(struct parser *p, struct tree_set *set);

#endif
