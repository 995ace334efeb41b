/*
 * Secrets in bytes.
 *
 * Hyperscan proposes, structure and entropy decide (scan_confirm.c). NUL bytes
 * do not end a scan. Text in UTF-16, in base64 and in gzip is found beside plain
 * text, one level deep. What comes out never holds a value: its first four
 * characters and its SHA-256.
 */
#ifndef CODETRAIN_SCAN_H
#define CODETRAIN_SCAN_H

#include "rules.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/span.h"

#include <stddef.h>

#define SCAN_HASH_LEN 65	/* hex, with the NUL */
#define SCAN_SHOWN_LEN 16	/* "AKIA****", with the NUL */
#define SCAN_HITS_MAX 1000	/* in one text; see scan_bytes */
#define SCAN_UNPACKED_MAX ((size_t)4 << 30)	/* bytes of one text, unpacked */

/* What is scanned. Everything is borrowed. */
struct scan_text {
	const char *data;
	size_t len;
	const char *const *paths;	/* where it stands; a rule with a path wants one that meets it */
	size_t n_paths;
	/* NULL: everything is looked at. Otherwise the text was made from one that
	 * was quiet (scan_quiet) by a delta: these bytes are new, in order, and
	 * a span without length is a seam between bytes that stood apart. */
	const struct span *changed;
	size_t n_changed;
	deadline_t deadline;		/* 0: none; then -1 with ERR_TIMEOUT */
};

struct scan_hit {
	const struct rule *rule;
	const char *encoding;		/* "base64", "gzip"; NULL: as it stands */
	size_t offset;			/* of the value (encoded: of its code; gzip: of the archive) */
	size_t len;			/* bytes that it takes there */
	int line, column;		/* from 1; columns count characters */
	char sha256[SCAN_HASH_LEN];	/* of the value, decoded, without white space and escapes */
	char shown[SCAN_SHOWN_LEN];
};

/* 0, or -1 with err set; that ends the scan. */
typedef int scan_fn(void *arg, const struct scan_hit *hit, struct err *err);

/* The rules, ready; shared by threads once it is open. Without `extra` (NULL) the
 * embedded ones. With it these instead: the caller has merged them; they outlive
 * what is opened here. What their patterns compile to is kept in the folder
 * `cache`, when there is one. */
struct scan_rules;
int scan_rules_open(struct scan_rules **out, const struct rules *extra, const char *cache,
		    struct err *err);
void scan_rules_close(struct scan_rules *rules);

/* One for each thread. Closed before its rules are. */
struct scanner;
int scan_open(const struct scan_rules *rules, struct scanner **out, struct err *err);
void scan_close(struct scanner *scanner);

enum {
	SCAN_MORE = 1,		/* more than SCAN_HITS_MAX: not all were told */
	SCAN_TOO_LARGE = 2,	/* unpacked, more than SCAN_UNPACKED_MAX: not all was looked at */
};

/* Calls `fn` for each confirmed secret, in the order of the text; a value that
 * stands there plainly and encoded once. 0, or a sum of SCAN_MORE and
 * SCAN_TOO_LARGE: then there may be secrets that were not told. */
int scan_bytes(struct scanner *scanner, const struct scan_text *text, scan_fn *fn, void *arg,
	       struct err *err);

/* Whether nothing in the last text was a secret, nor looked like one for reasons far from
 * it: then what a delta makes from it may be scanned at its changes only. */
enum scan_quiet {
	SCAN_LOUD,
	SCAN_QUIET_HERE,	/* if it stands in the same paths: they have decided; so have they for it */
	SCAN_QUIET,
};
enum scan_quiet scan_quiet(const struct scanner *scanner);

#endif
