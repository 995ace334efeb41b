/*
 * The hits of one text, found in several goes: as it stands, then decoded.
 */
#ifndef CODETRAIN_SCAN_HITS_H
#define CODETRAIN_SCAN_HITS_H

#include "scan.h"
#include "scan_confirm.h"

struct scan_hits {
	struct scan_hit v[SCAN_HITS_MAX];
	size_t n;
	size_t first;	/* those before it were found in a go before */
	int more;	/* SCAN_MORE and the like */
};

void scan_hits_clear(struct scan_hits *h);

/* The next go: its hits do not compete with those before for a place. */
void scan_hits_begin(struct scan_hits *h);

/* A rule that stands earlier in its table has the place before a later one; but a team's own
 * that refuses before a built-in one that only warns. */
void scan_hits_add(struct scan_hits *h, const struct rule *rule, const struct scan_value *v);

/* Takes out allowed values, and those that an earlier go has told in another
 * encoding or of the same place. */
void scan_hits_end(struct scan_hits *h);

/* Sorts all, and fills in their lines and columns. */
void scan_hits_place(struct scan_hits *h, const char *data);

#endif
