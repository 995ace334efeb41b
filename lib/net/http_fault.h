/*
 * Why a transfer failed, in plain words. Part of http.c.
 */
#ifndef CODETRAIN_HTTP_FAULT_H
#define CODETRAIN_HTTP_FAULT_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum http_fault_kind {
	HTTP_FAULT_CURL,	/* libcurl's code tells */
	HTTP_FAULT_STOPPED,
	HTTP_FAULT_LOST,	/* a kept connection was closed under a request sent once */
	HTTP_FAULT_TOO_LARGE,
	HTTP_FAULT_HEADERS_TOO_LARGE,
	HTTP_FAULT_WRITE,	/* the file that is downloaded to */
	HTTP_FAULT_READ,	/* the file that is uploaded */
};

struct http_fault {
	enum http_fault_kind kind;
	int saved_errno;	/* of the file */
	int os_errno;		/* of the socket */
	size_t most;		/* bytes that the answer might have had */
	bool connected;
	int timeout_ms;
	const char *ca_bundle;
	char detail[256];	/* libcurl's own text (CURL_ERROR_SIZE) */
};

/* Sets `err` for CURLcode `code`; returns -1. */
int http_fault_describe(const struct http_fault *f, const char *url, int code, struct err *err);

/* Would the same request end the same way? */
bool http_fault_final(const struct http_fault *f, int code);

#endif
