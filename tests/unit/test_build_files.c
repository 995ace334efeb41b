/* buildstep/build_files.c: which paths a pattern of a buildspec names */
#include "buildstep/build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool want;
	} table[] = {
		{ "a.txt", "a.txt", true },
		{ "a.txt", "b/a.txt", false },
		{ "./a.txt", "a.txt", true },
		{ "b//a.txt", "b/a.txt", true },
		{ "*", "a", true },
		{ "*", ".hidden", true },
		{ "*", "a/b", false },
		{ "**/*", "a", true },
		{ "**/*", "a/b/c", true },
		{ "**", "a/b/c", true },
		{ "a/**/*", "a/b", true },
		{ "a/**/*", "a", false },
		{ "a/**/*.xml", "a/b/c/d.xml", true },
		{ "a/**/*.xml", "b/c/d.xml", false },
		{ "**/b/**/c", "a/b/x/y/c", true },
		{ "**/b/**/c", "a/x/y/c", false },
		{ "a[0-9].t?t", "a7.txt", true },
		{ "a[0-9].t?t", "ab.txt", false },
		{ "a**b", "axxb", true },
		{ "", "a", false },
		{ "**/**/**/**/**/**/**/**/x", "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/y", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (build_files_match(table[i].pattern, table[i].path) != table[i].want)
			fail_msg("\"%s\" and \"%s\"", table[i].pattern, table[i].path);
}

static void limits(void **state)
{
	char deep[400], longest[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = i % 2 ? '/' : 'a';
	deep[sizeof(deep) - 1] = '\0';
	assert_false(build_files_match("**", deep));
	deep[2 * 64 - 1] = '\0';
	assert_true(build_files_match("**", deep));
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(build_files_match("*", longest));
	longest[4000] = '\0';
	assert_true(build_files_match("*", longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
