/*
 * Decoded bytes on their way to the scanner: a window of fixed size over any
 * number of them.
 */
#ifndef CODETRAIN_SCAN_STREAM_H
#define CODETRAIN_SCAN_STREAM_H

#include "scan.h"

enum {
	SCAN_STREAM_SIZE = 512 << 10,
	/* Of a window that is followed by another: a value that begins in this tail is
	 * left to the next window, and this much of what stands before it goes along. */
	SCAN_STREAM_AHEAD = 64 << 10,
	SCAN_STREAM_BEHIND = 16 << 10,
};

/* From a place in the decoded bytes to one in the text: fills hit's offset and len,
 * which come as those in the decoded bytes. */
typedef void scan_locate_fn(const void *arg, struct scan_hit *hit);

struct scan_stream {
	char *data;		/* SCAN_STREAM_SIZE bytes, once they are needed */
	size_t len;
	size_t before;		/* bytes that stood before data[0] */
	const char *encoding;
	scan_locate_fn *locate;
	const void *arg;
};

/* Begins another stream. */
int scan_stream_begin(struct scan_stream *st, const char *encoding, scan_locate_fn *locate,
		      const void *arg, struct err *err);

/* Scans what the window holds, and makes room. `last`: nothing follows. */
struct scanner;
int scan_stream_scan(struct scanner *s, bool last, struct err *err);

void scan_stream_free(struct scan_stream *st);

#endif
