/*
 * PCRE2, bounded: expressions compiled when first needed, and matches that end.
 */
#ifndef CODETRAIN_SCAN_REGEX_MATCH_H
#define CODETRAIN_SCAN_REGEX_MATCH_H

#include "lib/base/err.h"
#include "lib/base/span.h"

#include <stdbool.h>
#include <stddef.h>

struct regex_engine;	/* of one thread */
int scan_regex_match_open(struct regex_engine **out, struct err *err);
void scan_regex_match_close(struct regex_engine *engine);

/* One expression as scan_regex_tree.h prints it; { 0 } until it is first used. */
struct regex_code {
	void *code;
	bool broken;
	bool cut;	/* compiled for scan_regex_match_cut, too */
};
void scan_regex_match_free(struct regex_code *code);

/* -1 with ERR_USAGE when PCRE2 does not take it. */
int scan_regex_match_check(const char *pattern, bool unicode, struct err *err);

/* The first match that begins at data[from..limit]: 1 and its place, 0 when there is none,
 * -1 when it was given up for the work that it is. */
int scan_regex_match(struct regex_engine *engine, struct regex_code *code, const char *pattern,
		     bool unicode, const char *data, size_t len, size_t from, size_t limit,
		     struct span *match);

/* As if data went on behind `len`: 1 or 0 when that changes nothing, -1 when it might. */
int scan_regex_match_cut(struct regex_engine *engine, struct regex_code *code, const char *pattern,
			 const char *data, size_t len, size_t from, size_t limit, struct span *match);

/* The nth group of the last match; false when it took no part. */
bool scan_regex_match_group(struct regex_engine *engine, unsigned n, struct span *group);

#endif
