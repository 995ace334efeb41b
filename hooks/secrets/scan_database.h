/*
 * Rules and Hyperscan: patterns to a database, and a database to bytes.
 */
#ifndef CODETRAIN_SCAN_DATABASE_H
#define CODETRAIN_SCAN_DATABASE_H

#include "rules.h"

#include <hs/hs.h>

/* The patterns of a table: one for a rule of ours, all proposals of a RULE_REGEX, none for a rule
 * that is a path alone. A match carries the index of its rule. */
struct scan_patterns {
	const char **regex;	/* borrowed from the rules */
	unsigned *ids, *flags;
	unsigned n;
};
int scan_database_patterns(const struct rule *rules, size_t n, struct scan_patterns *out,
			   struct err *err);
void scan_database_patterns_free(struct scan_patterns *p);

/* Compiles the patterns of rules. The caller frees with hs_free_database. */
int scan_database_compile(const struct rule *rules, size_t n, hs_database_t **out,
			  struct err *err);

/* The bytes of such a database for any x86-64 machine, freed by free(). */
int scan_database_serialize(const struct rule *rules, size_t n, char **out, size_t *len,
			    struct err *err);

/* Most bytes that a pattern matches; 0: there is no bound. */
unsigned scan_database_width(const char *regex);

#endif
