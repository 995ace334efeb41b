/*
 * `codetrain queue serve`: the page, on this machine's own address, with a button
 * that delivers again.
 *
 * Other users of this machine reach the same address: the page is below a path of
 * 128 random bits. Pages of other sites reach it through the browser: the Host must
 * be ours, a change needs a token of the form, and nothing may be framed or cached.
 */
#ifndef CODETRAIN_QUEUE_SERVE_H
#define CODETRAIN_QUEUE_SERVE_H

#include "lib/base/err.h"

#include <stdint.h>

#define QUEUE_SERVE_CONNECTIONS 16
#define QUEUE_SERVE_REQUEST (16 << 10)	/* bytes of a request */
#define QUEUE_SERVE_CONNECTION_MS 10000	/* for a request and its answer */

struct queue_serve {
	const char *gitdir;
	int port;			/* 0: a free one */
	int64_t life_ms;
	const volatile int *stop;	/* may be NULL */
	/* Told once it listens: "http://127.0.0.1:PORT/RANDOM/". -1 ends it. */
	int (*ready)(void *arg, const char *url, struct err *err);
	void *arg;
};

/* Until its life is over or *stop. */
int queue_serve(const struct queue_serve *s, struct err *err);

#endif
