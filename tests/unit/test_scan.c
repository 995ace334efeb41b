/*
 * The scanner apart from the rules: places, encodings, long and binary texts.
 */
#include "changes.h"
#include "hooks/secrets/scan.h"
#include "hooks/secrets/scan_confirm.h"
#include "hooks/secrets/scan_text.h"
#include "hooks/secrets/scan_runs.h"
#include "hooks/secrets/scan_stream.h"
#include "lib/base/buf.h"
#include "lib/base/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#define ID "AKIA" "QYLPMN5HHHFPZAM2"

static struct scan_rules *rules;
static struct scanner *scanner;

struct seen {
	size_t n, stop_at;
	struct scan_hit first;
};

static int setup(void **state)
{
	struct err err = { 0 };

	(void)state;
	return scan_rules_open(&rules, NULL, NULL, &err) < 0 || scan_open(rules, &scanner, &err) < 0;
}

static int teardown(void **state)
{
	(void)state;
	scan_close(scanner);
	scan_rules_close(rules);
	return 0;
}

static int note(void *arg, const struct scan_hit *hit, struct err *err)
{
	struct seen *s = arg;

	if (s->n++ == 0)
		s->first = *hit;
	if (s->n == s->stop_at)
		return err_set(err, ERR_NO, "enough");
	return 0;
}

static int run(const void *data, size_t len, struct seen *seen, struct err *err)
{
	return scan_bytes(scanner, &(struct scan_text){ .data = data, .len = len }, note, seen, err);
}

static struct seen scan(const void *data, size_t len)
{
	struct seen seen = { 0 };
	struct err err = { 0 };

	assert_int_equal(run(data, len, &seen, &err), 0);
	return seen;
}

static void tells_place_and_hash(void **state)
{
	static const char text[] = "\xc3\xa4\xc3\xb6 one\n\xc3\xa4 x=" ID "\n";
	struct seen s = scan(text, sizeof(text) - 1);

	(void)state;
	assert_int_equal(s.n, 1);
	assert_int_equal(s.first.line, 2);
	assert_int_equal(s.first.column, 5);	/* characters, not bytes */
	assert_string_equal(s.first.shown, "AKIA****");
	assert_memory_equal(text + s.first.offset, ID, s.first.len);
	assert_string_equal(s.first.sha256,
			    "53de5baa315bb91d8915f039f7cd3514f4b042a08ae1036a8298d954cdc069f0");
}

static void hash_does_not_know_the_place(void **state)
{
	static const char a[] = ID, b[] = "other text\n\n(" ID ")";
	struct seen x = scan(a, sizeof(a) - 1), y = scan(b, sizeof(b) - 1);

	(void)state;
	assert_string_equal(x.first.sha256, y.first.sha256);
	assert_int_not_equal(x.first.line, y.first.line);
}

static void nul_does_not_end_a_scan(void **state)
{
	static const char text[] = "\0\0\1\2\0" ID "\0\0";

	(void)state;
	assert_int_equal(scan(text, sizeof(text) - 1).n, 1);
}

static void widen(const char *text, bool big, bool mark, struct buf *out)
{
	if (mark)
		buf_add(out, big ? "\xfe\xff" : "\xff\xfe", 2);
	for (; *text; text++) {
		if (big)
			buf_addc(out, '\0');
		buf_addc(out, *text);
		if (!big)
			buf_addc(out, '\0');
	}
}

static void utf16(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct buf wide = BUF_INIT(4096);
		struct seen s;

		widen("first\r\nkey = " ID "\r\n", i & 1, i & 2, &wide);
		s = scan(wide.data, wide.len);
		assert_int_equal(s.n, 1);
		assert_int_equal(s.first.line, 2);
		assert_int_equal(s.first.column, 7);
		buf_clear(&wide);
		widen("the end is the key " ID, i & 1, i & 2, &wide);
		assert_int_equal(scan(wide.data, wide.len).n, 1);
		buf_free(&wide);
	}
}

static void utf16_inside_a_binary(void **state)
{
	struct buf b = BUF_INIT(8192);

	(void)state;
	for (int i = 0; i < 999; i++)
		buf_addc(&b, (char)(i * 7 | 0x80));
	widen(ID, false, false, &b);
	buf_add(&b, "\0\0\xff\x80", 4);
	assert_int_equal(scan(b.data, b.len).n, 1);
	buf_free(&b);
}

static void found_once_in_both_widths(void **state)
{
	struct buf b = BUF_INIT(8192);

	(void)state;
	buf_adds(&b, ID "\n");
	widen("some text in UTF-16 behind it, longer than any run\n", false, false, &b);
	assert_int_equal(scan(b.data, b.len).n, 1);
	widen(ID, false, false, &b);
	assert_int_equal(scan(b.data, b.len).n, 1);	/* the same value */
	buf_free(&b);
}

/* Words of a binary's tables stand apart: put together they would be a secret. */
static void strings_of_a_binary_stand_apart(void **state)
{
	static const char words[] = "secret\0:\0kT9pQ2xV7mB4nR8w\0Lz3JyH6sD1fG5cA0eU\0iOXqabcd";
	struct buf b = BUF_INIT(4096);

	(void)state;
	for (int i = 1; i < 40; i++) {	/* small numbers: as if they were text */
		buf_addc(&b, (char)i);
		buf_addc(&b, '\0');
	}
	buf_add(&b, words, sizeof(words));
	assert_int_equal(scan(b.data, b.len).n, 0);
	buf_free(&b);
}

static void no_text_in_zeros(void **state)
{
	struct buf out = BUF_INIT(4096);
	char zeros[4096] = { 0 };
	int failed;

	(void)state;
	assert_false(scan_text_utf16(zeros, sizeof(zeros), &out, &failed));
	assert_false(scan_text_utf16("a\0b\0c", 5, &out, &failed));
	assert_false(scan_text_utf16("\0", 1, &out, &failed));
	assert_false(scan_text_utf16("", 0, &out, &failed));
	buf_free(&out);
}

static void long_lines(void **state)
{
	size_t len = (4 << 20) + sizeof(ID);
	char *text = malloc(len);
	struct seen s;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', len);
	memcpy(text + len - sizeof(ID), ID, sizeof(ID) - 1);
	s = scan(text, len);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.first.line, 1);
	assert_int_equal(s.first.column, (4 << 20) + 1);
	free(text);
}

static void many_hits_are_bounded(void **state)
{
	struct buf b = BUF_INIT(1 << 20);
	struct seen s = { 0 };
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < 3 * SCAN_HITS_MAX; i++)
		buf_adds(&b, ID "\n");
	assert_int_equal(run(b.data, b.len, &s, &err), SCAN_MORE);
	assert_int_equal(s.n, SCAN_HITS_MAX);
	/* examples that are allowed take nobody's place; and it is one line of them */
	buf_clear(&b);
	for (int i = 0; i < 2 * SCAN_HITS_MAX; i++)
		buf_adds(&b, "AKIAIOSFODNN7" "EXAMPLE ");
	buf_adds(&b, ID);
	s = scan(b.data, b.len);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.first.line, 1);
	assert_int_equal(s.first.column, 2 * SCAN_HITS_MAX * 21 + 1);
	buf_free(&b);
}

static void stops_when_told(void **state)
{
	static const char text[] = ID "\n" ID "\n" ID;
	struct seen s = { .stop_at = 2 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(run(text, sizeof(text) - 1, &s, &err), -1);
	assert_int_equal(err.class, ERR_NO);
	assert_int_equal(s.n, 2);
	assert_int_equal(scan(text, sizeof(text) - 1).n, 3);	/* and can be used again */
}

static void add_random(struct buf *b, size_t n, unsigned seed)
{
	while (n-- > 0)
		buf_addc(b, (char)changes_random(&seed));
}

/* One hit, the same value as if it stood there plainly, where its code stands. */
static void expect_decoded(const struct buf *b, const char *encoding, int line, int column)
{
	struct seen s = scan(b->data, b->len), plain = scan(ID, sizeof(ID) - 1);

	assert_int_equal(s.n, 1);
	assert_non_null(s.first.encoding);
	assert_string_equal(s.first.encoding, encoding);
	assert_string_equal(s.first.sha256, plain.first.sha256);
	assert_string_equal(s.first.shown, "AKIA****");
	assert_int_equal(s.first.line, line);
	assert_int_equal(s.first.column, column);
	assert_true(s.first.offset + s.first.len <= b->len);
}

static void runs_of_codes(void **state)
{
	static const char text[] = "abc 0123456789abcdefghijkl+ -_/3456789ABCDEFGHIJKLMN,ABCD";
	struct buf b = BUF_INIT(1 << 16);
	unsigned seed = 7;

	(void)state;
	assert_int_equal(scan_runs_next(text, sizeof(text) - 1, 0), 28);
	assert_int_equal(scan_runs_next(text, sizeof(text) - 1, 29), sizeof(text) - 1);
	assert_int_equal(scan_runs_next("", 0, 0), 0);
	for (int i = 0; i < 20000; i++)	/* one in sixteen ends a run */
		buf_addc(&b, (changes_random(&seed) % 16 ? "aZ09+/-_" : "\n\x80 .@[`{")[changes_random(&seed) % 8]);
	for (size_t at = 0; at < b.len; at += 1 + at % 7)
		assert_int_equal(scan_runs_next(b.data, b.len, at), scan_runs_next_plain(b.data, b.len, at));
	for (int c = 0; c < 256; c++) {	/* every byte ends a run or does not, with and without AVX2 */
		char line[64];

		memset(line, 'a', sizeof(line));
		line[23] = line[47] = (char)c;
		assert_int_equal(scan_runs_next(line, sizeof(line), 0),
				 scan_runs_next_plain(line, sizeof(line), 0));
	}
	buf_free(&b);
}

static void base64_at_any_alignment(void **state)
{
	(void)state;
	for (size_t before = 0; before < 8; before++)
		for (size_t within = 0; within < 6; within++) {
			struct buf b = BUF_INIT(4096), in = BUF_INIT(4096);

			buf_add(&b, "\n////////", before + 1);	/* characters of the alphabet */
			buf_add(&in, "      ", within);
			buf_adds(&in, ID "\n");
			encode_base64(in.data, in.len, &b);
			expect_decoded(&b, "base64", 2, (int)(1 + before + within / 3 * 4 + within % 3));
			buf_free(&in);
			buf_free(&b);
		}
}

/* `lines` of base64 with `end` and `begin` between them */
static void wrapped(const char *in, size_t width, const char *end, const char *begin, struct buf *out)
{
	struct buf code = BUF_INIT(4096);

	encode_base64(in, strlen(in), &code);
	for (size_t at = 0; at < code.len; at += width) {
		if (at)
			buf_adds(out, begin);
		buf_add(out, code.data + at, code.len - at < width ? code.len - at : width);
		if (at + width < code.len)
			buf_adds(out, end);
	}
	buf_free(&code);
}

static void base64_over_lines(void **state)
{
	static const char *const between[][2] = {
		{ "\n", "" }, { "\r\n", "" }, { "\n", "      " }, { "\" +\n", "    \"" },
		{ "'\n", "  '" }, { "\\n", "" }, { "\\r\\n", "" }, { "\\\n", "" }, { "\\n\" \\\n", "\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(between) / sizeof(*between); i++)
		for (size_t width = 24; width < 70; width += 5) {
			struct buf b = BUF_INIT(4096);
			struct seen s;

			wrapped("# the team's account, not to be shared\naws_access_key_id = " ID
				"\nregion = us-east-2\n", width, between[i][0], between[i][1], &b);
			s = scan(b.data, b.len);
			assert_int_equal(s.n, 1);
			assert_string_equal(s.first.encoding, "base64");
			buf_free(&b);
		}
}

/* One value a line: together they would be one without an end. */
static void base64_a_value_a_line(void **state)
{
	struct buf b = BUF_INIT(4096);

	(void)state;
	for (int i = 0; i < 3; i++) {
		encode_base64(ID "\n", sizeof(ID), &b);
		buf_addc(&b, '\n');
	}
	assert_int_equal(scan(b.data, b.len).n, 3);
	buf_clear(&b);
	encode_base64(ID "=", sizeof(ID), &b);	/* and where nothing is between them */
	encode_base64("0123456789" "0123456789", 20, &b);
	assert_int_equal(scan(b.data, b.len).n, 1);
	buf_free(&b);
}

static void base64_url_safe(void **state)
{
	struct buf b = BUF_INIT(4096);

	(void)state;
	encode_base64("\377?\377>>> " ID " ~~~\377?\377", 7 + sizeof(ID) - 1 + 7, &b);
	for (size_t i = 0; i < b.len; i++) {
		b.data[i] = b.data[i] == '+' ? '-' : b.data[i];
		b.data[i] = b.data[i] == '/' ? '_' : b.data[i];
	}
	assert_non_null(strchr(b.data, '_'));
	expect_decoded(&b, "base64", 1, 10);
	buf_free(&b);
}

static void base64_of_utf16(void **state)
{
	struct buf wide = BUF_INIT(4096), b = BUF_INIT(4096);

	(void)state;
	widen("$env:KEY = '" ID "'", false, false, &wide);
	buf_adds(&b, "powershell -enc ");
	encode_base64(wide.data, wide.len, &b);
	expect_decoded(&b, "base64", 1, 17 + 24 / 3 * 4);
	buf_free(&wide);
	buf_free(&b);
}

static void base64_among_binary(void **state)
{
	struct buf in = BUF_INIT(1 << 20), b = BUF_INIT(1 << 21);

	(void)state;
	add_random(&in, 100000, 1);
	encode_base64(in.data, in.len, &b);
	assert_int_equal(scan(b.data, b.len).n, 0);
	buf_add(&in, "\xff\xfe", 2);
	buf_adds(&in, ID);
	buf_add(&in, "\xfe\xff", 2);
	add_random(&in, 100000, 2);
	buf_clear(&b);
	encode_base64(in.data, in.len, &b);
	expect_decoded(&b, "base64", 1, 1 + 100002 / 3 * 4);
	buf_free(&in);
	buf_free(&b);
}

/* More than the window holds; the values stand in every part of it. */
static void base64_of_much(void **state)
{
	enum { LINE = 64, LINES = 20000 };
	struct buf in = BUF_INIT(LINE * LINES), b = BUF_INIT(2 * LINE * LINES);

	(void)state;
	for (int i = 0; i < LINES; i++)
		buf_addf(&in, "%-63s\n", i % 100 ? "x" : ID);
	encode_base64(in.data, in.len, &b);
	assert_int_equal(scan(b.data, b.len).n, LINES / 100);
	buf_free(&in);
	buf_free(&b);
}

static void plain_and_encoded_once(void **state)
{
	struct buf b = BUF_INIT(4096);
	struct seen s;

	(void)state;
	encode_base64(ID, sizeof(ID) - 1, &b);
	buf_adds(&b, "\nis " ID);
	s = scan(b.data, b.len);
	assert_int_equal(s.n, 1);
	assert_null(s.first.encoding);
	buf_free(&b);
}

/* A member of gzip, or (bits < 0) deflate alone. */
static void pack(const void *data, size_t len, int bits, struct buf *out)
{
	size_t max = len + len / 100 + 1000;
	z_stream z = { 0 };
	char *room = buf_room(out, max);

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (z_const Bytef *)data;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)room;
	z.avail_out = (uInt)max;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += max - z.avail_out;
	deflateEnd(&z);
}

static void gzip(void **state)
{
	struct buf in = BUF_INIT(1 << 23), b = BUF_INIT(1 << 23);

	(void)state;
	buf_adds(&b, "#!/bin/sh\ntail -n +3 $0 | tar xz\n");
	pack("key = " ID "\n", sizeof("key = " ID), 31, &b);
	expect_decoded(&b, "gzip", 3, 1);
	b.len -= 8;	/* cut off */
	expect_decoded(&b, "gzip", 3, 1);
	buf_clear(&b);
	pack("key = AKIA", 10, 31, &b);	/* one value in two members */
	pack(&ID[4], sizeof(ID) - 5, 31, &b);
	expect_decoded(&b, "gzip", 1, 1);
	buf_clear(&b);
	pack("", 0, 31, &b);	/* and in the second archive */
	buf_adds(&b, "behind it\n");
	pack(ID, sizeof(ID) - 1, 31, &b);
	expect_decoded(&b, "gzip", 2, 1);
	buf_clear(&b);
	pack("", 0, 31, &b);	/* told once, when the last member is cut off */
	pack(ID "\n", sizeof(ID), 31, &b);
	pack("behind it", 9, 31, &b);
	b.len -= 8;
	expect_decoded(&b, "gzip", 1, 1);
	buf_clear(&b);
	add_random(&in, 3 * SCAN_STREAM_SIZE, 3);	/* far behind the first window */
	for (int i = 0; i < 9; i++)
		buf_adds(&in, "\n" ID "\n");
	pack(in.data, in.len, 31, &b);
	expect_decoded(&b, "gzip", 1, 1);
	buf_free(&in);
	buf_free(&b);
}

static void no_gzip(void **state)
{
	struct buf b = BUF_INIT(4096);

	(void)state;
	pack(ID "\n", sizeof(ID), 31, &b);
	b.data[3] = '\xe0';	/* flags that no version has */
	assert_int_equal(scan(b.data, b.len).n, 0);
	b.data[3] = 0;
	assert_int_equal(scan(b.data, b.len).n, 1);
	for (size_t n = 0; n < 20; n++)	/* not enough of it to hold the value */
		assert_int_equal(scan(b.data, n).n, 0);
	buf_free(&b);
}

/* Values on every side of where one window ends and the next begins. */
static void gzip_windows(void **state)
{
	struct buf in = BUF_INIT(1 << 22), b = BUF_INIT(1 << 22);

	(void)state;
	for (size_t at = SCAN_STREAM_SIZE - 50; at < SCAN_STREAM_SIZE + 60; at += 11) {
		buf_clear(&in);
		buf_clear(&b);
		memset(buf_room(&in, at), ' ', at);
		in.len = at;
		buf_adds(&in, "\n" ID "\n");
		pack(in.data, in.len, 31, &b);
		expect_decoded(&b, "gzip", 1, 1);
		in.len -= sizeof(ID);
		buf_add(&in, "", 1);
		memset(buf_room(&in, 200000), '\n', 200000);
		in.len += 200000;
		buf_clear(&b);
		pack(in.data, in.len, 31, &b);
		assert_int_equal(scan(b.data, b.len).n, 0);
	}
	buf_free(&in);
	buf_free(&b);
}

static void zip(void **state)
{
	static const char header[] = "PK\3\4\24\0\0\0\10\0" "tttt" "cccc" "pppp" "uuuu" "\3\0" "\0\0" "a.b";
	struct buf b = BUF_INIT(4096);
	struct seen s;

	(void)state;
	buf_add(&b, header, sizeof(header) - 1);
	pack("nothing\n", 8, -15, &b);
	buf_add(&b, header, sizeof(header) - 1);
	pack("k=" ID "\n", sizeof(ID) + 2, -15, &b);
	s = scan(b.data, b.len);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.first.encoding, "zip");
	assert_true(s.first.offset > 0);
	assert_memory_equal(b.data + s.first.offset, header, sizeof(header) - 1);
	buf_free(&b);
}

/* Four megabytes that unpack to four gigabytes: the deadline ends it. */
static void bombs_are_refused(void **state)
{
	struct buf zeros = BUF_INIT(1 << 26), member = BUF_INIT(1 << 26), b = BUF_INIT(1 << 26);
	struct scan_text text = { .deadline = 1 };
	struct seen s = { 0 };
	struct err err = { 0 };
	char *room = buf_room(&zeros, 1 << 25);

	(void)state;
	memset(room, 0, 1 << 25);
	pack(room, 1 << 25, 31, &member);
	for (int i = 0; i < 130; i++)
		buf_add(&b, member.data, member.len);
	text.data = b.data;
	text.len = b.len;
	assert_int_equal(scan_bytes(scanner, &text, note, &s, &err), -1);	/* long over */
	assert_int_equal(err.class, ERR_TIMEOUT);
	buf_free(&zeros);
	buf_free(&member);
	buf_free(&b);
}

/* ---- what a delta makes ---- */

#define SECRET "kT9pQ2xV7mB4nR8wLz3J" "yH6sD1fG5cA0eU+iO/Xq"
#define BODY "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDAC4AWkdwKYSd8"

/* What each rule below finds, whole; a cut anywhere leaves a half. */
static const char *const planted[] = {
	ID, "\naws_secret_access_key = \"" SECRET "\"\n", "(\"" SECRET "\")", ID "," SECRET "\n",
	"\n-----BEGIN RSA PRIV" "ATE KEY-----\n" BODY "\n" BODY "\n-----END RSA PRIV" "ATE KEY-----\n",
	"\"-----BEGIN PRIV" "ATE KEY-----\\n" BODY "\\n" BODY "\\n\"",
	"\naws_session_token=IQoJb3JpZ2luX2Vj" "ED4aCXVzLWVhc3QtMiJHMEUCIQDx7k2hT9pQ2xV7mB4nR8wLz3JyH6sD1fG5"
	"cA0eUiOXqkT9pQ2xV7mB4nR8wLz3JyH6sD1fG5cA0eU\n",
	"token: ghp_" "kT9pQ2xV7mB4nR8wLz3JyH6sD1fG5c0wQXZx\n", "xoxb" "-2345678901-3456789012-kT9pQ2xV7mB4nR8wLz3JyH6s\n",
	"postgresql://admin:kT9p" "Q2xV7mB4@db.example.org/live\n",
};

static const char *const words[] = {
	"def ", "secret", "key", " = ", "aws_", "access", "(", ")", "\n", "    ", "return ", "token", ".", "\"",
	"\\n", "'", "AKIA", "-----BEGIN ", "abcdef0123456789", "password", ":", "/", "+", "QUtJQQ", "-----",
};

static void add_encoded(struct buf *b, const char *text, unsigned how)
{
	if (how == 0)
		encode_base64(text, strlen(text), b);
	else if (how == 1)
		wrapped(text, 28, "\n", "  ", b);
	else if (how == 2)
		widen(text, false, false, b);
	else
		buf_adds(b, text);
}

#define N_WORDS (sizeof(words) / sizeof(*words))

/* A file that may hold a secret, and where. */
static void grow(struct buf *b, unsigned *seed, size_t *at)
{
	size_t n = changes_random(seed) % 4000, plant = changes_random(seed) % (n + 1);

	for (size_t i = 0; i <= n; i++) {
		if (i == plant) {
			*at = b->len;
			add_encoded(b, planted[changes_random(seed) % (sizeof(planted) / sizeof(*planted))],
				    changes_random(seed) % 8);
		}
		if (changes_random(seed) % 8 == 0)
			buf_adds(b, words[changes_random(seed) % (N_WORDS)]);
		else
			buf_adds(b, changes_random(seed) % 8 ? "self.x " : "\n");
	}
}

static int collect(void *arg, const struct scan_hit *hit, struct err *err)
{
	(void)err;
	return buf_addf(arg, "%s %s %d:%d %zu+%zu\n", hit->rule->id, hit->sha256, hit->line, hit->column,
			hit->offset, hit->len);
}

static void changes_alone_find_the_same(void **state)
{
	/* valgrind looks at each instruction: a tenth is enough for it */
	const size_t rounds = getenv("VALGRIND") && *getenv("VALGRIND") ? 600 : 6000;
	size_t found = 0, quiet = 0;
	unsigned seed = 11;

	(void)state;
	for (size_t i = 0; i < rounds; i++) {
		struct buf text = BUF_INIT(1 << 18), base = BUF_INIT(1 << 18);
		struct buf whole = BUF_INIT(1 << 16), part = BUF_INIT(1 << 16);
		struct span changed[CHANGES_MAX];
		struct err err = { 0 };
		struct scan_text t = { .changed = changed };
		size_t at = 0;

		grow(&text, &seed, &at);
		t.n_changed = changes_of(&text, at, &seed, words, N_WORDS, &base, changed);
		t.data = base.data;
		t.len = base.len;
		t.changed = NULL;
		assert_int_equal(scan_bytes(scanner, &t, collect, &part, &err), 0);
		if (scan_quiet(scanner) == SCAN_QUIET) {
			bool loud;

			buf_clear(&part);
			t.data = text.data;
			t.len = text.len;
			assert_int_equal(scan_bytes(scanner, &t, collect, &whole, &err), 0);
			loud = scan_quiet(scanner) != SCAN_QUIET;
			t.changed = changed;
			assert_int_equal(scan_bytes(scanner, &t, collect, &part, &err), 0);
			if (strcmp(buf_str(&whole), buf_str(&part)) != 0)
				print_message("# %zu: %s\n", i, text.data);
			assert_string_equal(buf_str(&part), buf_str(&whole));
			assert_int_equal(scan_quiet(scanner) == SCAN_QUIET, !loud);
			quiet++;
			found += whole.len > 0;
		}
		buf_free(&text);
		buf_free(&base);
		buf_free(&whole);
		buf_free(&part);
	}
	assert_true(quiet > rounds / 12);
	assert_true(found > rounds / 15);
}

/* The twin: what is not near a change is not looked at, and so was not quiet before. */
static void elsewhere_is_not_looked_at(void **state)
{
	struct buf b = BUF_INIT(1 << 17);
	struct span changed = { 1 << 16, 10 };
	struct scan_text t = { .changed = &changed, .n_changed = 1 };
	struct seen s = { 0 };
	struct err err = { 0 };

	(void)state;
	buf_adds(&b, ID);
	memset(buf_room(&b, 1 << 16), ' ', 1 << 16);
	b.len += 1 << 16;
	t.data = b.data;
	t.len = b.len;
	assert_int_equal(scan_bytes(scanner, &t, note, &s, &err), 0);
	assert_int_equal(s.n, 0);
	assert_true(scan_quiet(scanner) == SCAN_QUIET);
	assert_int_equal(scan(b.data, b.len).n, 1);
	assert_false(scan_quiet(scanner) == SCAN_QUIET);
	buf_free(&b);
}

static void entropy(void **state)
{
	char all[256];

	(void)state;
	assert_int_equal(scan_entropy("", 0), 0);
	assert_int_equal(scan_entropy("aaaaaaaa", 8), 0);
	assert_int_equal(scan_entropy("abababab", 8), 1000);
	assert_int_equal(scan_entropy("abcdefgh", 8), 3000);
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	assert_int_equal(scan_entropy(all, sizeof(all)), 8000);
	assert_in_range(scan_entropy("aab", 3), 917, 919);	/* log2 3 - 2/3 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_place_and_hash),
		cmocka_unit_test(hash_does_not_know_the_place),
		cmocka_unit_test(nul_does_not_end_a_scan),
		cmocka_unit_test(utf16),
		cmocka_unit_test(utf16_inside_a_binary),
		cmocka_unit_test(found_once_in_both_widths),
		cmocka_unit_test(strings_of_a_binary_stand_apart),
		cmocka_unit_test(no_text_in_zeros),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(many_hits_are_bounded),
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(runs_of_codes),
		cmocka_unit_test(base64_at_any_alignment),
		cmocka_unit_test(base64_over_lines),
		cmocka_unit_test(base64_a_value_a_line),
		cmocka_unit_test(base64_url_safe),
		cmocka_unit_test(base64_of_utf16),
		cmocka_unit_test(base64_among_binary),
		cmocka_unit_test(base64_of_much),
		cmocka_unit_test(plain_and_encoded_once),
		cmocka_unit_test(gzip),
		cmocka_unit_test(no_gzip),
		cmocka_unit_test(gzip_windows),
		cmocka_unit_test(zip),
		cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(changes_alone_find_the_same),
		cmocka_unit_test(elsewhere_is_not_looked_at),
		cmocka_unit_test(entropy),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
