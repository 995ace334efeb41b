/*
 * How long the matches of an expression are, and what letters each of them has.
 */
#ifndef CODETRAIN_SCAN_REGEX_MEASURE_H
#define CODETRAIN_SCAN_REGEX_MEASURE_H

#include "rules.h"
#include "scan_regex_tree.h"

#define SCAN_REGEX_LOOSE 32	/* a set repeated more often counts as repeated without a bound */

size_t scan_regex_sum(size_t a, size_t b);	/* SIZE_MAX is without bound */

/* The bytes of a set; what a named class of characters has in ASCII is not known: it may be all. */
void scan_regex_add_inside(const struct tree_set *set, rule_set inside);

/* Most bytes that it matches, those of sets without a bound, which go to `inside`, not counted. */
size_t scan_regex_width(const struct tree *t, bool unicode, rule_set inside);

/* Fewest bytes that it matches. */
size_t scan_regex_least(const struct tree *t);

/* Most letters in a row that each match of one after the other has. */
size_t scan_regex_literal(const struct tree *const *v, size_t n);

#endif
