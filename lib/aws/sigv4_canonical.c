#include "sigv4.h"
#include "lib/base/encode.h"

#include <stdlib.h>
#include <string.h>

/* ---- path ---------------------------------------------------------------------------- */

/* Drops empty and "." segments and resolves ".."; a slash at the end stays. */
static void normalize_path(const char *path, struct buf *out)
{
	size_t len = strlen(path), seg;

	for (const char *s = path; *s; s += seg) {
		if (*s == '/') {
			seg = 1;
			continue;
		}
		seg = strcspn(s, "/");
		if (seg == 1 && s[0] == '.')
			continue;
		if (seg == 2 && s[0] == '.' && s[1] == '.') {
			while (out->len > 0 && out->data[--out->len] != '/')
				;
			if (out->data)
				out->data[out->len] = '\0';
			continue;
		}
		buf_addc(out, '/');
		buf_add(out, s, seg);
	}
	if (out->len == 0 || path[len - 1] == '/')
		buf_addc(out, '/');
}

static void canonical_path(const struct sigv4_request *r, struct buf *out)
{
	struct buf normal = BUF_INIT(SIGV4_REQUEST_MAX);
	const char *path = *r->path ? r->path : "/";

	if (r->normalize) {
		normalize_path(path, &normal);
		out->failed |= normal.failed;
		path = buf_str(&normal);
	}
	if (r->encode_path_twice)
		encode_percent(path, strlen(path), "/", out);
	else
		buf_adds(out, path);
	buf_free(&normal);
}

/* ---- query --------------------------------------------------------------------------- */

/* Decoded first, so that "%7E", "~" and a raw byte all sign alike. */
static void reencode(const char *s, size_t len, struct buf *out)
{
	struct buf plain = BUF_INIT_SECRET(SIGV4_REQUEST_MAX);

	decode_percent(s, len, &plain);
	encode_percent(buf_str(&plain), plain.len, "", out);
	out->failed |= plain.failed;
	buf_free(&plain);
}

/* Entries are "NAME\0VALUE\0": "a-b" sorts before "a" when '=' takes part. */
static int compare_parameters(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	int order = strcmp(x, y);

	return order ? order : strcmp(x + strlen(x) + 1, y + strlen(y) + 1);
}

static int canonical_query(const char *query, struct buf *out, struct err *err)
{
	const char *sorted[SIGV4_PARAMETERS_MAX];
	struct buf flat = BUF_INIT_SECRET(SIGV4_REQUEST_MAX);
	size_t n = 0, len;

	for (const char *s = query; *s; s += len + (s[len] == '&')) {
		size_t name;

		len = strcspn(s, "&");
		if (len == 0)
			continue;
		name = strcspn(s, "=&");
		reencode(s, name, &flat);
		buf_addc(&flat, '\0');
		if (name < len)
			reencode(s + name + 1, len - name - 1, &flat);
		buf_addc(&flat, '\0');
		if (++n > SIGV4_PARAMETERS_MAX) {
			buf_free(&flat);
			return err_set(err, ERR_USAGE, "more than %d query parameters",
				       SIGV4_PARAMETERS_MAX);
		}
	}
	if (flat.failed)
		n = 0;
	out->failed |= flat.failed;
	for (size_t i = 0, at = 0; i < n; i++) {
		sorted[i] = flat.data + at;
		at += strlen(flat.data + at) + 1;
		at += strlen(flat.data + at) + 1;
	}
	if (n)
		qsort(sorted, n, sizeof(*sorted), compare_parameters);
	for (size_t i = 0; i < n; i++) {
		buf_adds(out, i ? "&" : "");
		buf_adds(out, sorted[i]);
		buf_addc(out, '=');
		buf_adds(out, sorted[i] + strlen(sorted[i]) + 1);
	}
	buf_free(&flat);
	return 0;
}

/* ---- headers ------------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int compare_names(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return (unsigned char)lower(*a) - (unsigned char)lower(*b);
}

/* By name; headers of one name stay in their order. */
static int sort_headers(const struct sigv4_request *r,
			const struct sigv4_pair *sorted[static SIGV4_HEADERS_MAX], struct err *err)
{
	if (r->header_count > SIGV4_HEADERS_MAX)
		return err_set(err, ERR_USAGE, "more than %d headers to sign", SIGV4_HEADERS_MAX);
	for (size_t i = 0; i < r->header_count; i++) {
		size_t at = i;

		for (; at > 0 && compare_names(sorted[at - 1]->name, r->headers[i].name) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &r->headers[i];
	}
	return 0;
}

static void add_lower(struct buf *out, const char *s)
{
	for (; *s; s++)
		buf_addc(out, lower(*s));
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Trimmed, and each run of white space (a folded line too) one space. */
static void add_header_value(struct buf *out, const char *s)
{
	bool pending = false, any = false;

	for (; *s; s++) {
		if (is_space(*s)) {
			pending = any;
			continue;
		}
		if (pending)
			buf_addc(out, ' ');
		buf_addc(out, *s);
		pending = false;
		any = true;
	}
}

static void add_signed_headers(const struct sigv4_pair *const *sorted, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i && compare_names(sorted[i - 1]->name, sorted[i]->name) == 0)
			continue;
		buf_adds(out, i ? ";" : "");
		add_lower(out, sorted[i]->name);
	}
}

int sigv4_signed_headers(const struct sigv4_request *r, struct buf *out, struct err *err)
{
	const struct sigv4_pair *sorted[SIGV4_HEADERS_MAX];

	if (sort_headers(r, sorted, err) < 0)
		return -1;
	add_signed_headers(sorted, r->header_count, out);
	return buf_check(out, "the list of signed headers", err);
}

/* ---- the first stage ----------------------------------------------------------------- */

int sigv4_canonical_request(const struct sigv4_request *r, struct buf *out, struct err *err)
{
	const struct sigv4_pair *sorted[SIGV4_HEADERS_MAX];

	if (sort_headers(r, sorted, err) < 0)
		return -1;
	buf_adds(out, r->method);
	buf_addc(out, '\n');
	canonical_path(r, out);
	buf_addc(out, '\n');
	if (canonical_query(r->query, out, err) < 0)
		return -1;
	for (size_t i = 0; i < r->header_count; i++) {
		if (i && compare_names(sorted[i - 1]->name, sorted[i]->name) == 0) {
			buf_addc(out, ',');
		} else {
			buf_addc(out, '\n');
			add_lower(out, sorted[i]->name);
			buf_addc(out, ':');
		}
		add_header_value(out, sorted[i]->value);
	}
	buf_adds(out, "\n\n");
	add_signed_headers(sorted, r->header_count, out);
	buf_addc(out, '\n');
	buf_adds(out, r->payload_hash);
	return buf_check(out, "the request to sign", err);
}
