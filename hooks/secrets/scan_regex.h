/*
 * Rules that are a regular expression with a group, as gitleaks' files have them.
 *
 * Hyperscan proposes an end ("a match of this rule may begin in the bytes before
 * here"); PCRE2 finds the matches that begin there and the group that is the value.
 * What is reported for a rule is what leftmost, non-overlapping matching over the
 * whole text reports. Patterns are RE2's (Go's regexp), on bytes.
 */
#ifndef CODETRAIN_SCAN_REGEX_H
#define CODETRAIN_SCAN_REGEX_H

#include "rules.h"
#include "scan_confirm.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* One list of what is no secret. All strings are owned; lists end with NULL. */
struct scan_allow {
	bool all;			/* every kind that it has must agree, not one */
	enum scan_target { ALLOW_SECRET, ALLOW_MATCH, ALLOW_LINE } target;	/* of the regexes */
	char **regexes, **paths;	/* PCRE2's syntax */
	char **words;			/* in lower case; in the secret */
	char **commits;			/* hex, in lower case */
};

/* Of a set of rules that were read from one file; counted. */
struct scan_allows {
	size_t users, n;
	struct scan_allow *v;
};

/* How far a match goes back from where it was proposed, piece by piece from its end: over `width`
 * bytes, and over those of `inside`, which do not count, up to `most` of them. */
struct scan_step {
	size_t width, most;
	rule_set inside;
};

/* The part of a struct rule that its RULE_REGEX stands for. */
struct rule_regex {
	char *pattern;			/* PCRE2's syntax; NULL: the path alone decides */
	char *core;			/* without what a match may begin with or not; NULL: the same */
	size_t lead;			/* most bytes of a match before its core */
	bool lead_known;		/* any that are `lead_set` may stand there */
	rule_set lead_set;
	bool unicode;			/* it looks at characters, not bytes */
	unsigned groups, group;		/* the one that is the value; 0: the first that is not empty */
	double entropy;			/* of the value, which must be above; 0: any */
	char **keywords;		/* in lower case; one of them is in the text; NULL: any text */
	char *path;			/* PCRE2's syntax: one of the text's paths; NULL: any */
	/* Patterns for Hyperscan: every match holds a match of one of them, which ends at least `least`
	 * bytes behind the match's beginning, and at most the steps. No steps: anywhere in the text.
	 * All steps together are at most `before` bytes (SIZE_MAX: no bound), those of `inside` not counted. */
	char **proposals;
	struct scan_step *steps;
	size_t n_steps, least, before;
	rule_set inside;
	struct scan_allow *allows;	/* the rule's own */
	size_t n_allows;
	struct scan_allows *shared;	/* its file's; NULL: none */
};

/* Fills pattern, core, lead, unicode, groups, proposals, steps and least. Keywords are there.
 * -1 with ERR_USAGE and what is wrong with the expression. */
int scan_regex_compile(const char *expression, struct rule_regex *out, struct err *err);

/* Any other expression of such a file (a path, an allowance) in PCRE2's syntax; NULL with err. */
char *scan_regex_translate(const char *expression, struct err *err);

void scan_regex_free(struct rule_regex *regex);	/* NULL is nothing */
void scan_regex_allows_release(struct scan_allows *allows);	/* one user less */

#define SCAN_REGEX_BACK_MAX (RULES_VALUE_MAX + 1024)	/* bytes that a match may have before its end */

/* -1 with ERR_USAGE when PCRE2 does not take all expressions of a rule. */
int scan_regex_check(const struct rule *rule, struct err *err);

/* One for each scanner: compiled when first needed, and what is known of the text. */
struct scan_regex;
/* The table is borrowed. *out is NULL when no rule of it is one; the functions below take that. */
int scan_regex_open(const struct rule *table, size_t n, struct scan_regex **out, struct err *err);
void scan_regex_close(struct scan_regex *s);

/* The text that is scanned from now on (another one, or the same bytes decoded). It
 * stays where it is. Paths decide rules with a path and allowances by path. */
void scan_regex_begin(struct scan_regex *s, const char *data, size_t len, const char *const *paths,
		      size_t n_paths);

/* Rule `id` of the table, of kind RULE_REGEX, was proposed up to before data[end]. True with
 * its next secret; to be called again until it says false. Ends are given in rising order. */
bool scan_regex_confirm(struct scan_regex *s, size_t id, size_t end, struct scan_value *value);

/* Whether more than SCAN_REGEX_NEAR bytes on either side of where a match was proposed have decided
 * about it, anywhere in the text. */
#define SCAN_REGEX_NEAR 256
bool scan_regex_far(const struct scan_regex *s);
bool scan_regex_here(const struct scan_regex *s);	/* whether the text's paths have */

/* Whether one of the paths is of those that the rule is for. */
bool scan_regex_wants(struct scan_regex *s, size_t id, const char *const *paths, size_t n_paths);

/* Rules that are a path alone: true with the id of the next such rule after *id (start at
 * SIZE_MAX) that one of the text's paths meets; the value is the path, at offset 0, of length 0. */
bool scan_regex_path(struct scan_regex *s, size_t *id, struct scan_value *value);

/* Shannon entropy in bits a character (UTF-8), each as often as it is in so many bytes: gitleaks' way. */
double scan_regex_entropy(const char *s, size_t len);

/* Whether an allowance of the rule names the commit (hex), and so no hit in it counts. */
bool scan_regex_commit(const struct rule *rule, const char *commit);

#endif
