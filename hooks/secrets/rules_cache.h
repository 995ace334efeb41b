/*
 * The compiled database of rules that a team adds, kept between runs.
 *
 * Its file is named by the SHA-256 of all that it depends on: patterns, flags, ids and the
 * version of libhs. A broken file, or another's, is compiled again and replaced.
 */
#ifndef CODETRAIN_RULES_CACHE_H
#define CODETRAIN_RULES_CACHE_H

#include "rules.h"
#include "lib/base/err.h"

#include <hs/hs.h>

/* The database of a table. `folder` may be NULL: nothing is kept. A folder that cannot be
 * written is no error. The caller frees with hs_free_database. */
int rules_cache_open(const struct rule *table, size_t n, const char *folder, hs_database_t **out,
		     struct err *err);

#endif
