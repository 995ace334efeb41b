/* Canonical requests of any path, query and header: bounded, the same the
 * second time, and one line for each part. */
#include "lib/aws/sigv4.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next NUL-terminated part of the input. */
static const char *part(char **at, char *end)
{
	char *s = *at;

	*at = s < end ? s + strlen(s) + 1 : s;
	return s < end ? s : "";
}

static int canonical(const struct sigv4_request *r, struct buf *out)
{
	struct err err = { 0 };

	return sigv4_canonical_request(r, out, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once = BUF_INIT(SIGV4_REQUEST_MAX), twice = BUF_INIT(SIGV4_REQUEST_MAX);
	char *text = malloc(size + 1), *at = text;
	struct sigv4_pair headers[3];
	struct sigv4_request r = { .method = "GET", .headers = headers, .header_count = 3,
				   .payload_hash = "UNSIGNED-PAYLOAD" };
	const struct sigv4_scope scope = { "us-east-2", "s3", 1440938160 };
	struct err err = { 0 };

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	r.path = part(&at, text + size);
	r.query = part(&at, text + size);
	for (int i = 0; i < 3; i++) {
		headers[i].name = part(&at, text + size);
		headers[i].value = part(&at, text + size);
	}
	for (int mode = 0; mode < 4; mode++) {
		r.normalize = mode & 1;
		r.encode_path_twice = mode & 2;
		buf_clear(&once);
		buf_clear(&twice);
		if (canonical(&r, &once) != canonical(&r, &twice) || once.len != twice.len)
			abort();
		if (!once.failed && once.len && memcmp(once.data, twice.data, once.len) != 0)
			abort();
	}
	buf_clear(&once);
	sigv4_codecommit_password(r.path, r.query, &scope, "secret", &once, &err);
	buf_free(&once);
	buf_free(&twice);
	free(text);
	return 0;
}
