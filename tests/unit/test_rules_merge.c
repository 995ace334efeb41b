/*
 * A team's rules over the built-in ones: member by member, by groups, and what is refused.
 */
#include "hooks/secrets/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WHOLE "description = A\nregex = abc[0-9]{4}\nlength = 7\nalphabet = a-z0-9\n"

static const struct rule *find(const struct rules *rules, const char *id)
{
	for (size_t i = 0; i < rules->n; i++)
		if (strcmp(rules->v[i].id, id) == 0)
			return &rules->v[i];
	return NULL;
}

/* Reads the text, and merges it with the embedded rules into `out`. */
static int merged(const char *text, const char *groups, struct rules *extra, struct rules *out,
		  struct err *err)
{
	*extra = (struct rules){ 0 };
	*out = (struct rules){ 0 };
	if (rules_read(extra, text, strlen(text), "f", err) < 0)
		return -1;
	if (groups && rules_use_builtin(extra, groups, err) < 0)
		return -1;
	return rules_merge(rules_table, rules_count, extra, out, err);
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static const struct rule *embedded(const char *id)
{
	for (size_t i = 0; i < rules_count; i++)
		if (strcmp(rules_table[i].id, id) == 0)
			return &rules_table[i];
	return NULL;
}

static void changes_members(void **state)
{
	static const char text[] =
		"[rule \"aws-access-key-id\"]\nseverity = warning\n"
		"allow = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
		"[rule \"jwt\"]\nenabled = false\n"
		"[rule \"cohere-api-key\"]\nname = our_cohere\nlength = 44\n"
		"[rule \"mine\"]\n" WHOLE;
	const struct rule *before = embedded("aws-access-key-id"), *after;
	struct rules extra, out;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(merged(text, NULL, &extra, &out, &err), 0);
	assert_int_equal(out.n, rules_count);	/* one less, one more */
	after = find(&out, "aws-access-key-id");
	assert_true(after->warning && !before->warning);
	assert_string_equal(after->regex, before->regex);
	assert_int_equal(count(after->allow), count(before->allow) + 1);
	assert_null(find(&out, "jwt"));
	after = find(&out, "cohere-api-key");
	assert_int_equal(after->min, 44);
	assert_non_null(strstr(after->regex, "our_cohere"));
	assert_non_null(strstr(after->regex, "{44}"));
	assert_true(after->check == embedded("cohere-api-key")->check);
	assert_string_equal(out.v[out.n - 1].id, "mine");
	assert_true(rule_has(out.v[out.n - 1].boundary, 'a') && !rule_has(out.v[out.n - 1].boundary, '-'));
	rules_free(&out);
	rules_free(&extra);
}

static void takes_groups(void **state)
{
	static const struct {
		const char *groups;
		bool aws, github, mine;
	} cases[] = {
		{ "all", true, true, true }, { "none", false, false, true },
		{ "aws", true, false, true }, { "aws, github", true, true, true },
		{ "gitlab none", false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rules extra, out;
		struct err err = { 0 };

		assert_int_equal(merged("[rule \"mine\"]\n" WHOLE, cases[i].groups, &extra, &out, &err), 0);
		assert_int_equal(find(&out, "aws-access-key-id") != NULL, cases[i].aws);
		assert_int_equal(find(&out, "github-token") != NULL, cases[i].github);
		assert_int_equal(find(&out, "mine") != NULL, cases[i].mine);
		rules_free(&out);
		rules_free(&extra);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *groups, *fault;
	} cases[] = {
		{ "[rule \"mine\"]\nseverity = warning\n", NULL, "f:2: rule mine: description is missing" },
		{ "[rule \"aws-acess-key-id\"]\nenabled = true\n", NULL, "did you mean aws-access-key-id?" },
		{ "[rule \"jwt\"]\nvalue = last\n", NULL, "value = last wants one length" },
		{ "", "aws githup", "no built-in rules are called githup" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rules extra, out;
		struct err err = { 0 };

		assert_int_equal(merged(cases[i].text, cases[i].groups, &extra, &out, &err), -1);
		if (!strstr(err.message, cases[i].fault))
			print_message("# %s\n", err.message);
		assert_non_null(strstr(err.message, cases[i].fault));
		assert_int_equal(err.class, ERR_USAGE);
		rules_free(&out);
		rules_free(&extra);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_members), cmocka_unit_test(takes_groups),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
