/*
 * Where to look in a text that a delta made from one in which there was nothing.
 *
 * All that Hyperscan can see in the new text touches a change, or stood in the old one
 * and was no secret. What tells a secret from what looks like one stands near it, but
 * for some rules: what they propose makes a text loud. So it is enough to look as far
 * from each change as a match can reach, and as far as one is judged by.
 *
 * A RULE_REGEX is judged by SCAN_REGEX_NEAR bytes on either side of where it was
 * proposed, or its text is loud (scan_regex_far). These hold the matches before that
 * leave it no room; so what a change decides ends at most three times as far from it,
 * and all in parts is decided as in the whole text but for what ends at their
 * beginning, and is known from the text before.
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

/* Bytes on either side of a match's end by which a rule that is near judges it. */
#define SCAN_NEAR 1024

/* Whether the rule judges by bytes no farther away than that. */
bool scan_delta_is_near(const struct rule *rule);

/* Whether the rule is for some paths only. */
bool scan_reach_is_limited(const struct rule *rule);

/* Of the rules for any path; with `limited` of all. */
void scan_reach_of(const struct rule *table, size_t n, bool limited, struct scan_reach *out);

/* Bytes from `from` to `to`, in which matches that end from `first` on are new. */
struct scan_part {
	size_t from, to, first;
};

/* Fills in parts, in order and apart; how many. 0: look at everything. */
size_t scan_delta_parts(const struct scan_reach *reach, const struct scan_text *text,
			struct scan_part parts[static SCAN_PARTS_MAX]);

#endif
