/*
 * One HTTP request over kept connections. No redirect is ever followed; every
 * request has a time limit and every answer a maximum size.
 *
 * Copies that libcurl makes of a request (its own header list, the send
 * buffer, TLS records) are in ordinary memory and freed without being wiped by
 * it; our list of headers is wiped. Answers that hold secrets are received
 * straight into a secret buffer, but pass through libcurl's receive buffer,
 * which is overwritten by the next answer.
 */
#ifndef CODETRAIN_HTTP_H
#define CODETRAIN_HTTP_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <stdbool.h>
#include <stddef.h>

#define HTTP_HEADERS_MAX (64 << 10)	/* bytes of an answer's headers */

struct http;	/* a session: libcurl's handle with its connections */

struct http_settings {
	const char *ca_bundle;		/* PEM file; NULL: the system's */
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
	int connect_timeout_ms;		/* 0: the session's */
	bool no_proxy;			/* metadata and container hosts */
	/* Never sent twice: libcurl would send again by itself when a kept
	 * connection turns out to be closed. */
	bool once;
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
	bool final;		/* after -1: another try would end the same (certificate, too large) */
	bool late;		/* after -1: the time was over */
};

/* 0 when there was an answer, whatever its status. -1: ERR_UNAVAILABLE with
 * the cause (refused, reset, timed out, certificate, too large), ERR_USAGE for
 * a URL or a CA file that cannot be used, ERR_INTERNAL when this machine fails
 * (memory, a full disk). */
int http_do(struct http *h, const struct http_request *q, struct http_response *r,
	    struct err *err);

/* A header of the answer, by name without case; trimmed copy to `out`, cut at
 * cap; false when missing. */
bool http_header(const struct http_response *r, const char *name, char *out, size_t cap);

/* "host" or "host:port" of a URL, for messages and the Host header: without
 * user information, path and the scheme's own port. 0 or -1. */
int http_authority(const char *url, char *out, size_t cap);

void http_response_free(struct http_response *r);

#endif
