#include "hooks/checks/check_policy.h"
#include "hooks/checks/check_rules.h"
#include "hooks/checks/report.h"
#include "lib/base/utf8.h"
#include "lib/spec/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HASH "1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3"

static void add(struct report *r, const char *commit, bool warning)
{
	const struct report_finding f = {
		.check = "secrets", .rule = "aws-access-key-id", .message = "AWS access key id AKIA****",
		.fix = "git rebase -i abc^\ngit commit --amend", .commit = commit, .subject = "add it",
		.file = "conf/prod.env", .line = 3, .column = 7, .warning = warning,
		.rotate = "IAM > Users > Security credentials, and so on until the line is too long for it",
		.allow = HASH,
	};
	struct err err = { 0 };

	assert_int_equal(report_add(r, &f, &err), 0);
}

static char *text_of(const struct report *r, report_fn *fn)
{
	struct err err = { 0 };
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(fn(r, f, &err), 0);
	fclose(f);
	return text;
}

static void text_names_all(void **state)
{
	struct report r = { 0 };
	char *text;

	(void)state;
	add(&r, "0123456789abcdef0123456789abcdef01234567", false);
	text = text_of(&r, report_format("text", NULL));
	assert_non_null(strstr(text, "error: AWS access key id AKIA**** [aws-access-key-id]"));
	assert_non_null(strstr(text, "conf/prod.env:3:7"));
	assert_non_null(strstr(text, "0123456789ab add it"));
	assert_non_null(strstr(text, "git rebase -i abc^\n          git commit --amend\n"));
	assert_non_null(strstr(text, "    [codetrain \"allow\"]\n    sha256 = " HASH "\n"));
	free(text);
	report_free(&r);
}

static void lines_are_short(void **state)
{
	struct report r = { 0 };
	char *text, *line;

	(void)state;
	add(&r, "0123456789abcdef0123456789abcdef01234567", true);
	text = text_of(&r, report_format("text", NULL));
	for (line = text; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 80);
	assert_non_null(strstr(text, "warning: "));
	free(text);
	report_free(&r);
}

/* The same value in later versions of the file: one block, the commits named. */
static void repeats_are_told_once(void **state)
{
	struct report r = { 0 };
	char *text;

	(void)state;
	add(&r, "1111111111111111111111111111111111111111", false);
	add(&r, "2222222222222222222222222222222222222222", false);
	text = text_of(&r, report_format("text", NULL));
	assert_non_null(strstr(text, "also in 222222222222"));
	assert_null(strstr(strstr(text, "error:") + 1, "error:"));
	free(text);
	report_free(&r);
}

static void terminals_are_not_steered(void **state)
{
	struct report r = { 0 };
	const struct report_finding f = { .check = "size", .rule = "x", .message = "\033[2Jm",
					  .file = "a\033]0;b\nc" };
	struct err err = { 0 };
	char *text;

	(void)state;
	assert_int_equal(report_add(&r, &f, &err), 0);
	text = text_of(&r, report_format("text", NULL));
	assert_null(strchr(text, '\033'));
	free(text);
	report_free(&r);
}

static void json_has_the_members(void **state)
{
	static const char *const members[] = { "check", "rule", "severity", "message", "fix",
					       "commit", "file", "line", "column" };
	struct report r = { .commits = 2, .files = 3 };
	struct err err = { 0 };
	char *text;
	cJSON *tree;

	(void)state;
	add(&r, "0123456789abcdef0123456789abcdef01234567", false);
	text = text_of(&r, report_format("json", NULL));
	tree = json_parse(text, strlen(text), "report", &err);
	assert_non_null(tree);
	assert_int_equal(json_count(tree, "findings"), 1);
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		assert_non_null(json_get(json_at(tree, "findings", 0), members[i]));
	assert_null(json_get(json_at(tree, "findings", 0), "pointer"));
	assert_int_equal(json_integer(tree, "summary.errors", -1), 1);
	assert_int_equal(json_integer(tree, "summary.blobs", -1), 3);
	assert_non_null(strstr(json_string(tree, "findings[0].message", ""), "sha256 = " HASH));
	json_free(tree);
	free(text);
	report_free(&r);
}

static void add_odd(struct report *r)
{
	const struct report_finding f = {
		.check = "secrets", .rule = "x<y", .message = "a \xe9 \x01 & \"b\" \xef\xbf\xbe ]]>",
		.file = "d/\xff %", .line = 1, .column = 2, .subject = "s\xc3",
		.commit = "0123456789abcdef0123456789abcdef01234567",
	};
	struct err err = { 0 };

	assert_int_equal(report_add(r, &f, &err), 0);
	r->checks[0] = "secrets";
	r->checks[1] = "size";
}

/* Programs read UTF-8, and XML that XML 1.0 can write, whatever git holds. */
static void odd_bytes(void **state)
{
	static const char *const names[] = { "json", "sarif", "junit" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct report r = { 0 };
		char *text;

		add_odd(&r);
		text = text_of(&r, report_format(names[i], NULL));
		for (const char *s = text; *s; s += utf8_length(s))
			assert_int_not_equal(utf8_length(s), 0);
		assert_null(strchr(text, 1));
		assert_non_null(strstr(text, "\xef\xbf\xbd"));
		free(text);
		report_free(&r);
	}
}

static void sarif_has_paths_as_they_are(void **state)
{
	struct report r = { 0 };
	char *text;

	(void)state;
	add_odd(&r);
	r.fault = "it broke";
	text = text_of(&r, report_format("sarif", NULL));
	assert_non_null(strstr(text, "\"uri\":\"d/%FF%20%25\""));
	assert_non_null(strstr(text, "\"executionSuccessful\":false"));
	assert_non_null(strstr(text, "it broke"));
	free(text);
	report_free(&r);
}

static void junit_counts(void **state)
{
	struct report r = { 0 };
	char *text;

	(void)state;
	add_odd(&r);
	text = text_of(&r, report_format("junit", NULL));
	assert_non_null(strstr(text, "<testsuites name=\"codetrain check\" tests=\"2\" failures=\"1\""));
	assert_non_null(strstr(text, "x&lt;y"));
	assert_non_null(strstr(text, "]]&gt;"));
	assert_null(strstr(text, "\xef\xbf\xbe"));
	assert_non_null(strstr(text, "name=\"nothing found\""));
	free(text);
	r.fault = "it broke";	/* what did not end has not passed */
	text = text_of(&r, report_format("junit", NULL));
	assert_null(strstr(text, "nothing found"));
	assert_non_null(strstr(text, "<error message=\"it broke\"/>"));
	free(text);
	report_free(&r);
}

static void utf8(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} cases[] = {
		{ "a", 1 }, { "", 0 }, { "\x80", 0 }, { "\xc3\xa9", 2 }, { "\xc3", 0 }, { "\xc0\x80", 0 },
		{ "\xe0\x9f\xbf", 0 }, { "\xe0\xa0\x80", 3 }, { "\xed\xa0\x80", 0 }, { "\xe2\x82", 0 },
		{ "\xf0\x9f\x98\x80", 4 }, { "\xf4\x90\x80\x80", 0 }, { "\xf0\x9f\x98", 0 },
		{ "\xff", 0 },
	};
	struct buf out = BUF_INIT(100);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(utf8_length(cases[i].text), cases[i].length);
	assert_int_equal(utf8_add(&out, "a\xff\xc3\xa9\xe2\x82"), 0);
	assert_string_equal(buf_str(&out), "a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd");
	buf_free(&out);
	out = (struct buf)BUF_INIT(2);
	assert_int_equal(utf8_add(&out, "abc"), -1);
	buf_free(&out);
}

static void unknown_formats(void **state)
{
	(void)state;
	assert_null(report_format("yaml", NULL));
	assert_null(report_format("", NULL));
}

static void findings_are_bounded(void **state)
{
	struct report r = { 0 };
	struct buf summary = BUF_INIT(256);

	(void)state;
	for (int i = 0; i < REPORT_MAX + 5; i++) {
		const struct report_finding f = { .check = "c", .rule = "r", .message = "m" };
		struct err err = { 0 };

		assert_int_equal(report_add(&r, &f, &err), 0);
	}
	assert_int_equal(r.n, REPORT_MAX);
	assert_int_equal(r.errors, REPORT_MAX + 5);
	report_summary(&r, &summary);
	assert_string_equal(buf_str(&summary), "10005 errors in 0 files");
	buf_free(&summary);
	report_free(&r);
}

static void policies(void **state)
{
	static const char good[] = "[codetrain]\n\tmax-file-size = 1m\n\ttomorrow = x\n"
				   "[codetrain \"allow\"]\n\tsha256 = " HASH "\n[other]\n\tx = y\n";
	static const char *const bad[] = {
		"[codetrain \"allow\"]\nsha256 = 12\n", "[codetrain \"allow\"]\nsha256\n",
		"[codetrain]\nmax-file-size = big\n", "[codetrain\n",
	};
	struct check_policy p;
	struct err err = { 0 };

	(void)state;
	check_policy_init(&p);
	assert_false(check_allow_has(&p.allow, HASH));
	assert_int_equal(check_policy_read(&p, good, sizeof(good) - 1, "f", &err), 0);
	assert_true(check_allow_has(&p.allow, HASH));
	assert_int_equal(p.max_file_size, 1 << 20);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(check_policy_read(&p, bad[i], strlen(bad[i]), "f", &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
	}
	check_policy_free(&p);
}

static int reads(struct check_policy *p, const char *text)
{
	struct err err = { 0 };

	return check_policy_read(p, text, strlen(text), "f", &err);
}

/* Several files: what allows most counts. */
static void policies_together(void **state)
{
	struct check_policy p;
	struct err err = { 0 };

	(void)state;
	check_policy_init(&p);
	assert_int_equal(reads(&p, "[codetrain]\ninline-allow = warn\nbuiltin-rules = aws\n"), 0);
	assert_int_equal(p.inline_allow, CHECK_INLINE_WARNS);
	assert_int_equal(reads(&p, "[codetrain]\ninline-allow = false\nbuiltin-rules = github\n"), 0);
	assert_int_equal(p.inline_allow, CHECK_INLINE_WARNS);
	assert_int_equal(check_policy_settle(&p, &err), 0);
	assert_true(p.own_rules);
	assert_non_null(strstr(p.rules.builtin, "aws"));
	assert_non_null(strstr(p.rules.builtin, "github"));
	check_policy_free(&p);

	check_policy_init(&p);
	assert_int_equal(reads(&p, "[codetrain]\nbuiltin-rules = none\n"), 0);
	check_policy_none(&p);	/* a commit that leaves nothing out */
	assert_int_equal(check_policy_settle(&p, &err), 0);
	assert_false(p.own_rules);
	assert_int_equal(check_policy_builtin(&p, "none", &err), 0);
	assert_int_equal(check_policy_settle(&p, &err), 0);
	assert_string_equal(p.rules.builtin, "none");
	check_policy_free(&p);
}

static void policies_that_are_refused(void **state)
{
	static const char *const bad[] = {
		"[codetrain]\ninline-allow = yes\n", "[codetrain]\ninline-allow\n",
		"[codetrain]\nbuiltin-rules = nosuch\n", "[codetrain]\nbypass-log = /tmp/x\n",
		"[codetrain]\nrules\n", "[rule \"x\"]\nnosuch = 1\n", "[rule]\nregex = x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct check_policy p;

		check_policy_init(&p);
		assert_int_equal(reads(&p, bad[i]), -1);
		check_policy_free(&p);
	}
}

static void allowances(void **state)
{
	/* valgrind looks at each instruction of what is looked through again for every one */
	const int many = getenv("VALGRIND") && *getenv("VALGRIND") ? 500 : 5000;
	struct check_allow allow = { 0 };
	struct err err = { 0 };
	char hex[80];

	(void)state;
	assert_false(check_allow_has(&allow, HASH));
	for (int i = 0; i < many; i++) {
		snprintf(hex, sizeof(hex), "%064X", i);
		assert_int_equal(check_allow_add(&allow, hex, "f", i, &err), 0);
		assert_int_equal(check_allow_add(&allow, hex, "g", 0, &err), 0);
	}
	assert_int_equal(allow.n, many);
	for (int i = 0; i < many; i++) {
		snprintf(hex, sizeof(hex), "%064x", i);
		assert_int_equal(allow.v[i].line, i);
		assert_false(atomic_load(&allow.v[i].used));
		assert_true(check_allow_has(&allow, hex));
		assert_true(atomic_load(&allow.v[i].used));
	}
	assert_false(check_allow_has(&allow, HASH));
	assert_int_equal(check_allow_add(&allow, HASH "0", "f", 1, &err), -1);
	assert_int_equal(check_allow_add(&allow, NULL, "f", 1, &err), -1);
	check_allow_free(&allow);
}

/* A value in a file's versions 5, 5 (twice there), 2 and 7; as a warning in 1; elsewhere in 9. */
static void versions_are_told_once(void **state)
{
	static const struct {
		size_t order;
		int line;
		bool warning;
		const char *file;
	} rows[] = {
		{ 5, 3, false, "a" }, { 5, 9, false, "a" }, { 2, 4, false, "a" }, { 2, 8, false, "a" },
		{ 7, 3, false, "a" }, { 1, 1, true, "a" }, { 9, 1, false, "b" },
	};
	struct report r = { 0 };
	struct err err = { 0 };

	(void)state;
	add(&r, "abc", false);	/* before the n-th: left alone */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct report_finding f = { .check = "secrets", .rule = "r", .message = "m",
						  .allow = HASH, .file = rows[i].file,
						  .order = rows[i].order, .line = rows[i].line,
						  .warning = rows[i].warning };

		assert_int_equal(report_add(&r, &f, &err), 0);
	}
	report_sort(&r, 1);
	assert_int_equal(r.n, 5);
	assert_int_equal(r.errors, 4);
	assert_int_equal(r.warnings, 1);
	assert_true(r.v[1].warning && r.v[1].order == 1);
	assert_true(r.v[2].order == 2 && r.v[2].line == 4);
	assert_true(r.v[3].order == 2 && r.v[3].line == 8);
	assert_string_equal(r.v[4].file, "b");
	report_free(&r);
}

static void paths_of_rule_files(void **state)
{
	static const char *const good[] = { "a", "a/b", "a..b", "..a/b", ".rules", "a/./b" };
	static const char *const bad[] = { "", "/a", "..", "../a", "a/../../b", "a/..", "a//../b" };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(check_rules_path(good[i], &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(check_rules_path(bad[i], &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_names_all), cmocka_unit_test(lines_are_short),
		cmocka_unit_test(repeats_are_told_once), cmocka_unit_test(terminals_are_not_steered),
		cmocka_unit_test(json_has_the_members), cmocka_unit_test(unknown_formats),
		cmocka_unit_test(findings_are_bounded), cmocka_unit_test(policies),
		cmocka_unit_test(odd_bytes), cmocka_unit_test(sarif_has_paths_as_they_are),
		cmocka_unit_test(junit_counts), cmocka_unit_test(utf8),
		cmocka_unit_test(policies_together), cmocka_unit_test(policies_that_are_refused),
		cmocka_unit_test(allowances), cmocka_unit_test(paths_of_rule_files),
		cmocka_unit_test(versions_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
