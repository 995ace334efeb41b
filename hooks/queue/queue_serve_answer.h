/*
 * What the page's server says to a request.
 */
#ifndef CODETRAIN_QUEUE_SERVE_ANSWER_H
#define CODETRAIN_QUEUE_SERVE_ANSWER_H

#include "queue_serve_request.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"

#define QUEUE_SERVE_SECRET 32	/* hex digits */

struct queue_serve_place {
	const char *gitdir;
	int port;
	char path[QUEUE_SERVE_SECRET + 1], token[QUEUE_SERVE_SECRET + 1];
};

/* The whole answer with its head into `out`, which is empty. NULL: it was no request. */
void queue_serve_answer(const struct queue_serve_place *place,
			const struct queue_serve_request *request, struct buf *out);

#endif
