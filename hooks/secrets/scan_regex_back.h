/*
 * Back from what was found of a match to where it begins.
 */
#ifndef CODETRAIN_SCAN_REGEX_BACK_H
#define CODETRAIN_SCAN_REGEX_BACK_H

#include "scan_regex.h"

/* Where a match that was proposed up to `end` begins at the earliest, but not before `floor`. It rises
 * with `end`, so that what was looked at is never before what is left. */
size_t scan_regex_earliest(const struct rule_regex *re, const char *data, size_t end, size_t floor);

/* Where the match begins whose core begins at `core`, the first from `from` on. For re->lead_known. */
size_t scan_regex_begin_of(const struct rule_regex *re, const char *data, size_t from, size_t core);

#endif
