/* lib/spec/yaml.c and arena.c */
#include "lib/spec/arena.h"
#include "lib/spec/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A tree as text: s scalar (' when not plain), [..], {k:v}, each with @line:column. */
static void show(const struct yml_node *n, char *out, size_t cap)
{
	size_t len;

#define PUT(...) (len = strlen(out), (void)snprintf(out + len, cap - len, __VA_ARGS__))
	if (n->kind == YML_SCALAR) {
		PUT("%s%s@%d:%d", n->text, n->plain ? "" : "'", n->line, n->column);
		return;
	}
	PUT("%s", n->kind == YML_MAPPING ? "{" : "[");
	for (size_t i = 0; i < n->n; i++) {
		if (n->items[i].key)
			PUT("%s:", n->items[i].key->text);
		show(n->items[i].value, out, cap);
		PUT("%s", i + 1 < n->n ? "," : "");
	}
	PUT("%s", n->kind == YML_MAPPING ? "}" : "]");
#undef PUT
}

static void trees(void **state)
{
	static const struct {
		const char *text, *want;
	} good[] = {
		{ "a: 1\nb: [x, 'y']\n", "{a:1@1:4,b:[x@2:5,y'@2:8]}" },
		{ "version: 0.2", "{version:0.2@1:10}" },
		{ "a: |\n  one\n  two\nb: >-\n  x\n  y\n", "{a:one\ntwo\n'@1:4,b:x y'@4:4}" },
		{ "a: &x [1]\nb: *x\n", "{a:[1@1:8],b:[1@1:8]}" },
		{ "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n", "{a:{k:1@1:11,l:2@1:17},b:{k:3@4:6,l:2@1:17}}" },
		{ "a: &x {k: 1}\nb: &y {k: 2, m: 3}\nc: {<<: [*x, *y]}\n",
		  "{a:{k:1@1:11},b:{k:2@2:11,m:3@2:17},c:{k:1@1:11,m:3@2:17}}" },
		{ "'<<': 1\n", "{<<:1@1:7}" },
		{ "a: &x 1\nb: &x 2\nc: *x\n", "{a:1@1:4,b:2@2:4,c:2@2:4}" },
		{ "--- !!map\na: !!str 12\n...\n", "{a:12'@2:4}" },
		{ "\xef\xbb\xbf" "a: b\r\nc: d\r\n", "{a:b@1:4,c:d@2:4}" },
		{ "a:\nb: ~\n", "{a:@1:3,b:~@2:4}" },
		{ "\xc3\xa9: \xc3\xbc\xc3\xbc\nb: {\xc3\xa9: x}\n", "{\xc3\xa9:\xc3\xbc\xc3\xbc@1:4,b:{\xc3\xa9:x@2:8}}" },
		{ "{}", "{}" },
		{ "plain", "plain@1:1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct err err = { 0 };
		struct yml *doc = yml_parse(good[i].text, strlen(good[i].text), "t", NULL, NULL, &err);
		char text[512] = "";

		if (!doc)
			fail_msg("case %zu: %s", i, err.message);
		show(yml_root(doc), text, sizeof(text));
		assert_string_equal(text, good[i].want);
		yml_free(doc);
	}
}

static void faults(void **state)
{
	static const struct {
		const char *text, *message;
	} bad[] = {
		{ "a:\n\tb: c\n", "t:2:1: found character that cannot start any token" },
		{ "a: [1, 2\nb: 3\n", "t:2:2: did not find expected ',' or ']'" },
		{ "a: b: c\n", "t:1:5: mapping values are not allowed in this context" },
		{ "a: 'x\n", "found unexpected end of stream" },
		{ "a: 1\n  b: 2\n", "t:2:4: mapping values are not allowed in this context" },
		{ "a: 1\nb: 2\na: 3\n", "t:3:1: the key \"a\" stands twice in this map" },
		{ "x: {a: 1, a: 2}\n", "t:1:11: the key \"a\" stands twice" },
		{ "[a]: b\n", "t:1:1: the key of a map must be a string" },
		{ "a: *x\n", "t:1:4: found undefined alias" },
		{ "a: &x [*x]\n", "t:1:8: an alias stands inside its own anchor" },
		{ "a: 1\n---\nb: 2\n", "t:2:1: a second document begins here" },
		{ "", "t:1:1: the document is empty" },
		{ "# only words\n", "t:1:1: the document is empty" },
		{ "a: \"\\0\"\n", "t:1:4: a NUL character in a string" },
		{ "a: \x01\n", "t:1:4: control characters are not allowed" },
		{ "a: 1\nb: \xff\xfe\n", "t:2:4: invalid leading UTF-8 octet" },
		{ "a: @b\n", "t:1:4: found character that cannot start any token" },
		{ "a: {<<: 3}\n", "t:1:9: << wants a map or a list of maps" },
		{ "- a\nb: c\n", "t:2:1: did not find expected '-' indicator" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = { 0 };

		assert_null(yml_parse(bad[i].text, strlen(bad[i].text), "t", NULL, NULL, &err));
		assert_int_equal(err.class, ERR_USAGE);
		if (!strstr(err.message, bad[i].message))
			fail_msg("case %zu: %s", i, err.message);
	}
}

static void place_is_given_back(void **state)
{
	struct err err = { 0 };
	int line = 0, column = 0;

	(void)state;
	assert_null(yml_parse("a: 1\nb: *c\n", 11, "t", &line, &column, &err));
	assert_int_equal(line, 2);
	assert_int_equal(column, 4);
}

static void refused(char *text, size_t len, const char *message)
{
	struct err err = { 0 };

	assert_null(yml_parse(text, len, "t", NULL, NULL, &err));
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, message));
}

static void limits(void **state)
{
	static char text[YML_TEXT_MAX + 1];
	struct err err = { 0 };
	struct yml *doc;
	size_t n = 0;

	(void)state;
	memset(text, '[', sizeof(text));
	refused(text, YML_TEXT_MAX, "nested too deeply");
	memset(text, ' ', sizeof(text));
	refused(text, sizeof(text), "larger than 1 MiB");
	refused(text, YML_TEXT_MAX, "the document is empty");

	for (int i = 0; i < 100; i++)
		text[i] = '[';
	for (int i = 100; i < 200; i++)
		text[i] = ']';
	doc = yml_parse(text, 200, "t", NULL, NULL, &err);
	assert_non_null(doc);
	yml_free(doc);

	for (n = 0; n < YML_NODES_MAX * 2 + 10; n += 2) {
		text[n] = '-';
		text[n + 1] = '\n';
	}
	refused(text, n, "too many nodes");

	for (n = 0; n < 1001 * 6; n += 6)
		memcpy(text + n, "- &a \n", 6);
	refused(text, n, "too many anchors");

	/* a billion laughs, and the same through merges */
	n = (size_t)snprintf(text, sizeof(text), "a0: &a0 {x: 1, y: 2}\n");
	for (int i = 1; i < 30; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "a%d: &a%d [*a%d,*a%d,*a%d]\n", i, i,
				      i - 1, i - 1, i - 1);
	refused(text, n, "the aliases make the document too large");
	n = (size_t)snprintf(text, sizeof(text), "a0: &a0 [1]\n");
	for (int i = 1; i < 110; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	refused(text, n, "nested too deeply");
}

static void questions(void **state)
{
	static const char text[] = "y: [yes, 'no', True, OFF, y]\nn: [maybe, '', [1]]\n"
				   "null: [~, '', null, 'null', x]\n";
	struct err err = { 0 };
	struct yml *doc = yml_parse(text, strlen(text), "t", NULL, NULL, &err);
	const struct yml_node *list;
	bool b;

	(void)state;
	assert_non_null(doc);
	list = yml_get(yml_root(doc), "y");
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(yml_bool(list->items[i].value, &b), 0);
		assert_int_equal(b, i % 2 == 0);
	}
	list = yml_get(yml_root(doc), "n");
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(yml_bool(list->items[i].value, &b), -1);
	list = yml_get(yml_root(doc), "null");
	assert_true(yml_is_null(list->items[0].value));
	assert_false(yml_is_null(list->items[1].value));
	assert_true(yml_is_null(list->items[2].value));
	assert_false(yml_is_null(list->items[3].value));
	assert_false(yml_is_null(list->items[4].value));
	assert_string_equal(yml_kind_name(list), "a list");
	assert_string_equal(yml_kind_name(list->items[0].value), "nothing");
	assert_null(yml_get(yml_root(doc), "absent"));
	assert_null(yml_get(list, "y"));
	assert_null(yml_get(NULL, "y"));
	yml_free(doc);
	yml_free(NULL);
}

static void arena(void **state)
{
	struct arena a = ARENA_INIT;
	int *list = NULL;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		list = arena_grow(&a, list, (size_t)i, sizeof(*list));
		assert_non_null(list);
		list[i] = i;
	}
	for (int i = 0; i < 5000; i++)
		assert_int_equal(list[i], i);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_string_equal(arena_copy(&a, "hello", 4), "hell");
	arena_free(&a);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees),
		cmocka_unit_test(faults),
		cmocka_unit_test(place_is_given_back),
		cmocka_unit_test(limits),
		cmocka_unit_test(questions),
		cmocka_unit_test(arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
