/* Push options: what is taken, what is told; and which process a hook's run is. */
#include "hooks/queue/queue_answer.h"
#include "hooks/queue/queue_options.h"
#include "hooks/queue/queue_run.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct queue_config config;

static void set(const char *key, const char *value)
{
	strs_add(&config.keys, key);
	strs_add(&config.values, value);
}

static int setup(void **state)
{
	(void)state;
	config = (struct queue_config)QUEUE_CONFIG_INIT;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	queue_config_free(&config);
	return 0;
}

static struct queue_options parse(const char *lines, const char *instance)
{
	struct queue_options o = QUEUE_OPTIONS_INIT;
	struct err err = { 0 };

	assert_int_equal(queue_options_parse(lines, &config, instance, &o, &err), 0);
	return o;
}

static void nothing_is_asked_for(void **state)
{
	struct queue_options o = parse("merge_request.create\ncixskip\nci.skip.not=1\n", "codebuild");

	(void)state;
	assert_false(o.skip || o.wait);
	assert_int_equal(o.env.n, 0);
	assert_int_equal(o.refused.n, 1);	/* the one that begins with ci. */
	queue_options_free(&o);
}

static void skip_and_wait(void **state)
{
	static const struct {
		const char *line;
		int64_t ms;	/* -1: refused */
	} rows[] = {
		{ "ci.wait", 1800000 }, { "ci.wait=90", 90000 }, { "ci.wait=10m", 600000 },
		{ "ci.wait=9h", 1800000 }, { "ci.wait=", -1 }, { "ci.wait=soon", -1 }, { "ci.wait=-1", -1 },
		{ "ci.wait=99999999999999999999", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct queue_options o = parse(rows[i].line, NULL);

		assert_int_equal(o.wait, rows[i].ms >= 0);
		assert_int_equal(o.refused.n, rows[i].ms < 0);
		if (o.wait)
			assert_int_equal(o.wait_ms, rows[i].ms);
		queue_options_free(&o);
	}
	struct queue_options o = parse("ci.skip\n", NULL);
	assert_true(o.skip);
	queue_options_free(&o);
}

static void the_servers_bound_holds(void **state)
{
	struct queue_options o;

	(void)state;
	set("codetrain.wait", "2m");
	set("codetrain.slow.wait", "100d");
	o = parse("ci.wait=1h\n", "codebuild");
	assert_int_equal(o.wait_ms, 120000);
	queue_options_free(&o);
	o = parse("ci.wait\n", "slow");
	assert_int_equal(o.wait_ms, QUEUE_OPTIONS_WAIT_MOST_MS);
	queue_options_free(&o);
}

static void only_what_is_allowed_is_set(void **state)
{
	struct queue_options o = parse("ci.env=DEBUG=1\n", "codebuild");

	(void)state;
	assert_int_equal(o.env.n, 0);
	assert_non_null(strstr(o.refused.v[0], "git config --add codetrain.env DEBUG"));
	queue_options_free(&o);
	set("codetrain.env", "DEBUG");
	set("codetrain.env", "EPOCHS_*");
	set("codetrain.other.env", "NONE");
	o = parse("ci.env=DEBUG=1\nci.env=EPOCHS_MAX=a=b \"c\"\nci.env=DEBUG=2\nci.env=DEBU=3", "codebuild");
	assert_int_equal(o.env.n, 2);
	assert_string_equal(o.env.v[0], "DEBUG=2");
	assert_string_equal(o.env.v[1], "EPOCHS_MAX=a=b \"c\"");
	assert_int_equal(o.refused.n, 1);
	queue_options_free(&o);
	o = parse("ci.env=DEBUG=1\n", "other");
	assert_int_equal(o.env.n, 0);
	queue_options_free(&o);
}

static void some_names_are_never_set(void **state)
{
	static const char *const lines[] = {
		"ci.env=AWS_PROFILE=x", "ci.env=LD_PRELOAD=/x", "ci.env=PATH=/x", "ci.env=CODEBUILD_SRC_DIR=/",
		"ci.env=CODETRAIN_EVENT=1", "ci.env=BASH_ENV=/x", "ci.env=GIT_SSH=x", "ci.env==x", "ci.env=9A=1",
		"ci.env=A B=1", "ci.env=A", "ci.env", "ci.env=A=\033[2J", "ci.env=A=\377", "ci.env=A=\302\205",
	};

	(void)state;
	set("codetrain.env", "*");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct queue_options o = parse(lines[i], "codebuild");

		assert_int_equal(o.env.n, 0);
		assert_int_equal(o.refused.n, 1);
		assert_null(strchr(o.refused.v[0], '\033'));
		queue_options_free(&o);
	}
}

static void a_flood_is_bounded(void **state)
{
	struct buf lines = BUF_INIT(1 << 20);
	struct queue_options o;

	(void)state;
	set("codetrain.env", "*");
	for (int i = 0; i < 1000; i++)
		buf_addf(&lines, "ci.env=V%d=x\nci.nonsense%d\n", i, i);
	o = parse(buf_str(&lines), "codebuild");
	assert_int_equal(o.env.n, QUEUE_OPTIONS_ENV);
	assert_int_equal(o.refused.n, 11);
	assert_string_equal(o.refused.v[10], "1890 more push options are not taken");
	queue_options_free(&o);
	buf_free(&lines);
}

static void times_of_an_answer(void **state)
{
	(void)state;
	assert_int_equal(queue_answer_time(""), QUEUE_ANSWER_MS);
	assert_int_equal(queue_answer_time("nonsense"), QUEUE_ANSWER_MS);
	assert_int_equal(queue_answer_time("0"), 0);
	assert_int_equal(queue_answer_time("250ms"), 250);
	assert_int_equal(queue_answer_time("2s"), 2000);
	assert_int_equal(queue_answer_time("9h"), QUEUE_ANSWER_MOST_MS);
	assert_int_equal(queue_answer_time("99999999ms"), QUEUE_ANSWER_MOST_MS);
}

static void a_run_lives_and_dies(void **state)
{
	char run[QUEUE_RUN_NAME], other[QUEUE_RUN_NAME] = "";
	int fd[2], watch;
	pid_t pid;

	(void)state;
	queue_run_find(run);
	assert_int_equal(queue_run_look(run), QUEUE_RUN_ALIVE);
	assert_int_equal(queue_run_look(""), QUEUE_RUN_UNKNOWN);
	assert_int_equal(queue_run_look("pid 1 start"), QUEUE_RUN_UNKNOWN);

	/* a child's run is this process (or a git around the tests) */
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		queue_run_find(other);
		_exit(write(fd[1], other, sizeof(other)) == sizeof(other) ? 0 : 1);
	}
	assert_int_equal(read(fd[0], other, sizeof(other)), sizeof(other));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(queue_run_look(other), QUEUE_RUN_ALIVE);
	watch = queue_run_watch(other);
	if (watch >= 0)
		close(watch);
	close(fd[0]);
	close(fd[1]);
}

/* The same name with one part of it changed. */
static void a_run_of_elsewhere(void **state)
{
	char run[QUEUE_RUN_NAME], changed[2 * QUEUE_RUN_NAME], boot[40];
	unsigned long namespace;
	unsigned long long start;
	long pid;

	(void)state;
	queue_run_find(run);
	assert_int_equal(sscanf(run, "pid %ld start %llu boot %39s ns %lu", &pid, &start, boot, &namespace), 4);
	snprintf(changed, sizeof(changed), "pid %ld start %llu boot %s ns %lu", pid, start + 1, boot, namespace);
	assert_int_equal(queue_run_look(changed), QUEUE_RUN_DEAD);
	assert_int_equal(queue_run_watch(changed), -1);
	snprintf(changed, sizeof(changed), "pid %ld start %llu boot %s ns %lu", pid, start, boot, namespace + 1);
	assert_int_equal(queue_run_look(changed), QUEUE_RUN_UNKNOWN);
	snprintf(changed, sizeof(changed), "pid %ld start %llu boot %c%s ns %lu", pid, start,
		 boot[0] == 'f' ? '0' : 'f', boot + 1, namespace);
	assert_int_equal(queue_run_look(changed), QUEUE_RUN_DEAD);
	snprintf(changed, sizeof(changed), "pid 4194999 start %llu boot %s ns %lu", start, boot, namespace);
	assert_int_equal(queue_run_look(changed), QUEUE_RUN_DEAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(skip_and_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(the_servers_bound_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_is_allowed_is_set, setup, teardown),
		cmocka_unit_test_setup_teardown(some_names_are_never_set, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flood_is_bounded, setup, teardown),
		cmocka_unit_test(times_of_an_answer),
		cmocka_unit_test(a_run_lives_and_dies),
		cmocka_unit_test(a_run_of_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
