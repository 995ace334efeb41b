/*
 * TOML 1.0: what is read, and what is refused and where.
 */
#include "lib/spec/json.h"
#include "lib/spec/toml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct pair {
	const char *text, *want;
};

static void reads(const struct pair *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = { 0 };
		cJSON *tree = toml_parse(cases[i].text, strlen(cases[i].text), "f", &err);
		char *got;

		if (!tree)
			print_message("# %s: %s\n", cases[i].text, err.message);
		assert_non_null(tree);
		got = cJSON_PrintUnformatted(tree);
		assert_string_equal(got, cases[i].want);
		free(got);
		json_free(tree);
	}
}

static void refuses(const struct pair *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = { 0 };
		cJSON *tree = toml_parse(cases[i].text, strlen(cases[i].text), "f", &err);

		if (tree)
			print_message("# %s\n", cases[i].text);
		assert_null(tree);
		assert_int_equal(err.class, ERR_USAGE);
		if (!strstr(err.message, cases[i].want))
			print_message("# %s: %s\n", cases[i].text, err.message);
		assert_non_null(strstr(err.message, cases[i].want));
	}
}

#define READS(cases) reads(cases, sizeof(cases) / sizeof(*(cases)))
#define REFUSES(cases) refuses(cases, sizeof(cases) / sizeof(*(cases)))

static void strings(void **state)
{
	static const struct pair good[] = {
		{ "a = \"b\"", "{\"a\":\"b\"}" },
		{ "\xef\xbb\xbf" "a = ''", "{\"a\":\"\"}" },
		{ "a = \"\\b\\t\\n\\f\\r\\\"\\\\\"", "{\"a\":\"\\b\\t\\n\\f\\r\\\"\\\\\"}" },
		{ "a = \"\\u00e9\\U0001F600\\u20ac\"", "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac\"}" },
		{ "a = '\\d\"'", "{\"a\":\"\\\\d\\\"\"}" },
		{ "a = '''\nx'y''z'''", "{\"a\":\"x'y''z\"}" },
		{ "a = '''x''''", "{\"a\":\"x'\"}" },
		{ "a = \"\"\"x\"\"\"\"\"", "{\"a\":\"x\\\"\\\"\"}" },
		{ "a = \"\"\"\r\none\r\ntwo\"\"\"", "{\"a\":\"one\\ntwo\"}" },
		{ "a = \"\"\"one \\\n\n   two\"\"\"", "{\"a\":\"one two\"}" },
		{ "a = \"x\" # c\n# d\n\nb='#'", "{\"a\":\"x\",\"b\":\"#\"}" },
	};
	static const struct pair bad[] = {
		{ "a = \"b", "f:1:7: the string is not closed" },
		{ "a = \"b\nc\"", "f:1:7: the string is not closed" },
		{ "a = '''b", "not closed" },
		{ "a = \"\\x41\"", "an unknown escape" },
		{ "a = \"\\ \"", "an unknown escape" },
		{ "a = \"\"\"\\ x\"\"\"", "an unknown escape" },
		{ "a = \"\\u12\"", "four hex digits" },
		{ "a = \"\\ud800\"", "no such character" },
		{ "a = \"\\u0000\"", "no such character" },
		{ "\na = '\xff'", "f:2:6: the text is not UTF-8" },
		{ "a = '\xed\xa0\x80'", "not UTF-8" },
		{ "a = '\x01'", "a control character" },
		{ "# \x7f", "a control character" },
		{ "a = 'x' 'y'", "a line break is expected" },
	};

	(void)state;
	READS(good);
	REFUSES(bad);
}

static void values(void **state)
{
	static const struct pair good[] = {
		{ "a=[1, +2, -3, 0, 1_000, 0xff, 0o17, 0b101]", "{\"a\":[1,2,-3,0,1000,255,15,5]}" },
		{ "a=[3.5, -0.25, 1e3, 2E-1, 1_0.0_1, inf]", "{\"a\":[3.5,-0.25,1000,0.2,10.01,null]}" },
		{ "a=true\nb = false", "{\"a\":true,\"b\":false}" },
		{ "a = [\n 'x', # one\n 'y',\n]", "{\"a\":[\"x\",\"y\"]}" },
		{ "a = [ ]\nb = {}", "{\"a\":[],\"b\":{}}" },
		{ "a = 1979-05-27T07:32:00Z", "{\"a\":\"1979-05-27T07:32:00Z\"}" },
		{ "a = 1979-05-27 07:32:00.5-07:00", "{\"a\":\"1979-05-27 07:32:00.5-07:00\"}" },
		{ "a = [1979-05-27, 07:32:00]", "{\"a\":[\"1979-05-27\",\"07:32:00\"]}" },
		{ "a = { b.c = 1, d = [ { e = 'f' } ] }", "{\"a\":{\"b\":{\"c\":1},\"d\":[{\"e\":\"f\"}]}}" },
	};
	static const struct pair bad[] = {
		{ "a = 01", "no value of TOML" }, { "a = 1__0", "no value" }, { "a = _1", "no value" },
		{ "a = 1_", "no value" }, { "a = 1.", "no value" }, { "a = .5", "no value" },
		{ "a = 0xfg", "no value" }, { "a = +0x1", "no value" }, { "a = yes", "no value" },
		{ "a = True", "no value" }, { "a = 99999999999999999999", "no value" },
		{ "a = 1979-13-01", "no value" }, { "a = 2023-02-29", "no value" },
		{ "a = 25:00:00", "no value" }, { "a = 1e", "no value" }, { "a =", "a value is expected" },
		{ "a = [1 2]", "a comma or ]" }, { "a = [1,,2]", "a value is expected" },
		{ "a = [", "a value is expected" }, { "a = {b = 1,}", "a key is expected" },
		{ "a = {b = 1\n}", "a comma or }" }, { "a = {b = 1, b = 2}", "there twice" },
		{ "a", "= is expected" }, { "= 1", "a key is expected" }, { "a = 1 b = 2", "a line break" },
	};

	(void)state;
	READS(good);
	REFUSES(bad);
}

static void tables(void **state)
{
	static const struct pair good[] = {
		{ "[a]\nb = 1\n[a.c]\nd = 2", "{\"a\":{\"b\":1,\"c\":{\"d\":2}}}" },
		{ "[a.b]\n[a]\nc = 1", "{\"a\":{\"b\":{},\"c\":1}}" },
		{ "[[r]]\nid = 'x'\n[[r.s]]\nt = 1\n[[r.s]]\n[[r]]\n[r.u]\nv = 2",
		  "{\"r\":[{\"id\":\"x\",\"s\":[{\"t\":1},{}]},{\"u\":{\"v\":2}}]}" },
		{ "a.b = 1\na.c = 2\n\"a b\".'c.d' = 3", "{\"a\":{\"b\":1,\"c\":2},\"a b\":{\"c.d\":3}}" },
		{ "[ a . \"b\" ] # x\n1-2_3 = 4", "{\"a\":{\"b\":{\"1-2_3\":4}}}" },
		{ "[f]\na.b = 1\n[f.a.c]\nd = 1", "{\"f\":{\"a\":{\"b\":1,\"c\":{\"d\":1}}}}" },
		{ "", "{}" },
	};
	static const struct pair bad[] = {
		{ "a = 1\na = 2", "f:2:3: this key is there twice" },
		{ "[a]\n[a]", "this table is there twice" },
		{ "[f]\na.b = 1\n[f.a]", "this table is there twice" },
		{ "a = {b = 1}\n[a.c]", "no table to add to" },
		{ "a = {b = 1}\na.c = 2", "no table to add to" },
		{ "[a.b]\nc = 1\n[a]\nb.d = 1", "no table to add to" },
		{ "a = []\n[[a]]", "no list of tables" },
		{ "[a]\n[[a]]", "no list of tables" },
		{ "[[a]]\n[a]", "this table is there twice" },
		{ "a = 1\n[a.b]", "no table to add to" },
		{ "a = [{b = 1}]\n[a.c]", "no table to add to" },
		{ "[a\n", "] is expected" }, { "[[a]\n", "] is expected" }, { "[]", "a key is expected" },
		{ "[a] b = 1", "a line break" }, { "[a.]", "a key is expected" },
		{ "\"\"\"a\"\"\" = 1", "three quotes" },
	};

	(void)state;
	READS(good);
	REFUSES(bad);
}

static void bounds(void **state)
{
	struct err err = { 0 };
	char deep[1024];
	cJSON *tree;

	(void)state;
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "a = ", 4);
	assert_null(toml_parse(deep, sizeof(deep), "f", &err));
	assert_non_null(strstr(err.message, "too deep"));
	tree = toml_parse("x = 1\n\n[[r]]\nid = 'a'\n", 22, "f", &err);
	assert_non_null(tree);
	assert_int_equal(toml_line(json_get(tree, "r[0]")), 3);
	assert_int_equal(toml_line(json_get(tree, "r[0].id")), 4);
	json_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings), cmocka_unit_test(values), cmocka_unit_test(tables),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
