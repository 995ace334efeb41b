/* buildstep/build_shell.c, build_shell_driver.c and build_reap.c */
#include "buildstep/build_shell.h"
#include "lib/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static const char *const environment[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", NULL };
static const char *const shells[] = { "sh", "bash", NULL };

struct world {
	struct build_output output;
	struct build_shell shell;
	int fd;
	char text[65536];
};

static void begin(struct world *w, const char *program)
{
	w->fd = memfd_create("output", MFD_CLOEXEC);
	assert_true(w->fd >= 0);
	w->output = (struct build_output)BUILD_OUTPUT_INIT(w->fd);
	build_shell_init(&w->shell, program, environment, "/", &w->output);
	w->shell.deadline = deadline_in(30000);
}

static void finish(struct world *w)
{
	struct err err = { 0 };

	build_shell_end(&w->shell);
	build_shell_reap();
	assert_int_equal(build_output_close(&w->output, &err), 0);
	close(w->fd);
}

static const char *said(struct world *w)
{
	ssize_t n = pread(w->fd, w->text, sizeof(w->text) - 1, 0);

	w->text[n > 0 ? n : 0] = '\0';
	return w->text;
}

static int run(struct world *w, const char *command)
{
	struct err err = { 0 };
	enum build_end end;
	int status;

	assert_int_equal(build_shell_run(&w->shell, command, &status, &end, &err), 0);
	assert_int_equal(end, BUILD_DONE);
	return status;
}

/* Commands of one build; then what they must have said, and each status. */
static const struct {
	const char *commands[8];
	int statuses[8];
	const char *want;
} table[] = {
	{ { "echo a", "echo b >&2" }, { 0, 0 }, "a\nb\n" },
	{ { "false", "true", "(exit 7)" }, { 1, 0, 7 }, "" },
	{ { "cd /usr", "pwd" }, { 0, 0 }, "/usr\n" },
	{ { "A='x  y'", "export B=2", "echo \"$A\" $B; sh -c 'echo \"[$A]\" $B'" }, { 0 }, "x  y 2\n[] 2\n" },
	{ { "f() { echo in f; }", "f" }, { 0 }, "in f\n" },
	{ { "echo one\necho two\n\necho three" }, { 0 }, "one\ntwo\nthree\n" },
	{ { "cat <<'END'\n+ a $x\n.\n=HOME\nEND\n" }, { 0 }, "+ a $x\n.\n=HOME\n" },
	{ { "if true; then\n  echo yes\nfi" }, { 0 }, "yes\n" },
	/* a command that ends the shell: the next has its state */
	{ { "cd /usr; A='it'\"'\"'s\nhere'; export B=b; exit 3", "pwd; echo \"$A\" $(sh -c 'echo $B')" },
	  { 3, 0 }, "/usr\nit's\nhere b\n" },
	{ { "exit 0", "exit 0", "echo on" }, { 0, 0, 0 }, "on\n" },
	{ { "set -e", "false", "echo on; false", "echo again" }, { 0, 1, 1, 0 }, "on\nagain\n" },
	{ { "set -u", "echo ${NONE-dflt}", ": $NONE_AT_ALL", "echo on" }, { 0, 0, -1, 0 }, NULL },
	{ { "IFS=:; set -f", "x='a:b'; printf '[%s]' $x *", "exit 1", "printf '[%s]' $x *" },
	  { 0, 0, 1, 0 }, "[a][b][*][a][b][*]" },
	{ { "exec sh -c 'exit 5'", "echo back" }, { 5, 0 }, "back\n" },
	{ { "kill -9 $$", "echo back" }, { 137, 0 }, "back\n" },
	{ { "trap 'echo bye' EXIT", "exit 4", "echo next" }, { 0, 4, 0 }, "bye\nnext\n" },
	/* what the loop uses is not there for the commands */
	{ { "read -r x && echo got \"$x\"", "cat", "echo ok" }, { 1, 0, 0 }, "ok\n" },
	{ { "(echo stray >&8) 2>/dev/null", "(read -r x <&9) 2>/dev/null", "echo ok" }, { -1, -1, 0 }, "ok\n" },
	{ { "exec 9>/dev/null 8>/dev/null; echo x >&9", "echo ok" }, { 0, 0 }, "ok\n" },
	{ { "exec 5>&1", "echo five >&5" }, { 0, 0 }, "five\n" },
	{ { "printf() { :; }; read() { :; }", "echo on", "exit 2", "echo on" }, { 0, 0, 2, 0 }, "on\non\n" },
	{ { "set -- a b", "echo $# $2" }, { 0, 0 }, "2 b\n" },
	{ { "sleep 30 &", "echo on" }, { 0, 0 }, "on\n" },
	{ { "break", "echo on" }, { -1, 0 }, NULL },
	{ { "if", "echo on" }, { -1, 0 }, NULL },
};

static void behaviours(void **state)
{
	static struct world w;

	(void)state;
	for (const char *const *shell = shells; *shell; shell++) {
		for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
			begin(&w, *shell);
			for (size_t c = 0; c < 8 && table[i].commands[c]; c++) {
				int status = run(&w, table[i].commands[c]);

				if (table[i].statuses[c] >= 0 && status != table[i].statuses[c])
					fail_msg("%s: case %zu: \"%s\" gives %d: %s", *shell, i,
						 table[i].commands[c], status, said(&w));
			}
			if (table[i].want && strcmp(said(&w), table[i].want) != 0)
				fail_msg("%s: case %zu: \"%s\" says \"%s\"", *shell, i,
					 table[i].commands[0], said(&w));
			if (!table[i].want)
				assert_non_null(strstr(said(&w), "on\n"));
			finish(&w);
		}
	}
}

static void tracing_shows_the_commands_only(void **state)
{
	static struct world w;

	(void)state;
	for (const char *const *shell = shells; *shell; shell++) {
		begin(&w, *shell);
		run(&w, "set -x");
		run(&w, "echo a");
		run(&w, "exit 0");
		run(&w, "echo b");
		assert_null(strstr(said(&w), "codetrain"));
		assert_non_null(strstr(said(&w), "+ echo a\na\n"));
		assert_non_null(strstr(said(&w), "+ echo b\nb\n"));
		finish(&w);
	}
}

static void values(void **state)
{
	static struct world w;
	struct buf value = BUF_INIT(4096);
	struct err err = { 0 };
	bool set;

	(void)state;
	for (const char *const *shell = shells; *shell; shell++) {
		begin(&w, *shell);
		run(&w, "set -eu; A='one\ntwo  '; EMPTY=; export C='$(date) \"'; unset NONE");
		assert_int_equal(build_shell_value(&w.shell, "A", &value, &set, &err), 0);
		assert_true(set);
		assert_string_equal(buf_str(&value), "one\ntwo  ");
		buf_clear(&value);
		assert_int_equal(build_shell_value(&w.shell, "C", &value, &set, &err), 0);
		assert_string_equal(buf_str(&value), "$(date) \"");
		buf_clear(&value);
		assert_int_equal(build_shell_value(&w.shell, "EMPTY", &value, &set, &err), 0);
		assert_true(set);
		assert_int_equal(build_shell_value(&w.shell, "NONE", &value, &set, &err), 0);
		assert_false(set);
		run(&w, "exit 1");
		assert_int_equal(build_shell_value(&w.shell, "A", &value, &set, &err), 0);
		assert_true(set);
		buf_free(&value);
		finish(&w);
	}
}

static void large_things(void **state)
{
	static struct world w;
	struct buf command = BUF_INIT(1 << 20);

	(void)state;
	begin(&w, "sh");
	buf_adds(&command, "A='");
	for (int i = 0; i < 200000; i++)
		buf_adds(&command, i % 100 ? "x" : "\n");
	buf_adds(&command, "'");
	assert_int_equal(run(&w, buf_str(&command)), 0);
	assert_int_equal(run(&w, "exit 2"), 2);
	assert_int_equal(run(&w, "echo ${#A}"), 0);
	assert_string_equal(said(&w), "200000\n");
	buf_free(&command);
	finish(&w);
}

static void time_and_stop(void **state)
{
	static struct world w;
	static volatile int stop;
	struct err err = { 0 };
	enum build_end end;
	int status;

	(void)state;
	begin(&w, "sh");
	w.shell.deadline = deadline_in(300);
	assert_int_equal(build_shell_run(&w.shell, "trap '' TERM; sleep 60 & sleep 61", &status, &end, &err), 0);
	assert_int_equal(end, BUILD_TIMED_OUT);
	finish(&w);

	begin(&w, "sh");
	stop = 1;
	w.shell.stop = &stop;
	assert_int_equal(build_shell_run(&w.shell, "sleep 60", &status, &end, &err), 0);
	assert_int_equal(end, BUILD_STOPPED);
	finish(&w);
}

static bool alive(const char *text)
{
	return kill((pid_t)strtol(text, NULL, 10), 0) == 0 || errno != ESRCH;
}

/* In the group, in a session of its own, and orphaned twice over. */
static void nothing_is_left(void **state)
{
	static struct world w;
	char *next;

	(void)state;
	build_shell_adopt();
	begin(&w, "sh");
	run(&w, "sleep 60 & echo $!; setsid sh -c 'echo $$; (setsid sleep 60 & echo $!) & exec sleep 60' &");
	run(&w, "i=0; while [ $i -lt 200 ] && ! pgrep -s 0 >/dev/null; do i=$((i+1)); done; sleep 0.3");
	said(&w);
	build_shell_end(&w.shell);
	build_shell_reap();
	for (char *line = strtok_r(w.text, "\n", &next); line; line = strtok_r(NULL, "\n", &next))
		assert_false(alive(line));
	finish(&w);
}

static void secrets_are_taken_out(void **state)
{
	static const char *const pieces[] = { "a s3cr", "et b s3cr3t s3c", " s3cret", "s3cret\ns3cre" };
	static struct world w;
	struct err err = { 0 };

	(void)state;
	begin(&w, "sh");
	assert_int_equal(build_output_hide(&w.output, "s3cret", &err), 0);
	assert_int_equal(build_output_hide(&w.output, "s3cret\nlonger", &err), 0);
	assert_int_equal(build_output_hide(&w.output, "abc", &err), 0);
	for (size_t i = 0; i < 4; i++)
		build_output_raw(&w.output, pieces[i], strlen(pieces[i]));
	build_output_flush(&w.output);
	assert_string_equal(said(&w), "a *** b s3cr3t s3c ******\ns3cre");
	run(&w, "echo; printf 's3c'; printf 'ret'; echo abc; printf 's3cret\\nlonger!'");
	assert_non_null(strstr(said(&w), "\n***abc\n***!"));
	build_output_say_text(&w.output, "Running command ", "login s3cret");
	assert_non_null(strstr(said(&w), "!\n[Container] "));
	assert_non_null(strstr(said(&w), "Running command login ***\n"));
	assert_null(strstr(said(&w), "s3cret"));
	finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaviours),
		cmocka_unit_test(tracing_shows_the_commands_only),
		cmocka_unit_test(values),
		cmocka_unit_test(large_things),
		cmocka_unit_test(time_and_stop),
		cmocka_unit_test(nothing_is_left),
		cmocka_unit_test(secrets_are_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
