/* buildstep/name.c */
#include "buildstep/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void valid_and_not(void **state)
{
	static const char *const good[] = { "a", "iris-1", "A--b",
		"a23456789012345678901234567890123456789012345678901234567890123" };
	static const char *const bad[] = { "", "-a", "a-", "a_b", "a.b", "é",
		"a234567890123456789012345678901234567890123456789012345678901234" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(name_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(name_valid(bad[i]));
}

static void tidied_names_are_valid(void **state)
{
	static const struct { const char *in, *want; size_t max; } cases[] = {
		{ "scikit-learn-iris", "scikit-learn-iris", 63 },
		{ "a_b.c", "a-b-c", 63 },
		{ "__a__b__", "a-b", 63 },
		{ "a--b", "a-b", 63 },
		{ "abc-def", "abc", 4 },
		{ "***", "job", 63 },
		{ "", "job", 63 },
		{ "über", "ber", 63 },
	};
	char out[NAME_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		name_tidy(cases[i].in, cases[i].max, out);
		assert_true(name_valid(out));
		assert_string_equal(out, cases[i].want);
	}
}

static void names_of_images(void **state)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "111111111111.dkr.ecr.us-east-2.amazonaws.com/scikit-learn-iris:abc", "scikit-learn-iris" },
		{ "111111111111.dkr.ecr.us-east-2.amazonaws.com/team/my_image@sha256:00", "my-image" },
		{ "localhost:5000/x:y", "x" },
		{ "plain", "plain" },
		{ "", "job" },
	};
	char out[NAME_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		name_of_image(cases[i].in, out);
		assert_string_equal(out, cases[i].want);
	}
}

static void fingerprint(const char *json, const char *commit, char out[static HASH_HEX_LEN])
{
	struct err err = { 0 };
	cJSON *tree = json_parse(json, strlen(json), "t", &err);

	assert_non_null(tree);
	assert_int_equal(name_fingerprint(tree, commit, out, &err), 0);
	json_free(tree);
}

static void fingerprints_differ_where_requests_do(void **state)
{
	static const char base[] = "{\"TrainingJobName\": \"x\", \"A\": {\"b\": 1, \"c\": [\"d\", \"e\"]}}";
	static const char *const same[] = {
		"{\"A\": {\"c\": [\"d\", \"e\"], \"b\": 1.0}}",
		"{\"TrainingJobName\": \"y\", \"A\": {\"b\": 1, \"c\": [\"d\", \"e\"]}, "
			"\"Tags\": [{\"Key\": \"codetrain:build\", \"Value\": \"p:1\"}]}",
	};
	static const char *const other[] = {
		"{}", "{\"A\": {\"b\": 2, \"c\": [\"d\", \"e\"]}}",
		"{\"A\": {\"b\": \"1\", \"c\": [\"d\", \"e\"]}}",
		"{\"A\": {\"b\": 1, \"c\": [\"e\", \"d\"]}}",
		"{\"A\": {\"b\": 1, \"c\": [\"de\"]}}",
		"{\"A\": {\"b\": 1, \"c\": [\"d\", \"e\"], \"f\": null}}",
		"{\"A\": {\"b\": true, \"c\": [\"d\", \"e\"]}}",
		"{\"A\": {\"b\": 1, \"c\": [\"d\", \"e\"]}, \"Tags\": [{\"Key\": \"team\", \"Value\": \"x\"}]}",
	};
	char want[HASH_HEX_LEN], got[HASH_HEX_LEN];

	(void)state;
	fingerprint(base, "0123abc", want);
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		fingerprint(same[i], "0123abc", got);
		assert_string_equal(got, want);
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		fingerprint(other[i], "0123abc", got);
		assert_string_not_equal(got, want);
	}
	fingerprint(base, "", got);
	assert_string_not_equal(got, want);
}

static void job_names_fit(void **state)
{
	static const char hash[] = "0123456789abcdef";
	static const char longest[] = "a23456789012345678901234567890123456789012345678901234567890123";
	char out[NAME_LEN];

	(void)state;
	name_job("iris", hash, "", out);
	assert_string_equal(out, "iris-0123456789");
	name_job("iris", hash, "65a", out);
	assert_string_equal(out, "iris-0123456789-65a");
	name_job(longest, hash, "", out);
	assert_int_equal(strlen(out), 63);
	assert_true(name_valid(out));
	name_job(longest, hash, "65a00000", out);
	assert_int_equal(strlen(out), 63);
	assert_true(name_valid(out));
	assert_non_null(strstr(out, "-0123456789-65a00000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_and_not),
		cmocka_unit_test(tidied_names_are_valid),
		cmocka_unit_test(names_of_images),
		cmocka_unit_test(fingerprints_differ_where_requests_do),
		cmocka_unit_test(job_names_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
