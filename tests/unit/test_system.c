/* lib/base: proc and file, against the real system */
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char dir[] = "/tmp/codetrain-unit.XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[2][200];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

#define ARGV(...) (const char *const[]){ __VA_ARGS__, NULL }

static void a_child_gets_and_gives(void **state)
{
	struct buf out = BUF_INIT(100), errors = BUF_INIT(100);
	struct proc p = {
		.argv = ARGV("sh", "-c", "cat; echo \"$X\" >&2; exit 3"), .envp = ARGV("X=y", "PATH=/usr/bin:/bin"),
		.input = "hello", .input_len = 5, .out = &out, .errors = &errors, .timeout_ms = 10000,
	};
	struct proc_result r;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(proc_run(&p, &r, &e), 0);
	assert_int_equal(r.exit_code, 3);
	assert_string_equal(buf_str(&out), "hello");
	assert_string_equal(buf_str(&errors), "y\n");
	assert_false(r.timed_out);
	buf_free(&out);
	buf_free(&errors);
}

static void a_missing_program_is_told(void **state)
{
	struct proc p = { .argv = ARGV("codetrain-no-such-program"), .timeout_ms = 1000 };
	struct proc_result r;
	struct err e = { 0 };

	(void)state;
	if (proc_run(&p, &r, &e) == 0)	/* valgrind's vfork loses the child's errno */
		assert_int_equal(r.exit_code, 127);
	else
		assert_string_equal(e.message, "cannot run codetrain-no-such-program: "
				    "No such file or directory");
}

static void a_deadline_ends_the_whole_group(void **state)
{
	struct buf out = BUF_INIT(100);
	struct proc p = {
		.argv = ARGV("sh", "-c", "trap '' TERM; sleep 1000 & echo $!; wait; wait; sleep 1000"),
		.out = &out, .timeout_ms = 100,
	};
	struct proc_result r;
	struct err e = { 0 };
	deadline_t bound = deadline_in(20000);
	pid_t grandchild;

	(void)state;
	assert_int_equal(proc_run(&p, &r, &e), 0);
	assert_true(r.timed_out);
	assert_false(deadline_over(bound));
	grandchild = (pid_t)strtol(buf_str(&out), NULL, 10);
	assert_true(grandchild > 0);
	while (kill(grandchild, 0) == 0 && !deadline_over(bound)) {
		char path[64];
		struct buf stat = BUF_INIT(4096);
		bool zombie;

		snprintf(path, sizeof(path), "/proc/%d/stat", grandchild);
		zombie = file_read(path, &stat, NULL, &e) == 0 && strstr(buf_str(&stat), ") Z");
		buf_free(&stat);
		if (zombie)	/* whoever inherited it has not looked yet */
			break;
	}
	assert_false(deadline_over(bound));
	buf_free(&out);
}

static void too_much_output_is_cut(void **state)
{
	struct buf out = BUF_INIT(1000);
	struct proc p = {
		.argv = ARGV("sh", "-c", "head -c 100000 /dev/zero; exit 0"), .out = &out,
		.timeout_ms = 10000,
	};
	struct proc_result r;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(proc_run(&p, &r, &e), 0);
	assert_true(r.truncated);
	assert_int_equal(out.len, 1000);
	assert_int_equal(r.exit_code, 0);
	buf_free(&out);
}

static void a_child_that_reads_nothing_is_no_fault(void **state)
{
	static char input[1 << 20];
	struct proc p = {
		.argv = ARGV("true"), .input = input, .input_len = sizeof(input), .timeout_ms = 10000,
	};
	struct proc_result r;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(proc_run(&p, &r, &e), 0);
	assert_int_equal(r.exit_code, 0);
}

static void a_stop_flag_ends_a_child(void **state)
{
	static volatile int stop = 1;
	struct proc p = { .argv = ARGV("sleep", "1000"), .timeout_ms = 100000, .stop = &stop };
	struct proc_result r;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(proc_run(&p, &r, &e), 0);
	assert_true(r.stopped);
	assert_int_equal(r.exit_code, 128 + SIGTERM);
}

static void only_one_that_asks_stays_in_our_group(void **state)
{
	static const bool asks[] = { false, true };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buf out = BUF_INIT(100);
		struct proc p = { .argv = ARGV("sh", "-c", "ps -o pgid= $$; exec sleep 1000"),
				  .out = &out, .asks = asks[i], .timeout_ms = 500 };
		struct proc_result r;
		struct err e = { 0 };

		assert_int_equal(proc_run(&p, &r, &e), 0);
		assert_true(r.timed_out);
		assert_int_equal(r.exit_code, 128 + SIGTERM);
		assert_int_equal(strtol(buf_str(&out), NULL, 10) == getpgrp(), asks[i]);
		buf_free(&out);
	}
}

static void environment_is_an_allow_list(void **state)
{
	struct strs env = STRS_INIT;
	struct err e = { 0 };

	(void)state;
	setenv("CT_TEST_ONE", "1", 1);
	setenv("CT_TEST_TWO", "2", 1);
	setenv("CT_TESTS", "no", 1);
	assert_int_equal(proc_environment(ARGV("CT_TEST_*", "CT_TEST"), &env, &e), 0);
	assert_int_equal(env.n, 2);
	strs_free(&env);
}

static void a_file_is_replaced_whole(void **state)
{
	struct buf b = BUF_INIT(100);
	struct file_info info;
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(file_replace(in_dir("f"), "one", 3, 0600, &e), 0);
	assert_int_equal(file_replace(in_dir("f"), "three", 5, 0640, &e), 0);
	assert_int_equal(file_read(in_dir("f"), &b, &info, &e), 0);
	assert_string_equal(buf_str(&b), "three");
	assert_true(info.others_can_read);
	assert_int_equal(stat(in_dir("f"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(file_replace(in_dir("no/such"), "x", 1, 0600, &e), -1);
	buf_free(&b);
}

static void reading_has_a_maximum(void **state)
{
	struct buf exact = BUF_INIT(5), small = BUF_INIT(4);
	struct file_info info;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_replace(in_dir("g"), "12345", 5, 0600, &e), 0);
	assert_int_equal(file_read(in_dir("g"), &exact, &info, &e), 0);
	assert_false(info.others_can_read);
	assert_int_equal(file_read(in_dir("g"), &small, NULL, &e), -1);
	assert_int_equal(e.class, ERR_USAGE);
	assert_int_equal(file_read(in_dir("none"), &exact, &info, &e), 0);
	assert_true(info.missing);
	assert_int_equal(file_read(in_dir("none"), &exact, NULL, &e), -1);
	assert_int_equal(file_read(dir, &exact, &info, &e), -1);
	buf_free(&exact);
	buf_free(&small);
}

/* As bash gives it for <(COMMAND): opened again without blocking, empty at first. */
static void a_slow_pipe_is_read_to_its_end(void **state)
{
	struct buf b = BUF_INIT(10);
	struct err e = { 0 };
	char path[40];
	int fd[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[0]);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 3; i++) {
			poll(NULL, 0, 20);
			if (write(fd[1], "abc", 3) != 3)
				_exit(1);
		}
		_exit(0);
	}
	close(fd[1]);
	assert_int_equal(file_read(path, &b, NULL, &e), 0);
	assert_string_equal(buf_str(&b), "abcabcabc");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(fd[0]);
	buf_free(&b);
}

static void folders_come_and_go(void **state)
{
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(file_make_dirs(in_dir("a/b/c"), 0700, &e), 0);
	assert_int_equal(file_make_dirs(in_dir("a/b/c"), 0700, &e), 0);
	assert_int_equal(file_replace(in_dir("a/b/keep"), "x", 1, 0600, &e), 0);
	assert_int_equal(symlink(dir, in_dir("a/link")), 0);
	assert_int_equal(file_make_dirs(in_dir("a/b/keep/d"), 0700, &e), -1);
	assert_int_equal(file_remove_tree(in_dir("a"), &e), 0);
	assert_int_equal(stat(in_dir("a"), &st), -1);
	assert_int_equal(stat(dir, &st), 0);	/* the link was not followed */
	assert_int_equal(file_remove_tree(in_dir("a"), &e), 0);
}

static void a_lock_is_exclusive_and_bounded(void **state)
{
	struct err e = { 0 };
	int first = file_lock(in_dir("lock"), deadline_in(0), &e);
	int second;

	(void)state;
	assert_true(first >= 0);
	assert_int_equal(file_lock(in_dir("lock"), deadline_in(50), &e), -1);
	assert_int_equal(e.class, ERR_TIMEOUT);
	close(first);
	second = file_lock(in_dir("lock"), deadline_in(0), &e);
	assert_true(second >= 0);
	close(second);
	assert_int_equal(symlink("/etc/passwd", in_dir("evil")), 0);
	assert_int_equal(file_lock(in_dir("evil"), deadline_in(0), &e), -1);
}

static void siblings_are_found_beside_the_program(void **state)
{
	struct buf b = BUF_INIT(PATH_MAX_BYTES);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(proc_sibling("test_system", &b, &e), 0);
	assert_int_equal(access(buf_str(&b), X_OK), 0);
	assert_int_equal(proc_sibling("no-such-sibling", &b, &e), -1);
	buf_free(&b);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	struct err e = { 0 };

	(void)state;
	return file_remove_tree(dir, &e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_gets_and_gives),
		cmocka_unit_test(a_missing_program_is_told),
		cmocka_unit_test(a_deadline_ends_the_whole_group),
		cmocka_unit_test(too_much_output_is_cut),
		cmocka_unit_test(a_child_that_reads_nothing_is_no_fault),
		cmocka_unit_test(a_stop_flag_ends_a_child),
		cmocka_unit_test(environment_is_an_allow_list),
		cmocka_unit_test(a_file_is_replaced_whole),
		cmocka_unit_test(reading_has_a_maximum),
		cmocka_unit_test(only_one_that_asks_stays_in_our_group),
		cmocka_unit_test(a_slow_pipe_is_read_to_its_end),
		cmocka_unit_test(folders_come_and_go),
		cmocka_unit_test(a_lock_is_exclusive_and_bounded),
		cmocka_unit_test(siblings_are_found_beside_the_program),
	};

	return cmocka_run_group_tests_name("system", tests, setup, teardown);
}
