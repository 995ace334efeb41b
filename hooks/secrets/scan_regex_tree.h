/*
 * A regular expression of RE2's syntax (Go's regexp) as a tree, and what it is printed to.
 *
 * Flags are resolved when it is read: a letter that may be of either case is a set of two, `.`
 * is a set, `$` is the end of the text or of a line.
 */
#ifndef CODETRAIN_SCAN_REGEX_TREE_H
#define CODETRAIN_SCAN_REGEX_TREE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/spec/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_REGEX_MAX 65536	/* bytes of one expression */
#define SCAN_REGEX_REPEAT_MAX 1000	/* as in RE2 */

enum tree_kind {
	TREE_EMPTY,
	TREE_SET,		/* one character */
	TREE_TEXT_BEGIN, TREE_TEXT_END, TREE_LINE_BEGIN, TREE_LINE_END,
	TREE_WORD_EDGE, TREE_NO_WORD_EDGE,
	TREE_GROUP,		/* captures child[0] */
	TREE_REPEAT,		/* child[0], min to max times */
	TREE_ROW,		/* all children */
	TREE_CHOICE,		/* one of them */
};

/* Characters: those of ASCII one by one, those above as a whole or as written. */
enum tree_high { HIGH_NONE, HIGH_ALL, HIGH_SOME };
struct tree_set {
	uint32_t ascii[4];
	enum tree_high high;
	bool high_not;			/* HIGH_SOME: all but those */
	const char *some;		/* HIGH_SOME: members of a class, in PCRE2's syntax */
};

#define TREE_FOREVER UINT32_MAX

struct tree {
	enum tree_kind kind;
	struct tree_set set;
	uint32_t min, max;		/* TREE_REPEAT; max may be TREE_FOREVER */
	bool lazy;
	struct tree **child;
	size_t n;
};

struct regex_tree {
	struct arena arena;
	struct tree *root;
	unsigned groups;
	bool unicode;			/* names characters outside ASCII */
};

/* 0, or -1 with ERR_USAGE and what is wrong ("... at byte N"). scan_regex_tree_free frees it. */
int scan_regex_parse(const char *text, size_t len, struct regex_tree *out, struct err *err);
void scan_regex_tree_free(struct regex_tree *tree);

/* Members of a set by its name, "d", "alpha" or "^alpha"; false: no such name. */
bool scan_regex_set_named(struct tree_set *set, const char *name, size_t len);
void scan_regex_set_add(struct tree_set *set, uint32_t from, uint32_t to);	/* below 0x80 */
void scan_regex_set_fold(struct tree_set *set);		/* the other case of each letter */
void scan_regex_set_negate(struct tree_set *set);
unsigned scan_regex_set_count(const struct tree_set *set);	/* bytes that it has */
static inline bool scan_regex_set_has(const struct tree_set *set, unsigned char byte)
{
	return byte >= 0x80 ? set->high != HIGH_NONE : set->ascii[byte / 32] >> (byte % 32) & 1;
}

/* The same expression for PCRE2 (on bytes; with `unicode`, PCRE2_UTF). */
void scan_regex_print_pcre(const struct tree *t, bool unicode, struct buf *out);
/* One for Hyperscan, on bytes: no groups. Repeats of more than `loose` become unbounded. */
void scan_regex_print_hs(const struct tree *t, bool unicode, unsigned loose, struct buf *out);

#endif
