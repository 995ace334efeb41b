/*
 * Where to look in a text that a delta made from one in which Hyperscan saw nothing.
 *
 * All that Hyperscan can see in the new text touches a change: otherwise it stood in
 * the old one. So it is enough to look as far from each change as a match can reach.
 */
#ifndef CODETRAIN_SCAN_DELTA_H
#define CODETRAIN_SCAN_DELTA_H

#include "scan_rules.h"
#include "lib/base/span.h"

enum { SCAN_PARTS_MAX = 512 };

/* How far a match of any pattern reaches: `bytes`, where those of `inside` (that a
 * pattern takes any number of) do not count. */
struct scan_reach {
	size_t bytes;
	rule_set inside;
	bool known;	/* false: there is no bound */
};

void scan_reach_of(const struct rule *table, size_t n, struct scan_reach *out);

/* Bytes from `from` to `to`, in which matches that end from `first` on are new. */
struct scan_part {
	size_t from, to, first;
};

/* Fills in parts, in order and apart; how many. 0: look at everything. */
size_t scan_delta_parts(const struct scan_reach *reach, const struct scan_text *text,
			struct scan_part parts[static SCAN_PARTS_MAX]);

#endif
