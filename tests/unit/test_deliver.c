/*
 * hooks/queue/deliver*.c: the drainer's turns, with a clock, randomness and targets
 * of the test's own, and processes that die at every step.
 */
#include "queue_world.h"

#include "hooks/queue/deliver.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

/* ---- a target that does as it is told ------------------------------------------------ */

enum { MINUTE = 60 * 1000 };

static int64_t clock_ms, tick;
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

static char built[100];

static enum target_verdict service_like_start(struct target_job *job, struct err *err)
{
	size_t len = strlen(built);

	(void)err;
	snprintf(built + len, sizeof(built) - len, "%lld ", (long long)job->delivery->event);
	return TARGET_DONE;
}

static const struct target fake = { .name = "fake", .slots = 2, .start = fake_start, .look = fake_look };
static const struct target *const table[] = { &fake, NULL };

static int64_t test_now(void *arg)
{
	(void)arg;
	return __atomic_add_fetch(&clock_ms, tick, __ATOMIC_RELAXED);	/* lanes ask, too */
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

/* Until nothing is left to do now; what is with a lane is waited for. */
static void turns(void)
{
	do {
		struct pollfd fds[8];

		turn();
		if (!state.more && state.calling)
			assert_true(poll(fds, deliver_poll(deliver, fds, 8), 10000) > 0);
	} while (state.more || state.calling);
}

static void answers(enum err_class class, const char *message)
{
	memset(&answer, 0, sizeof(answer));
	if (class)
		err_set(&answer, class, "%s", message);
}

static int begin(void **s)
{
	clock_ms = 10000000;
	tick = 0;
	dice = UINT32_MAX;
	answers(ERR_NONE, NULL);
	sent[0] = built[0] = '\0';
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

/* A ref that its target can never take, as a pusher may call one. */
static void what_always_fails_holds_up_no_other(void **s)
{
	char ref[40];

	(void)s;
	open_drainer(table);
	for (int i = 0; i < 50; i++) {
		snprintf(ref, sizeof(ref), "refs/heads/x/%d", i);
		push(ref);
	}
	answers(ERR_UNAVAILABLE, "cannot lock it");
	turns();
	for (int i = 0; i < 400; i++) {
		clock_ms = state.wake_ms;
		turns();
	}
	push("refs/heads/good");
	sent[0] = '\0';
	turns();
	clock_ms = state.wake_ms;
	turns();
	assert_string_equal(sent, "51 ");
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

static void a_clock_that_is_set_back_holds_up_nothing(void **s)
{
	(void)s;
	open_drainer(table);
	push("refs/heads/a");
	answers(ERR_UNAVAILABLE, "down");
	turns();
	assert_string_equal(sent, "1 ");
	clock_ms -= 10 * MINUTE;	/* it may only have been a little fast */
	turns();
	assert_string_equal(sent, "1 ");
	clock_ms -= 60 * MINUTE;
	answers(ERR_NONE, NULL);
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

/* ---- side by side -------------------------------------------------------------------- */

/* A service on a lane: it answers when it is let go, or the drainer ends. */
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static bool gate_open;
static int at_gate, at_gate_most;

static bool gate_is_open(int change)
{
	bool open;

	pthread_mutex_lock(&gate_lock);
	at_gate += change;
	at_gate_most = at_gate > at_gate_most ? at_gate : at_gate_most;
	open = gate_open;
	pthread_mutex_unlock(&gate_lock);
	return open;
}

static void set_gate(bool open)
{
	pthread_mutex_lock(&gate_lock);
	gate_open = open;
	pthread_mutex_unlock(&gate_lock);
}

static enum target_verdict slow_start(struct target_job *job, struct err *err)
{
	bool open = gate_is_open(1);

	while (!open && !__atomic_load_n(job->stop, __ATOMIC_RELAXED)) {
		poll(NULL, 0, 1);
		open = gate_is_open(0);
	}
	gate_is_open(-1);
	buf_addf(&job->outcome, "%s %lld", job->name, (long long)job->delivery->event);
	if (open)
		return TARGET_DONE;
	err_set(err, ERR_UNAVAILABLE, "it was told to end");
	return TARGET_FAILED;
}

static enum target_verdict slow_look(struct target_job *job, struct err *err)
{
	(void)job;
	(void)err;
	return TARGET_ABSENT;
}

static const struct target slow = { .name = "slow", .slots = 8, .kind = TARGET_CALLS,
				    .start = slow_start, .look = slow_look };
static const struct target *const slow_table[] = { &fake, &slow, NULL };

/* Turns for as long as they have something to do at once; lanes are not waited for. */
static void some_turns(void)
{
	do {
		turn();
	} while (state.more);
}

static int begin_slow(void **s)
{
	set_gate(false);
	at_gate_most = 0;
	return begin(s);
}

static void wait_for_gate(int n)
{
	for (int i = 0; i < 5000; i++) {
		bool there;

		pthread_mutex_lock(&gate_lock);
		there = at_gate == n;
		pthread_mutex_unlock(&gate_lock);
		if (there)
			return;
		poll(NULL, 0, 1);
	}
	fail_msg("%d are at the gate, and not %d", at_gate, n);
}

static void one_that_hangs_holds_up_no_other_target(void **s)
{
	(void)s;
	write_file("config", "[codetrain]\ntarget = slow\ntarget = fake\n");
	open_drainer(slow_table);
	for (int i = 0; i < 3; i++)
		push("refs/heads/a");
	push("refs/heads/b");
	some_turns();
	assert_string_equal(sent, "1 2 4 3 ");
	assert_int_equal(state.calling, 1);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE target = 'slow' "
				"AND state = 'delivered'"), 0);
	set_gate(true);
	turns();
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), 8);
	close_drainer();
}

static void one_that_hangs_holds_up_its_ref_alone(void **s)
{
	(void)s;
	write_file("config", "[codetrain]\ntarget = slow\n");
	open_drainer(slow_table);
	for (int i = 0; i < 20; i++) {
		char ref[32];

		snprintf(ref, sizeof(ref), "refs/heads/%d", i);
		push(ref);
		push(ref);
	}
	some_turns();
	wait_for_gate(1);	/* nobody knows yet whether it answers */
	assert_in_range(state.wake_ms, clock_ms + 1, clock_ms + 2000);
	clock_ms += 2000;
	some_turns();
	wait_for_gate(2);
	clock_ms += MINUTE;
	some_turns();
	wait_for_gate(8);	/* and no more */
	set_gate(true);
	turns();
	assert_int_equal(at_gate_most, 8);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered' "
				"AND outcome = 'slow ' || event"), 40);
	assert_int_equal(number(db, "SELECT count(*) FROM attempt a JOIN attempt b ON b.event = a.event + 1 "
				"JOIN event e ON e.seq = a.event JOIN event f ON f.seq = b.event "
				"WHERE e.ref = f.ref AND b.id < a.id"), 0);
	close_drainer();
}

static void the_end_waits_for_nobody(void **s)
{
	struct err e = { 0 };

	(void)s;
	write_file("config", "[codetrain]\ntarget = slow\n");
	open_drainer(slow_table);
	push("refs/heads/a");
	some_turns();
	wait_for_gate(1);
	assert_int_equal(deliver_end(deliver, &state, &e), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'waiting' "
				"AND ready_ms <= changed_ms AND attempts = 1"), 1);
	close_drainer();
	open_drainer(slow_table);
	set_gate(true);
	turns();
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), 1);
	close_drainer();
}

static int commits;

static int count_commit(void *arg)
{
	(void)arg;
	commits++;
	return 0;
}

static int count_commits(sqlite3 *sql, char **message, const struct sqlite3_api_routines *api)
{
	(void)message;
	(void)api;
	sqlite3_commit_hook(sql, count_commit, NULL);
	return SQLITE_OK;
}

static void a_turn_is_one_commit(void **s)
{
	static const struct target wide = { .name = "fake", .slots = 8, .start = fake_start,
					    .look = fake_look };
	static const struct target *const wide_table[] = { &wide, NULL };

	(void)s;
	sqlite3_auto_extension((void (*)(void))count_commits);
	open_drainer(wide_table);
	sqlite3_reset_auto_extension();
	for (int i = 0; i < 80; i++) {
		char ref[32];

		snprintf(ref, sizeof(ref), "refs/heads/%d", i % 8);
		push(ref);
	}
	commits = 0;
	turns();
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), 80);
	/* the configuration's summary, the probe, ten rounds of eight, the last answers */
	assert_in_range(commits, 10, 14);
	close_drainer();
}

/* ---- who gets what ------------------------------------------------------------------- */

static const struct target mirror = { .name = "mirror", .slots = 1, .mirrors = true, .deletions = true,
				      .start = fake_start, .look = fake_look };
static const struct target builder = { .name = "fake", .slots = 2, .builds = true,
				       .start = service_like_start, .look = fake_look };
static const struct target *const mirrored[] = { &mirror, &builder, NULL };

static int64_t of(const char *target, const char *state_name)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM delivery WHERE target = '%s' AND state = '%s'",
		 target, state_name);
	return number(db, sql);
}

static void a_build_waits_for_its_mirror(void **s)
{
	struct err e = { 0 };

	(void)s;
	write_file("config", "[codetrain]\ntarget = fake\ntarget = mirror\n");
	open_drainer(mirrored);
	push("refs/heads/a");
	push("refs/heads/a");
	answers(ERR_UNAVAILABLE, "nobody answers");
	turns();
	assert_string_equal(sent, "1 ");
	assert_int_equal(of("fake", "waiting"), 2);
	answers(ERR_USAGE, "not a fast-forward");
	clock_ms += MINUTE;
	turns();
	assert_int_equal(of("mirror", "failed"), 2);
	assert_int_equal(of("fake", "waiting"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE target = 'fake' AND reason = "
				"'waits for its mirror mirror, which failed; codetrain queue retry ' "
				"|| event || ' -t mirror'"), 2);
	assert_string_equal(built, "");
	answers(ERR_NONE, NULL);
	assert_int_equal(queue_store_retry(db, 1, "mirror", clock_ms, &e), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE reason LIKE 'waits%'"), 1);
	turns();
	assert_string_equal(built, "1 ");
	assert_int_equal(queue_store_drop(db, 2, "mirror", clock_ms, &e), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event = 2 AND reason LIKE "
				"'waits for its mirror mirror, which was dropped; %'"), 1);
	turns();
	assert_string_equal(built, "1 ");
	assert_int_equal(queue_store_retry(db, 2, "mirror", clock_ms, &e), 0);
	turns();
	assert_string_equal(built, "1 2 ");
	close_drainer();
}

static void options_and_deletions_choose(void **s)
{
	struct err e = { 0 };

	(void)s;
	write_file("config", "[codetrain]\ntarget = fake\ntarget = mirror\n");
	open_drainer(mirrored);
	push("refs/heads/a");
	assert_int_equal(queue_db_run(db, &e, "UPDATE push SET options = ?1", "s", "ci.skip\n"), 0);
	turns();
	assert_int_equal(of("mirror", "delivered"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE target = 'fake' "
				"AND state = 'skipped' AND reason LIKE '%ci.skip%'"), 1);
	push_one(db, "refs/heads/a", OID_B, OID_0, clock_ms);
	turns();
	assert_int_equal(of("mirror", "delivered"), 2);
	assert_string_equal(built, "");
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event = 2"), 1);
	/* people may want it all the same */
	assert_int_equal(queue_store_retry(db, 1, "fake", clock_ms, &e), 0);
	turns();
	assert_string_equal(built, "1 ");
	write_file("config", "[codetrain]\ntarget = fake\n");
	push_one(db, "refs/heads/a", OID_B, OID_0, clock_ms);
	turns();
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event = 3 AND target = '' "
				"AND state = 'skipped' AND reason = 'the ref was deleted'"), 1);
	close_drainer();
}

static void a_push_that_is_not_complete_is_waited_for(void **s)
{
	struct err e = { 0 };

	(void)s;
	open_drainer(table);
	push("refs/heads/a");
	push("refs/heads/a");
	push("refs/heads/b");
	assert_int_equal(queue_db_run(db, &e, "UPDATE push SET complete = 0 WHERE id = 1", ""), 0);
	turns();
	assert_string_equal(sent, "3 ");	/* the second of "a" does not overtake */
	assert_int_equal(queue_db_run(db, &e, "UPDATE push SET complete = 2 WHERE complete = 0", ""), 0);
	turns();
	assert_string_equal(sent, "3 1 2 ");
	close_drainer();
}

static void instances_are_targets_of_their_own(void **s)
{
	(void)s;
	write_file("config", "[codetrain]\ntarget = one\ntarget = two\n[codetrain \"one\"]\ntype = fake\n"
		   "refs = main\n[codetrain \"two\"]\ntype = fake\nrefs = next\n");
	open_drainer(table);
	push("refs/heads/main");
	push("refs/heads/next");
	push("refs/heads/other");
	turns();
	assert_int_equal(of("one", "delivered"), 1);
	assert_int_equal(of("two", "delivered"), 1);
	assert_int_equal(of("", "skipped"), 1);
	close_drainer();
}

/* ---- a day without the service ------------------------------------------------------- */

static uint32_t random_state;

static uint32_t seeded(void *arg)
{
	(void)arg;
	random_state = random_state * 1664525 + 1013904223;
	return random_state;
}

static void a_day_without_the_service(void **s)
{
	/* an hour of it for valgrind, for which a day is too long */
	const int hours = getenv("VALGRIND") && *getenv("VALGRIND") ? 1 : 24;
	const int64_t end = clock_ms + hours * 60 * (int64_t)MINUTE;
	struct err e = { 0 };
	int64_t asked, pushes = 0;

	(void)s;
	random_state = 5;
	open_drainer(table);
	deliver_free(deliver);
	assert_int_equal(deliver_new(&(struct deliver_settings){ .db = db, .gitdir = world, .targets = table,
				     .now_ms = test_now, .random = seeded }, &deliver, &e), 0);
	assert_int_equal(queue_db_run(db, &e, "PRAGMA synchronous = OFF", ""), 0);
	answers(ERR_UNAVAILABLE, "nobody answers");
	for (int64_t next_push = clock_ms; clock_ms < end;) {
		if (clock_ms >= next_push) {	/* one every five minutes, on ten refs */
			char ref[32];

			snprintf(ref, sizeof(ref), "refs/heads/%d", (int)(pushes++ % 10));
			push(ref);
			next_push += 5 * MINUTE;
		}
		sent[0] = '\0';
		turns();
		assert_true(state.wake_ms > clock_ms);
		clock_ms = state.wake_ms < next_push ? state.wake_ms : next_push;
	}
	asked = number(db, "SELECT sum(attempts) FROM delivery");
	/* half of half a minute between two, on average (the first few sooner), and never one per event */
	if (asked < hours * 60 || asked > (hours + 1) * 60 * 5)
		fail_msg("%lld requests in a day", (long long)asked);
	assert_true(number(db, "SELECT count(*) FROM attempt") <= 56 * pushes);
	assert_int_equal(number(db, "SELECT max(n) <= 56 FROM (SELECT count(*) AS n FROM attempt "
				"GROUP BY event)"), 1);
	answers(ERR_NONE, NULL);
	sent[0] = '\0';
	clock_ms = state.wake_ms;
	turns();
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), pushes);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state <> 'delivered'"), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery a JOIN delivery b ON a.ref = b.ref "
				"AND a.event < b.event WHERE (SELECT max(id) FROM attempt WHERE event = a.event) "
				"> (SELECT max(id) FROM attempt WHERE event = b.event)"), 0);
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
static const struct target service_lane = { .name = "fake", .slots = 1, .kind = TARGET_CALLS,
					    .start = service_start, .look = service_look };
static const struct target *const kinds[][2] = { { &service, NULL }, { &service_lane, NULL } };
static const struct target *const *services;

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
static void killed_at_every_step_of(const char *when, int64_t later)
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
}

static void killed_at_every_step(const char *when, int64_t later)
{
	void *unused = NULL;

	for (int kind = 0; kind < 2; kind++) {
		services = kinds[kind];
		killed_at_every_step_of(when, later);
	}
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
		IN_WORLD(what_always_fails_holds_up_no_other),
		IN_WORLD(a_wake_up_asks_again_at_once),
		IN_WORLD(a_clock_that_is_set_back_holds_up_nothing),
		IN_WORLD(a_broken_configuration_is_waited_out),
		IN_WORLD(slots_bound_what_runs),
		IN_WORLD(a_new_drainer_takes_over_what_runs),
		cmocka_unit_test_setup_teardown(one_that_hangs_holds_up_no_other_target, begin_slow,
						world_end),
		cmocka_unit_test_setup_teardown(one_that_hangs_holds_up_its_ref_alone, begin_slow,
						world_end),
		cmocka_unit_test_setup_teardown(the_end_waits_for_nobody, begin_slow, world_end),
		IN_WORLD(a_turn_is_one_commit),
		IN_WORLD(a_build_waits_for_its_mirror),
		IN_WORLD(options_and_deletions_choose),
		IN_WORLD(a_push_that_is_not_complete_is_waited_for),
		IN_WORLD(instances_are_targets_of_their_own),
		IN_WORLD(a_day_without_the_service),
		IN_WORLD(killed_and_back_at_once),
		IN_WORLD(killed_and_back_when_the_token_is_forgotten),
		IN_WORLD(killed_and_back_just_before_and_after),
		IN_WORLD(without_looking_it_would_be_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
