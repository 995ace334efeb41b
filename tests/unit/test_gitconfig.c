#include "lib/spec/gitconfig.h"
#include "lib/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int add(void *arg, const struct gitconfig_entry *e, struct err *err)
{
	(void)err;
	return buf_addf(arg, "%d:%s|%s|%s=%s;", e->line, e->section,
			e->subsection ? e->subsection : "-", e->key, e->value ? e->value : "(bare)");
}

static void reads(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "# only\n; comments\n", "" },
		{ "[a]\nb = c\n", "2:a|-|b=c;" },
		{ "[A \"Sub.X\"]\n\tKey-1=v", "2:a|Sub.X|key-1=v;" },
		{ "[a]b=c", "1:a|-|b=c;" },
		{ "[a]\nb\nc = \n", "2:a|-|b=(bare);3:a|-|c=;" },
		{ "[a]\nb = x y  # note\n", "2:a|-|b=x y;" },
		{ "[a]\nb = \"x # y \" z\n", "2:a|-|b=x # y  z;" },
		{ "[a]\nb = one\\\n two\nc = 3", "2:a|-|b=one two;4:a|-|c=3;" },
		{ "[a]\nb = \"q\\\"\\\\\\n\"\n", "2:a|-|b=q\"\\\n;" },
		{ "[a]\r\nb = c\r\n", "2:a|-|b=c;" },
		{ "\xef\xbb\xbf[a]\nb = c", "2:a|-|b=c;" },
		{ "[a \"x\\\"y\"]\nb = c", "2:a|x\"y|b=c;" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf got = BUF_INIT(4096);
		struct err err = { 0 };

		assert_int_equal(gitconfig_parse(cases[i].text, strlen(cases[i].text), "f", add,
						 &got, &err), 0);
		assert_string_equal(buf_str(&got), cases[i].want);
		buf_free(&got);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a = b\n", "f:1: a variable before" },
		{ "[a\n", "f:1: a character that a section" },
		{ "[]\n", "f:1: a section without" },
		{ "[a \"b\n\"]", "f:1: a section name is not closed" },
		{ "[a]\nb = \"c\n", "f:2: a quote is not closed" },
		{ "[a]\nb = \\q\n", "f:2: a backslash" },
		{ "[a]\n\nb ! c\n", "f:3: a character that the name" },
		{ "[a]\n=x\n", "f:2: neither" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf got = BUF_INIT(4096);
		struct err err = { 0 };

		assert_int_equal(gitconfig_parse(cases[i].text, strlen(cases[i].text), "f", add,
						 &got, &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
		assert_memory_equal(err.message, cases[i].want, strlen(cases[i].want));
		buf_free(&got);
	}
}

static void nul_is_no_value(void **state)
{
	static const char text[] = "[a]\nb = c\0d\n";
	struct buf got = BUF_INIT(4096);
	struct err err = { 0 };

	(void)state;
	assert_int_equal(gitconfig_parse(text, sizeof(text) - 1, "f", add, &got, &err), -1);
	buf_free(&got);
}

static void sizes(void **state)
{
	unsigned long long n = 7;

	(void)state;
	assert_int_equal(gitconfig_size("0", &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(gitconfig_size("50m", &n), 0);
	assert_int_equal(n, 50 << 20);
	assert_int_equal(gitconfig_size("2G", &n), 0);
	assert_true(n == 2ULL << 30);
	assert_int_equal(gitconfig_size("1k", &n), 0);
	assert_int_equal(n, 1024);
	assert_int_equal(gitconfig_size("", &n), -1);
	assert_int_equal(gitconfig_size("-1", &n), -1);
	assert_int_equal(gitconfig_size("5x", &n), -1);
	assert_int_equal(gitconfig_size("5kk", &n), -1);
	assert_int_equal(gitconfig_size("99999999999999999999999", &n), -1);
	assert_int_equal(gitconfig_size("18446744073709551615g", &n), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads), cmocka_unit_test(refuses),
		cmocka_unit_test(nul_is_no_value), cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
