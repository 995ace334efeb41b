/* lib/base: err, buf, secret, strs, encode, clock, opt */
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/encode.h"
#include "lib/base/err.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/strs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void err_keeps_class_and_adds_text(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, ERR_ACCESS, "%s", "denied"), -1);
	err_prefix(&e, "GetSecretValue in %s: ", "devops");
	err_suffix(&e, " [request %d]", 7);
	assert_string_equal(e.message, "GetSecretValue in devops: denied [request 7]");
	assert_int_equal(e.class, ERR_ACCESS);
	errno = ENOENT;
	err_errno(&e, "cannot open %s", "x");
	assert_string_equal(e.message, "cannot open x: No such file or directory");
	assert_int_equal(e.class, ERR_INTERNAL);
}

static void err_cannot_steer_a_terminal(void **state)
{
	struct err e = { 0 };

	(void)state;
	err_set(&e, ERR_NO, "%s", "\302\2332Jé");
	assert_string_equal(e.message, "??2Jé");
	err_set(&e, ERR_NO, "%s", "a\033[2Jb\nc");
	assert_string_equal(e.message, "a?[2Jb c");
}

static void err_is_cut_at_a_whole_character(void **state)
{
	char longer[2 * ERR_MESSAGE_MAX];
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(longer); i += 2)
		memcpy(longer + i, "\xc3\xa9", 3);
	err_set(&e, ERR_NO, "x%s", longer);
	assert_true(strlen(e.message) < ERR_MESSAGE_MAX);
	assert_int_equal((unsigned char)e.message[strlen(e.message) - 1], 0xa9);
	err_set(&e, ERR_NO, "%s", longer);
	assert_int_equal((unsigned char)e.message[strlen(e.message) - 1], 0xa9);
}

static void buf_grows_to_its_maximum_and_no_further(void **state)
{
	struct buf kinds[] = { BUF_INIT(1000), BUF_INIT_SECRET(1000) };
	struct err e = { 0 };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct buf *b = &kinds[k];

		for (int i = 0; i < 100; i++)
			assert_int_equal(buf_adds(b, "0123456789"), 0);
		assert_int_equal(b->len, 1000);
		assert_int_equal(strlen(buf_str(b)), 1000);
		assert_int_equal(buf_check(b, "it", &e), 0);
		assert_int_equal(buf_addc(b, 'x'), -1);
		assert_int_equal(b->len, 1000);
		assert_int_equal(buf_check(b, "it", &e), -1);
		assert_string_equal(e.message, "it is too large (the maximum is 1000 bytes)");
		buf_clear(b);
		assert_int_equal(buf_addf(b, "%d-%s", 5, "x"), 0);
		assert_string_equal(buf_str(b), "5-x");
		buf_free(b);
		assert_string_equal(buf_str(b), "");
	}
}

static void buf_clear_wipes_a_secret(void **state)
{
	struct buf b = BUF_INIT_SECRET(100);

	(void)state;
	buf_adds(&b, "canary");
	buf_clear(&b);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(b.data[i], 0);
	buf_free(&b);
}

static void buf_huge_requests_fail(void **state)
{
	struct buf b = BUF_INIT(SIZE_MAX / 2);

	(void)state;
	buf_adds(&b, "x");
	assert_null(buf_room(&b, SIZE_MAX - 1));
	assert_true(b.failed);
	buf_free(&b);
}

static void strs_stay_terminated(void **state)
{
	struct strs l = STRS_INIT;

	(void)state;
	assert_int_equal(strs_add_all(&l, "a", "b", NULL), 0);
	assert_int_equal(strs_addf(&l, "%d", 3), 0);
	assert_string_equal(l.v[2], "3");
	assert_null(l.v[3]);
	while (l.n < STRS_MAX)
		assert_int_equal(strs_add(&l, "x"), 0);
	assert_int_equal(strs_add(&l, "one too many"), -1);
	assert_true(l.failed);
	assert_int_equal(l.n, STRS_MAX);
	strs_free(&l);
	assert_int_equal(l.n, 0);
}

static void base64_follows_rfc_4648(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};
	static const char *const bad[] = { "Z", "Zm9*", "Zg==Zg", "Zm9v\x01" };

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct buf e = BUF_INIT(100), d = BUF_INIT(100);

		assert_int_equal(encode_base64(pairs[i][0], strlen(pairs[i][0]), &e), 0);
		assert_string_equal(buf_str(&e), pairs[i][1]);
		assert_int_equal(decode_base64(buf_str(&e), e.len, &d), 0);
		assert_string_equal(buf_str(&d), pairs[i][0]);
		buf_free(&e);
		buf_free(&d);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf d = BUF_INIT(100);

		assert_int_equal(decode_base64(bad[i], strlen(bad[i]), &d), -1);
		buf_free(&d);
	}
}

static void percent_and_hex(void **state)
{
	struct buf e = BUF_INIT(100), d = BUF_INIT(100);
	char hex[9];

	(void)state;
	encode_hex((const unsigned char *)"\x00\xff\x1a\x2b", 4, hex);
	assert_string_equal(hex, "00ff1a2b");
	encode_percent("a b/\xc3\xa9~%", 8, "/", &e);
	assert_string_equal(buf_str(&e), "a%20b/%C3%A9~%25");
	decode_percent(buf_str(&e), e.len, &d);
	assert_string_equal(buf_str(&d), "a b/\xc3\xa9~%");
	buf_clear(&d);
	decode_percent("%4", 2, &d);
	decode_percent("%zz%41", 6, &d);
	assert_string_equal(buf_str(&d), "%4%zzA");
	buf_free(&e);
	buf_free(&d);
}

static void words_of_a_shell(void **state)
{
	static const char *const rows[][2] = {
		{ "plain/path-1.2@x", "plain/path-1.2@x" }, { "", "''" }, { "a b", "'a b'" },
		{ "it's", "'it'\\''s'" }, { "$(x)`y`\n;", "'$(x)`y`\n;'" }, { "~", "'~'" }, { "*", "'*'" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = BUF_INIT(100), none = BUF_INIT(1);

		assert_int_equal(encode_shell(rows[i][0], &out), 0);
		assert_string_equal(buf_str(&out), rows[i][1]);
		assert_int_equal(encode_shell(rows[i][0], &none), -1);
		buf_free(&out);
		buf_free(&none);
	}
}

static void clock_formats_and_parses(void **state)
{
	static const char *const same[] = {
		"20150830T123600Z", "2015-08-30T12:36:00Z", "2015-08-30T12:36:00.123Z",
		"2015-08-30T14:36:00+02:00", "2015-08-30T07:06:00-0530", "2015-08-30 12:36:00Z",
		"Sun, 30 Aug 2015 12:36:00 GMT",
	};
	static const char *const bad[] = {
		"", "2015-02-29T00:00:00Z", "2015-13-01T00:00:00Z", "2015-08-30T24:00:00Z",
		"2015-08-30T12:36:00", "2015-08-30T12:36:00Zx", "Sun, 30 Aux 2015 12:36:00 GMT",
		"Sun, 30 Aug 2015 12:36:00 CET", "20150830", "1969-12-31T23:59:59Z",
	};
	char basic[CLOCK_BASIC_LEN], extended[CLOCK_EXTENDED_LEN];
	int64_t t;

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		assert_int_equal(clock_parse(same[i], &t), 0);
		assert_int_equal(t, 1440938160);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(clock_parse(bad[i], &t), -1);
	clock_basic(1440938160, basic);
	assert_string_equal(basic, "20150830T123600Z");
	clock_extended(1709208000, extended);
	assert_string_equal(extended, "2024-02-29T12:00:00Z");
	clock_extended(INT64_MAX, extended);
	assert_string_equal(extended, "9999-12-31T23:59:59Z");
	assert_int_equal(deadline_left(deadline_in(-5)), 0);
	assert_true(deadline_left(deadline_in(INT64_C(1) << 40)) > 0);
}

static struct {
	bool json;
	const char *profile;
	struct strs set;
	long n, timeout;
} got;

static const struct opt options[] = {
	{ "json", 'j', OPT_FLAG, &got.json, NULL, "as JSON" },
	{ "profile", 'p', OPT_STRING, &got.profile, "P", "the profile" },
	{ "set", 0, OPT_LIST, &got.set, "K=V", "set" },
	{ "count", 0, OPT_NUMBER, &got.n, "N", "number" },
	{ "timeout", 0, OPT_SECONDS, &got.timeout, "T", "time" },
	OPT_END
};

static enum opt_outcome parse(const char *const *argv, struct strs *args, struct err *e)
{
	const struct opt_program p = {
		.name = "t", .synopsis = "", .purpose = "", .options = options, .max_args = 2,
	};

	strs_free(args);
	strs_free(&got.set);
	memset(&got, 0, sizeof(got));
	return opt_parse(&p, (char *const *)argv, args, e);
}

static void options_in_every_form(void **state)
{
	struct strs args = STRS_INIT;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(parse((const char *const[]){ "t", "a", "-j", "--profile=x", "--set", "a=b",
		"--set", "c=d", "--count", "3", "--timeout", "15m", "-py", "--", "--json", NULL },
		&args, &e), OPT_GO);
	assert_true(got.json);
	assert_string_equal(got.profile, "y");
	assert_int_equal(got.set.n, 2);
	assert_int_equal(got.n, 3);
	assert_int_equal(got.timeout, 900);
	assert_int_equal(args.n, 2);
	assert_string_equal(args.v[1], "--json");
	strs_free(&args);
	strs_free(&got.set);
}

static void wrong_options_are_told(void **state)
{
	static const struct {
		const char *argv[5];
		const char *message;
	} bad[] = {
		{ { "t", "--nope" }, "unknown option --nope; see t --help" },
		{ { "t", "-x" }, "unknown option -x; see t --help" },
		{ { "t", "--json=1" }, "this option takes no value: --json=1; see t --help" },
		{ { "t", "--profile" }, "this option wants a value: --profile; see t --help" },
		{ { "t", "--count", "-1" }, "--count wants a whole number, not \"-1\"" },
		{ { "t", "--timeout", "5w" }, "--timeout wants a time such as 90s, 15m or 2h, not \"5w\"" },
		{ { "t", "--timeout", "99999999999d" },
		  "--timeout wants a time such as 90s, 15m or 2h, not \"99999999999d\"" },
		{ { "t", "--count", "99999999999999999999" },
		  "--count wants a whole number, not \"99999999999999999999\"" },
		{ { "t", "a", "b", "c" }, "one operand too many: c; see t --help" },
	};
	struct strs args = STRS_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = { 0 };

		assert_int_equal(parse(bad[i].argv, &args, &e), OPT_ERROR);
		assert_string_equal(e.message, bad[i].message);
		assert_int_equal(e.class, ERR_USAGE);
	}
	strs_free(&args);
}

static void secret_memory_is_zeroed(void **state)
{
	unsigned char *p = secret_alloc(10000);

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(p[i], 0);
	memset(p, 'x', 10000);
	secret_free(p, 10000);
	secret_free(NULL, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(err_keeps_class_and_adds_text),
		cmocka_unit_test(err_cannot_steer_a_terminal),
		cmocka_unit_test(err_is_cut_at_a_whole_character),
		cmocka_unit_test(buf_grows_to_its_maximum_and_no_further),
		cmocka_unit_test(buf_clear_wipes_a_secret),
		cmocka_unit_test(buf_huge_requests_fail),
		cmocka_unit_test(strs_stay_terminated),
		cmocka_unit_test(base64_follows_rfc_4648),
		cmocka_unit_test(percent_and_hex),
		cmocka_unit_test(words_of_a_shell),
		cmocka_unit_test(clock_formats_and_parses),
		cmocka_unit_test(options_in_every_form),
		cmocka_unit_test(wrong_options_are_told),
		cmocka_unit_test(secret_memory_is_zeroed),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
