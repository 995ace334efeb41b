/*
 * A request of a browser, read strictly: what is unusual is refused.
 */
#ifndef CODETRAIN_QUEUE_SERVE_REQUEST_H
#define CODETRAIN_QUEUE_SERVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_serve_request {
	bool post;			/* otherwise GET or HEAD */
	bool head;
	const char *path, *host;	/* borrowed from the data; "" */
	const char *site;		/* Sec-Fetch-Site; "" */
	char *body;			/* a string */
};

/* 1 when the request is whole (then `data`, which holds a byte more than `len`, is cut
 * into strings), 0 when more has to come, -1 when it is none. */
int queue_serve_request(char *data, size_t len, struct queue_serve_request *out);

struct queue_serve_form {
	const char *token, *target;	/* borrowed from the body; "" */
	int64_t event;			/* 0: none */
};

/* Cuts the body of a form into strings. False when it is not "name=value&…" of the names
 * above, each at most once. */
bool queue_serve_form(char *body, struct queue_serve_form *out);

#endif
