/*
 * lib/aws/awsconfig_edit.c: what changes, and that nothing else does.
 *
 * With the argument --lines it edits files for another test instead: each line
 * of standard input is KIND, PATH, PROFILE and changes (NAME=VALUE, or NAME to
 * take it out) with tabs between them; it answers "ok" or the message.
 */
#include "lib/aws/awsconfig_edit.h"
#include "lib/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <cmocka.h>

enum { CHANGES = 8 };

static char home[] = "/tmp/codetrain-edit.XXXXXX";

/* "a=1\nb" to changes; the text is taken apart. */
static void read_changes(char *text, const char *delimiter, struct awsconfig_change *out)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(text, delimiter, &rest); word && n < CHANGES;
	     word = strtok_r(NULL, delimiter, &rest)) {
		char *equals = strchr(word, '=');

		if (equals)
			*equals++ = '\0';
		out[n++] = (struct awsconfig_change){ word, equals };
	}
	out[n] = (struct awsconfig_change){ NULL, NULL };
}

static int edit(enum awsconfig_file file, const char *before, const char *profile,
		const char *changes, struct buf *out, struct err *err)
{
	struct awsconfig_change list[CHANGES + 1];
	struct buf in = BUF_INIT(AWSCONFIG_FILE_MAX);
	char *text = strdup(changes);
	int rc;

	buf_adds(&in, before);
	read_changes(text, "\n", list);
	rc = awsconfig_edit_text(file, "FILE", &in, profile, list, out, err);
	buf_free(&in);
	free(text);
	return rc;
}

struct row {
	enum awsconfig_file file;
	const char *profile, *changes, *before, *after;
};

static void check_row(const struct row *r)
{
	struct buf out = BUF_INIT(AWSCONFIG_FILE_MAX);
	struct err err = { 0 };

	if (edit(r->file, r->before, r->profile, r->changes, &out, &err) < 0)
		fail_msg("%s\nof:\n%s", err.message, r->before);
	assert_string_equal(buf_str(&out), r->after);
	buf_free(&out);
}

#define CONFIG AWSCONFIG_CONFIG
#define CREDENTIALS AWSCONFIG_CREDENTIALS

static void properties_are_set(void **state)
{
	static const struct row rows[] = {
		/* no file yet, no section yet */
		{ CONFIG, "p", "a=1\nb=2", "", "[profile p]\na = 1\nb = 2\n" },
		{ CONFIG, "default", "a=1", "", "[default]\na = 1\n" },
		{ CREDENTIALS, "p", "a=1", "", "[p]\na = 1\n" },
		{ CREDENTIALS, "default", "a=1", "[p]\n", "[p]\n\n[default]\na = 1\n" },
		{ CONFIG, "p", "a=1", "[default]\nx = y", "[default]\nx = y\n\n[profile p]\na = 1\n" },
		{ CONFIG, "p q", "a=1", "# c\n", "# c\n\n[profile \"p q\"]\na = 1\n" },
		{ CONFIG, "p\"q", "a=1", "", "[profile 'p\"q']\na = 1\n" },
		/* a section is there */
		{ CONFIG, "p", "a=1", "[profile p]", "[profile p]\na = 1\n" },
		{ CONFIG, "p", "a=1", "[profile p]\n\n# end\n", "[profile p]\na = 1\n\n# end\n" },
		{ CONFIG, "p", "a=1", "[profile p]\nx = y ; c\n\n[default]\nz = 1\n",
		  "[profile p]\nx = y ; c\na = 1\n\n[default]\nz = 1\n" },
		{ CONFIG, "p", "a=1", "[profile p]\nx = y", "[profile p]\nx = y\na = 1\n" },
		{ CONFIG, "p q", "a=1", "[profile 'p q'] # c\n", "[profile 'p q'] # c\na = 1\n" },
		/* sub-properties and continued lines stay with theirs */
		{ CONFIG, "p", "a=1", "[profile p]\ns3 =\n  x = 1\n  y = 2\n[default]\n",
		  "[profile p]\ns3 =\n  x = 1\n  y = 2\na = 1\n[default]\n" },
		{ CONFIG, "p", "a=1", "[profile p]\nx = 1\n  2\n# c\n  3\n",
		  "[profile p]\nx = 1\n  2\n# c\n  3\na = 1\n" },
		/* all of it is indented */
		{ CONFIG, "p", "a=1", "  [profile p]\n  x = 1\n  [profile q]\n  y = 1\n",
		  "  [profile p]\n  x = 1\n  a = 1\n  [profile q]\n  y = 1\n" },
		/* the property is there */
		{ CONFIG, "p", "a=1", "[profile p]\nA : 0\nb = 1\n", "[profile p]\na = 1\nb = 1\n" },
		{ CONFIG, "p", "a=1", "[profile p]\n  a = 0\n    more\n  b = 1\n",
		  "[profile p]\n  a = 1\n  b = 1\n" },
		{ CONFIG, "p", "a=1", "[profile p]\na =\n  x = 1\nb = 1\n", "[profile p]\na = 1\nb = 1\n" },
		{ CONFIG, "p", "a=1", "[profile p]\na=1 # the same already", "[profile p]\na=1 # the same already" },
		/* sections twice: where the value counts */
		{ CONFIG, "p", "a=1", "[profile p]\nx = 1\n[profile p]\ny = 1\n",
		  "[profile p]\nx = 1\n[profile p]\ny = 1\na = 1\n" },
		{ CONFIG, "p", "a=1", "[profile p]\na = 2\n[profile p]\ny = 1\n",
		  "[profile p]\na = 1\n[profile p]\ny = 1\n" },
		{ CONFIG, "default", "a=1", "[profile default]\nx = 1\n[default]\na = 0\n",
		  "[profile default]\nx = 1\na = 1\n[default]\na = 0\n" },
		/* line ends, byte order mark */
		{ CONFIG, "p", "a=1\nb=2", "[profile p]\r\nx = 1\r\n\r\n[default]\r\n",
		  "[profile p]\r\nx = 1\r\na = 1\r\nb = 2\r\n\r\n[default]\r\n" },
		{ CONFIG, "p", "a=1", "[default]\r\nx = 1",
		  "[default]\r\nx = 1\r\n\r\n[profile p]\r\na = 1\r\n" },
		{ CREDENTIALS, "p", "a=1", "\xef\xbb\xbf[p]\n", "\xef\xbb\xbf[p]\na = 1\n" },
		{ CREDENTIALS, "p", "a=1", "\xef\xbb\xbf", "\xef\xbb\xbf[p]\na = 1\n" },
		/* of the same name elsewhere */
		{ CONFIG, "p", "a=1", "[sso-session p]\na = 0\n[services p]\na = 0\n[p]\na = 0\n",
		  "[sso-session p]\na = 0\n[services p]\na = 0\n[p]\na = 0\n\n[profile p]\na = 1\n" },
		{ CONFIG, "p", "a=1", "[profile p]\nx =\n  a = 0\n", "[profile p]\nx =\n  a = 0\na = 1\n" },
		{ CREDENTIALS, "p", "a=1", "[profile p]\na = 0\n", "[profile p]\na = 0\n\n[p]\na = 1\n" },
		{ CONFIG, "p", "credential_process='/a b' '#' x", "",
		  "[profile p]\ncredential_process = '/a b' '#' x\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(&rows[i]);
}

static void properties_are_taken_out(void **state)
{
	static const struct row rows[] = {
		{ CREDENTIALS, "p", "a\nb", "[p]\na = 1\nc = 2\nb = 3\n", "[p]\nc = 2\n" },
		{ CREDENTIALS, "p", "a\nb", "[p]\r\na = 1\r\nb=2", "[p]\r\n" },
		{ CREDENTIALS, "p", "a", "[q]\na = 1\n[p]\n# a = 2\n", "[q]\na = 1\n[p]\n# a = 2\n" },
		{ CREDENTIALS, "p", "a", "", "" },
		{ CREDENTIALS, "p", "a", "[p]\nA=1\n[q]\na=2\n[p]\na=3\na=4\n", "[p]\n[q]\na=2\n[p]\n" },
		/* wherever it is, also where another section hides it */
		{ CONFIG, "default", "a", "[profile default]\na = 1\n[default]\na = 0\n",
		  "[profile default]\n[default]\n" },
		{ CONFIG, "p", "a", "[profile p]\na =\n  x = 1\n# c\n  y = 1\nb = 1\n",
		  "[profile p]\n# c\nb = 1\n" },
		{ CONFIG, "p", "a", "[profile p]\na = 1\n\n  2\n\nb = 1\n", "[profile p]\n\n\nb = 1\n" },
		{ CONFIG, "p", "a\nb=2", "[profile p]\na = 1\n", "[profile p]\nb = 2\n" },
		{ CONFIG, "p", "a", "[profile p]\n  a = 1\n    [profile q]\nb = 1\n[profile p]\n x = 1\n",
		  "[profile p]\nb = 1\n[profile p]\n x = 1\n" },
		{ CONFIG, "p", "a\nb=2", "[profile p]\n\ta = 1", "[profile p]\n\tb = 2\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(&rows[i]);
}

static void what_cannot_be_said_is_refused(void **state)
{
	static const struct row rows[] = {
		{ CONFIG, "p", "a=1 # x", "", "by hand" },
		{ CONFIG, "p", "a= 1", "", "by hand" },
		{ CONFIG, "p]q", "a=1", "", "by hand" },
		{ CONFIG, "p\n[q", "a=1", "", "by hand" },
		{ CONFIG, "p'\"q", "a=1", "", "by hand" },
		{ CREDENTIALS, " p", "a=1", "", "by hand" },
		{ CREDENTIALS, "", "a=1", "", "by hand" },
		{ CREDENTIALS, "p", "b c]=1", "[p\nx = 1\n", "FILE:1: " },
		{ CREDENTIALS, "p", "a=1", "[p]\nx\n", "FILE:2: " },
	};
	struct buf out = BUF_INIT(AWSCONFIG_FILE_MAX);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = { 0 };
		int rc = edit(rows[i].file, rows[i].before, rows[i].profile, rows[i].changes, &out, &err);

		if (rc != -1)
			fail_msg("row %zu: %s", i, buf_str(&out));
		assert_int_equal(err.class, ERR_USAGE);
		assert_non_null(strstr(err.message, rows[i].after));
		buf_clear(&out);
	}
	buf_free(&out);
}

/* ---- files --------------------------------------------------------------------------- */

static const char *in_home(const char *name)
{
	static char path[4][128];
	static int n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", home, name);
	return path[n];
}

static void put(const char *path, const char *text, mode_t mode)
{
	struct err err = { 0 };

	if (file_replace(path, text, strlen(text), mode, &err) < 0)
		fail_msg("%s", err.message);
}

static void holds(const char *path, const char *want, mode_t mode)
{
	struct buf text = BUF_INIT(1 << 16);
	struct err err = { 0 };
	struct stat st;

	if (file_read(path, &text, NULL, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(buf_str(&text), want);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, mode);
	buf_free(&text);
}

static const struct awsconfig_change set_a[] = { { "a", "1" }, { NULL, NULL } };
static const struct awsconfig_change no_a[] = { { "a", NULL }, { NULL, NULL } };

static void files_keep_mode_and_link(void **state)
{
	struct err err = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(awsconfig_edit(CONFIG, in_home("new/.aws/config"), "p", set_a, &err), 0);
	holds(in_home("new/.aws/config"), "[profile p]\na = 1\n", 0600);
	assert_int_equal(stat(in_home("new/.aws"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);

	put(in_home("real"), "[p]\n", 0640);
	assert_int_equal(symlink("real", in_home("link")), 0);
	assert_int_equal(awsconfig_edit(CREDENTIALS, in_home("link"), "p", set_a, &err), 0);
	holds(in_home("real"), "[p]\na = 1\n", 0640);
	assert_int_equal(lstat(in_home("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));

	assert_int_equal(symlink("nowhere", in_home("dangling")), 0);
	assert_int_equal(awsconfig_edit(CONFIG, in_home("dangling"), "p", set_a, &err), -1);
	assert_non_null(strstr(err.message, "a link to a file that is not there"));
}

/* One that was killed has left its file beside the other. */
static void a_leftover_goes(void **state)
{
	struct err err = { 0 };

	(void)state;
	put(in_home("killed"), "[p]\n", 0600);
	put(in_home("killed.codetrain"), "[p]\na = half", 0644);
	assert_int_equal(awsconfig_edit(CREDENTIALS, in_home("killed"), "p", set_a, &err), 0);
	holds(in_home("killed"), "[p]\na = 1\n", 0600);
	assert_int_equal(access(in_home("killed.codetrain"), F_OK), -1);
}

static void nothing_to_do_writes_nothing(void **state)
{
	struct stat before, after;
	struct err err = { 0 };

	(void)state;
	put(in_home("same"), "[p]\na=1\n", 0600);
	assert_int_equal(stat(in_home("same"), &before), 0);
	assert_int_equal(awsconfig_edit(CREDENTIALS, in_home("same"), "p", set_a, &err), 0);
	assert_int_equal(stat(in_home("same"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(awsconfig_edit(CREDENTIALS, in_home("none/such"), "p", no_a, &err), 0);
	assert_int_equal(access(in_home("none"), F_OK), -1);
}

static void failures_leave_the_file(void **state)
{
	struct err err = { 0 };
	int folder;

	(void)state;
	put(in_home("broken"), "[p\n", 0600);
	assert_int_equal(awsconfig_edit(CREDENTIALS, in_home("broken"), "p", set_a, &err), -1);
	holds(in_home("broken"), "[p\n", 0600);

	assert_int_equal(mkdir(in_home("held"), 0700), 0);
	put(in_home("held/config"), "", 0600);
	folder = open(in_home("held"), O_RDONLY | O_DIRECTORY);
	assert_int_equal(flock(folder, LOCK_EX), 0);
	assert_int_equal(awsconfig_edit(CONFIG, in_home("held/config"), "p", set_a, &err), -1);
	assert_int_equal(err.class, ERR_UNAVAILABLE);
	holds(in_home("held/config"), "", 0600);
	close(folder);
	assert_int_equal(awsconfig_edit(CONFIG, in_home("held/config"), "p", set_a, &err), 0);
	holds(in_home("held/config"), "[profile p]\na = 1\n", 0600);
}

static int make_home(void **state)
{
	(void)state;
	return mkdtemp(home) ? 0 : -1;
}

static int remove_home(void **state)
{
	struct err err;

	(void)state;
	return file_remove_tree(home, &err);
}

/* ---- for another test ---------------------------------------------------------------- */

static void edit_line(char *line)
{
	struct awsconfig_change changes[CHANGES + 1];
	struct err err = { 0 };
	char *rest = NULL;
	char *kind = strtok_r(line, "\t", &rest), *path = strtok_r(NULL, "\t", &rest);
	char *profile = strtok_r(NULL, "\t", &rest);

	read_changes(rest, "\t", changes);
	if (awsconfig_edit(strcmp(kind, "config") == 0 ? CONFIG : CREDENTIALS, path, profile,
			   changes, &err) == 0)
		puts("ok");
	else
		puts(err.message);
}

static int edit_lines(void)
{
	char line[8192];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		edit_line(line);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties_are_set),
		cmocka_unit_test(properties_are_taken_out),
		cmocka_unit_test(what_cannot_be_said_is_refused),
		cmocka_unit_test(files_keep_mode_and_link),
		cmocka_unit_test(a_leftover_goes),
		cmocka_unit_test(nothing_to_do_writes_nothing),
		cmocka_unit_test(failures_leave_the_file),
	};

	if (argc > 1 && strcmp(argv[1], "--lines") == 0)
		return edit_lines();
	return cmocka_run_group_tests(tests, make_home, remove_home);
}
