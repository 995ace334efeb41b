/* hooks/queue/queue_{moves,spool,spool_text}.c: many writers of one file that is taken away
 * under them, a disk that is full in the middle, and what is not whole. */
#include "queue_world.h"

#include "hooks/queue/queue_moves.h"
#include "hooks/queue/queue_spool.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { WRITERS = 4, EACH = 150 };

static int add(const char *ref, struct err *err)
{
	struct queue_push push;
	int rc;

	queue_push_init(&push, "reference-transaction", 2000);
	push.step = QUEUE_PREPARED;
	snprintf(push.run, sizeof(push.run), "%s", ref);
	rc = strs_addf(&push.updates, "%s %s %s", OID_0, OID_A, ref) < 0 ? -1 :
	     queue_moves_add(world, &push, err);
	queue_push_free(&push);
	return rc;
}

static void write_all(int writer)
{
	for (int i = 0; i < EACH; i++) {
		struct err e = { 0 };
		char ref[64];

		snprintf(ref, sizeof(ref), "refs/heads/%d/%d", writer, i);
		if (add(ref, &e) < 0)
			_exit(1);
	}
	_exit(0);
}

static bool one_ended(int *left, bool *good)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG);

	if (pid <= 0)
		return false;
	--*left;
	*good = *good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return true;
}

static void nothing_is_lost_that_is_written_while_it_is_taken_in(void **state)
{
	struct queue_db *db;
	struct err e = { 0 };
	int left = WRITERS, taken, files = 0;
	bool good = true;

	(void)state;
	queue_db_close(db_open());
	for (int w = 0; w < WRITERS; w++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			write_all(w);
	}
	db = db_open();	/* after: a writer has none of its descriptors */
	while (left) {
		assert_int_equal(queue_record_spool(db, world, &taken, &e), 0);
		files += taken > 0;
		one_ended(&left, &good);
	}
	assert_true(good);
	assert_int_equal(queue_record_spool(db, world, &taken, &e), 0);
	assert_true(files > 1);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), WRITERS * EACH);
	assert_int_equal(number(db, "SELECT count(DISTINCT ref) FROM event"), WRITERS * EACH);
	assert_false(queue_spool_is_any(world));
	queue_db_close(db);
}

static int64_t moves_size(void)
{
	struct stat st;

	return stat(in_world("codetrain/moves"), &st) == 0 ? (int64_t)st.st_size : -1;
}

static void a_full_disk_refuses_and_breaks_nothing(void **state)
{
	struct rlimit before, small;
	struct queue_db *db = db_open();
	struct err e = { 0 };
	int taken;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(add("refs/heads/first", &e), 0);
	small = before;
	small.rlim_cur = (rlim_t)moves_size() + 40;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(add("refs/heads/torn", &e), -1);
	assert_int_equal(add("refs/heads/none", &e), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	e = (struct err){ 0 };
	assert_int_equal(add("refs/heads/last", &e), 0);
	assert_int_equal(queue_record_spool(db, world, &taken, &e), 0);
	assert_int_equal(taken, 2);
	assert_int_equal(number(db, "SELECT count(*) FROM event WHERE ref IN "
				"('refs/heads/first', 'refs/heads/last')"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 2);
	queue_db_close(db);
}

static void a_file_that_nobody_takes_in_is_sealed(void **state)
{
	struct strs names = STRS_INIT;
	struct err e = { 0 };
	char *fill = malloc((1 << 20) + 2);

	(void)state;
	assert_non_null(fill);
	memset(fill, '\n', (1 << 20) + 1);
	fill[(1 << 20) + 1] = '\0';
	mkdir(in_world("codetrain"), 0700);
	write_file("codetrain/moves", "\n");
	assert_int_equal(add("refs/heads/a", &e), 0);
	assert_false(queue_spool_is_any(world));
	write_file("codetrain/moves", fill);
	assert_int_equal(add("refs/heads/b", &e), 0);
	assert_true(queue_spool_is_any(world));
	assert_true(moves_size() < 1000);
	assert_int_equal(queue_spool_list(world, 10, &names, &e), 0);
	assert_int_equal(names.n, 2);
	assert_int_equal(moves_size(), -1);
	strs_free(&names);
	free(fill);
}

static void a_link_in_its_place_is_refused(void **state)
{
	struct err e = { 0 };

	(void)state;
	mkdir(in_world("codetrain"), 0700);
	write_file("elsewhere", "");
	assert_int_equal(symlink(in_world("elsewhere"), in_world("codetrain/moves")), 0);
	assert_int_equal(add("refs/heads/a", &e), -1);
	assert_non_null(strstr(e.message, "codetrain/moves"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_lost_that_is_written_while_it_is_taken_in, world_begin,
						world_end),
		cmocka_unit_test_setup_teardown(a_full_disk_refuses_and_breaks_nothing, world_begin, world_end),
		cmocka_unit_test_setup_teardown(a_file_that_nobody_takes_in_is_sealed, world_begin, world_end),
		cmocka_unit_test_setup_teardown(a_link_in_its_place_is_refused, world_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
