/*
 * hooks/queue/deliver*.c: the drainer's turns, with a clock, randomness and targets
 * of the test's own, and processes that die at every step.
 */
#include "queue_world.h"

#include "hooks/queue/deliver.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- a target that does as it is told ------------------------------------------------ */

enum { MINUTE = 60 * 1000 };

static int64_t clock_ms = 1000000, tick;
static uint32_t dice = UINT32_MAX;
static struct err answer;	/* class ERR_NONE: done */
static char sent[4000];		/* events as they came: "1 2 3 " */
static bool run_on;		/* TARGET_RUNNING until it is false */
static int looks, running_now, running_most;

static enum target_verdict fake_start(struct target_job *job, struct err *err)
{
	size_t len = strlen(sent);

	snprintf(sent + len, sizeof(sent) - len, "%lld ", (long long)job->delivery->event);
	buf_addf(&job->request, "request %lld", (long long)job->delivery->event);
	if (run_on) {
		running_now++;
		running_most = running_now > running_most ? running_now : running_most;
		return TARGET_RUNNING;
	}
	*err = answer;
	buf_adds(&job->outcome, "fine");
	return answer.class == ERR_NONE ? TARGET_DONE : TARGET_FAILED;
}

static enum target_verdict fake_look(struct target_job *job, struct err *err)
{
	(void)err;
	looks++;
	if (run_on)
		return TARGET_RUNNING;
	running_now--;
	buf_adds(&job->outcome, "ran");
	return TARGET_DONE;
}

static const struct target fake = { .name = "fake", .slots = 2, .start = fake_start, .look = fake_look };
static const struct target *const table[] = { &fake, NULL };

static int64_t test_now(void *arg)
{
	(void)arg;
	return clock_ms += tick;
}

static uint32_t test_random(void *arg)
{
	(void)arg;
	return dice;
}

static struct queue_db *db;
static struct deliver *deliver;
static struct deliver_state state;

static void open_drainer(const struct target *const *targets)
{
	struct deliver_settings s = { .gitdir = world, .targets = targets, .now_ms = test_now,
				      .random = test_random };
	struct err e = { 0 };

	db = db_open();
	s.db = db;
	if (deliver_new(&s, &deliver, &e) < 0)
		fail_msg("%s", e.message);
}

static void close_drainer(void)
{
	deliver_free(deliver);
	queue_db_close(db);
	deliver = NULL;
	db = NULL;
}

static void turn(void)
{
	struct err e = { 0 };

	if (deliver_turn(deliver, &state, &e) < 0)
		fail_msg("%s", e.message);
}

static void turns(void)
{
	do {
		turn();
	} while (state.more);
}

static void answers(enum err_class class, const char *message)
{
	memset(&answer, 0, sizeof(answer));
	if (class)
		err_set(&answer, class, "%s", message);
}

static int begin(void **s)
{
	clock_ms = 1000000;
	tick = 0;
	dice = UINT32_MAX;
	answers(ERR_NONE, NULL);
	sent[0] = '\0';
	run_on = false;
	looks = running_now = running_most = 0;
	if (world_begin(s) < 0)
		return -1;
	write_file("config", "[codetrain]\ntarget = fake\n");
	return 0;
}

static void push(const char *ref)
{
	push_one(db, ref, OID_A, OID_B, clock_ms);
}

/* ---- order and fairness -------------------------------------------------------------- */

static void a_ref_s_events_are_in_order(void **s)
{
	(void)s;
	open_drainer(table);
	for (int i = 0; i < 4; i++)
		push("refs/heads/m");
	turns();
	assert_string_equal(sent, "1 2 3 4 ");
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered' "
				"AND outcome = 'fine' AND attempts = 1"), 4);
	assert_int_equal(number(db, "SELECT count(*) FROM attempt WHERE request = 'request ' || event "
				"AND ended_ms IS NOT NULL"), 4);
	assert_int_equal(state.wake_ms, 0);
	close_drainer();
}

static void refs_take_turns(void **s)
{
	(void)s;
	open_drainer(table);
	for (int i = 0; i < 3; i++)
		push("refs/heads/a");
	clock_ms += 10;
	push("refs/heads/b");
	push("refs/heads/b");
	tick = 1;	/* time passes */
	turns();
	assert_string_equal(sent, "1 4 2 5 3 ");
	close_drainer();
}

static void a_stuck_ref_does_not_stop_others(void **s)
{
	(void)s;
	open_drainer(table);
	push("refs/heads/a");
	push("refs/heads/a");
	answers(ERR_TIMEOUT, "too slow");
	turns();
	push("refs/heads/b");
	answers(ERR_NONE, NULL);
	turns();
	assert_string_equal(sent, "1 3 ");
	clock_ms += MINUTE;
	turns();
	assert_string_equal(sent, "1 3 1 2 ");
	close_drainer();
}

/* ---- failures ------------------------------------------------------------------------ */

static void temporary_failures_wait_longer_and_longer(void **s)
{
	int64_t want = 1000;

	(void)s;
	open_drainer(table);
	push("refs/heads/m");
	answers(ERR_UNAVAILABLE, "nobody answers");
	for (int i = 0; i < 12; i++) {
		turns();
		assert_int_equal(number(db, "SELECT attempts FROM delivery"), i + 1);
		assert_in_range(state.wake_ms, clock_ms + want - 1, clock_ms + want);
		assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'waiting' "
					"AND reason = 'nobody answers' AND class = 7"), 1);
		clock_ms = state.wake_ms - 1;	/* not before its time */
		turns();
		assert_int_equal(number(db, "SELECT attempts FROM delivery"), i + 1);
		clock_ms++;
		want = want * 2 > MINUTE / 2 ? MINUTE / 2 : want * 2;
	}
	answers(ERR_NONE, NULL);
	turns();
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM attempt"), 13);
	close_drainer();
}

static void back_off_has_jitter_and_bounds(void **s)
{
	(void)s;
	assert_int_equal(deliver_backoff(ERR_UNAVAILABLE, 1, 0), 0);
	assert_int_equal(deliver_backoff(ERR_UNAVAILABLE, 1, UINT32_MAX / 2), 499);
	assert_in_range(deliver_backoff(ERR_UNAVAILABLE, 1000000, UINT32_MAX), MINUTE / 2 - 1,
			MINUTE / 2);
	assert_in_range(deliver_backoff(ERR_ACCESS, 1, UINT32_MAX), 9999, 10000);
	assert_in_range(deliver_backoff(ERR_ACCESS, 50, UINT32_MAX), 10 * MINUTE - 1, 10 * MINUTE);
	assert_true(deliver_is_temporary(ERR_UNAVAILABLE));
	assert_true(deliver_is_temporary(ERR_TIMEOUT));
	assert_true(deliver_is_temporary(ERR_ACCESS));
	assert_true(deliver_is_temporary(ERR_INTERNAL));
	assert_false(deliver_is_temporary(ERR_USAGE));
	assert_false(deliver_is_temporary(ERR_NO));
	assert_false(deliver_is_temporary(ERR_CONFLICT));
}

static void others_are_dead_letters(void **s)
{
	struct err e = { 0 };

	(void)s;
	open_drainer(table);
	push("refs/heads/m");
	push("refs/heads/m");
	answers(ERR_USAGE, "InvalidInput");
	turns();
	assert_string_equal(sent, "1 2 ");	/* the second one is not held up */
	assert_int_equal(state.wake_ms, 0);
	clock_ms += 24 * 60 * MINUTE;
	turns();
	assert_string_equal(sent, "1 2 ");
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'failed' "
				"AND reason = 'InvalidInput'"), 2);
	answers(ERR_NONE, NULL);
	assert_int_equal(queue_store_retry(db, 1, NULL, clock_ms, &e), 0);
	turns();
	assert_string_equal(sent, "1 2 1 ");
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), 1);
	close_drainer();
}

static void an_unknown_target_is_a_dead_letter(void **s)
{
	(void)s;
	write_file("config", "[codetrain]\ntarget = nowhere\ntarget = fake\n");
	open_drainer(table);
	push("refs/heads/m");
	push("refs/heads/m");
	turns();
	assert_string_equal(sent, "1 2 ");
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'failed' "
				"AND target = 'nowhere' AND reason LIKE '%no target \"nowhere\"%'"), 2);
	close_drainer();
}

static void one_probe_while_nobody_answers(void **s)
{
	(void)s;
	open_drainer(table);
	push("refs/heads/a");
	push("refs/heads/b");
	push("refs/heads/c");
	answers(ERR_UNAVAILABLE, "down");
	turns();
	assert_string_equal(sent, "1 ");
	for (int i = 0; i < 10; i++) {
		clock_ms = state.wake_ms;
		turns();
	}
	assert_int_equal(number(db, "SELECT sum(attempts) FROM delivery"), 11);
	/* back: everything at once, without waiting for each one's time */
	answers(ERR_NONE, NULL);
	clock_ms = state.wake_ms;
	turns();
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), 3);
	close_drainer();
}

static void a_wake_up_asks_again_at_once(void **s)
{
	struct err e = { 0 };

	(void)s;
	open_drainer(table);
	push("refs/heads/a");
	answers(ERR_UNAVAILABLE, "down");
	turns();
	answers(ERR_NONE, NULL);
	turns();
	assert_string_equal(sent, "1 ");
	deliver_hurry(deliver);
	assert_int_equal(queue_store_hurry(db, NULL, ERR_UNAVAILABLE, clock_ms, &e), 0);
	turns();
	assert_string_equal(sent, "1 1 ");
	close_drainer();
}

/* ---- configuration ------------------------------------------------------------------- */

static void a_broken_configuration_is_waited_out(void **s)
{
	(void)s;
	write_file("config", "[codetrain\n");
	open_drainer(table);
	push("refs/heads/a");
	turns();
	assert_string_equal(sent, "");
	assert_true(state.wake_ms > clock_ms);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'waiting' "
				"AND reason LIKE '%config:1: %'"), 1);
	write_file("config", "[codetrain]\n\ttarget = fake\n");
	turns();
	assert_string_equal(sent, "1 ");
	/* a change is seen without a restart */
	write_file("config", "[codetrain]\n\ttarget = fake\n\trefs = other\n");
	push("refs/heads/a");
	turns();
	assert_string_equal(sent, "1 ");
	close_drainer();
}

/* ---- work that goes on --------------------------------------------------------------- */

static void slots_bound_what_runs(void **s)
{
	(void)s;
	open_drainer(table);
	push("refs/heads/a");
	push("refs/heads/a");
	push("refs/heads/b");
	push("refs/heads/c");
	run_on = true;
	turns();
	assert_int_equal(state.running, 2);
	assert_string_equal(sent, "1 3 ");	/* the second of "a" waits for the first */
	assert_true(state.wake_ms > clock_ms);	/* no descriptor: look again soon */
	turns();
	assert_string_equal(sent, "1 3 ");
	run_on = false;
	turns();
	turns();
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), 4);
	assert_int_equal(running_most, 2);
	close_drainer();
}

static void a_new_drainer_takes_over_what_runs(void **s)
{
	(void)s;
	open_drainer(table);
	push("refs/heads/a");
	run_on = true;
	turns();
	close_drainer();
	open_drainer(table);
	turns();
	assert_int_equal(state.running, 1);
	assert_string_equal(sent, "1 ");
	run_on = false;
	turns();
	assert_string_equal(sent, "1 ");
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered' "
				"AND outcome = 'ran'"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM attempt WHERE ended_ms IS NOT NULL"), 1);
	close_drainer();
}

/* ---- death at every step ------------------------------------------------------------- */

/*
 * A service as CodeBuild is: a start bears a token, kept for five minutes, and a
 * name that can be searched for. Its builds are lines in a file, which outlives
 * the drainers: "EVENT MILLISECONDS".
 */
enum { TOKEN_MS = 5 * MINUTE };

static int steps, die_at;	/* in the child */

static void step(void)
{
	if (++steps == die_at)
		kill(getpid(), SIGKILL);
}

static int on_commit(void *arg)
{
	(void)arg;
	step();
	return 0;
}

static int on_open(sqlite3 *sql, char **message, const struct sqlite3_api_routines *api)
{
	(void)message;
	(void)api;
	sqlite3_commit_hook(sql, on_commit, NULL);
	return SQLITE_OK;
}

/* Builds of an event, not younger than `since`. */
static int builds_of(long long event, int64_t since)
{
	FILE *f = fopen(in_world("builds"), "r");
	long long e, at;
	int n = 0;

	while (f && fscanf(f, "%lld %lld", &e, &at) == 2)
		n += e == event && at >= since;
	if (f)
		fclose(f);
	return n;
}

static enum target_verdict service_start(struct target_job *job, struct err *err)
{
	FILE *f;

	step();
	if (answer.class) {
		*err = answer;
		return TARGET_FAILED;
	}
	if (builds_of(job->delivery->event, clock_ms - TOKEN_MS + 1) == 0) {
		f = fopen(in_world("builds"), "a");
		fprintf(f, "%lld %lld\n", (long long)job->delivery->event, (long long)clock_ms);
		fclose(f);
	}
	step();
	buf_adds(&job->outcome, "started");
	return TARGET_DONE;
}

static enum target_verdict service_look(struct target_job *job, struct err *err)
{
	(void)err;
	step();
	if (clock_ms - job->delivery->uncertain_ms < 3 * MINUTE)
		return TARGET_ABSENT;
	job->certain = true;
	if (builds_of(job->delivery->event, 0) == 0)
		return TARGET_ABSENT;
	buf_adds(&job->outcome, "found");
	return TARGET_DONE;
}

static const struct target service = { .name = "fake", .slots = 1, .start = service_start,
				       .look = service_look };
static const struct target *const services[] = { &service, NULL };

/* A drainer in a process of its own, which dies at a step; 0: lives on. */
static bool drain_in_child(int step_number)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		steps = 0;
		die_at = step_number;
		sqlite3_auto_extension((void (*)(void))on_open);
		open_drainer(services);
		turns();
		clock_ms += 2 * MINUTE;		/* what failed has its second try */
		turns();
		close_drainer();
		kill(getpid(), SIGTERM);	/* without the checks at an exit: this is no program's end */
	}
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	assert_true(WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM);
	return WTERMSIG(status) == SIGKILL;
}

static void begin_service(void)
{
	unlink(in_world("builds"));
	db = db_open();
	push_one(db, "refs/heads/a", OID_A, OID_B, clock_ms);
	push_one(db, "refs/heads/a", OID_B, OID_A, clock_ms);
	push_one(db, "refs/heads/b", OID_A, OID_B, clock_ms);
	queue_db_close(db);
}

static void check_each_once(const char *when, int at)
{
	long long first = 0;

	db = db_open();
	for (int event = 1; event <= 3; event++)
		if (builds_of(event, 0) != 1)
			fail_msg("%s, killed at step %d: event %d was built %d times", when, at, event,
				 builds_of(event, 0));
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), 3);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery"), 3);
	queue_db_close(db);
	FILE *f = fopen(in_world("builds"), "r");	/* and in order */
	long long e, t;

	while (fscanf(f, "%lld %lld", &e, &t) == 2)
		if (e != 3) {
			assert_true(e > first);
			first = e;
		}
	fclose(f);
}

/* The next drainer comes `later`; and dies too, once, at any of its own steps. */
static void killed_at_every_step(const char *when, int64_t later)
{
	void *unused = NULL;
	int killed = 0;

	for (int first = 1; first < 200; first++) {
		bool died;

		assert_int_equal(begin(&unused), 0);
		begin_service();
		died = drain_in_child(first);
		if (died) {
			killed++;
			clock_ms += later;
			drain_in_child(first % 7 + 1);
			clock_ms += later;
			drain_in_child(0);
		}
		check_each_once(when, first);
		world_end(&unused);
		if (!died)
			break;
	}
	assert_in_range(killed, 12, 100);	/* it was not for nothing */
	assert_int_equal(begin(&unused), 0);
}

static void killed_and_back_at_once(void **s)
{
	world_end(s);
	killed_at_every_step("back at once", 10);
}

static void killed_and_back_when_the_token_is_forgotten(void **s)
{
	world_end(s);
	killed_at_every_step("back after ten minutes", 10 * MINUTE);
}

static void killed_and_back_just_before_and_after(void **s)
{
	world_end(s);
	killed_at_every_step("back after 2 min 59 s", 3 * MINUTE - 1000);
	world_end(s);
	killed_at_every_step("back after 4 min 59 s", 5 * MINUTE - 1000);
}

/* The test can fail: a drainer that did not look would build twice. */
static enum target_verdict careless_look(struct target_job *job, struct err *err)
{
	(void)job;
	(void)err;
	return TARGET_ABSENT;
}

static void without_looking_it_would_be_twice(void **s)
{
	static const struct target careless = { .name = "fake", .slots = 1, .start = service_start,
						.look = careless_look };
	static const struct target *const careless_table[] = { &careless, NULL };
	pid_t pid;

	(void)s;
	begin_service();
	pid = fork();
	if (pid == 0) {
		die_at = 2;		/* just after the build is there */
		open_drainer(careless_table);
		turns();
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	clock_ms += 10 * MINUTE;
	open_drainer(careless_table);
	turns();
	close_drainer();
	assert_int_equal(builds_of(1, 0), 2);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_ref_s_events_are_in_order),
		IN_WORLD(refs_take_turns),
		IN_WORLD(a_stuck_ref_does_not_stop_others),
		IN_WORLD(temporary_failures_wait_longer_and_longer),
		cmocka_unit_test(back_off_has_jitter_and_bounds),
		IN_WORLD(others_are_dead_letters),
		IN_WORLD(an_unknown_target_is_a_dead_letter),
		IN_WORLD(one_probe_while_nobody_answers),
		IN_WORLD(a_wake_up_asks_again_at_once),
		IN_WORLD(a_broken_configuration_is_waited_out),
		IN_WORLD(slots_bound_what_runs),
		IN_WORLD(a_new_drainer_takes_over_what_runs),
		IN_WORLD(killed_and_back_at_once),
		IN_WORLD(killed_and_back_when_the_token_is_forgotten),
		IN_WORLD(killed_and_back_just_before_and_after),
		IN_WORLD(without_looking_it_would_be_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
