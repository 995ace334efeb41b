/*
 * One scanner's parts, and Hyperscan over one run of bytes.
 */
#ifndef CODETRAIN_SCAN_FIND_H
#define CODETRAIN_SCAN_FIND_H

#include "scan_base64.h"
#include "scan_delta.h"
#include "scan_hits.h"
#include "scan_regex.h"
#include "scan_rules.h"
#include "scan_stream.h"
#include "lib/base/buf.h"

struct scanner {
	const struct scan_rules *rules;
	const struct scan_text *text;	/* that is scanned now */
	hs_scratch_t *scratch;
	struct scan_regex *regex;	/* NULL: no rule is one */
	struct scan_value value;
	struct scan_hits hits;
	struct scan_stream stream;	/* what is being decoded */
	struct scan_base64_table base64;
	struct buf wide;		/* what was UTF-16 */
	size_t unpacked;		/* bytes, of this text */
	struct scan_reach reach;	/* of the rules for any path, once a delta has come */
	struct scan_reach reach_limited;	/* of all */
	bool reach_known;
	struct scan_part parts[SCAN_PARTS_MAX];
	bool loud;			/* there is something, or was judged by what is far away */
	bool here;			/* or by its paths */
};

/* Adds what stands in the bytes to the hits, as a go of its own (see scan_hits.h; the
 * caller ends it), with offsets in `data`. Hyperscan looks into `parts` only; values may
 * go on beyond them. n_parts 0: everywhere. */
int scan_find(struct scanner *s, const char *data, size_t len, const struct scan_part *parts,
	      size_t n_parts, struct err *err);

/* 0, or -1 with ERR_TIMEOUT when the text's deadline is over. */
int scan_find_in_time(const struct scanner *s, struct err *err);

#endif
