/* lib/spec/template.c */
#include "lib/spec/json.h"
#include "lib/spec/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char big[TEMPLATE_STRING_MAX / 2];

static const char *lookup(void *arg, const char *name)
{
	assert_ptr_equal(arg, big);
	if (strcmp(name, "COMMIT") == 0)
		return "0123abc";
	if (strcmp(name, "EMPTY") == 0)
		return "";
	if (strcmp(name, "TRICK") == 0)
		return "${COMMIT}\"";
	return strcmp(name, "BIG") == 0 ? big : NULL;
}

static int expand(const char *text, struct buf *out, char *pointer, struct err *err)
{
	cJSON *tree = json_parse(text, strlen(text), "t", err);
	int rc;

	assert_non_null(tree);
	rc = template_expand(tree, lookup, big, pointer, err);
	if (rc == 0)
		assert_int_equal(json_print(tree, false, out, err), 0);
	json_free(tree);
	return rc;
}

static void fills_in(void **state)
{
	static const struct {
		const char *text, *want;
	} good[] = {
		{ "{\"a\":\"x-${COMMIT}\"}", "{\"a\":\"x-0123abc\"}" },
		{ "{\"${COMMIT}\":1}", "{\"${COMMIT}\":1}" },
		{ "[\"${COMMIT}${COMMIT}\",3,null,true]", "[\"0123abc0123abc\",3,null,true]" },
		{ "\"$${COMMIT}\"", "\"${COMMIT}\"" },
		{ "\"$$${COMMIT}\"", "\"$${COMMIT}\"" },
		{ "\"$COMMIT $ $$ a$\"", "\"$COMMIT $ $$ a$\"" },
		{ "\"${NONE:-def}\"", "\"def\"" },
		{ "\"${EMPTY:-def}\"", "\"def\"" },
		{ "\"${COMMIT:-def}\"", "\"0123abc\"" },
		{ "\"${NONE:-}\"", "\"\"" },
		{ "\"[${EMPTY}]\"", "\"[]\"" },
		{ "\"${TRICK}\"", "\"${COMMIT}\\\"\"" },
		{ "{\"d\":[{\"e\":\"${NONE:-a:-b}\"}]}", "{\"d\":[{\"e\":\"a:-b\"}]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct buf out = BUF_INIT(4096);
		char pointer[TEMPLATE_POINTER_MAX];
		struct err err = { 0 };

		assert_int_equal(expand(good[i].text, &out, pointer, &err), 0);
		assert_string_equal(buf_str(&out), good[i].want);
		buf_free(&out);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *pointer, *message;
	} bad[] = {
		{ "{\"a\":[1,\"${NONE}\"]}", "/a/1", "/a/1: the variable NONE is not set" },
		{ "{\"a/b~\":\"${NONE}\"}", "/a~1b~0", "/a~1b~0: the variable NONE" },
		{ "{\"a\":\"${AWS_SECRET_ACCESS_KEY}\"}", "/a",
		  "/a: the variable AWS_SECRET_ACCESS_KEY is a credential" },
		{ "{\"a\":\"${AWS_SESSION_TOKEN:-x}\"}", "/a", "is a credential" },
		{ "\"${COMMIT\"", "", "\"${COMMIT\" is not ${NAME}" },
		{ "{\"x\":\"y\",\"z\":\"${}\"}", "/z", "/z: \"${}\" is not ${NAME}" },
		{ "\"${1A}\"", "", "is not ${NAME}" },
		{ "\"${COMMIT-x}\"", "", "is not ${NAME}" },
		{ "\"${COMMIT x}\"", "", "is not ${NAME}" },
		{ "{\"a\":{},\"b\":\"${BIG}${BIG}${BIG}\"}", "/b", "/b: the variables make this value" },
		{ "{\"k\":[\"${BIG}${BIG}\",\"${BIG}${BIG}\",\"${BIG}${BIG}\",\"${BIG}${BIG}\","
		  "\"${BIG}${BIG}\"]}", "/k/4", "/k/4: the variables make this value" },
	};

	(void)state;
	memset(big, 'b', sizeof(big) - 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf out = BUF_INIT(4096);
		char pointer[TEMPLATE_POINTER_MAX];
		struct err err = { 0 };

		assert_int_equal(expand(bad[i].text, &out, pointer, &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
		assert_string_equal(pointer, bad[i].pointer);
		assert_non_null(strstr(err.message, bad[i].message));
	}
}

static void environment(void **state)
{
	(void)state;
	setenv("TEMPLATE_TEST", "here", 1);
	assert_string_equal(template_environment(NULL, "TEMPLATE_TEST"), "here");
	unsetenv("TEMPLATE_TEST");
	assert_null(template_environment(NULL, "TEMPLATE_TEST"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in),
		cmocka_unit_test(refuses),
		cmocka_unit_test(environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
