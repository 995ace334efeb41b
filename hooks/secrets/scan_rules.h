/*
 * The rules as the scanner holds them.
 */
#ifndef CODETRAIN_SCAN_RULES_H
#define CODETRAIN_SCAN_RULES_H

#include "scan.h"
#include "scan_database.h"

struct scan_rules {
	hs_database_t *db;		/* a match carries the index of its rule */
	const struct rule *table;
	size_t n;
	size_t n_alone;
	size_t alone[];			/* those of RULE_ALONE */
};

#endif
