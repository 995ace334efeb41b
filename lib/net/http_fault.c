#include "http_fault.h"
#include "http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(((struct http_fault *)0)->detail) >= CURL_ERROR_SIZE, "libcurl writes there");

bool http_fault_final(const struct http_fault *f, int code)
{
	if (f->kind != HTTP_FAULT_CURL)
		return f->kind != HTTP_FAULT_LOST;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_FAIL_REWIND:
		return false;
	default:
		return true;
	}
}

static const char *socket_reason(const struct http_fault *f)
{
	return f->os_errno ? strerror(f->os_errno) : f->detail[0] ? f->detail : "unknown reason";
}

static int ours(const struct http_fault *f, const char *host, struct err *err)
{
	switch (f->kind) {
	case HTTP_FAULT_STOPPED:
		return err_set(err, ERR_UNAVAILABLE, "the request to %s was interrupted", host);
	case HTTP_FAULT_LOST:
		return err_set(err, ERR_UNAVAILABLE,
			       "%s closed the connection before it answered", host);
	case HTTP_FAULT_TOO_LARGE:
		return err_set(err, ERR_UNAVAILABLE, "%s sent an answer larger than %zu bytes",
			       host, f->most);
	case HTTP_FAULT_HEADERS_TOO_LARGE:
		return err_set(err, ERR_UNAVAILABLE,
			       "%s sent an answer with headers larger than %d bytes", host,
			       HTTP_HEADERS_MAX);
	case HTTP_FAULT_WRITE:
		return err_set(err, ERR_INTERNAL, "cannot write what %s sends: %s", host,
			       strerror(f->saved_errno));
	case HTTP_FAULT_READ:
		return err_set(err, ERR_INTERNAL, "cannot read the file to send to %s: %s", host,
			       f->saved_errno ? strerror(f->saved_errno) : "it became shorter");
	case HTTP_FAULT_CURL:
		break;
	}
	return err_set(err, ERR_INTERNAL, "unknown fault");
}

/* Was it another place that libcurl could not connect to? Only its own words tell. */
static bool by_proxy(const struct http_fault *f, const char *host, char *out, size_t cap)
{
	size_t len;
	char name[200], port[8];

	if (sscanf(f->detail, "Failed to connect to %199s port %7[0-9]", name, port) != 2)
		return false;
	len = strlen(name);
	snprintf(out, cap, "%s:%s", name, port);
	return host[0] != '[' && (strncmp(host, name, len) != 0 ||
				  (host[len] == ':' && strcmp(host + len + 1, port) != 0));
}

static int not_connected(const struct http_fault *f, const char *host, struct err *err)
{
	char proxy[210];

	if (by_proxy(f, host, proxy, sizeof(proxy)))
		return err_set(err, ERR_UNAVAILABLE, "no connection to %s: its proxy %s: %s", host, proxy,
			       socket_reason(f));
	return err_set(err, ERR_UNAVAILABLE, "no connection to %s: %s", host, socket_reason(f));
}

static int timed_out(const struct http_fault *f, const char *host, struct err *err)
{
	if (!f->connected)
		return err_set(err, ERR_UNAVAILABLE, "no connection to %s in time", host);
	return err_set(err, ERR_UNAVAILABLE, "no whole answer from %s within %g s", host,
		       f->timeout_ms / 1000.0);
}

static int certificate(const struct http_fault *f, const char *host, struct err *err)
{
	return err_set(err, ERR_UNAVAILABLE, "the certificate of %s is not trusted: %s; %s", host,
		       f->detail, f->ca_bundle ? "the authorities come from the configured CA bundle"
					       : "a private authority goes into AWS_CA_BUNDLE");
}

int http_fault_describe(const struct http_fault *f, const char *url, int code, struct err *err)
{
	char host[300];

	if (http_authority(url, host, sizeof(host)) < 0)
		snprintf(host, sizeof(host), "the host");
	if (f->kind != HTTP_FAULT_CURL)
		return ours(f, host, err);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return err_set(err, ERR_UNAVAILABLE, "the host name %s is not known (DNS)", host);
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(err, ERR_UNAVAILABLE, "the proxy's host name is not known (DNS)");
	case CURLE_COULDNT_CONNECT:
		return not_connected(f, host, err);
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(f, host, err);
	case CURLE_PEER_FAILED_VERIFICATION:
		return certificate(f, host, err);
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(err, ERR_USAGE, "the CA bundle %s cannot be used",
			       f->ca_bundle ? f->ca_bundle : "of the system");
	case CURLE_SSL_CONNECT_ERROR:
		return err_set(err, ERR_UNAVAILABLE, "TLS with %s failed: %s", host, f->detail);
	case CURLE_GOT_NOTHING:
		return err_set(err, ERR_UNAVAILABLE, "%s closed the connection without an answer",
			       host);
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return err_set(err, ERR_UNAVAILABLE, "%s broke the connection off: %s", host,
			       socket_reason(f));
	case CURLE_PARTIAL_FILE:
		return err_set(err, ERR_UNAVAILABLE, "the answer of %s broke off", host);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return err_set(err, ERR_UNAVAILABLE, "%s does not answer in HTTP: %s", host,
			       f->detail);
	case CURLE_URL_MALFORMAT:
	case CURLE_LOGIN_DENIED:
		return err_set(err, ERR_USAGE, "the URL of %s cannot be used: %s", host, f->detail);
	case CURLE_OUT_OF_MEMORY:
		return err_set(err, ERR_INTERNAL, "no memory for an HTTP request");
	default:
		return err_set(err, ERR_UNAVAILABLE, "the request to %s failed: %s", host,
			       f->detail[0] ? f->detail : curl_easy_strerror((CURLcode)code));
	}
}
