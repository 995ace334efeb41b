#include "scan_text.h"

#include <string.h>

enum { RUN = 16 };	/* characters in a row that make it text; shorter than any secret */

/* How many pairs of a character and a NUL begin at `at`. */
static size_t pairs(const char *data, size_t len, size_t at)
{
	size_t n = 0;

	while (at + 2 * n + 1 < len && data[at + 2 * n] != '\0' && data[at + 2 * n + 1] == '\0')
		n++;
	return n;
}

/* The next run of pairs from `at` on: its place, and *n pairs; `len` when
 * there is none. Looks at NUL bytes only, so that text without any costs one
 * memchr. */
static size_t next_run(const char *data, size_t len, size_t at, size_t *n)
{
	while (at < len) {
		const char *nul = memchr(data + at, '\0', len - at);
		size_t from;

		if (!nul)
			return len;
		from = (size_t)(nul - data);
		/* the NUL is the second byte of a pair (or, in big endian, the one
		 * before the first) */
		if (from > at)
			from--;
		else
			from++;
		*n = pairs(data, len, from);
		if (*n >= RUN)
			return from;
		at = (size_t)(nul - data) + 1;
	}
	return len;
}

/* A run of characters, and what stands before it. */
struct run {
	size_t gap;	/* from here to `from` there is no text */
	size_t from, n;	/* pairs */
	bool tail;	/* big endian: the NUL of the last character stands before it */
	size_t end;
};

static struct run first_run(const char *data, size_t len)
{
	struct run r = { 0 };

	/* behind the byte order mark, which is no character */
	r.gap = len >= 2 && memcmp(data, "\xfe\xff", 2) == 0 ? 2 : 0;
	r.end = r.gap;
	return r;
}

/* False when there is none left; then what stands from `gap` on is no text. */
static bool advance(const char *data, size_t len, struct run *r)
{
	r->gap = r->end;
	r->from = next_run(data, len, r->gap, &r->n);
	if (r->from >= len)
		return false;
	r->end = r->from + 2 * r->n;
	r->tail = r->from > 0 && data[r->from - 1] == '\0' && r->end < len && data[r->end] != '\0';
	r->end += r->tail;
	return true;
}

/* What is no text keeps its line ends, so that rules over lines see them. */
static size_t add_newlines(const char *data, size_t from, size_t to, struct buf *out)
{
	size_t n = 0;

	while (from < to) {
		const char *newline = memchr(data + from, '\n', to - from);

		if (!newline)
			return n;
		if (out)
			buf_addc(out, '\n');
		n++;
		from = (size_t)(newline - data) + 1;
	}
	return n;
}

bool scan_text_utf16(const char *data, size_t len, struct buf *out, int *failed)
{
	struct run r = first_run(data, len);
	bool any = false;

	*failed = 0;
	buf_clear(out);
	for (; advance(data, len, &r); any = true) {
		size_t n = r.n + r.tail;
		char *to;

		add_newlines(data, r.gap, r.from, out);
		buf_addc(out, '\0');	/* runs are apart */
		to = buf_room(out, n);
		if (!to)
			break;
		for (size_t i = 0; i < n; i++)
			to[i] = data[r.from + 2 * i];
		out->len += n;
	}
	if (any)
		add_newlines(data, r.gap, len, out);
	*failed = out->failed ? -1 : 0;
	return any && !out->failed;
}

/* Where the character at `offset` of what was decoded stands. */
static size_t locate(const char *data, size_t len, size_t offset)
{
	struct run r = first_run(data, len);
	size_t at = 0;	/* decoded so far */

	while (advance(data, len, &r)) {
		size_t n = r.n + r.tail;

		at += add_newlines(data, r.gap, r.from, NULL) + 1;
		if (offset < at)
			return r.from;
		if (offset < at + n)
			return r.from + 2 * (offset - at);
		at += n;
	}
	return len - 1;
}

void scan_text_locate(const char *data, size_t len, size_t *offset, size_t *n)
{
	size_t from = locate(data, len, *offset);
	size_t last = *n ? locate(data, len, *offset + *n - 1) : from;

	*offset = from;
	*n = *n ? last + 1 - from : 0;
}
