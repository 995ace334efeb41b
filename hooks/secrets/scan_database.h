/*
 * Rules and Hyperscan: patterns to a database, and a database to bytes.
 */
#ifndef CODETRAIN_SCAN_DATABASE_H
#define CODETRAIN_SCAN_DATABASE_H

#include "rules.h"

#include <hs/hs.h>

/* Compiles the patterns of rules; a match carries the index of its rule. The
 * caller frees with hs_free_database. */
int scan_database_compile(const struct rule *rules, size_t n, hs_database_t **out,
			  struct err *err);

/* The bytes of such a database for any x86-64 machine, freed by free(). */
int scan_database_serialize(const struct rule *rules, size_t n, char **out, size_t *len,
			    struct err *err);

#endif
