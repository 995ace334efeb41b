#include "scan_text.h"

#include <string.h>

enum { RUN = 16 };	/* characters in a row that make it text; shorter than any secret */

/* Whether a NUL at `at` begins or goes on with RUN pairs of a character and a NUL. */
static bool run_at(const char *data, size_t len, size_t at)
{
	size_t from = at ? at - 1 : 1;

	if (from + 2 * RUN > len)
		return false;
	for (size_t i = from; i < from + 2 * RUN; i += 2)
		if (data[i] == '\0' || data[i + 1] != '\0')
			return false;
	return true;
}

static bool has_run(const char *data, size_t len)
{
	size_t at = 0;

	while (at < len) {
		const char *nul = memchr(data + at, '\0', len - at);

		if (!nul)
			return false;
		at = (size_t)(nul - data);
		if (run_at(data, len, at) || (at + 1 < len && run_at(data, len, at + 2)))
			return true;
		at++;
	}
	return false;
}

bool scan_text_utf16(const char *data, size_t len, struct buf *out, int *failed)
{
	*failed = 0;
	buf_clear(out);
	if (!has_run(data, len))
		return false;
	for (size_t at = 0; at < len;) {
		const char *nul = memchr(data + at, '\0', len - at);
		size_t end = nul ? (size_t)(nul - data) : len;

		buf_add(out, data + at, end - at);
		at = end + 1;
	}
	if (out->failed)
		*failed = -1;
	return !out->failed;
}
