/*
 * hooks/queue/queue_prune.c: what goes, and all that has to stay.
 */
#include "queue_world.h"

#include "hooks/queue/queue_prune.h"

#include <errno.h>
#include <fcntl.h>

#define DAY (24 * 3600 * (int64_t)1000)

static const int64_t now = 1000 * DAY;

static void run(struct queue_db *db, const char *sql)
{
	struct err e = { 0 };

	if (queue_db_run(db, &e, sql, "") < 0)
		fail_msg("%s: %s", sql, e.message);
}

/* Ten events, delivered to "t" at day 900 + event, each with a push, attempts and files. */
static struct queue_db *ten(void)
{
	struct queue_db *db = db_open();

	assert_int_equal(mkdir(in_world("codetrain/builds"), 0700), 0);
	for (int i = 1; i <= 10; i++) {
		char ref[32], name[64];

		snprintf(ref, sizeof(ref), "refs/heads/%d", i);
		push_one(db, ref, OID_A, OID_B, (900 + i) * DAY);
		snprintf(name, sizeof(name), "codetrain/builds/%d.log", i);
		write_file(name, "log");
		snprintf(name, sizeof(name), "codetrain/builds/%d.2.log", i);
		write_file(name, "log");
		snprintf(name, sizeof(name), "codetrain/builds/%d.files", i);
		assert_int_equal(mkdir(in_world(name), 0700), 0);
		snprintf(name, sizeof(name), "codetrain/builds/%d.files/model.json", i);
		write_file(name, "{}");
	}
	run(db, "UPDATE delivery SET target = 't', state = 'delivered', ready_ms = NULL, "
	    "changed_ms = (900 + event) * 86400000");
	run(db, "INSERT INTO attempt (event, target, number, started_ms, ended_ms, request, answer) "
	    "SELECT event, 't', 1, changed_ms, changed_ms + 1, 'asked', 'said' FROM delivery");
	run(db, "INSERT INTO delivery (event, target, ref, state, changed_ms) "
	    "SELECT event, 'u', ref, 'skipped', changed_ms FROM delivery");
	run(db, "INSERT OR REPLACE INTO tip SELECT ref, new, seq FROM event");
	return db;
}

static int prune(struct queue_db *db, int64_t older_days, int64_t events, int most)
{
	const struct queue_prune p = { .older_ms = older_days * DAY, .events = events,
				       .texts_ms = 14 * DAY, .most = most };
	struct err e = { 0 };
	int count = -1;

	if (queue_prune(db, world, &p, now, &count, &e) < 0)
		fail_msg("%s", e.message);
	return count;
}

static bool there(const char *name)
{
	return access(in_world(name), F_OK) == 0;
}

static void what_is_old_goes_whole(void **s)
{
	struct queue_db *db = ten();

	(void)s;
	assert_int_equal(prune(db, 95, 1000, 100), 6);	/* the texts of those that stay */
	assert_int_equal(number(db, "SELECT min(seq) FROM event"), 5);
	assert_int_equal(number(db, "SELECT min(event) FROM delivery"), 5);
	assert_int_equal(number(db, "SELECT min(event) FROM attempt"), 5);
	assert_int_equal(number(db, "SELECT count(*) FROM push"), 6);
	assert_int_equal(number(db, "SELECT count(*) FROM tip"), 10);
	assert_false(there("codetrain/builds/4.log"));
	assert_false(there("codetrain/builds/4.2.log"));
	assert_false(there("codetrain/builds/4.files"));
	assert_true(there("codetrain/builds/5.log"));
	assert_true(there("codetrain/builds/10.2.log"));	/* which begins as 1's does */
	assert_true(there("codetrain/builds/10.files/model.json"));
	assert_int_equal(prune(db, 95, 1000, 100), 0);
	queue_db_close(db);
}

static void what_is_not_done_stays(void **s)
{
	static const char *const states[] = { "waiting", "delivering", "failed" };

	(void)s;
	for (size_t i = 0; i < 3; i++) {
		struct queue_db *db;
		char sql[100];

		if (i)
			assert_int_equal(world_begin(NULL), 0);
		db = ten();
		snprintf(sql, sizeof(sql), "UPDATE delivery SET state = '%s' WHERE event = 2 AND target = 'u'",
			 states[i]);
		run(db, sql);
		run(db, "UPDATE event SET state = 'prepared' WHERE seq = 3");
		prune(db, 1, 1000, 100);
		assert_int_equal(number(db, "SELECT count(*) FROM event"), 2);
		assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event = 2"), 2);
		assert_int_equal(number(db, "SELECT count(*) FROM attempt"), 2);
		assert_true(there("codetrain/builds/2.log"));
		queue_db_close(db);
		if (i < 2)
			world_end(NULL);
	}
}

static void a_delivery_settled_lately_keeps_its_event(void **s)
{
	struct queue_db *db = ten();

	(void)s;
	run(db, "UPDATE delivery SET changed_ms = 999 * 86400000 WHERE event = 1 AND target = 'u'");
	prune(db, 50, 1000, 100);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event = 1"), 2);
	queue_db_close(db);
}

static void only_so_many_are_kept(void **s)
{
	struct queue_db *db = ten();

	(void)s;
	/* within the last hour whatever the number is */
	run(db, "UPDATE delivery SET changed_ms = 1000 * 86400000 - 3599000 WHERE event = 1");
	prune(db, 1000, 3, 100);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 4);
	assert_int_equal(number(db, "SELECT count(*) FROM event WHERE seq IN (1, 8, 9, 10)"), 4);
	/* numbers are never used again */
	assert_int_equal(push_one(db, "refs/heads/new", OID_A, OID_B, now), 11);
	queue_db_close(db);
}

static void a_little_at_a_time(void **s)
{
	struct queue_db *db = ten();
	int rounds = 0;

	(void)s;
	while (prune(db, 1, 1000, 3) == 3)
		rounds++;
	assert_in_range(rounds, 3, 4);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 0);
	queue_db_close(db);
}

static void texts_go_before_their_events(void **s)
{
	struct queue_db *db = ten();

	(void)s;
	run(db, "UPDATE attempt SET started_ms = 990 * 86400000 WHERE event >= 6");
	run(db, "UPDATE attempt SET ended_ms = NULL WHERE event = 2");
	prune(db, 1000, 1000, 2);
	prune(db, 1000, 1000, 2);
	prune(db, 1000, 1000, 2);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 10);
	assert_int_equal(number(db, "SELECT count(*) FROM attempt WHERE request = ''"), 4);
	assert_int_equal(number(db, "SELECT count(*) FROM attempt WHERE request = 'asked' "
				"AND (event = 2 OR event >= 6)"), 6);
	queue_db_close(db);
}

/* All went, and the numbers of attempts begin again. */
static void texts_go_when_their_numbers_are_used_again(void **s)
{
	struct queue_db *db = ten();

	(void)s;
	prune(db, 1000, 1000, 100);
	run(db, "DELETE FROM attempt");
	prune(db, 1000, 1000, 100);
	for (int i = 1; i <= 12; i++)	/* they pass the last one that was cleared */
		run(db, "INSERT INTO attempt (event, target, number, started_ms, ended_ms, request, answer) "
		    "VALUES (1, 't', 2, 980 * 86400000, 980 * 86400000 + 1, 'asked', 'said')");
	prune(db, 1000, 1000, 100);
	assert_int_equal(number(db, "SELECT count(*) FROM attempt WHERE request <> ''"), 0);
	queue_db_close(db);
}

static int removed, locked;
static bool ask_again;

/* Instead of libc's, for file_remove_tree: could a push be recorded meanwhile? And someone
 * asks for event 4 again. */
int remove(const char *path)
{
	struct queue_db *db = NULL;
	struct err e = { 0 };

	if (strstr(path, "/builds/")) {
		removed++;
		assert_int_equal(queue_db_open(world, QUEUE_DB_EXISTING, 0, &db, &e), 0);
		locked += queue_db_begin(db, &e) < 0;
		queue_db_rollback(db);
		if (ask_again)
			assert_int_equal(queue_store_retry(db, 4, "t", now, &e), 0);
		queue_db_close(db);
		ask_again = false;
	}
	return unlink(path) < 0 && errno == EISDIR ? rmdir(path) : 0;
}

static void no_push_waits_for_files_that_go(void **s)
{
	struct queue_db *db = ten();

	(void)s;
	removed = locked = 0;
	ask_again = true;
	prune(db, 95, 1000, 100);
	assert_int_equal(removed, 4 * 4);
	assert_int_equal(locked, 0);
	assert_int_equal(number(db, "SELECT count(*) FROM event WHERE seq <= 4"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event = 4"), 2);
	queue_db_close(db);
}

static void the_configuration_says_how_much(void **s)
{
	struct queue_config c = QUEUE_CONFIG_INIT;
	struct queue_prune p = queue_prune_limits(&c);
	struct err e = { 0 };

	(void)s;
	assert_int_equal(p.older_ms, 90 * DAY);
	assert_int_equal(p.events, 100000);
	write_file("config", "[codetrain]\nkeep = 3d\nkeep-events = 500\n");
	assert_int_equal(queue_config_load(world, &c, &e), 0);
	p = queue_prune_limits(&c);
	assert_int_equal(p.older_ms, 3 * DAY);
	assert_int_equal(p.events, 500);
	write_file("config", "[codetrain]\nkeep = soon\nkeep-events = few\n");
	assert_int_equal(queue_config_load(world, &c, &e), 0);
	p = queue_prune_limits(&c);
	assert_true(p.older_ms > 10000 * DAY);
	assert_true(p.events > 1000000000);
	queue_config_free(&c);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(what_is_old_goes_whole),
		IN_WORLD(what_is_not_done_stays),
		IN_WORLD(a_delivery_settled_lately_keeps_its_event),
		IN_WORLD(only_so_many_are_kept),
		IN_WORLD(a_little_at_a_time),
		IN_WORLD(texts_go_before_their_events),
		IN_WORLD(texts_go_when_their_numbers_are_used_again),
		IN_WORLD(no_push_waits_for_files_that_go),
		IN_WORLD(the_configuration_says_how_much),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
