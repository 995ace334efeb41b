/*
 * Secrets in bytes.
 *
 * Hyperscan proposes, structure and entropy decide (scan_confirm.c). NUL bytes
 * do not end a scan; text in UTF-16 is found beside text in UTF-8. What comes
 * out never holds a value: its first four characters and its SHA-256.
 */
#ifndef CODETRAIN_SCAN_H
#define CODETRAIN_SCAN_H

#include "rules.h"
#include "lib/base/err.h"

#include <stddef.h>

#define SCAN_HASH_LEN 65	/* hex, with the NUL */
#define SCAN_SHOWN_LEN 16	/* "AKIA****", with the NUL */
#define SCAN_HITS_MAX 1000	/* in one text; see scan_bytes */

struct scan_hit {
	const struct rule *rule;
	size_t offset;			/* of the value, in the text as scanned */
	size_t len;			/* bytes that it takes there */
	int line, column;		/* from 1; columns count characters */
	char sha256[SCAN_HASH_LEN];	/* of the value, without white space and escapes */
	char shown[SCAN_SHOWN_LEN];
};

/* 0, or -1 with err set; that ends the scan. */
typedef int scan_fn(void *arg, const struct scan_hit *hit, struct err *err);

/* The embedded rules, ready. Shared by threads once it is open. */
struct scan_rules;
int scan_rules_open(struct scan_rules **out, struct err *err);
void scan_rules_close(struct scan_rules *rules);

/* One for each thread. Closed before its rules are. */
struct scanner;
int scan_open(const struct scan_rules *rules, struct scanner **out, struct err *err);
void scan_close(struct scanner *scanner);

/* Calls `fn` for each confirmed secret, in the order of the text. 1 when there are
 * more than SCAN_HITS_MAX, and so not all were told. */
int scan_bytes(struct scanner *scanner, const void *data, size_t len, scan_fn *fn, void *arg,
	       struct err *err);

#endif
