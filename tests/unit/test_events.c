/* hooks/queue/queue_{record,apply,decide,reconcile,refs,schema}.c: one case at a time what
 * test_reconcile.c does at random, and what its model has not: moves that no hook tells
 * of, post-receive alone, a queue of an older version. */
#include "queue_world.h"

#include "hooks/queue/queue_moves.h"
#include "hooks/queue/queue_push.h"
#include "hooks/queue/queue_reconcile.h"
#include "hooks/queue/queue_refs.h"
#include "hooks/queue/queue_resolve.h"

#include <sys/syscall.h>

#define OID_C "cccccccccccccccccccccccccccccccccccccccc"
#define MAIN "refs/heads/main"
#define EVENT(old, new) "SELECT count(*) FROM event WHERE ref = '" MAIN "' AND old = '" old \
	"' AND new = '" new "' AND state = 'committed'"

static long syncs;

/* Instead of libc's: what the disk is waited for. */
int fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

static struct queue_recorded tell(struct queue_db *db, enum queue_step step, const char *run,
				  int64_t now, const char *lines)
{
	struct queue_recorded r = { 0 };
	struct queue_push push;
	struct err e = { 0 };
	char text[1000], *line, *rest = text;
	int taken;

	snprintf(text, sizeof(text), "%s", lines);
	queue_push_init(&push, "test", now);
	push.step = step;
	snprintf(push.run, sizeof(push.run), "%s", run);
	snprintf(push.pusher, sizeof(push.pusher), "%s", step == QUEUE_PUSHED ? "ann" : "");
	while ((line = strsep(&rest, "\n")))
		strs_add(&push.updates, line);
	if (queue_resolve(world, &push, &e) < 0 ||
	    (step == QUEUE_PUSHED ? queue_record(db, world, &push, &r, &e) :
	     push.updates.n ? queue_moves_add(world, &push, &e) : 0) < 0 ||
	    queue_record_spool(db, world, &taken, &e) < 0)
		fail_msg("%s", e.message);
	queue_push_free(&push);
	return r;
}

static enum queue_run_state run_state(void *arg, const char *run)
{
	(void)arg;
	return strcmp(run, "alive") == 0 ? QUEUE_RUN_ALIVE : run[0] ? QUEUE_RUN_DEAD : QUEUE_RUN_UNKNOWN;
}

static struct queue_reconciled reconcile(struct queue_db *db, int64_t now)
{
	struct queue_reconciled out;
	struct err e = { 0 };

	if (queue_reconcile_with(db, world, now, run_state, NULL, &out, &e) < 0)
		fail_msg("%s", e.message);
	return out;
}

static void put(const char *ref, const char *text)
{
	struct err e = { 0 };
	char folder[300];

	snprintf(folder, sizeof(folder), "%s", in_world(ref));
	*strrchr(folder, '/') = '\0';
	assert_int_equal(file_make_dirs(folder, 0700, &e), 0);
	write_file(ref, text);
}

/* ---- what no hook told of ------------------------------------------------------------- */

static void moves_without_hooks_are_found(void **state)
{
	struct queue_db *db = db_open();

	(void)state;
	put(MAIN, OID_A "\n");
	assert_int_equal(reconcile(db, 1000).found, 0);	/* the first time there is nothing to compare */
	put(MAIN, OID_B "\n");
	put("refs/heads/new", OID_B "\n");
	assert_int_equal(reconcile(db, 2000).found, 2);
	assert_int_equal(number(db, EVENT(OID_A, OID_B)), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'waiting'"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM push WHERE source = 'reconcile' AND complete = 2"),
			 1);
	assert_int_equal(reconcile(db, 3000).found, 0);
	unlink(in_world(MAIN));
	assert_int_equal(reconcile(db, 4000).found, 1);
	assert_int_equal(number(db, EVENT(OID_B, OID_0)), 1);
	assert_int_equal(reconcile(db, 5000).found, 0);
	queue_db_close(db);
}

static void a_gap_is_told_before_what_follows(void **state)
{
	struct queue_db *db = db_open();

	(void)state;
	put(MAIN, OID_A "\n");
	reconcile(db, 1000);
	put(MAIN, OID_B "\n");
	tell(db, QUEUE_PREPARED, "alive", 2000, OID_B " " OID_C " " MAIN);
	put(MAIN, OID_C "\n");
	assert_int_equal(reconcile(db, 2000).found, 0);
	assert_int_equal(number(db, EVENT(OID_A, OID_B)), 1);
	assert_int_equal(number(db, EVENT(OID_B, OID_C)), 1);
	assert_int_equal(number(db, "SELECT old = '" OID_A "' FROM event ORDER BY seq LIMIT 1"), 1);
	queue_db_close(db);
}

static void a_late_post_receive_is_no_second_event(void **state)
{
	struct queue_db *db = db_open();
	struct queue_recorded r;

	(void)state;
	put(MAIN, OID_A "\n");
	reconcile(db, 1000);
	put(MAIN, OID_B "\n");
	assert_int_equal(reconcile(db, 2000).found, 1);
	r = tell(db, QUEUE_PUSHED, "run", 3000, OID_A " " OID_B " " MAIN);
	assert_int_equal(r.matched, 1);
	assert_int_equal(r.first, 1);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM event e JOIN push p ON p.id = e.push "
				"WHERE p.pusher = 'ann' AND p.complete = 1"), 1);
	/* what is told again is another move, and after ten minutes nobody knows */
	put(MAIN, OID_C "\n");
	reconcile(db, 4000);
	r = tell(db, QUEUE_PUSHED, "other", 5000 + QUEUE_RECONCILE_WAIT_MS, OID_B " " OID_C " " MAIN);
	assert_int_equal(r.matched, 0);
	assert_int_equal(r.first, 3);
	queue_db_close(db);
}

static void crossing_pushes_without_the_other_hook(void **state)
{
	struct queue_db *db = db_open();

	(void)state;
	put(MAIN, OID_A "\n");
	reconcile(db, 1000);
	put(MAIN, OID_C "\n");	/* A -> B -> C, and the second hook is faster */
	tell(db, QUEUE_PUSHED, "two", 2000, OID_B " " OID_C " " MAIN);
	tell(db, QUEUE_PUSHED, "one", 2000, OID_A " " OID_B " " MAIN);
	assert_int_equal(reconcile(db, 3000).found, 0);
	put(MAIN, OID_A "\n");	/* C -> B -> A, of which only the first is told */
	tell(db, QUEUE_PUSHED, "three", 4000, OID_C " " OID_B " " MAIN);
	assert_int_equal(reconcile(db, 5000).found, 1);
	assert_int_equal(number(db, EVENT(OID_B, OID_A)), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 4);
	queue_db_close(db);
}

/* ---- prepared ------------------------------------------------------------------------- */

static void what_is_prepared_is_no_event_yet(void **state)
{
	struct queue_db *db = db_open();
	struct strs runs = STRS_INIT;
	struct err e = { 0 };

	(void)state;
	put(MAIN, OID_A "\n");
	tell(db, QUEUE_PREPARED, "alive", 1000, OID_A " " OID_B " " MAIN);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery"), 0);
	assert_int_equal(reconcile(db, 1000).undecided, 1);
	assert_int_equal(queue_reconcile_waiting(db, &runs, &e), 0);
	assert_int_equal(runs.n, 1);
	assert_string_equal(runs.v[0], "alive");
	strs_free(&runs);
	put(MAIN, OID_B "\n");
	assert_int_equal(reconcile(db, 1000).decided, 1);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery"), 1);
	assert_int_equal(number(db, "SELECT complete FROM push"), 0);
	/* nobody waits for a post-receive for ever */
	assert_int_equal(reconcile(db, 2000 + QUEUE_RECONCILE_WAIT_MS).closed, 1);
	assert_int_equal(number(db, "SELECT complete FROM push"), 2);
	tell(db, QUEUE_PUSHED, "alive", 3000 + QUEUE_RECONCILE_WAIT_MS, OID_A " " OID_B " " MAIN);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 1);
	assert_int_equal(number(db, "SELECT complete FROM push"), 1);
	queue_db_close(db);
}

static void what_never_happened_is_taken_away(void **state)
{
	static const struct {
		const char *run;
		int64_t wait;
		long voided;
	} cases[] = {
		{ "dead", 0, 1 }, { "alive", 2 * QUEUE_RECONCILE_WAIT_MS, 0 }, { "", 1000, 0 },
		{ "", 1 + QUEUE_RECONCILE_WAIT_MS, 1 }, { "", -1 - QUEUE_RECONCILE_WAIT_MS, 1 },
	};
	struct queue_db *db = db_open();

	(void)state;
	put(MAIN, OID_A "\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct queue_reconciled r;

		tell(db, QUEUE_PREPARED, cases[i].run, 1000, OID_A " " OID_B " " MAIN);
		r = reconcile(db, 1000 + cases[i].wait);
		assert_int_equal(r.voided, cases[i].voided);
		assert_int_equal(r.found, 0);
		tell(db, QUEUE_ABORTED, cases[i].run, 1000, OID_A " " OID_B " " MAIN);
		assert_int_equal(number(db, "SELECT count(*) FROM event"), 0);
	}
	/* aborted by another run is not our affair */
	tell(db, QUEUE_PREPARED, "alive", 1000, OID_A " " OID_B " " MAIN);
	tell(db, QUEUE_ABORTED, "dead", 1000, OID_A " " OID_B " " MAIN);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 1);
	queue_db_close(db);
}

static void lines_of_a_batch_that_did_not_move_are_no_events(void **state)
{
	static const char lines[] = OID_A " " OID_B " " MAIN "\n" OID_A " " OID_B " refs/heads/other";
	struct queue_db *db = db_open();

	(void)state;
	put(MAIN, OID_A "\n");
	put("refs/heads/other", OID_A "\n");
	tell(db, QUEUE_PREPARED, "run", 1000, lines);
	put(MAIN, OID_B "\n");
	assert_int_equal(tell(db, QUEUE_PUSHED, "run", 1000, OID_A " " OID_B " " MAIN).decided, 1);
	assert_int_equal(reconcile(db, 1000).voided, 1);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 1);
	/* git before 2.36 deletes a loose ref that it has packed: the ref stays */
	write_file("packed-refs", OID_B " " MAIN "\n");
	tell(db, QUEUE_PREPARED, "run", 1000, OID_B " " OID_0 " " MAIN);
	unlink(in_world(MAIN));
	assert_int_equal(reconcile(db, 1000).voided, 1);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 1);
	queue_db_close(db);
}

static void a_ref_that_stands_for_another_does_not_move(void **state)
{
	static const char lines[] = OID_A " " OID_B " refs/heads/alias\n" OID_A " " OID_B " " MAIN;
	struct queue_db *db = db_open();

	(void)state;
	put(MAIN, OID_A "\n");
	put("refs/heads/alias", "ref: " MAIN "\n");
	tell(db, QUEUE_PREPARED, "run", 1000, lines);
	put(MAIN, OID_B "\n");
	assert_int_equal(tell(db, QUEUE_PUSHED, "run", 1000, OID_A " " OID_B " refs/heads/alias").matched, 1);
	assert_int_equal(reconcile(db, 2000).found, 0);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 1);
	assert_int_equal(number(db, EVENT(OID_A, OID_B)), 1);
	queue_db_close(db);
}

static void a_broken_ref_is_not_a_deleted_one(void **state)
{
	struct queue_db *db = db_open();

	(void)state;
	put(MAIN, OID_A "\n");
	reconcile(db, 1000);
	put(MAIN, "");		/* as a power cut may leave it */
	assert_int_equal(reconcile(db, 2000).found, 0);
	put(MAIN, OID_A "\n");
	assert_int_equal(reconcile(db, 3000).found, 0);
	queue_db_close(db);
}

/* As the hook: nobody takes it in. */
static void add(enum queue_step step, const char *run, const char *line)
{
	struct queue_push push;
	struct err e = { 0 };

	queue_push_init(&push, "test", 2000);
	push.step = step;
	snprintf(push.run, sizeof(push.run), "%s", run);
	strs_add(&push.updates, line);
	if (queue_moves_add(world, &push, &e) < 0)
		fail_msg("%s", e.message);
	queue_push_free(&push);
}

static void only_post_receive_waits_for_the_disk(void **state)
{
	struct queue_db *db = db_open();

	(void)state;
	put(MAIN, OID_A "\n");
	tell(db, QUEUE_PUSHED, "first", 1000, OID_C " " OID_A " " MAIN);
	syncs = 0;
	add(QUEUE_PREPARED, "run", OID_A " " OID_B " " MAIN);
	add(QUEUE_PREPARED, "run", OID_A " " OID_B " " MAIN "er");
	add(QUEUE_ABORTED, "run", OID_A " " OID_B " " MAIN "er");
	assert_int_equal(syncs, 0);
	/* the one before may not be there: two in a row would be one after a power cut */
	add(QUEUE_PREPARED, "next", OID_B " " OID_C " " MAIN);
	assert_true(syncs > 0);
	write_file(MAIN, OID_C "\n");
	syncs = 0;
	tell(db, QUEUE_PUSHED, "run", 2000, OID_A " " OID_B " " MAIN);
	assert_true(syncs > 0);
	syncs = 0;
	add(QUEUE_PREPARED, "last", OID_C " " OID_A " " MAIN);
	assert_int_equal(syncs, 0);	/* what was taken in is on the disk */
	queue_db_close(db);
}

/* ---- an older queue ------------------------------------------------------------------- */

static void load_version_1(void)
{
	const char *source = getenv("SOURCE");
	struct buf sql = BUF_INIT(1 << 20);
	struct err e = { 0 };
	char path[500];
	sqlite3 *raw;

	snprintf(path, sizeof(path), "%s/tests/data/queue-v1.db.sql", source ? source : ".");
	if (file_read(path, &sql, NULL, &e) < 0)
		fail_msg("%s", e.message);
	assert_int_equal(mkdir(in_world("codetrain"), 0700), 0);
	assert_int_equal(sqlite3_open(in_world("codetrain/queue.db"), &raw), SQLITE_OK);
	assert_int_equal(sqlite3_exec(raw, buf_str(&sql), NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	buf_free(&sql);
}

static void a_queue_of_version_1_goes_on(void **state)
{
	struct queue_db *db;

	(void)state;
	load_version_1();
	db = db_open();
	assert_int_equal(number(db, "PRAGMA user_version"), 2);
	assert_string_equal(queue_db_uuid(db), "0123456789abcdef0123456789abcdef");
	assert_int_equal(number(db, "SELECT count(*) FROM event WHERE state = 'committed'"), 4);
	assert_int_equal(number(db, "SELECT count(*) FROM push WHERE complete = 1 AND run = ''"), 3);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE link = '' AND behind = ''"), 4);
	assert_int_equal(number(db, "SELECT count(*) FROM tip WHERE ref = '" MAIN "' AND oid = '" OID_B
				"' AND event = 3"), 1);
	/* what moved before the hooks were there is not found now; what moves later is */
	put(MAIN, OID_C "\n");
	assert_int_equal(reconcile(db, 1000).found, 0);
	put(MAIN, OID_A "\n");
	assert_int_equal(reconcile(db, 2000).found, 1);
	assert_int_equal(number(db, "SELECT seq FROM event WHERE old = '" OID_C "'"), 6);
	queue_db_close(db);
}

/* ---- refs ----------------------------------------------------------------------------- */

static void names_are_git_s(void **state)
{
	static const char *const good[] = { "refs/heads/main", "refs/x", "refs/heads/it's-\"$(x)\";&",
					    "refs/heads/\xff", "refs/heads/-dash", "refs/heads/@" };
	static const char *const bad[] = { "", "refs", "refs/", "HEAD", "refs/heads/", "refs//x",
					   "refs/heads/.x", "refs/heads/x.lock", "refs/heads/x.", "refs/../x",
					   "refs/heads/a..b", "refs/heads/a@{b", "refs/heads/a b",
					   "refs/heads/a~", "refs/heads/a*", "refs/heads/a\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(queue_refs_good_name(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(queue_refs_good_name(bad[i]));
}

static void packed_refs_are_found_sorted_or_not(void **state)
{
	struct buf text[2] = { BUF_INIT(1 << 20), BUF_INIT(1 << 20) };
	char oid[QUEUE_REFS_OID], ref[64];

	(void)state;
	buf_adds(&text[0], "# pack-refs with: peeled fully-peeled sorted \n");
	buf_adds(&text[1], "# pack-refs with: peeled \n");
	for (int i = 100; i < 400; i += 2)
		for (int k = 0; k < 2; k++)
			buf_addf(&text[k], "%040x refs/heads/b%d\n%s", i, i, i % 3 ? "^" OID_A "\n" : "");
	for (int i = 99; i < 402; i++)
		for (int k = 0; k < 2; k++) {
			snprintf(ref, sizeof(ref), "refs/heads/b%d", i);
			assert_int_equal(queue_refs_packed_find(text[k].data, text[k].len, ref, oid),
					 i % 2 == 0 && i >= 100 && i < 400);
			if (i % 2 == 0 && i >= 100 && i < 400)
				assert_int_equal(strtol(oid, NULL, 16), i);
		}
	assert_false(queue_refs_packed_find(text[0].data, text[0].len, "refs/heads/b", oid));
	assert_false(queue_refs_packed_find("", 0, "refs/heads/b", oid));
	buf_free(&text[0]);
	buf_free(&text[1]);
}

static int note_ref(void *arg, const char *ref, const char *oid, struct err *err)
{
	(void)err;
	buf_addf(arg, "%s=%.1s ", ref, oid);
	return 0;
}

static void all_refs_once_and_in_order(void **state)
{
	struct buf seen = BUF_INIT(4096);
	char oid[QUEUE_REFS_OID];
	struct err e = { 0 };

	(void)state;
	write_file("packed-refs", OID_A " refs/heads/b\n" OID_A " refs/heads/a\n^" OID_C "\n" OID_A
		   " refs/heads/link\n" OID_A " refs/heads/empty\nnonsense\n");
	put("refs/heads/b", OID_B "\n");
	put("refs/heads/a-b", OID_C);
	put("refs/heads/link", "ref: refs/heads/b\n");
	put("refs/heads/b.lock", OID_C "\n");
	put("refs/heads/empty", "");
	put("refs/heads/x/y", OID_A "\n");
	assert_int_equal(queue_refs_each(world, note_ref, &seen, &e), 0);
	assert_string_equal(buf_str(&seen),
			    "refs/heads/a=a refs/heads/a-b=c refs/heads/b=b refs/heads/x/y=a ");
	assert_int_equal(queue_refs_read(world, "refs/heads/link", oid, &e), 0);
	assert_string_equal(oid, OID_B);
	assert_int_equal(queue_refs_read(world, "refs/heads/x", oid, &e), 0);
	assert_string_equal(oid, "");
	assert_int_equal(queue_refs_read(world, "refs/heads/a/z", oid, &e), 0);
	assert_string_equal(oid, "");
	assert_int_equal(queue_refs_read(world, "refs/../packed-refs", oid, &e), 0);
	assert_string_equal(oid, "");
	assert_int_equal(queue_refs_read(world, "refs/heads/empty", oid, &e), -1);
	assert_non_null(strstr(e.message, "refs/heads/empty"));
	put("refs/heads/one", "ref: refs/heads/two\n");
	put("refs/heads/two", "ref: refs/heads/one\n");
	assert_int_equal(queue_refs_read(world, "refs/heads/one", oid, &e), -1);
	buf_free(&seen);
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(moves_without_hooks_are_found),
		IN_WORLD(a_gap_is_told_before_what_follows),
		IN_WORLD(a_late_post_receive_is_no_second_event),
		IN_WORLD(crossing_pushes_without_the_other_hook),
		IN_WORLD(what_is_prepared_is_no_event_yet),
		IN_WORLD(what_never_happened_is_taken_away),
		IN_WORLD(lines_of_a_batch_that_did_not_move_are_no_events),
		IN_WORLD(a_ref_that_stands_for_another_does_not_move),
		IN_WORLD(a_broken_ref_is_not_a_deleted_one),
		IN_WORLD(only_post_receive_waits_for_the_disk),
		IN_WORLD(a_queue_of_version_1_goes_on),
		cmocka_unit_test(names_are_git_s),
		cmocka_unit_test(packed_refs_are_found_sorted_or_not),
		IN_WORLD(all_refs_once_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
