/* hooks/queue/target*.c: processes that are found again, and what a target is called */
#include "queue_world.h"

#include "hooks/queue/queue_event.h"
#include "hooks/queue/target.h"
#include "hooks/queue/target_answers.h"
#include "hooks/queue/target_mirror_parse.h"
#include "hooks/queue/target_process.h"
#include "hooks/queue/target_worker.h"

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

/* ---- events --------------------------------------------------------------------------- */

static struct queue_delivery delivery_of(char *target, char *ref, char *old, char *new)
{
	static char pusher[] = "ann\n\033[1m", options[] = "ci.skip\nx=\377\"", source[] = "test", empty[] = "";

	return (struct queue_delivery){ .event = 12, .attempts = 1, .target = target, .ref = ref, .old = old,
					.new = new, .pusher = pusher, .options = options, .source = source,
					.external = empty, .recorded_ms = 1893456000123 };
}

static void an_event_is_json(void **state)
{
	char target[] = "exec", ref[] = "refs/heads/a\"b\377$(id)", old[] = OID_0, new[] = OID_A;
	struct queue_delivery d = delivery_of(target, ref, old, new);
	const struct target_job job = { .name = "exec", .gitdir = "/srv/git/iris.git/", .uuid = "u",
					.delivery = &d };
	struct buf text = BUF_INIT(QUEUE_EVENT_MAX);
	struct err e = { 0 };
	cJSON *o;

	(void)state;
	assert_int_equal(queue_event_text(&job, &text, &e), 0);
	assert_null(strchr(buf_str(&text), '\n'));
	o = json_parse(buf_str(&text), text.len, "event", &e);
	assert_non_null(o);
	assert_string_equal(json_string(o, "id", ""), "u/12");
	assert_string_equal(json_string(o, "name", ""), "iris");
	assert_string_equal(json_string(o, "ref", ""), "refs/heads/a\"b?$(id)");
	assert_string_equal(json_string(o, "branch", ""), "a\"b?$(id)");
	assert_string_equal(json_string(o, "ref_base64", ""), "cmVmcy9oZWFkcy9hImL/JChpZCk=");
	assert_null(json_get(o, "tag"));
	assert_true(json_bool(o, "created", false));
	assert_false(json_bool(o, "deleted", true));
	assert_string_equal(json_string(o, "pusher", ""), "ann ?[1m");
	assert_int_equal(json_count(o, "options"), 2);
	assert_string_equal(json_string(o, "options[1]", ""), "x=?\"");
	assert_string_equal(json_string(o, "recorded", ""), "2030-01-01T00:00:00.123Z");
	json_free(o);
	buf_free(&text);
}

/* The most that a push can hold. */
static void the_largest_event_fits(void **state)
{
	char target[] = "exec", old[] = OID_B, new[] = OID_0, ref[4097], *options = malloc(16385);
	struct queue_delivery d = delivery_of(target, ref, old, new);
	const struct target_job job = { .name = "exec", .gitdir = "/r", .uuid = "u", .delivery = &d };
	struct buf text = BUF_INIT(QUEUE_EVENT_MAX);
	struct err e = { 0 };

	(void)state;
	assert_non_null(options);
	for (int i = 0; i < 16384; i++)
		options[i] = i % 2 ? '\n' : '"';
	options[16384] = '\0';
	snprintf(ref, sizeof(ref), "refs/tags/%04086d", 0);
	for (char *p = ref + 10; *p; p++)
		*p = '"';
	ref[4095] = '\377';
	d.options = options;
	if (queue_event_text(&job, &text, &e) < 0)
		fail_msg("%s", e.message);
	free(options);
	buf_free(&text);
}

static void work_has_files_of_its_own(void **state)
{
	static const struct {
		const char *target;
		int attempts;
		const char *want;
	} cases[] = {
		{ "local", 1, "12.log" }, { "local", 2, "12.2.log" }, { "exec", 1, "12.1-exec.log" },
		{ "exec", 3, "12.3-exec.log" }, { "2", 1, "12.1-2.log" },
		{ "../../x", 1, "12.1-..%2F..%2Fx.log" },
	};
	char target[32], ref[] = "refs/heads/main", old[] = OID_A, new[] = OID_B;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct queue_delivery d = delivery_of(target, ref, old, new);
		struct buf path = BUF_INIT(500), want = BUF_INIT(500);
		struct err e = { 0 };

		snprintf(target, sizeof(target), "%s", cases[i].target);
		d.attempts = cases[i].attempts;
		buf_addf(&want, "/g/codetrain/builds/%s", cases[i].want);
		assert_int_equal(target_worker_path("/g", &d, ".log", &path, &e), 0);
		assert_string_equal(buf_str(&path), buf_str(&want));
		buf_free(&path);
		buf_free(&want);
	}
}

/* The input comes whole or not at all. */
static void a_gate_takes_what_was_promised(void **state)
{
	static const struct {
		const char *sent;
		size_t promised;
		bool opens;
	} cases[] = { { "gabc", 3, true }, { "gab", 3, false }, { "gabcd", 3, false }, { "", 0, false },
		      { "x", 0, false }, { "g", 0, true } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int fd[2], kept = dup(STDIN_FILENO);
		struct buf input = BUF_INIT(100);
		bool opens;

		assert_int_equal(pipe(fd), 0);
		assert_int_equal(write(fd[1], cases[i].sent, strlen(cases[i].sent)), strlen(cases[i].sent));
		close(fd[1]);
		assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
		close(fd[0]);
		opens = target_process_gate(cases[i].promised, &input);
		dup2(kept, STDIN_FILENO);
		close(kept);
		assert_int_equal(opens, cases[i].opens);
		buf_free(&input);
	}
}

/* ---- answers -------------------------------------------------------------------------- */

typedef int answer_fn(const cJSON *answer, struct buf *external, struct buf *outcome, struct err *err);

static void answers_are_read(void **state)
{
	static const struct {
		answer_fn *read;
		const char *answer, *external, *outcome;
		enum err_class class;
	} cases[] = {
		{ target_answers_message, "{\"MessageId\":\"m\"}", "m", "message m sent", ERR_NONE },
		{ target_answers_message, "{}", "", "", ERR_UNAVAILABLE },
		{ target_answers_message, "{\"MessageId\":7}", "", "", ERR_UNAVAILABLE },
		{ target_answers_message, "{\"MessageId\":\"a\\u001b[1m\"}", "", "", ERR_UNAVAILABLE },
		{ target_answers_pipeline, "{\"pipelineExecutionId\":\"e\"}", "e", "execution e started", ERR_NONE },
		{ target_answers_pipeline, "[]", "", "", ERR_UNAVAILABLE },
		{ target_answers_events, "{\"Entries\":[{\"EventId\":\"v\"}],\"FailedEntryCount\":0}", "v",
		  "event v put", ERR_NONE },
		{ target_answers_events, "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"InternalFailure\"}]}",
		  "", "", ERR_UNAVAILABLE },
		{ target_answers_events, "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"MalformedDetail\"}]}",
		  "", "", ERR_NO },
		{ target_answers_events,
		  "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"AccessDeniedException\"}]}", "", "",
		  ERR_ACCESS },
		{ target_answers_events, "{\"FailedEntryCount\":1,\"Entries\":[{\"EventId\":\"v\"}]}", "", "",
		  ERR_UNAVAILABLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf external = BUF_INIT(300), outcome = BUF_INIT(300);
		struct err e = { 0 };
		cJSON *answer = json_parse(cases[i].answer, strlen(cases[i].answer), "answer", &e);
		int rc;

		assert_non_null(answer);
		rc = cases[i].read(answer, &external, &outcome, &e);
		assert_int_equal(rc, cases[i].class == ERR_NONE ? 0 : -1);
		assert_int_equal(e.class, cases[i].class);
		assert_string_equal(buf_str(&external), cases[i].external);
		assert_string_equal(buf_str(&outcome), cases[i].outcome);
		json_free(answer);
		buf_free(&external);
		buf_free(&outcome);
	}
}

static void an_execution_is_ours_or_not(void **state)
{
	static const struct {
		const char *summary;
		enum target_answers_match want;
	} cases[] = {
		{ "{\"startTime\":100,\"sourceRevisions\":[{\"revisionId\":\"c\"}]}", TARGET_ANSWERS_SAME },
		{ "{\"startTime\":99,\"sourceRevisions\":[{\"revisionId\":\"c\"}]}", TARGET_ANSWERS_OLDER },
		{ "{\"startTime\":100,\"sourceRevisions\":[{\"revisionId\":\"d\"}]}", TARGET_ANSWERS_OTHER },
		{ "{\"startTime\":100,\"trigger\":{\"triggerType\":\"Webhook\"},"
		  "\"sourceRevisions\":[{\"revisionId\":\"c\"}]}", TARGET_ANSWERS_OTHER },
		{ "{\"startTime\":100,\"status\":\"InProgress\"}", TARGET_ANSWERS_UNKNOWN },
		{ "{\"startTime\":100,\"status\":\"Failed\"}", TARGET_ANSWERS_OTHER },
		{ "{}", TARGET_ANSWERS_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };
		cJSON *summary = json_parse(cases[i].summary, strlen(cases[i].summary), "summary", &e);

		assert_int_equal(target_answers_execution(summary, "c", 100), cases[i].want);
		json_free(summary);
	}
}

static void what_git_says_of_a_push_is_understood(void **state)
{
	static const struct {
		int exit_code;
		const char *output;
		bool deletion;
		enum err_class class;
	} cases[] = {
		{ 0, "To x\n=\ta:refs/heads/m\t[up to date]\nDone\n", false, ERR_NONE },
		{ 1, "To x\n!\ta:refs/heads/m\t[rejected] (non-fast-forward)\nDone\nerror: failed to push\n", false,
		  ERR_CONFLICT },
		{ 1, "!\ta:refs/heads/m\t[rejected] (fetch first)\n", false, ERR_CONFLICT },
		{ 1, "!\ta:refs/tags/v\t[rejected] (already exists)\n", false, ERR_CONFLICT },
		{ 1, "!\ta:refs/heads/m\t[remote rejected] (pre-receive hook declined)\n", false, ERR_NO },
		{ 1, "!\ta:refs/heads/m\t[remote rejected] (cannot lock ref 'refs/heads/m')\n", false, ERR_UNAVAILABLE },
		{ 1, "remote: error: cannot lock ref 'refs/heads/m/1': 'refs/heads/m' exists; cannot create "
		  "'refs/heads/m/1'\n!\ta:refs/heads/m/1\t[remote rejected] (failed to update ref)\n", false, ERR_NO },
		{ 1, "remote: fatal: fsck error in packed object\n!\ta:refs/heads/m\t[remote rejected] "
		  "(unpacker error)\n", false, ERR_NO },
		{ 1, "error: src refspec a does not match any\n", false, ERR_NO },
		{ 1, "error: unable to delete 'x': remote ref does not exist\n", true, ERR_NONE },
		{ 1, "error: unable to delete 'x': remote ref does not exist\n", false, ERR_UNAVAILABLE },
		{ 128, "fatal: unable to access 'https://h/': The requested URL returned error: 403\n", false, ERR_ACCESS },
		{ 128, "fatal: unable to access 'https://h/': The requested URL returned error: 503\n", false,
		  ERR_UNAVAILABLE },
		{ 128, "fatal: repository 'https://h/' not found\n", false, ERR_NO },
		{ 128, "fatal: could not read Username for 'https://h': terminal prompts disabled\n", false, ERR_ACCESS },
		{ 137, "", false, ERR_UNAVAILABLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };
		int rc = target_mirror_parse(cases[i].exit_code, cases[i].output, cases[i].deletion, &e);

		assert_int_equal(rc, cases[i].class == ERR_NONE ? 0 : -1);
		assert_int_equal(e.class, cases[i].class);
		assert_null(strchr(e.message, '\n'));
	}
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
		{ "target = mirror\nurl = https://u:p" "w@there/x.git", "mirror https://there/x.git" },
		{ "target = mirror\nurl = https://tok" "en@there/@x", "mirror https://there/@x" },
		{ "target = mirror\nurl = https://u:p@" "w@there", "mirror https://there" },
		{ "target = mirror\nurl = ssh://git@there:22/x.git", "mirror ssh://git@there:22/x.git" },
		{ "target = mirror\nurl = ssh://git:p" "w@there/x.git", "mirror ssh://there/x.git" },
		{ "target = mirror\nurl = git@there:x.git", "mirror git@there:x.git" },
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
		cmocka_unit_test(an_event_is_json),
		cmocka_unit_test(the_largest_event_fits),
		cmocka_unit_test(work_has_files_of_its_own),
		cmocka_unit_test(a_gate_takes_what_was_promised),
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(an_execution_is_ours_or_not),
		cmocka_unit_test(what_git_says_of_a_push_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
