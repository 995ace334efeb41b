#include "hooks/checks/check_policy.h"
#include "hooks/checks/report.h"
#include "lib/spec/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_names_all), cmocka_unit_test(lines_are_short),
		cmocka_unit_test(repeats_are_told_once), cmocka_unit_test(terminals_are_not_steered),
		cmocka_unit_test(json_has_the_members), cmocka_unit_test(unknown_formats),
		cmocka_unit_test(findings_are_bounded), cmocka_unit_test(policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
