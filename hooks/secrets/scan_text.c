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

/* What is no text keeps its line ends, so that lines can be counted. */
static void add_newlines(const char *data, size_t from, size_t to, struct buf *out)
{
	while (from < to) {
		const char *newline = memchr(data + from, '\n', to - from);

		if (!newline)
			return;
		buf_addc(out, '\n');
		from = (size_t)(newline - data) + 1;
	}
}

bool scan_text_utf16(const char *data, size_t len, struct buf *out, int *failed)
{
	/* behind the byte order mark, which is no character */
	size_t at = len >= 2 && memcmp(data, "\xfe\xff", 2) == 0 ? 2 : 0;
	size_t n = 0, from = next_run(data, len, at, &n);

	*failed = 0;
	buf_clear(out);
	if (from == len)
		return false;
	for (; from < len; from = next_run(data, len, at, &n)) {
		add_newlines(data, at, from, out);
		buf_addc(out, '\0');	/* runs are apart */
		for (size_t i = 0; i < n; i++)
			buf_addc(out, data[from + 2 * i]);
		at = from + 2 * n;
		/* big endian: the NUL of the last character stands before it */
		if (from > 0 && data[from - 1] == '\0' && at < len && data[at] != '\0')
			buf_addc(out, data[at++]);
	}
	add_newlines(data, at, len, out);
	*failed = out->failed ? -1 : 0;
	return !out->failed;
}
