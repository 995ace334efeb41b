#include "http.h"
#include "http_fault.h"
#include "http_store.h"

#include "lib/base/file.h"
#include "lib/base/stop.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	CONNECT_TIMEOUT_MS = 5000,
	LOW_SPEED_SECONDS = 30,		/* a file without a byte for so long has hung */
	HEADER_COUNT_MAX = 64,
	STREAM_BUFFER = 256 << 10,
};

struct http {
	CURL *easy;
	char *ca_bundle;
	const char *ca_folder;		/* the system's; NULL: not looked for yet, or not used */
	bool ca_whole;			/* the system's bundle, for what the folder does not have */
	int connect_timeout_ms;
	const volatile int *stop;
};

/* What the callbacks of one request know. */
struct transfer {
	struct http *h;
	const struct http_request *q;
	struct http_response *r;
	struct http_fault fault;
	size_t uploaded;
};

static void global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct http *http_new(const struct http_settings *settings, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http *h = calloc(1, sizeof(*h));

	pthread_once(&once, global_init);
	if (!h)
		goto fail;
	h->connect_timeout_ms = settings->connect_timeout_ms > 0 ? settings->connect_timeout_ms
								 : CONNECT_TIMEOUT_MS;
	h->stop = settings->stop;
	if (settings->ca_bundle && *settings->ca_bundle) {
		h->ca_bundle = strdup(settings->ca_bundle);
		if (!h->ca_bundle)
			goto fail;
	}
	h->easy = curl_easy_init();
	if (h->easy)
		return h;
fail:
	http_free(h);
	err_set(err, ERR_INTERNAL, "no memory for an HTTP session");
	return NULL;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->easy);
	free(h->ca_bundle);
	free(h);
}

/* ---- callbacks ------------------------------------------------------------------- */

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct transfer *t = arg;

	(void)a, (void)b, (void)c, (void)d;
	if (!stop_is_set(t->h->stop))
		return 0;
	t->fault.kind = HTTP_FAULT_STOPPED;
	return 1;
}

/* Called when the connection stands and the request is about to be written. */
static int on_send(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct transfer *t = arg;

	(void)to, (void)from, (void)to_port, (void)from_port;
	if (t->r->sent && t->q->once) {
		t->fault.kind = HTTP_FAULT_LOST;
		return CURL_PREREQFUNC_ABORT;
	}
	t->r->sent = true;
	return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	if (n * size > 5 && memcmp(data, "HTTP/", 5) == 0)
		buf_clear(&t->r->headers);	/* what came before was a 1xx or a proxy's answer */
	if (buf_add(&t->r->headers, data, n * size) == 0)
		return n * size;
	t->fault.kind = HTTP_FAULT_HEADERS_TOO_LARGE;
	return 0;
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct err ignored;
	long status = 0;

	curl_easy_getinfo(t->h->easy, CURLINFO_RESPONSE_CODE, &status);
	if (t->q->download_fd >= 0 && status / 100 == 2) {
		if (file_write_fd(t->q->download_fd, data, n * size, "the download", &ignored) == 0)
			return n * size;
		t->fault.kind = HTTP_FAULT_WRITE;
		t->fault.saved_errno = errno;
		return 0;
	}
	if (buf_add(&t->r->body, data, n * size) == 0)
		return n * size;
	t->fault.kind = HTTP_FAULT_TOO_LARGE;
	t->fault.most = t->r->body.max;
	return 0;
}

static size_t on_read(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t want = size * n, left = t->q->upload_len - t->uploaded;
	ssize_t got;

	if (want > left)
		want = left;
	if (want == 0)
		return 0;
	do {
		got = pread(t->q->upload_fd, data, want, (off_t)t->uploaded);
	} while (got < 0 && errno == EINTR);
	if (got <= 0) {		/* shorter than the caller said: do not send half of it */
		t->fault.kind = HTTP_FAULT_READ;
		t->fault.saved_errno = got < 0 ? errno : 0;
		return CURL_READFUNC_ABORT;
	}
	t->uploaded += (size_t)got;
	return (size_t)got;
}

static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > t->q->upload_len)
		return CURL_SEEKFUNC_FAIL;
	t->uploaded = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* ---- the request ----------------------------------------------------------------- */

static bool has_header(const struct strs *headers, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; headers && i < headers->n; i++)
		if (strncasecmp(headers->v[i], name, len) == 0 && headers->v[i][len] == ':')
			return true;
	return false;
}

static int add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		return -1;
	*list = longer;
	return 0;
}

static int make_headers(const struct http_request *q, struct curl_slist **list, struct err *err)
{
	/* libcurl adds these when they are not there; without a value it leaves them out */
	static const char *const unwanted[] = { "Expect", "Content-Type", "Accept" };
	char line[32];

	for (size_t i = 0; q->headers && i < q->headers->n; i++) {
		const char *h = q->headers->v[i];

		if (i >= HEADER_COUNT_MAX || strpbrk(h, "\r\n"))
			return err_set(err, ERR_INTERNAL, "a request header is malformed");
		if (add_line(list, h) < 0)
			goto memory;
	}
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++) {
		if (has_header(q->headers, unwanted[i]))
			continue;
		snprintf(line, sizeof(line), "%s:", unwanted[i]);
		if (add_line(list, line) < 0)
			goto memory;
	}
	return 0;
memory:
	return err_set(err, ERR_INTERNAL, "no memory for an HTTP request");
}

static void free_headers(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static void set_authorities(CURL *e, struct http *h)
{
	if (h->ca_bundle) {
		curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_bundle);
		return;
	}
	if (!h->ca_whole && !h->ca_folder)
		h->ca_folder = http_store_folder();
	if (h->ca_whole || !h->ca_folder)
		return;		/* libcurl's own default */
	curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(e, CURLOPT_CAPATH, h->ca_folder);
}

static void set_connection(CURL *e, struct transfer *t)
{
	const struct http_request *q = t->q;

	curl_easy_setopt(e, CURLOPT_URL, q->url);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(q->connect_timeout_ms > 0 ? q->connect_timeout_ms
							  : t->h->connect_timeout_ms));
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
	/* its clock also runs while an answer is being made, which has a limit of its own */
	if (q->upload_fd >= 0 || q->download_fd >= 0) {
		curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_SECONDS);
	}
	set_authorities(e, t->h);
	if (q->no_proxy) {
		curl_easy_setopt(e, CURLOPT_PROXY, "");
		curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
	}
	curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(e, CURLOPT_XFERINFODATA, t);
	curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->fault.detail);
}

static void set_method(CURL *e, struct transfer *t)
{
	const struct http_request *q = t->q;
	bool reads = strcmp(q->method, "GET") == 0 || strcmp(q->method, "DELETE") == 0;

	if (q->upload_fd >= 0) {
		curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->upload_len);
		curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(e, CURLOPT_READDATA, t);
		curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, on_seek);
		curl_easy_setopt(e, CURLOPT_SEEKDATA, t);
		curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, (long)STREAM_BUFFER);
	} else if (strcmp(q->method, "HEAD") == 0) {
		curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
	} else if (!reads || q->body_len) {
		/* POSTFIELDS borrows the body, where COPYPOSTFIELDS would copy it */
		curl_easy_setopt(e, CURLOPT_POST, 1L);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, q->body_len ? q->body : "");
	}
	if (q->download_fd >= 0)
		curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)STREAM_BUFFER);
	if (strcmp(q->method, "HEAD") != 0)
		curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, q->method);
}

static int describe(struct transfer *t, int code, struct err *err)
{
	long os_errno = 0;

	curl_easy_getinfo(t->h->easy, CURLINFO_OS_ERRNO, &os_errno);
	t->fault.os_errno = (int)os_errno;
	t->fault.connected = t->r->sent;
	t->fault.timeout_ms = t->q->timeout_ms;
	t->fault.ca_bundle = t->h->ca_bundle;
	t->r->final = http_fault_final(&t->fault, code);
	t->r->late = code == CURLE_OPERATION_TIMEDOUT;
	return http_fault_describe(&t->fault, t->q->url, code, err);
}

static CURLcode perform(struct transfer *t, struct curl_slist *headers)
{
	CURL *e = t->h->easy;

	curl_easy_reset(e);	/* keeps the connections */
	set_connection(e, t);
	set_method(e, t);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	if (on_progress(t, 0, 0, 0, 0))
		return CURLE_ABORTED_BY_CALLBACK;
	return curl_easy_perform(e);
}

int http_do(struct http *h, const struct http_request *q, struct http_response *r, struct err *err)
{
	struct transfer t = { .h = h, .q = q, .r = r };
	struct curl_slist *headers = NULL;
	CURLcode code;
	int result = -1;

	r->status = 0;
	r->sent = r->final = r->late = false;
	r->headers.max = HTTP_HEADERS_MAX;
	buf_clear(&r->headers);
	buf_clear(&r->body);
	if (make_headers(q, &headers, err) < 0) {
		r->final = true;
		goto out;
	}
	code = perform(&t, headers);
	if (code == CURLE_PEER_FAILED_VERIFICATION && h->ca_folder && !h->ca_whole) {
		h->ca_whole = true;	/* nothing was sent */
		code = perform(&t, headers);
	}
	if (code == CURLE_OK) {
		curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &r->status);
		result = 0;
	} else {
		describe(&t, (int)code, err);
	}
	/* the handle must not keep pointers into this frame, nor the list to be freed */
	curl_easy_reset(h->easy);
out:
	free_headers(headers);
	return result;
}

/* ---- the answer ------------------------------------------------------------------ */

bool http_header(const struct http_response *r, const char *name, char *out, size_t cap)
{
	const char *line = buf_str(&r->headers);
	size_t len = strlen(name);

	while (*line) {
		size_t end = strcspn(line, "\r\n");

		if (end > len && line[len] == ':' && strncasecmp(line, name, len) == 0) {
			const char *value = line + len + 1;
			size_t n = end - len - 1;

			while (n && (*value == ' ' || *value == '\t'))
				value++, n--;
			while (n && (value[n - 1] == ' ' || value[n - 1] == '\t'))
				n--;
			if (n >= cap)
				n = cap - 1;
			memcpy(out, value, n);
			out[n] = '\0';
			return true;
		}
		line += end;
		line += strspn(line, "\r\n");
	}
	return false;
}

int http_authority(const char *url, char *out, size_t cap)
{
	const char *own_port = strncasecmp(url, "https://", 8) == 0 ? ":443" : ":80";
	const char *host = strstr(url, "://");
	size_t len, port_len = strlen(own_port);

	if (!host || cap == 0)
		return -1;
	host += 3;
	len = strcspn(host, "/?#");
	for (size_t i = 0; i < len; i++)
		if (host[i] == '@')
			return -1;
	if (len > port_len && strncmp(host + len - port_len, own_port, port_len) == 0)
		len -= port_len;
	if (len == 0 || len >= cap)
		return -1;
	memcpy(out, host, len);
	out[len] = '\0';
	return 0;
}

void http_response_free(struct http_response *r)
{
	buf_free(&r->headers);
	buf_free(&r->body);
}
