/* buildstep/policy.c */
#include "buildstep/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static cJSON *parse(const char *text)
{
	struct err err = { 0 };
	cJSON *tree = json_parse(text, strlen(text), "t", &err);

	if (!tree)
		fail_msg("%s", err.message);
	return tree;
}

static void equal_to_aws(void **state)
{
	static const struct { const char *a, *b; bool equal; } cases[] = {
		{ "\"x\"", "\"x\"", true },
		{ "\"x\"", "[\"x\"]", true },
		{ "[\"x\", \"y\"]", "[\"y\", \"x\"]", true },
		{ "[\"x\", \"y\"]", "[\"x\"]", false },
		{ "[\"x\"]", "[\"x\", \"y\"]", false },
		{ "\"x\"", "\"X\"", false },
		{ "{\"AWS\": \"111111111111\"}", "{\"AWS\": \"arn:aws:iam::111111111111:root\"}", true },
		{ "{\"AWS\": \"111111111111\"}", "{\"AWS\": \"arn:aws:iam::111111111112:root\"}", false },
		{ "{\"AWS\": \"arn:aws:iam::111111111111:role/x\"}", "{\"AWS\": \"111111111111\"}", false },
		{ "{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", true },
		{ "{\"a\": 1}", "{\"a\": 1, \"b\": 2}", false },
		{ "{\"Bool\": {\"x\": [\"true\"]}}", "{\"Bool\": {\"x\": \"true\"}}", true },
		{ "[]", "[]", true },
		{ "[]", "\"x\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cJSON *a = parse(cases[i].a), *b = parse(cases[i].b);

		assert_int_equal(policy_equal(a, b), cases[i].equal);
		assert_int_equal(policy_equal(b, a), cases[i].equal);
		json_free(a);
		json_free(b);
	}
}

static cJSON *wanted(const char *account)
{
	static const char *const actions[] = { "s3:GetObject", NULL };
	cJSON *d = policy_new();

	assert_non_null(policy_principal(policy_resource(policy_allow(d, "Ours", actions),
							 "arn:aws:s3:::b/o/*"), "AWS", account));
	return d;
}

static char *text(const cJSON *tree)
{
	return cJSON_PrintUnformatted(tree);
}

/* what others wrote is the same text before and after */
static void merged_by_sid(void **state)
{
	static const char live_text[] =
		"{\"Version\":\"2008-10-17\",\"Id\":\"i\",\"Statement\":["
		"{\"Sid\":\"Theirs\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\"},"
		"{\"Sid\":\"Ours\",\"Effect\":\"Allow\",\"Action\":\"s3:Old\"},"
		"{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"x\"},\"Action\":[\"b\",\"a\"]}]}";
	cJSON *live = parse(live_text), *want = wanted("111111111111"), *merged, *again;
	char *a, *b;

	(void)state;
	assert_int_equal(policy_compare(live, json_at(want, "Statement", 0)), POLICY_CHANGED);
	assert_int_equal(policy_foreign(live, want), 2);
	merged = policy_merge(live, want);
	assert_non_null(merged);
	assert_int_equal(json_count(merged, "Statement"), 3);
	assert_string_equal(json_string(merged, "Version", ""), "2008-10-17");
	assert_string_equal(json_string(merged, "Id", ""), "i");
	for (size_t i = 0; i < 3; i += 2) {
		a = text(json_at(live, "Statement", i));
		b = text(json_at(merged, "Statement", i));
		assert_string_equal(a, b);
		cJSON_free(a);
		cJSON_free(b);
	}
	assert_int_equal(policy_compare(merged, json_at(want, "Statement", 0)), POLICY_SAME);
	again = policy_merge(merged, want);
	a = text(merged);
	b = text(again);
	assert_string_equal(a, b);
	cJSON_free(a);
	cJSON_free(b);
	a = text(live);
	assert_string_equal(a, live_text);	/* the input is not touched */
	cJSON_free(a);
	json_free(again);
	json_free(merged);
	json_free(want);
	json_free(live);
}

static void merged_into_nothing_and_into_one(void **state)
{
	cJSON *want = wanted("111111111111"), *merged, *live;

	(void)state;
	assert_int_equal(policy_compare(NULL, json_at(want, "Statement", 0)), POLICY_ADDED);
	merged = policy_merge(NULL, want);
	assert_string_equal(json_string(merged, "Version", ""), "2012-10-17");
	assert_int_equal(json_count(merged, "Statement"), 1);
	json_free(merged);

	/* a single statement need not be a list */
	live = parse("{\"Statement\": {\"Sid\": \"T\", \"Effect\": \"Deny\"}}");
	assert_int_equal(policy_foreign(live, want), 1);
	merged = policy_merge(live, want);
	assert_true(cJSON_IsArray(json_get(merged, "Statement")));
	assert_int_equal(json_count(merged, "Statement"), 2);
	json_free(merged);
	json_free(live);

	/* a document without statements, and what is no document */
	live = parse("{\"Version\": \"2012-10-17\"}");
	merged = policy_merge(live, want);
	assert_int_equal(json_count(merged, "Statement"), 1);
	json_free(merged);
	json_free(live);
	json_free(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_to_aws),
		cmocka_unit_test(merged_by_sid),
		cmocka_unit_test(merged_into_nothing_and_into_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
