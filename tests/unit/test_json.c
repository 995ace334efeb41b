/* lib/spec/json.c and json_text.c */
#include "lib/spec/json.h"
#include "lib/spec/json_text.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static cJSON *parse(const char *text)
{
	struct err err = { 0 };

	return json_parse(text, strlen(text), "t.json", &err);
}

static void good_documents(void **state)
{
	static const char *const good[] = {
		"{}", "[]", " null ", "\"\\u00e9\\n\"", "-0.5e+3", "0", "[1,[2,{\"a\":[]}]]",
		"{\"a\":{\"b\":[1,2,3]},\"c\":null}", "\xef\xbb\xbf{}",
		"\"\\ud83d\\ude00 \xf0\x9f\x98\x80 \xed\x9f\xbf\"", "1e999",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cJSON *t = parse(good[i]);

		assert_non_null(t);
		json_free(t);
	}
}

static void bad_documents_are_placed(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "", "t.json:1:1: not JSON: the text ends too early" },
		{ "{\n \"a\": 1,\n}", "t.json:3:1: not JSON: a comma before '}'" },
		{ "[1 2]", "t.json:1:4: not JSON: ',' or ']' is expected" },
		{ "{\"a\" 1}", "t.json:1:6: not JSON: ':' is expected after the member's name" },
		{ "{a:1}", "t.json:1:2: not JSON: a string in double quotes is expected" },
		{ "[01]", "t.json:1:3: not JSON: ',' or ']' is expected" },
		{ "[1.]", "t.json:1:4: not JSON: a digit is expected" },
		{ "\"a\nb\"", "t.json:1:3: not JSON: a line break or control character inside a string" },
		{ "\"a", "t.json:1:3: not JSON: the string is not closed" },
		{ "\"\\x\"", "t.json:1:3: not JSON: an unknown escape after \\" },
		{ "{} x", "t.json:1:4: not JSON: something follows the end of the document" },
		{ "[\"\xc3\xa9\", y]", "t.json:1:7: not JSON: a value is expected" },
		{ "[{\"a\":[tru]}, 1]", "t.json:1:8: not JSON: a value is expected" },
		{ "\"\\u00zz\"", "t.json:1:6: not JSON: \\u wants four hex digits" },
		{ "[\"\\ud83d\"]", "t.json:1:5: not JSON: half a surrogate pair: \\ud800 to \\udbff and "
		  "\\udc00 to \\udfff stand together" },
		{ "[\"\\ud83d\\u0041\"]", "t.json:1:5: not JSON: half a surrogate pair: \\ud800 to \\udbff "
		  "and \\udc00 to \\udfff stand together" },
		{ "[\"a\\u0000b\"]", "t.json:1:6: not JSON: \\u0000 in a string: no request can hold it" },
		{ "{\"\xc3\xa9\": \"\xff\"}", "t.json:1:8: not JSON: bytes that are no UTF-8" },
		{ "\"\xc0\x80\"", "t.json:1:2: not JSON: bytes that are no UTF-8" },
		{ "\"\xed\xa0\x80\"", "t.json:1:2: not JSON: bytes that are no UTF-8" },
		{ "\"\xf4\x90\x80\x80\"", "t.json:1:2: not JSON: bytes that are no UTF-8" },
		{ "\xff\xfe{", "t.json:1:1: not JSON: a value is expected" },
		{ "[1000000000000000000000000000000000000000000000000000000000000]",
		  "t.json:1:63: not JSON: a number of more than 60 characters" },
		{ "\xef\xbb\xbf{\"a\":1,\n\"a\":3}",
		  "t.json:2:5: the member \"a\" stands twice in one object" },
		{ "{\"a\":1,\"b\":2,\"a\":3}",
		  "t.json:1:18: the member \"a\" stands twice in one object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = { 0 };

		assert_null(json_parse(bad[i].text, strlen(bad[i].text), "t.json", &err));
		assert_string_equal(err.message, bad[i].message);
		assert_int_equal(err.class, ERR_USAGE);
	}
}

static void nesting_is_bounded(void **state)
{
	char deep[2 * JSON_DEPTH_MAX + 20];
	struct err err = { 0 };
	cJSON *t;

	(void)state;
	memset(deep, '[', JSON_DEPTH_MAX);
	memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	t = json_parse(deep, 2 * JSON_DEPTH_MAX, "t", &err);
	assert_non_null(t);
	json_free(t);
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_null(json_parse(deep, 2 * JSON_DEPTH_MAX + 2, "t", &err));
}

static void paths_are_walked(void **state)
{
	cJSON *t = parse("{\"a\":{\"b\":[{\"c\":\"x\"},{\"c\":\"y\"}]},\"n\":\"12\",\"one\":{\"c\":1}"
			 ",\"t\":\"true\",\"z\":null}");

	(void)state;
	assert_string_equal(json_string(t, "a.b[1].c", "-"), "y");
	assert_string_equal(json_string(t, "a.b[2].c", "-"), "-");
	assert_string_equal(json_string(t, "a.x.c", "-"), "-");
	assert_int_equal(json_integer(t, "n", 0), 12);
	assert_int_equal(json_integer(t, "a", 7), 7);
	assert_true(json_bool(t, "t", false));
	assert_int_equal(json_count(t, "a.b"), 2);
	assert_int_equal(json_count(t, "one"), 1);
	assert_int_equal(json_integer(json_at(t, "one", 0), "c", 0), 1);
	assert_null(json_at(t, "one", 1));
	assert_null(json_get(t, "z"));
	json_free(t);
}

static void building_makes_the_way(void **state)
{
	cJSON *t = parse("{\"a\":1}");
	struct buf out = BUF_INIT(200);
	struct err err = { 0 };

	(void)state;
	assert_int_equal(json_set_string(t, "b.c.d", "x"), 0);
	assert_int_equal(json_set_integer(t, "a", 2), 0);
	assert_int_equal(json_set_bool(t, "b.e", true), 0);
	assert_int_equal(json_set_string(t, "a.x", "no object"), -1);
	assert_int_equal(json_print(t, false, &out, &err), 0);
	assert_string_equal(buf_str(&out), "{\"a\":2,\"b\":{\"c\":{\"d\":\"x\"},\"e\":true}}");
	buf_free(&out);
	json_free(t);
}

static void a_secret_is_printed_in_secret_memory(void **state)
{
	struct buf plain = BUF_INIT(1 << 20), secret = BUF_INIT_SECRET(1 << 20);
	struct buf small = BUF_INIT_SECRET(5000);
	cJSON *t = parse("{\"a\":[1,2]}");
	struct err err = { 0 };
	char text[8000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	buf_adds(&plain, ">");
	buf_adds(&secret, ">");
	for (int pretty = 0; pretty <= 1; pretty++) {
		assert_int_equal(json_print(t, pretty, &plain, &err), 0);
		assert_int_equal(json_print(t, pretty, &secret, &err), 0);
		assert_int_equal(json_set_string(t, "long", text), 0);
	}
	assert_int_equal(json_print(t, false, &plain, &err), 0);
	assert_int_equal(json_print(t, false, &secret, &err), 0);
	assert_string_equal(buf_str(&secret), buf_str(&plain));
	assert_int_equal(secret.len, plain.len);
	assert_int_equal(json_print(t, false, &small, &err), -1);
	assert_string_equal(buf_str(&small), "");
	buf_free(&plain);
	buf_free(&secret);
	buf_free(&small);
	json_free(t);
}

static size_t freed_unwiped;

/* All of it may be looked at. */
static void *zeroed(size_t size)
{
	return calloc(1, size);
}

/* What a block holds when cJSON gives it back. */
static void look_and_free(void *block)
{
	if (block && memmem(block, malloc_usable_size(block), "CANARY", 6))
		freed_unwiped++;
	free(block);
}

static void what_is_replaced_is_wiped(void **state)
{
	cJSON_Hooks hooks = { zeroed, look_and_free };
	cJSON *t;

	(void)state;
	cJSON_InitHooks(&hooks);
	t = parse("{\"a\":\"CANARYone\",\"b\":{\"c\":[\"CANARYtwo\"]},\"d\":\"CANARYthree\"}");
	freed_unwiped = 0;
	assert_int_equal(json_set_string(t, "a", "x"), 0);
	assert_int_equal(json_set_integer(t, "b", 1), 0);
	json_free(t);
	t = cJSON_CreateString("CANARYfour");
	cJSON_Delete(t);
	cJSON_InitHooks(NULL);
	assert_int_equal(freed_unwiped, 1);	/* the last: who looks sees what is left */
}

static void pointers_are_located(void **state)
{
	static const char text[] = "{\n  \"a/b\": [1,\n    {\"~\": \"x\"}]\n}";
	int line, column;

	(void)state;
	assert_int_equal(json_locate(text, strlen(text), "/a~1b/1/~0", &line, &column), 0);
	assert_int_equal(line, 3);
	assert_int_equal(column, 11);
	assert_int_equal(json_locate(text, strlen(text), "", &line, &column), 0);
	assert_int_equal(line, 1);
	assert_int_equal(json_locate(text, strlen(text), "/a~1b/2", &line, &column), -1);
	assert_int_equal(json_locate(text, strlen(text), "/a", &line, &column), -1);
}

static void names_are_found_whatever_their_escapes(void **state)
{
	static const char text[] = "\xef\xbb\xbf{\"\\u0061\\\"b\": 1, \"\\ud83d\\ude00\": [2], \"a\\\\\\n\": {\"\\/~\": 3}}";
	int line, column;

	(void)state;
	assert_int_equal(json_locate(text, strlen(text), "/a\"b", &line, &column), 0);
	assert_int_equal(column, 15);
	assert_int_equal(json_locate(text, strlen(text), "/\xf0\x9f\x98\x80/0", &line, &column), 0);
	assert_int_equal(column, 35);
	assert_int_equal(json_locate(text, strlen(text), "/a\\\n/~1~0", &line, &column), 0);
	assert_int_equal(column, 56);
	assert_int_equal(json_locate(text, strlen(text), "/a\\\n/~1", &line, &column), -1);
	assert_int_equal(json_locate(text, strlen(text), "/a\\\n/~1~0~0", &line, &column), -1);
	assert_int_equal(json_locate(text, strlen(text), "/\xf0\x9f\x98\x81", &line, &column), -1);
}

struct told {
	int n;
	char pointers[256];
};

static void tell(void *arg, const char *pointer, const char *name)
{
	struct told *told = arg;

	told->n++;
	assert_string_equal(strrchr(pointer, '/') + 1, name);
	snprintf(told->pointers + strlen(told->pointers), 64, "%.60s ", pointer);
}

static void names_that_stand_twice_are_told(void **state)
{
	static const char text[] = "{\"b\":[{\"c\":1,\"\\u0063\":2,\"c\":3}, {\"c\":1}],\"a\":{},\"b\":1}";
	struct told told = { 0 };
	struct err err = { 0 };
	cJSON *t = json_parse_twice(text, strlen(text), "t", tell, &told, &err);

	(void)state;
	assert_non_null(t);
	json_free(t);
	assert_int_equal(told.n, 2);
	assert_string_equal(told.pointers, "/b/0/c /b ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_documents),
		cmocka_unit_test(bad_documents_are_placed),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(paths_are_walked),
		cmocka_unit_test(building_makes_the_way),
		cmocka_unit_test(a_secret_is_printed_in_secret_memory),
		cmocka_unit_test(what_is_replaced_is_wiped),
		cmocka_unit_test(pointers_are_located),
		cmocka_unit_test(names_are_found_whatever_their_escapes),
		cmocka_unit_test(names_that_stand_twice_are_told),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
