/*
 * What hooks and an idle drainer ask of the queue is found in an index, however long its
 * history is: SQLite counts its steps here, which are the same on every machine.
 */
#include "queue_world.h"

#include "hooks/queue/queue_db_private.h"
#include "hooks/queue/queue_prune.h"
#include "hooks/queue/queue_reconcile.h"
#include "hooks/queue/queue_route.h"

enum { EVENTS = 5000, STEPS_EACH = 100, FEW = 30 };	/* a scan is hundreds of STEPS_EACH */

static long steps;

static int count(void *arg)
{
	(void)arg;
	steps++;
	return 0;
}

static void run(struct queue_db *db, const char *sql)
{
	struct err e = { 0 };

	if (queue_db_run(db, &e, sql, "") < 0)
		fail_msg("%s: %s", sql, e.message);
}

/* Of which all was delivered, long ago but for the newest. */
static struct queue_db *history(void)
{
	struct queue_db *db = db_open();
	char sql[400];

	push_one(db, "refs/heads/0", OID_A, OID_B, 1000);
	run(db, "DELETE FROM delivery");
	snprintf(sql, sizeof(sql), "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n "
		 "WHERE i < %d) INSERT INTO push (id, uid, source, repository, pusher, options, run) "
		 "SELECT i, 'uid ' || i, 'test', '', '', '', 'pid ' || i FROM n", EVENTS);
	run(db, sql);
	run(db, "INSERT INTO event (push, ref, old, new, recorded_ms) SELECT id, 'refs/heads/' || (id % 100), "
	    "'" OID_A "', '" OID_B "', 1000 FROM push WHERE id > 1");
	run(db, "INSERT INTO delivery (event, target, ref, state, changed_ms) "
	    "SELECT seq, 'fake', ref, 'delivered', 1000 FROM event");
	steps = 0;
	sqlite3_progress_handler(db->sql, STEPS_EACH, count, NULL);
	return db;
}

static void a_push_that_only_post_receive_told_of(void **s)
{
	struct queue_db *db = history();

	(void)s;
	push_one(db, "refs/heads/new", OID_0, OID_A, 2000);
	assert_true(steps < FEW);
	queue_db_close(db);
}

/* Many pushes were found by reconciliation, long ago: asked once for a push, not for each line. */
static void a_push_of_many_refs_beside_what_was_found(void **s)
{
	struct queue_db *db = history();
	struct queue_recorded r;
	struct queue_push push;
	struct err e = { 0 };

	(void)s;
	run(db, "UPDATE push SET complete = 2");
	steps = 0;
	queue_push_init(&push, "test", 10000000);
	for (int i = 0; i < 50; i++)
		assert_int_equal(strs_addf(&push.updates, "%s %s refs/heads/new/%d", OID_0, OID_A, i), 0);
	assert_int_equal(queue_record(db, world, &push, &r, &e), 0);
	queue_push_free(&push);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), EVENTS + 50);
	assert_true(steps < 50 * FEW);
	queue_db_close(db);
}

static void the_runs_that_are_waited_for(void **s)
{
	struct queue_db *db = history();
	struct strs runs = STRS_INIT;
	struct err e = { 0 };

	(void)s;
	assert_int_equal(queue_reconcile_waiting(db, &runs, &e), 0);
	assert_int_equal(runs.n, 0);
	assert_true(steps < FEW);
	queue_db_close(db);
}

static void what_cannot_be_looked_up(void **s)
{
	struct queue_db *db = history();
	struct err e = { 0 };

	(void)s;
	assert_int_equal(queue_store_unroutable(db, "broken", &e), 0);
	assert_true(steps < FEW);
	queue_db_close(db);
}

static void nothing_old_enough_to_go(void **s)
{
	const struct queue_prune limits = { .older_ms = 5000, .events = EVENTS, .texts_ms = 5000,
					    .most = 100 };
	struct queue_db *db = history();
	struct err e = { 0 };
	int gone = -1;

	(void)s;
	assert_int_equal(queue_prune(db, world, &limits, 2000, &gone, &e), 0);
	assert_int_equal(gone, 0);
	assert_true(steps < FEW);
	queue_db_close(db);
}

static void an_event_that_is_asked_for_again(void **s)
{
	struct queue_db *db = history();
	struct err e = { 0 };

	(void)s;
	assert_int_equal(queue_store_retry(db, EVENTS, NULL, 2000, &e), 0);
	assert_true(steps < FEW);
	queue_db_close(db);
}

/* Of one ref, and none looked up yet: what is asked of each does not grow with those before it. */
static void a_long_backlog_of_one_ref(void **s)
{
	const struct target *const none[] = { NULL };
	struct queue_config config = QUEUE_CONFIG_INIT;
	const struct queue_route r = { .targets = none, .config = &config, .now_ms = 2000, .most = 500 };
	struct queue_db *db = history();
	struct err e = { 0 };
	int routed = 0;

	(void)s;
	run(db, "UPDATE event SET ref = 'refs/heads/0'");
	run(db, "UPDATE delivery SET ref = 'refs/heads/0', target = '', state = 'waiting'");
	steps = 0;
	assert_int_equal(queue_route(db, &r, &routed, &e), 0);
	assert_int_equal(routed, 500);
	assert_true(steps < EVENTS);
	queue_config_free(&config);
	queue_db_close(db);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(a_push_that_only_post_receive_told_of),
		IN_WORLD(a_push_of_many_refs_beside_what_was_found),
		IN_WORLD(the_runs_that_are_waited_for),
		IN_WORLD(what_cannot_be_looked_up),
		IN_WORLD(nothing_old_enough_to_go),
		IN_WORLD(an_event_that_is_asked_for_again),
		IN_WORLD(a_long_backlog_of_one_ref),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
