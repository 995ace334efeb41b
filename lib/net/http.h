/*
 * One HTTP request over kept connections. No redirect is ever followed; every
 * request has a time limit and every answer a maximum size.
 */
#ifndef CODETRAIN_HTTP_H
#define CODETRAIN_HTTP_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <stdbool.h>
#include <stddef.h>

struct http;	/* a session: libcurl's handle with its connections */

struct http_settings {
	const char *ca_bundle;		/* PEM file; NULL: AWS_CA_BUNDLE is not set, the system's */
	int connect_timeout_ms;		/* 0: 5,000 */
	const volatile int *stop;	/* non-zero ends the request; may be NULL */
};

struct http *http_new(const struct http_settings *settings, struct err *err);
void http_free(struct http *h);

struct http_request {
	const char *method;
	const char *url;
	const struct strs *headers;	/* "Name: value"; wiped by nobody: the caller's */
	const void *body;
	size_t body_len;
	int timeout_ms;			/* the whole request; > 0 */
	bool no_proxy;			/* metadata and container hosts */
	int upload_fd;			/* when >= 0: the body is upload_len bytes of this file */
	size_t upload_len;
	int download_fd;		/* when >= 0 a 2xx body is written there, not to `body` */
};
#define HTTP_REQUEST_INIT { .upload_fd = -1, .download_fd = -1 }

struct http_response {
	long status;
	struct buf headers;	/* raw lines of the final answer */
	struct buf body;	/* its max is set by the caller before the call; may be secret */
	bool sent;		/* the request may have reached the server (for retries of creates) */
};

/* 0 when there was an answer, whatever its status. -1: ERR_UNAVAILABLE with
 * the cause (refused, reset, timed out, certificate, too large). */
int http_do(struct http *h, const struct http_request *q, struct http_response *r,
	    struct err *err);

/* A header of the answer, by name without case; trimmed copy to `out`; false when missing. */
bool http_header(const struct http_response *r, const char *name, char *out, size_t cap);

void http_response_free(struct http_response *r);

#endif
