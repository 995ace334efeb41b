/* hooks/queue/queue_*.c: what is pushed, recorded, spooled, routed, steered */
#include "queue_world.h"

#include "hooks/queue/queue_config.h"
#include "hooks/queue/queue_place.h"
#include "hooks/queue/queue_push.h"
#include "hooks/queue/queue_route.h"
#include "hooks/queue/queue_moves.h"
#include "hooks/queue/queue_text.h"
#include "hooks/queue/queue_wake.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

/* ---- what git says ------------------------------------------------------------------- */

static void updates_are_git_s_or_refused(void **state)
{
	static const char *const good[] = {
		OID_0 " " OID_A " refs/heads/main",
		OID_A " " OID_0 " refs/tags/v1",
		OID_A " " OID_B " refs/heads/it's-\"quoted\"-$(x)-`y`;&|",
		OID_A " " OID_B " refs/heads/\xc3\xa9\xff",
		OID_A "aaaaaaaaaaaaaaaaaaaaaaaa " OID_B "bbbbbbbbbbbbbbbbbbbbbbbb refs/heads/sha256",
	};
	static const char *const bad[] = {
		"", " ", "x", OID_A, OID_A " " OID_B, OID_A " " OID_B " ", OID_A " " OID_B " main",
		OID_A " " OID_B " refs/", OID_A " " OID_B " refs/heads/a b",
		OID_A " " OID_B " refs/heads/a\x01", OID_A " " OID_B " refs/heads/a\x7f",
		OID_A "  " OID_B " refs/heads/a", OID_A "a " OID_B " refs/heads/a",
		OID_A " " OID_B "bbbbbbbbbbbbbbbbbbbbbbbb refs/heads/a",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA " OID_B " refs/heads/a",
		OID_A "\t" OID_B "\trefs/heads/a",
	};
	struct queue_update u;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(queue_push_split(good[i], &u));
	assert_int_equal(u.oid_len, 64);
	assert_string_equal(u.ref, "refs/heads/sha256");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(queue_push_split(bad[i], &u));
	assert_true(queue_push_is_zero(OID_0, 40));
	assert_false(queue_push_is_zero("0000000000000000000000000000000000000001", 40));
}

static int feed(const char *text, size_t len)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void lines_are_bounded(void **state)
{
	static char text[3 * QUEUE_PUSH_LINE];
	static struct queue_lines in;
	struct err e = { 0 };
	const char *line;
	bool malformed;
	int pipes[2];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "one\n\ntw\0o\n", 10);
	text[2 * QUEUE_PUSH_LINE + 100] = '\n';
	memcpy(text + sizeof(text) - 5, "\nlast", 5);
	assert_int_equal(pipe(pipes), 0);
	if (fork() == 0) {	/* in pieces, as a pipe gives them */
		for (size_t i = 0; i < sizeof(text); i += 1000)
			if (write(pipes[1], text + i, sizeof(text) - i < 1000 ? sizeof(text) - i : 1000) < 0)
				_exit(1);
		_exit(0);
	}
	close(pipes[1]);
	in = (struct queue_lines){ .fd = pipes[0] };
	assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 1);
	assert_string_equal(line, "one");
	assert_false(malformed);
	assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 1);
	assert_string_equal(line, "");
	assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 1);
	assert_true(malformed);		/* a NUL */
	assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 1);
	assert_true(malformed);		/* too long */
	assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 1);
	assert_false(malformed);
	assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 1);
	assert_string_equal(line, "last");
	assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 0);
	close(pipes[0]);
	wait(NULL);
	in = (struct queue_lines){ .fd = 999 };
	assert_int_equal(queue_push_line(&in, &line, &malformed, &e), -1);
}

static void a_line_as_long_as_can_be(void **state)
{
	static char text[2 * QUEUE_PUSH_LINE];
	static struct queue_lines in;
	struct err e = { 0 };
	const char *line;
	bool malformed;

	(void)state;
	for (size_t len = QUEUE_PUSH_LINE - 3; len < QUEUE_PUSH_LINE + 3; len++) {
		int fd;

		memset(text, 'y', sizeof(text));
		text[len] = '\n';
		memcpy(text + len + 1, "after\n", 6);
		fd = feed(text, len + 7);
		in = (struct queue_lines){ .fd = fd };
		assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 1);
		assert_int_equal(malformed, len > QUEUE_PUSH_LINE - 2);
		assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 1);
		assert_string_equal(line, "after");
		assert_int_equal(queue_push_line(&in, &line, &malformed, &e), 0);
		close(fd);
	}
}

static void the_environment_names_the_pusher(void **state)
{
	static char huge[QUEUE_PUSH_OPTIONS + 10];
	struct queue_push push;

	(void)state;
	clearenv();
	setenv("USER", "someone", 1);
	queue_push_init(&push, "test", 1);
	assert_false(queue_push_environment(&push));
	assert_string_equal(push.pusher, "someone");
	setenv("GIT_PUSH_CERT_SIGNER", "Eve <eve@example.com>", 1);
	setenv("GIT_PUSH_CERT_STATUS", "B", 1);
	queue_push_environment(&push);
	assert_string_equal(push.pusher, "someone");
	setenv("GIT_PUSH_CERT_STATUS", "G", 1);
	queue_push_environment(&push);
	assert_string_equal(push.pusher, "Eve <eve@example.com>");
	setenv("REMOTE_USER", "two\nlines", 1);	/* no name: it could forge a line of a spool file */
	queue_push_environment(&push);
	assert_string_equal(push.pusher, "Eve <eve@example.com>");
	setenv("REMOTE_USER", "ann", 1);
	setenv("GIT_PUSH_OPTION_COUNT", "3", 1);
	setenv("GIT_PUSH_OPTION_0", "ci.skip", 1);
	memset(huge, 'x', sizeof(huge) - 1);
	setenv("GIT_PUSH_OPTION_1", huge, 1);
	setenv("GIT_PUSH_OPTION_2", "ci.env=A=b c", 1);
	assert_true(queue_push_environment(&push));
	assert_string_equal(push.pusher, "ann");
	assert_string_equal(buf_str(&push.options), "ci.skip\nci.env=A=b c\n");
	queue_push_free(&push);
	clearenv();
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
}

static void a_repository_is_found_or_not(void **state)
{
	struct buf dir = BUF_INIT(PATH_MAX_BYTES);
	struct err e = { 0 };
	char link[300];

	(void)state;
	assert_int_equal(queue_place_find(world, &dir, &e), -1);
	assert_int_equal(e.class, ERR_USAGE);
	assert_non_null(strstr(e.message, "-C "));
	write_file("HEAD", "ref: refs/heads/main\n");
	assert_int_equal(queue_place_find(in_world("refs"), &dir, &e), 0);
	assert_string_equal(buf_str(&dir), world);
	snprintf(link, sizeof(link), "%s.link", world);
	assert_int_equal(symlink(world, link), 0);
	assert_int_equal(queue_place_find(link, &dir, &e), 0);
	assert_string_equal(buf_str(&dir), world);
	unlink(link);
	assert_int_equal(queue_place_find("/nonexistent", &dir, &e), -1);
	buf_free(&dir);
}

/* ---- recorded ------------------------------------------------------------------------ */

static void four_events_are_four(void **state)
{
	struct queue_db *db = db_open();
	struct stat st;

	(void)state;
	assert_int_equal(push_one(db, "refs/heads/m", OID_A, OID_B, 1000), 1);
	assert_int_equal(push_one(db, "refs/heads/m", OID_B, OID_A, 1000), 2);
	assert_int_equal(push_one(db, "refs/heads/m", OID_A, OID_B, 1000), 3);
	queue_db_close(db);
	db = db_open();
	assert_int_equal(push_one(db, "refs/heads/m", OID_B, OID_A, 1000), 4);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE state = 'waiting'"), 4);
	assert_int_equal(strlen(queue_db_uuid(db)), 32);
	queue_db_close(db);
	assert_int_equal(stat(in_world("codetrain/queue.db"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(in_world("codetrain/queue.db-wal"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(in_world("codetrain"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void the_same_push_is_recorded_once(void **state)
{
	struct queue_db *db = db_open();
	struct queue_recorded r;
	struct queue_push push;
	struct err e = { 0 };

	(void)state;
	queue_push_init(&push, "test", 5);
	strs_add(&push.updates, OID_A " " OID_B " refs/heads/m");
	assert_int_equal(queue_record(db, world, &push, &r, &e), 0);
	assert_int_equal(r.first, 1);
	assert_int_equal(queue_record(db, world, &push, &r, &e), 0);
	assert_int_equal(r.first, 0);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 1);
	/* a bad update takes the whole push back */
	queue_push_next(&push);
	strs_add(&push.updates, OID_A " " OID_B " refs/heads/n");
	strs_add(&push.updates, "nonsense");
	assert_int_equal(queue_record(db, world, &push, &r, &e), -1);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 1);
	queue_push_free(&push);
	queue_db_close(db);
}

static void many_refs_are_one_transaction(void **state)
{
	/* valgrind looks at each instruction: a tenth is enough for it */
	const int many = getenv("VALGRIND") && *getenv("VALGRIND") ? QUEUE_PUSH_REFS / 10 : QUEUE_PUSH_REFS;
	struct queue_db *db = db_open();
	struct queue_recorded r;
	struct queue_push push;
	struct err e = { 0 };

	(void)state;
	queue_push_init(&push, "test", 5);
	for (int i = 0; i < many; i++)
		strs_addf(&push.updates, OID_A " " OID_B " refs/heads/b%d", i);
	assert_int_equal(queue_record(db, world, &push, &r, &e), 0);
	assert_int_equal(r.last - r.first + 1, many);
	queue_push_free(&push);
	queue_db_close(db);
}

static void concurrent_pushes_are_all_there(void **state)
{
	struct queue_db *db;
	int status;

	(void)state;
	for (int i = 0; i < 8; i++)
		if (fork() == 0) {	/* the first of them also make the database */
			for (int n = 0; n < 5; n++) {
				struct queue_recorded r;
				struct queue_push push;
				struct err e = { 0 };

				if (queue_db_open(world, QUEUE_DB_MAKE, 20000, &db, &e) < 0)
					_exit(1);
				queue_push_init(&push, "test", 5);
				strs_addf(&push.updates, OID_A " " OID_B " refs/heads/b%d", i);
				if (queue_record(db, world, &push, &r, &e) < 0)
					_exit(2);
				queue_push_free(&push);
				queue_db_close(db);
			}
			_exit(0);
		}
	for (int i = 0; i < 8; i++) {
		wait(&status);
		assert_int_equal(status, 0);
	}
	db = db_open();
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 40);
	assert_int_equal(number(db, "SELECT count(DISTINCT uid) FROM push"), 40);
	queue_db_close(db);
}

static void damaged_and_newer_databases_are_told(void **state)
{
	struct queue_db *db = db_open();
	struct err e = { 0 };

	(void)state;
	assert_int_equal(queue_db_run(db, &e, "PRAGMA user_version = 99", ""), 0);
	queue_db_close(db);
	assert_int_equal(queue_db_open(world, QUEUE_DB_MAKE, 100, &db, &e), -1);
	assert_int_equal(e.class, ERR_USAGE);
	assert_non_null(strstr(e.message, "newer codetrain"));
	unlink(in_world("codetrain/queue.db-wal"));
	unlink(in_world("codetrain/queue.db-shm"));
	write_file("codetrain/queue.db", "this is no database, however long it is looked at");
	assert_int_equal(queue_db_open(world, QUEUE_DB_MAKE, 100, &db, &e), -1);
	assert_int_equal(e.class, ERR_INTERNAL);
	assert_non_null(strstr(e.message, "mv "));
	unlink(in_world("codetrain/queue.db"));
	assert_int_equal(queue_db_open(world, QUEUE_DB_EXISTING, 100, &db, &e), -1);
	assert_int_equal(e.class, ERR_USAGE);
	db = db_open();
	queue_db_close(db);
}

static void a_locked_database_is_waited_for_with_a_bound(void **state)
{
	struct queue_db *db = db_open(), *other;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(queue_db_begin(db, &e), 0);
	assert_int_equal(queue_db_open(world, QUEUE_DB_MAKE, 50, &other, &e), 0);
	assert_int_equal(queue_db_begin(other, &e), -1);
	assert_int_equal(e.class, ERR_UNAVAILABLE);
	queue_db_rollback(db);
	assert_int_equal(queue_db_begin(other, &e), 0);
	queue_db_rollback(other);
	queue_db_close(other);
	queue_db_close(db);
}

/* ---- the spool ----------------------------------------------------------------------- */

static void spooled_pushes_come_first(void **state)
{
	struct queue_push push;
	struct queue_db *db;
	struct err e = { 0 };
	int count;

	(void)state;
	queue_push_init(&push, "test", 7777);
	snprintf(push.pusher, sizeof(push.pusher), "bob");
	buf_adds(&push.options, "a\nb=c d\n");
	strs_add(&push.updates, OID_A " " OID_B " refs/heads/m");
	strs_add(&push.updates, OID_0 " " OID_B " refs/heads/$(n)");
	mkdir(in_world("codetrain"), 0700);
	assert_int_equal(queue_moves_add(world, &push, &e), 0);
	db = db_open();
	assert_int_equal(push_one(db, "refs/heads/m", OID_B, OID_A, 9000), 3);
	assert_int_equal(number(db, "SELECT count(*) FROM event WHERE seq = 1 AND old = '" OID_A
				"' AND recorded_ms = 7777"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM push WHERE pusher = 'bob' "
				"AND options = 'a' || char(10) || 'b=c d' || char(10)"), 1);
	/* killed before the file was removed: read again, and nothing is doubled */
	assert_int_equal(queue_moves_add(world, &push, &e), 0);
	assert_int_equal(queue_record_spool(db, world, &count, &e), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 3);
	assert_int_equal(count, 1);
	assert_int_equal(access(in_world("codetrain/moves"), F_OK), -1);
	queue_push_free(&push);
	queue_db_close(db);
}

static void what_is_not_whole_is_left_out(void **state)
{
	static const char *const bad[] = {
		"", "nonsense\n", "codetrain-spool 1\n", "codetrain-spool 1\nuid x\nend\n",
		"codetrain-spool 1\nuid 00000000000000000000000000000001\nupdate x\nend\n",
		"codetrain-spool 1\nuid 00000000000000000000000000000001\nrecorded -1\nend\n",
		"codetrain-spool 1\nuid 00000000000000000000000000000001\nend",
		"codetrain-spool 1\nnothing\nend\n", "codetrain-spool 2\nend\n",
	};
	struct queue_db *db = db_open();
	struct err e = { 0 };
	int count;

	(void)state;
	mkdir(in_world("codetrain/spool"), 0700);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		write_file("codetrain/spool/1.moves", bad[i]);
		assert_int_equal(queue_record_spool(db, world, &count, &e), 0);
		assert_int_equal(count, 0);
		assert_int_equal(access(in_world("codetrain/spool/1.moves"), F_OK), -1);
	}
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 0);
	queue_db_close(db);
}

/* ---- configuration ------------------------------------------------------------------- */

static struct queue_config load(const char *text)
{
	struct queue_config c = QUEUE_CONFIG_INIT;
	struct err e = { 0 };

	write_file("config", text);
	if (queue_config_load(world, &c, &e) < 0)
		fail_msg("%s", e.message);
	return c;
}

static void globs_choose_refs(void **state)
{
	static const struct {
		const char *config, *ref;
		bool wanted;
	} cases[] = {
		{ "", "refs/heads/main", true },
		{ "", "refs/heads/a/b", true },
		{ "", "refs/tags/v1", false },
		{ "refs = main", "refs/heads/main", true },
		{ "refs = main", "refs/heads/mainly", false },
		{ "refs = main", "refs/tags/main", false },
		{ "refs = refs/tags/v*", "refs/tags/v1", true },
		{ "refs = refs/tags/v*", "refs/heads/main", false },
		{ "refs = refs/heads/*\n refs = !refs/heads/wip/*", "refs/heads/wip/x", false },
		{ "refs = !wip/*", "refs/heads/wip/x", false },
		{ "refs = !wip/*", "refs/heads/main", true },
		{ "refs = release-[0-9]*", "refs/heads/release-9", true },
		{ "refs = main\n[codetrain \"local\"]\nrefs = dev", "refs/heads/main", false },
		{ "refs = main\n[codetrain \"local\"]\nrefs = dev", "refs/heads/dev", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct queue_config c;
		char text[256];

		snprintf(text, sizeof(text), "[codetrain]\ntarget = local\n%s\n", cases[i].config);
		c = load(text);
		if (queue_config_wants(&c, "local", cases[i].ref) != cases[i].wanted)
			fail_msg("case %zu: %s", i, cases[i].ref);
		queue_config_free(&c);
	}
}

static void a_target_s_own_value_wins(void **state)
{
	struct queue_config c = load("[codetrain]\nproject = a\nproject = b\nTarget = x\ntarget = y\n"
				     "[codetrain \"x\"]\nproject = c\n[other]\nproject = z\n");
	const char *all[4];
	struct err e = { 0 };

	(void)state;
	assert_string_equal(queue_config_get(&c, "x", "project", ""), "c");
	assert_string_equal(queue_config_get(&c, "y", "project", ""), "b");
	assert_null(queue_config_get(&c, "y", "region", NULL));
	assert_int_equal(queue_config_all(&c, NULL, "target", all, 4), 2);
	assert_string_equal(all[1], "y");
	queue_config_free(&c);
	c = load("[codetrain.Old]\nproject = a\n[Codetrain]\nbare\n[codetrains]\nbare = no\n");
	assert_string_equal(queue_config_get(&c, "old", "project", ""), "a");
	assert_string_equal(queue_config_get(&c, NULL, "bare", ""), "true");
	assert_int_equal(c.keys.n, 2);
	queue_config_free(&c);
	write_file("config", "[codetrain\n");
	assert_int_equal(queue_config_load(world, &c, &e), -1);
	assert_int_equal(e.class, ERR_USAGE);
	assert_non_null(strstr(e.message, "config:1: "));
	/* includes are somebody else's file */
	write_file("more", "[codetrain]\ntarget = evil\n");
	c = load("[include]\npath = more\n");
	assert_int_equal(queue_config_all(&c, NULL, "target", all, 4), 0);
	queue_config_free(&c);
}

static void route_now(struct queue_db *db, const char *config)
{
	struct queue_config c = load(config);
	struct err e = { 0 };
	int count;

	if (queue_route(db, &(struct queue_route){ target_table, &c, 50, 100 }, &count, &e) < 0)
		fail_msg("%s", e.message);
	queue_config_free(&c);
}

static void events_go_where_the_configuration_says(void **state)
{
	struct queue_db *db = db_open();

	(void)state;
	push_one(db, "refs/heads/m", OID_A, OID_B, 10);
	push_one(db, "refs/heads/m", OID_B, OID_0, 11);
	push_one(db, "refs/tags/t", OID_0, OID_A, 12);
	push_one(db, "refs/heads/m", OID_0, OID_A, 13);
	route_now(db, "[codetrain]\ntarget = local\ntarget = codebuild\n");
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event = 1 "
				"AND state = 'waiting' AND ready_ms = 50"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event IN (2, 3) "
				"AND state = 'skipped' AND reason <> ''"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event = 4 "
				"AND state = 'waiting' AND ready_ms IS NULL"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE target = '' "
				"AND state = 'waiting'"), 0);
	push_one(db, "refs/heads/m", OID_0, OID_A, 13);
	route_now(db, "");
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE event = 5 "
				"AND state = 'skipped' AND reason LIKE '%git config codetrain.target%'"), 1);
	queue_db_close(db);
}

/* ---- by people ----------------------------------------------------------------------- */

static void retry_and_drop(void **state)
{
	struct queue_settlement s = { .state = QUEUE_FAILED, .now_ms = 60, .class = ERR_USAGE,
				      .reason = "no" };
	struct queue_db *db = db_open();
	struct queue_delivery d;
	struct err e = { 0 };
	int64_t soonest = 0;
	bool found;

	(void)state;
	push_one(db, "refs/heads/m", OID_A, OID_B, 10);
	push_one(db, "refs/heads/m", OID_B, OID_A, 11);
	route_now(db, "[codetrain]\ntarget = local\n");
	assert_int_equal(queue_store_next(db, "local", 100, &d, &found, &soonest, &e), 0);
	assert_true(found);
	assert_int_equal(d.event, 1);
	assert_int_equal(queue_store_claim(db, &d, 55, &e), 0);
	assert_int_equal(queue_store_retry(db, 1, NULL, 56, &e), -1);
	assert_non_null(strstr(e.message, "being delivered"));
	assert_int_equal(queue_store_drop(db, 1, NULL, 56, &e), -1);
	assert_int_equal(queue_store_claim(db, &d, 55, &e), -1);
	assert_int_equal(e.class, ERR_CONFLICT);
	assert_int_equal(queue_store_settle(db, &d, &s, &e), 0);
	queue_delivery_free(&d);
	/* the dead letter is out of the way, and in front again when it is retried */
	assert_int_equal(queue_store_next(db, "local", 100, &d, &found, &soonest, &e), 0);
	assert_int_equal(d.event, 2);
	queue_delivery_free(&d);
	assert_int_equal(queue_store_retry(db, 1, "codebuild", 70, &e), -1);
	assert_int_equal(e.class, ERR_USAGE);
	assert_int_equal(queue_store_retry(db, 1, NULL, 70, &e), 0);
	assert_int_equal(queue_store_next(db, "local", 100, &d, &found, &soonest, &e), 0);
	assert_int_equal(d.event, 1);
	queue_delivery_free(&d);
	assert_int_equal(number(db, "SELECT count(*) FROM delivery WHERE ready_ms IS NOT NULL"), 1);
	assert_int_equal(queue_store_drop(db, 1, "local", 80, &e), 0);
	assert_int_equal(queue_store_drop(db, 1, "local", 80, &e), -1);
	assert_int_equal(queue_store_next(db, "local", 100, &d, &found, &soonest, &e), 0);
	assert_int_equal(d.event, 2);
	queue_delivery_free(&d);
	assert_int_equal(queue_store_drop(db, 99, NULL, 80, &e), -1);
	assert_non_null(strstr(e.message, "no event 99"));
	queue_db_close(db);
}

static void a_delivered_event_is_delivered_again_as_new(void **state)
{
	struct queue_settlement s = { .state = QUEUE_DELIVERED, .now_ms = 60, .outcome = "fine" };
	struct queue_db *db = db_open();
	struct queue_delivery d;
	struct err e = { 0 };
	int64_t soonest = 0;
	bool found;

	(void)state;
	push_one(db, "refs/heads/m", OID_A, OID_B, 10);
	route_now(db, "[codetrain]\ntarget = local\n");
	queue_store_next(db, "local", 100, &d, &found, &soonest, &e);
	assert_int_equal(queue_store_claim(db, &d, 55, &e), 0);
	assert_int_equal(queue_store_settle(db, &d, &s, &e), 0);
	queue_delivery_free(&d);
	assert_int_equal(queue_store_drop(db, 1, NULL, 80, &e), -1);
	assert_int_equal(queue_store_retry(db, 1, NULL, 80, &e), 0);
	queue_store_next(db, "local", 100, &d, &found, &soonest, &e);
	assert_true(found);
	assert_int_equal(d.generation, 1);
	assert_int_equal(d.attempts, 1);
	queue_delivery_free(&d);
	queue_db_close(db);
}

/* ---- waking, and texts --------------------------------------------------------------- */

static void only_a_living_drainer_is_woken(void **state)
{
	struct queue_db *db = db_open();
	struct err e = { 0 };
	int fifo, lock;

	(void)state;
	queue_db_close(db);
	assert_false(queue_wake(world));
	fifo = queue_wake_listen(world, &e);
	assert_true(fifo >= 0);
	assert_false(queue_wake_take(fifo));
	assert_true(queue_wake_present(world));
	assert_false(queue_wake_take(fifo));
	assert_true(queue_wake(world));
	assert_true(queue_wake(world));
	assert_true(queue_wake_take(fifo));
	assert_false(queue_wake_take(fifo));
	close(fifo);
	assert_false(queue_wake(world));
	lock = queue_wake_lock(world, deadline_in(0), &e);
	assert_true(lock >= 0);
	assert_int_equal(queue_wake_lock(world, deadline_in(0), &e), -1);
	assert_int_equal(e.class, ERR_TIMEOUT);
	assert_true(queue_wake_still_there(world, lock));
	unlink(in_world("codetrain/drainer.lock"));
	assert_false(queue_wake_still_there(world, lock));
	close(lock);
}

static void texts_are_clean(void **state)
{
	static const struct {
		const char *in, *want;
		size_t most;
	} cases[] = {
		{ "plain", "plain", 0 }, { "a\nb", "a b", 0 }, { "\033[31m", "?[31m", 0 },
		{ "\xff\xc3\xa9\xc3", "?é?", 0 }, { "\xed\xa0\x80", "???", 0 }, { "\xc2\x85", "?", 0 },
		{ "abcdef", "abc…", 4 }, { "abc", "abc", 3 },
		{ "ééé", "é…", 2 },
	};
	char span[24];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf b = BUF_INIT(100);

		queue_text_clean(cases[i].in, ' ', cases[i].most, &b);
		assert_string_equal(buf_str(&b), cases[i].want);
		buf_free(&b);
	}
	queue_text_span(59999, span);
	assert_string_equal(span, "59s");
	queue_text_span(-5, span);
	assert_string_equal(span, "0s");
	queue_text_span(86400000LL * 400, span);
	assert_string_equal(span, "400d");
	assert_string_equal(queue_text_ref("refs/heads/a/b"), "a/b");
	assert_string_equal(queue_text_ref("refs/tags/v"), "tags/v");
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(updates_are_git_s_or_refused),
		cmocka_unit_test(lines_are_bounded),
		cmocka_unit_test(a_line_as_long_as_can_be),
		cmocka_unit_test(the_environment_names_the_pusher),
		IN_WORLD(a_repository_is_found_or_not),
		IN_WORLD(four_events_are_four),
		IN_WORLD(the_same_push_is_recorded_once),
		IN_WORLD(many_refs_are_one_transaction),
		IN_WORLD(concurrent_pushes_are_all_there),
		IN_WORLD(damaged_and_newer_databases_are_told),
		IN_WORLD(a_locked_database_is_waited_for_with_a_bound),
		IN_WORLD(spooled_pushes_come_first),
		IN_WORLD(what_is_not_whole_is_left_out),
		IN_WORLD(globs_choose_refs),
		IN_WORLD(a_target_s_own_value_wins),
		IN_WORLD(events_go_where_the_configuration_says),
		IN_WORLD(retry_and_drop),
		IN_WORLD(a_delivered_event_is_delivered_again_as_new),
		IN_WORLD(only_a_living_drainer_is_woken),
		cmocka_unit_test(texts_are_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
