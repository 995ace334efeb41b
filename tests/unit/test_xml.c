/* lib/net: XML answers as trees. */
#include "lib/net/xml.h"
#include "lib/spec/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void becomes(const char *xml, const char *json)
{
	struct buf out = BUF_INIT(4096);
	struct err err = { 0 };
	cJSON *tree = xml_parse(xml, strlen(xml), "answer", &err);

	if (!tree)
		print_message("# %s: %s\n", xml, err.message);
	assert_non_null(tree);
	assert_int_equal(json_print(tree, false, &out, &err), 0);
	assert_string_equal(buf_str(&out), json);
	buf_free(&out);
	json_free(tree);
}

static void elements_become_members(void **state)
{
	(void)state;
	becomes("<a/>", "{\"a\":null}");
	becomes("<a></a>", "{\"a\":null}");
	becomes("<a>x</a>", "{\"a\":\"x\"}");
	becomes("<a> x </a>", "{\"a\":\" x \"}");
	becomes("<?xml version='1.0'?>\n<a>\n <b>1</b>\n <c/>\n</a>\n", "{\"a\":{\"b\":\"1\",\"c\":null}}");
	becomes("<a xmlns='http://x' y='z'><b z='1'>t</b></a>", "{\"a\":{\"b\":\"t\"}}");
	becomes("<a>&lt;&amp;&#252;<![CDATA[<b>]]></a>", "{\"a\":\"<&\xc3\xbc<b>\"}");
}

static void elements_side_by_side_become_a_list(void **state)
{
	(void)state;
	becomes("<a><b>1</b></a>", "{\"a\":{\"b\":\"1\"}}");
	becomes("<a><b>1</b><b>2</b></a>", "{\"a\":{\"b\":[\"1\",\"2\"]}}");
	becomes("<a><b>1</b><c>x</c><b/><b><d>3</d></b></a>",
		"{\"a\":{\"c\":\"x\",\"b\":[\"1\",null,{\"d\":\"3\"}]}}");
}

static void members_are_the_list(void **state)
{
	(void)state;
	becomes("<a><member>1</member></a>", "{\"a\":[\"1\"]}");
	becomes("<a><member>1</member><member>2</member></a>", "{\"a\":[\"1\",\"2\"]}");
	becomes("<a><member><k>x</k></member></a>", "{\"a\":[{\"k\":\"x\"}]}");
	becomes("<a><member>1</member><x>2</x></a>", "{\"a\":{\"member\":\"1\",\"x\":\"2\"}}");
	becomes("<a><l><member><l><member>1</member></l></member></l></a>", "{\"a\":{\"l\":[{\"l\":[\"1\"]}]}}");
}

static void refused(const char *xml, size_t len, const char *says)
{
	struct err err = { 0 };

	assert_null(xml_parse(xml, len, "answer", &err));
	assert_int_equal(err.class, ERR_USAGE);
	if (!strstr(err.message, says))
		print_message("# %s\n", err.message);
	assert_non_null(strstr(err.message, says));
}

static void what_is_no_plain_xml_is_refused(void **state)
{
	static const char *const bad[] = {
		"", " ", "x", "<a>", "<a></b>", "<a><b></a></b>", "{\"a\":1}", "<a/><b/>", "<a>&x;</a>",
		"<!DOCTYPE html><html><br></html>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(bad[i], strlen(bad[i]), "answer: not XML that can be read: ");
	refused("<a>\0</a>", 8, "not XML");
}

static void entities_of_its_own_are_refused(void **state)
{
	static const char *const bad[] = {
		"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
		"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
		"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x'><a/>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(bad[i], strlen(bad[i]), "document type");
}

/* `n` times `open`, then the text, then `n` times `close`. */
static void nested(size_t n, const char *open, const char *close, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_adds(out, open);
	buf_adds(out, "x");
	for (size_t i = 0; i < n; i++)
		buf_adds(out, close);
}

static void depth_names_and_texts_are_bounded(void **state)
{
	struct buf b = BUF_INIT(8 << 20);
	struct err err = { 0 };
	cJSON *tree;

	(void)state;
	nested(XML_DEPTH_MAX, "<a>", "</a>", &b);
	tree = xml_parse(buf_str(&b), b.len, "answer", &err);
	assert_non_null(tree);
	json_free(tree);
	buf_clear(&b);
	nested(XML_DEPTH_MAX + 1, "<a>", "</a>", &b);
	refused(buf_str(&b), b.len, "nested too deeply");
	buf_clear(&b);
	buf_adds(&b, "<a>");
	for (int i = 0; i <= XML_NAMES_MAX; i++)
		buf_addf(&b, "<n%d/>", i);
	buf_adds(&b, "</a>");
	refused(buf_str(&b), b.len, "too many members");
	buf_clear(&b);
	buf_adds(&b, "<a>");
	for (int i = 0; i < (2 << 20); i++)
		buf_addc(&b, 'x');
	buf_adds(&b, "</a>");
	refused(buf_str(&b), b.len, "too long");
	buf_free(&b);
}

static void a_long_list_takes_linear_time(void **state)
{
	enum { N = 100000 };
	struct buf b = BUF_INIT(8 << 20);
	struct err err = { 0 };
	cJSON *tree;

	(void)state;
	buf_adds(&b, "<a>");
	for (int i = 0; i < N; i++)
		buf_adds(&b, "<b>1</b>");
	buf_adds(&b, "</a>");
	tree = xml_parse(buf_str(&b), b.len, "answer", &err);
	assert_int_equal(json_count(tree, "a.b"), N);
	json_free(tree);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_become_members),
		cmocka_unit_test(elements_side_by_side_become_a_list),
		cmocka_unit_test(members_are_the_list),
		cmocka_unit_test(what_is_no_plain_xml_is_refused),
		cmocka_unit_test(entities_of_its_own_are_refused),
		cmocka_unit_test(depth_names_and_texts_are_bounded),
		cmocka_unit_test(a_long_list_takes_linear_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
