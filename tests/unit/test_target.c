/* hooks/queue/target*.c: processes that are found again, and what a target is called */
#include "queue_world.h"

#include "hooks/queue/target.h"
#include "hooks/queue/target_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

static pid_t start(const char *script, int *gate, struct buf *id)
{
	const char *const argv[] = { "/bin/sh", "-c", script, "sh", world, NULL };
	const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	struct err e = { 0 };
	pid_t pid;

	if (target_process_start(argv, env, "/", &pid, gate, &e) < 0 ||
	    target_process_name(pid, id, &e) < 0)
		fail_msg("%s", e.message);
	return pid;
}

static bool ends(pid_t pid)
{
	struct pollfd p = { .fd = target_process_watch(pid), .events = POLLIN };
	bool over = p.fd < 0 ? waitpid(pid, NULL, 0) == pid : poll(&p, 1, 20000) == 1;

	if (p.fd >= 0)
		close(p.fd);
	return over;
}

static void a_process_is_known_by_its_name(void **state)
{
	struct buf id = BUF_INIT(200), forged = BUF_INIT(200);
	unsigned long long begun;
	char boot[40];
	int gate;
	long n;
	pid_t pid = start("read x", &gate, &id), found = 0;

	(void)state;
	assert_true(target_process_alive(buf_str(&id), &found));
	assert_int_equal(found, pid);
	assert_int_equal(getsid(pid), pid);
	assert_int_equal(sscanf(buf_str(&id), "pid %ld start %llu boot %39s", &n, &begun, boot), 3);
	/* the same number of another time, or of before the last boot, is another process */
	buf_addf(&forged, "pid %ld start %llu boot %s", n, begun - 1, boot);
	assert_false(target_process_alive(buf_str(&forged), &found));
	target_process_end_session(buf_str(&forged));
	assert_true(target_process_alive(buf_str(&id), &found));
	buf_clear(&forged);
	buf_addf(&forged, "pid %ld start %llu boot %s", n, begun,
		 "00000000-0000-0000-0000-000000000000");
	assert_false(target_process_alive(buf_str(&forged), &found));
	target_process_end_session(buf_str(&forged));
	assert_true(target_process_alive(buf_str(&id), &found));
	assert_false(target_process_alive("", &found));
	assert_false(target_process_alive("pid 1 start 0 boot x", &found));
	assert_false(target_process_alive("nonsense", &found));
	close(gate);
	assert_true(ends(pid));
	assert_false(target_process_alive(buf_str(&id), &found));
	buf_free(&id);
	buf_free(&forged);
}

static void nothing_happens_before_the_gate_is_open(void **state)
{
	static const char script[] = "read x || exit 0; : >\"$1/went\"";
	struct buf id = BUF_INIT(200);
	pid_t pid;
	int gate;

	(void)state;
	pid = start(script, &gate, &id);
	close(gate);		/* as when the drainer dies here */
	assert_true(ends(pid));
	waitpid(pid, NULL, WNOHANG);
	assert_int_equal(access(in_world("went"), F_OK), -1);
	buf_clear(&id);
	pid = start(script, &gate, &id);
	assert_int_equal(write(gate, "g\n", 2), 2);
	close(gate);
	assert_true(ends(pid));
	waitpid(pid, NULL, WNOHANG);
	assert_int_equal(access(in_world("went"), F_OK), 0);
	buf_free(&id);
}

static void what_a_dead_leader_left_is_ended(void **state)
{
	struct buf id = BUF_INIT(200), text = BUF_INIT(50);
	struct err e = { 0 };
	int gate, fifo;
	char *end;
	pid_t pid, left;

	(void)state;
	assert_int_equal(mkfifo(in_world("fifo"), 0600), 0);
	fifo = open(in_world("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	pid = start("read x; { echo; exec sleep 1000; } >\"$1/fifo\" & echo $! >\"$1/pid.new\"; "
		    "mv \"$1/pid.new\" \"$1/pid\"", &gate, &id);
	assert_int_equal(write(gate, "g\n", 2), 2);
	close(gate);
	assert_true(ends(pid));
	waitpid(pid, NULL, WNOHANG);
	assert_int_equal(file_read(in_world("pid"), &text, NULL, &e), 0);
	left = (pid_t)strtol(buf_str(&text), &end, 10);
	struct pollfd p = { .fd = fifo, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&p, 1, 20000), 1);	/* it holds its end of the FIFO … */
	assert_int_equal(read(fifo, &byte, 1), 1);
	assert_int_equal(kill(left, 0), 0);
	target_process_end_session(buf_str(&id));
	assert_int_equal(poll(&p, 1, 20000), 1);	/* … which goes with it */
	assert_true(p.revents & POLLHUP);
	close(fifo);
	buf_free(&id);
	buf_free(&text);
}

static void no_descriptor_is_passed_on(void **state)
{
	int extra = open("/dev/null", O_RDONLY);	/* on purpose without close-on-exec */
	struct buf id = BUF_INIT(200);
	struct dirent *entry;
	char path[40];
	int gate, n = 0;
	pid_t pid = start("read x", &gate, &id);
	DIR *dir;

	(void)state;
	snprintf(path, sizeof(path), "/proc/%ld/fd", (long)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	assert_int_equal(n, 3);
	close(gate);
	assert_true(ends(pid));
	waitpid(pid, NULL, WNOHANG);
	close(extra);
	buf_free(&id);
}

static void a_missing_program_is_told(void **state)
{
	const char *const argv[] = { "/nonexistent/codetrain-build", NULL };
	const char *const env[] = { NULL }, *preload = getenv("LD_PRELOAD");
	struct err e = { 0 };
	pid_t pid;
	int gate;

	(void)state;
	if (preload && strstr(preload, "vgpreload"))
		skip();		/* its vfork is a fork: the failure stays in the child */
	assert_int_equal(target_process_start(argv, env, "/", &pid, &gate, &e), -1);
	assert_int_equal(e.class, ERR_INTERNAL);
	assert_non_null(strstr(e.message, "/nonexistent/codetrain-build"));
}

static void targets_are_named_for_people(void **state)
{
	static const struct {
		const char *config, *want;
	} cases[] = {
		{ "", "nowhere: set a target with: git config codetrain.target local" },
		{ "target = local", "local" },
		{ "target = codebuild\nproject = iris", "codebuild iris" },
		{ "target = codebuild", "codebuild (codetrain.project is not set)" },
		{ "target = local\ntarget = codebuild\nproject = p", "local, codebuild p" },
		{ "target = elsewhere", "elsewhere (no such target)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct queue_config c = QUEUE_CONFIG_INIT;
		struct buf out = BUF_INIT(500);
		struct err e = { 0 };
		char text[200];

		snprintf(text, sizeof(text), "[codetrain]\n%s\n", cases[i].config);
		write_file("config", text);
		assert_int_equal(queue_config_load(world, &c, &e), 0);
		assert_int_equal(target_summary(target_table, &c, &out, &e), 0);
		assert_string_equal(buf_str(&out), cases[i].want);
		buf_free(&out);
		queue_config_free(&c);
	}
	assert_ptr_equal(target_find(target_table, "local"), &target_local);
	assert_null(target_find(target_table, "loca"));
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_process_is_known_by_its_name),
		IN_WORLD(nothing_happens_before_the_gate_is_open),
		IN_WORLD(what_a_dead_leader_left_is_ended),
		IN_WORLD(no_descriptor_is_passed_on),
		IN_WORLD(a_missing_program_is_told),
		IN_WORLD(targets_are_named_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
