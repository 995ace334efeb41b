/*
 * What a drainer leaves when it ends: it asks once more when its FIFO is closed, because
 * a hook that came before that believed it would see.
 */
#ifndef CODETRAIN_DELIVER_LEFT_H
#define CODETRAIN_DELIVER_LEFT_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct deliver_left {
	int64_t open;	/* deliveries that wait or are under way; the spool is one more */
	bool runs;	/* git processes whose post-receive may still come, or never will */
	bool more;	/* deliveries for another life; with `once` only what was never looked at */
};

int deliver_left(const char *gitdir, bool once, struct deliver_left *out, struct err *err);

#endif
