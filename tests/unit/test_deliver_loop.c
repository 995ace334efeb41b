/*
 * hooks/queue/deliver_loop.c: a drainer that ends has seen all that a hook told it of.
 */
#include "queue_world.h"

#include "hooks/queue/deliver_loop.h"
#include "hooks/queue/queue_moves.h"
#include "hooks/queue/queue_run.h"
#include "hooks/queue/queue_wake.h"

static enum target_verdict done(struct target_job *job, struct err *err)
{
	(void)err;
	buf_adds(&job->outcome, "fine");
	return TARGET_DONE;
}

static const struct target fake = { .name = "fake", .slots = 2, .start = done, .look = done };
static const struct target *const table[] = { &fake, NULL };

/* A process as a hook would name it that is no longer there. */
static void dead_run(char out[static QUEUE_PUSH_RUN])
{
	char here[QUEUE_PUSH_RUN], rest[QUEUE_PUSH_RUN];
	unsigned long long start;
	long pid;

	queue_run_find(here);
	assert_int_equal(sscanf(here, "pid %ld start %llu %95[^\n]", &pid, &start, rest), 3);
	snprintf(out, QUEUE_PUSH_RUN, "pid %ld start %llu %.60s", pid, start + 1, rest);
	assert_int_equal(queue_run_look(out), QUEUE_RUN_DEAD);
}

static void prepare(const char *ref)
{
	struct queue_push push;
	struct err e = { 0 };

	queue_push_init(&push, "reference-transaction", 2000);
	push.step = QUEUE_PREPARED;
	dead_run(push.run);
	assert_int_equal(strs_addf(&push.updates, "%s %s %s", OID_0, OID_B, ref), 0);
	assert_int_equal(queue_moves_add(world, &push, &e), 0);
	queue_push_free(&push);
}

/* Both calls of reference-transaction, and a git that dies before its post-receive. */
static void push_and_die(const char *ref)
{
	prepare(ref);
	write_file(ref, OID_B "\n");
	assert_true(queue_wake(world));
}

static void push_at_the_last_moment(void *arg, const struct queue_delivery *d,
				    enum queue_state state, const char *text)
{
	int *told = arg;

	(void)d;
	(void)state;
	(void)text;
	if (++*told == 1)
		push_and_die("refs/heads/late");
}

static void what_comes_in_its_last_turn_is_seen(void **s)
{
	int told = 0;
	const struct deliver_loop loop = { .gitdir = world, .targets = table, .life_s = 20,
					   .report = push_at_the_last_moment, .arg = &told };
	struct queue_db *db = db_open();
	struct deliver_tally tally;
	struct err e = { 0 };

	(void)s;
	assert_int_equal(mkdir(in_world("refs/heads"), 0700), 0);
	write_file("refs/heads/first", OID_B "\n");
	push_one(db, "refs/heads/first", OID_A, OID_B, 1000);
	assert_int_equal(deliver_loop(&loop, &tally, &e), 0);
	assert_int_equal(told, 2);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'delivered'"), 2);
	queue_db_close(db);
}

static void count(void *arg, const char *text)
{
	int *faults = arg;

	(void)text;
	++*faults;
}

static void refs_that_cannot_be_read_are_not_asked_for_ever(void **s)
{
	int faults = 0, taken;
	const struct deliver_loop loop = { .gitdir = world, .targets = table, .life_s = 20,
					   .background = true, .fault = count, .arg = &faults };
	struct queue_db *db = db_open();
	struct deliver_tally tally;
	struct err e = { 0 };

	(void)s;
	write_file("config", "[codetrain]\ntarget = fake\ndrainer = none\n");
	assert_int_equal(mkdir(in_world("refs/heads"), 0700), 0);
	prepare("refs/heads/a");
	assert_int_equal(queue_record_spool(db, world, &taken, &e), 0);
	assert_int_equal(mkdir(in_world("packed-refs"), 0700), 0);
	assert_int_equal(deliver_loop(&loop, &tally, &e), 0);
	assert_int_equal(faults, 1);
	assert_int_equal(number(db, "SELECT count(*) FROM event WHERE state = 'prepared'"), 1);
	queue_db_close(db);
}

static int begin(void **s)
{
	if (world_begin(s) < 0)
		return -1;
	write_file("config", "[codetrain]\ntarget = fake\n");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_comes_in_its_last_turn_is_seen, begin, world_end),
		cmocka_unit_test_setup_teardown(refs_that_cannot_be_read_are_not_asked_for_ever, begin,
						world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
