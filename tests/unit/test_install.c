#include "hooks/install/install.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct install_hook client = { .name = "pre-push", .program = "pre-push",
					    .closed = true };
static const struct install_hook server = { .name = "post-receive", .program = "post-receive",
					    .server = true };

static void make(const struct install_hook *hook, const char *program, const char *previous,
		 struct buf *out)
{
	struct err err = { 0 };

	assert_int_equal(install_script(hook, program, previous, out, &err), 0);
}

static void the_program_is_read_back(void **state)
{
	static const char *const paths[] = { "/usr/libexec/codetrain/pre-push", "/a b/it's/'", "/$x/`y`/\\" };

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct buf script = BUF_INIT(INSTALL_SCRIPT_MAX), program = BUF_INIT(4096);

		make(&client, paths[i], NULL, &script);
		assert_int_equal(install_script_program(buf_str(&script), &program), 0);
		assert_string_equal(buf_str(&program), paths[i]);
		buf_free(&script);
		buf_free(&program);
	}
}

static void others_are_not_ours(void **state)
{
	static const char *const texts[] = { "", "#!/bin/sh\n", "#!/bin/sh\nexec codetrain\n",
					     "#!/bin/sh\n# made by `codetrain hooks install`\necho\n",
					     "#!/bin/sh\n# made by `codetrain hooks install`" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct buf program = BUF_INIT(4096);

		assert_int_equal(install_script_program(texts[i], &program), -1);
		buf_free(&program);
	}
}

static void a_previous_hook_is_chained(void **state)
{
	struct buf with = BUF_INIT(INSTALL_SCRIPT_MAX), without = BUF_INIT(INSTALL_SCRIPT_MAX);
	struct buf husky = BUF_INIT(INSTALL_SCRIPT_MAX);

	(void)state;
	make(&client, "/p", "#!/bin/sh\n", &with);
	make(&client, "/p", NULL, &without);
	make(&client, "/p", "#!/usr/bin/env sh\n. \"$(dirname \"$0\")/h\"", &husky);
	assert_non_null(strstr(buf_str(&with), INSTALL_SUFFIX));
	assert_non_null(strstr(buf_str(&with), "|| exit $?"));
	assert_null(strstr(buf_str(&without), INSTALL_SUFFIX));
	assert_non_null(strstr(buf_str(&husky), "sh -c"));
	assert_null(strstr(buf_str(&with), "sh -c"));
	buf_free(&with);
	buf_free(&without);
	buf_free(&husky);
}

static void a_lost_program(void **state)
{
	struct buf closed = BUF_INIT(INSTALL_SCRIPT_MAX), open = BUF_INIT(INSTALL_SCRIPT_MAX);

	(void)state;
	make(&client, "/p", NULL, &closed);
	make(&server, "/p", "#!/bin/sh\n", &open);
	assert_non_null(strstr(buf_str(&closed), "exit 1"));
	assert_null(strstr(buf_str(&open), "exit 1"));
	assert_null(strstr(buf_str(&open), "|| exit"));
	buf_free(&closed);
	buf_free(&open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_is_read_back), cmocka_unit_test(others_are_not_ours),
		cmocka_unit_test(a_previous_hook_is_chained), cmocka_unit_test(a_lost_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
