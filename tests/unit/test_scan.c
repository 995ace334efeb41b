/*
 * The scanner apart from the rules: places, encodings, long and binary texts.
 */
#include "hooks/secrets/scan.h"
#include "hooks/secrets/scan_confirm.h"
#include "hooks/secrets/scan_text.h"
#include "lib/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
		cmocka_unit_test(entropy),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
