/* hooks/queue/queue_{apply,decide,reconcile,refs}.c: which moves are events. The model
 * moves refs as git does, lets hooks run, fail or die at each step, and knows what moved;
 * CODETRAIN_MODEL_SEED and CODETRAIN_MODEL_STEPS make it another, or a longer one. */
#include "queue_world.h"

#include "hooks/queue/queue_moves.h"
#include "hooks/queue/queue_push.h"
#include "hooks/queue/queue_reconcile.h"
#include "hooks/queue/queue_refs.h"
#include "hooks/queue/queue_resolve.h"
#include "hooks/queue/queue_spool.h"

/* ---- the model ------------------------------------------------------------------------ */

enum { REFS = 5, RUNS = 6, LINES = 3, MOVES = 40000 };

static const char *const values[] = { OID_0, OID_A, OID_B, "cccccccccccccccccccccccccccccccccccccccc" };

enum phase { IDLE, LOCKED, PREPARED, MOVED, TOLD };

struct model_line {
	int ref, old, new;
	bool moved;
};

/* A git process: some lines, in transactions of `size` lines each. */
struct model_run {
	bool used, alive;
	char name[32];
	int n, at, size;
	enum phase phase;
	bool voided;
	struct model_line line[LINES];
};

static struct model {
	uint64_t random;
	struct queue_db *db;
	int value[REFS], lock[REFS];	/* lock: the run that has it, or -1 */
	bool packed[REFS];
	struct model_run run[RUNS];
	struct { int ref, old, new; } move[MOVES];
	int moves, names;
	bool away;	/* the database cannot be had */
	int64_t now;
	long hooks, spooled, killed, torn;
} m;

static int dice(int sides)
{
	m.random ^= m.random << 13;
	m.random ^= m.random >> 7;
	m.random ^= m.random << 17;
	return (int)((m.random >> 11) % (uint64_t)sides);
}

static const char *ref_name(int ref)
{
	static const char *const names[REFS] = { "refs/heads/main", "refs/heads/a/b", "refs/heads/$(x)",
						 "refs/tags/v1", "refs/notes/commits" };
	return names[ref];
}

static void write_ref(int ref)
{
	char text[64];

	snprintf(text, sizeof(text), "%s\n", values[m.value[ref]]);
	write_file(ref_name(ref), text);
}

/* packed-refs has what is packed; a loose file is before it. */
static void write_packed(void)
{
	static const int sorted[REFS] = { 2, 1, 0, 4, 3 };
	struct buf b = BUF_INIT(4096);

	buf_adds(&b, "# pack-refs with: peeled fully-peeled sorted \n");
	for (int i = 0; i < REFS; i++)
		if (m.packed[sorted[i]])
			buf_addf(&b, "%s %s\n^%s\n", values[m.value[sorted[i]]], ref_name(sorted[i]), OID_A);
	write_file("packed-refs", buf_str(&b));
	buf_free(&b);
}

static void move_ref(int ref, int to)
{
	m.value[ref] = to;
	if (to) {
		write_ref(ref);
	} else {
		m.packed[ref] = false;
		write_packed();
		unlink(in_world(ref_name(ref)));
	}
}

static void pack_all(void)
{
	for (int i = 0; i < REFS; i++)
		m.packed[i] = m.value[i] != 0;
	write_packed();
	for (int i = 0; i < REFS; i++)
		if (m.packed[i])
			unlink(in_world(ref_name(i)));
}

static enum queue_run_state model_state(void *arg, const char *name)
{
	(void)arg;
	for (int i = 0; name[0] && i < RUNS; i++)
		if (m.run[i].used && strcmp(m.run[i].name, name) == 0)
			return m.run[i].alive ? QUEUE_RUN_ALIVE : QUEUE_RUN_DEAD;
	return name[0] ? QUEUE_RUN_DEAD : QUEUE_RUN_UNKNOWN;
}

static void die(const struct err *e)
{
	fail_msg("%s", e->message);
}

/* What can be in the file before a block: one that was written by halves, or the same, which
 * was written into a file that was just taken away. */
static void interfere(const struct queue_push *push)
{
	struct buf text = BUF_INIT(1 << 20);
	struct err e = { 0 };
	FILE *f;

	if (dice(2)) {
		if (queue_moves_add(world, push, &e) < 0 || (dice(2) && queue_spool_seal(world, &e) < 0))
			die(&e);
		return;
	}
	f = fopen(in_world("codetrain/moves"), "a");
	if (f && queue_spool_print(push, &text, &e) == 0) {
		fprintf(f, "%.*s%s", dice((int)text.len), buf_str(&text), dice(2) ? "\n" : "");
		m.torn++;
	}
	if (f)
		fclose(f);
	buf_free(&text);
}

/* The hook of a step; `from` to `to` are its lines. */
static void hook(struct model_run *r, enum queue_step step, int from, int to, bool known, bool whatever)
{
	struct queue_recorded recorded;
	struct queue_push push;
	struct err e = { 0 };

	queue_push_init(&push, step == QUEUE_PUSHED ? "post-receive" : "reference-transaction", m.now);
	push.step = step;
	snprintf(push.run, sizeof(push.run), "%s", known ? r->name : "");
	snprintf(push.pusher, sizeof(push.pusher), "%s", r->name);
	for (int i = from; i < to; i++)
		if (step != QUEUE_PUSHED || r->line[i].moved)
			strs_addf(&push.updates, "%s %s %s",
				  step != QUEUE_PUSHED && whatever ? OID_0 : values[r->line[i].old],
				  values[r->line[i].new], ref_name(r->line[i].ref));
	if (queue_resolve(world, &push, &e) < 0)
		die(&e);
	m.hooks++;
	if (push.updates.n && step != QUEUE_PUSHED && dice(10) == 0)
		interfere(&push);
	if (push.updates.n && (m.away || step != QUEUE_PUSHED || dice(12) == 0)) {
		m.spooled++;
		if (queue_moves_add(world, &push, &e) < 0)
			die(&e);
		if (!m.away && dice(4) == 0) {	/* taken in, and not removed */
			struct strs names = STRS_INIT;

			if (queue_db_begin(m.db, &e) < 0 ||
			    queue_reconcile_baseline(m.db, world, NULL, &e) < 0 ||
			    queue_record_take_in(m.db, world, 100, &names, &e) < 0 ||
			    queue_db_commit(m.db, &e) < 0)
				die(&e);
			strs_free(&names);
		}
	} else if (queue_record(m.db, world, &push, &recorded, &e) < 0) {
		die(&e);
	}
	queue_push_free(&push);
}

static void unlock(int run)
{
	for (int i = 0; i < REFS; i++)
		if (m.lock[i] == run)
			m.lock[i] = -1;
}

static void end_run(int i)
{
	unlock(i);
	m.run[i].used = m.run[i].alive = false;
}

/* SIGKILL of git. Its hook can go on, and then no longer knows whose it is. */
static void kill_run(int i)
{
	struct model_run *r = &m.run[i];
	bool known = dice(3) != 0;

	r->alive = false;
	m.killed++;
	if (r->phase == LOCKED && dice(2))
		hook(r, QUEUE_PREPARED, r->at, r->at + r->size, known, false);
	else if (r->phase == TOLD && r->at + r->size >= r->n && dice(2))
		hook(r, QUEUE_PUSHED, 0, r->n, known, false);
	end_run(i);
}

static void start_run(int i)
{
	struct model_run *r = &m.run[i];

	*r = (struct model_run){ .used = true, .alive = true, .n = 1 + dice(LINES) };
	snprintf(r->name, sizeof(r->name), "run %d", ++m.names);
	for (int k = 0; k < r->n; k++)
		r->line[k].ref = (k ? r->line[k - 1].ref + 1 : dice(REFS)) % REFS;
	r->size = dice(2) ? r->n : 1;
}

static bool lock(struct model_run *r, int i)
{
	for (int k = r->at; k < r->at + r->size; k++)
		if (m.lock[r->line[k].ref] >= 0)
			return false;
	for (int k = r->at; k < r->at + r->size; k++) {
		struct model_line *l = &r->line[k];

		m.lock[l->ref] = i;
		l->old = m.value[l->ref];
		l->new = (l->old + 1 + dice(3)) % 4;
	}
	r->phase = LOCKED;
	return true;
}

static void move_lines(struct model_run *r, bool batch)
{
	for (int k = r->at; k < r->at + r->size; k++) {
		struct model_line *l = &r->line[k];

		if (batch && dice(3) == 0)
			continue;	/* rejected, as git 2.51 may */
		l->moved = true;
		move_ref(l->ref, l->new);
		m.move[m.moves].ref = l->ref;
		m.move[m.moves].old = l->old;
		m.move[m.moves++].new = l->new;
		if (batch && dice(20) == 0) {
			r->alive = false;	/* between two refs */
			return;
		}
	}
}

static void advance(int i)
{
	struct model_run *r = &m.run[i];
	int end = r->at + r->size;

	switch (r->phase) {
	case IDLE:
		if (!lock(r, i))
			end_run(i);
		return;
	case LOCKED:
		hook(r, QUEUE_PREPARED, r->at, end, true, dice(3) == 0);
		r->phase = PREPARED;
		return;
	case PREPARED:
		if (dice(8) == 0) {
			if (dice(4))
				hook(r, QUEUE_ABORTED, r->at, end, true, false);
			r->voided = true;
			r->phase = TOLD;
		} else {
			move_lines(r, r->size > 1 && dice(3) == 0);
			r->phase = MOVED;
		}
		for (int k = r->at; k < end; k++)
			m.lock[r->line[k].ref] = -1;
		if (!r->alive)
			end_run(i);
		return;
	case MOVED:
		r->phase = TOLD;
		return;
	case TOLD:
		r->at = end;
		r->phase = IDLE;
		if (r->at + r->size <= r->n)
			return;
		if (dice(5))
			hook(r, QUEUE_PUSHED, 0, r->n, dice(10) != 0, false);
		end_run(i);
	}
}

static void reconcile(void)
{
	struct queue_reconciled out;
	struct err e = { 0 };

	if (queue_reconcile_with(m.db, world, m.now, model_state, NULL, &out, &e) < 0)
		die(&e);
	if (out.found)
		fail_msg("%ld moves were found that a hook had told of", out.found);
}

/* Events are the moves, in order: as many as are known, or all. */
static void compare(bool all, int step)
{
	struct err e = { 0 };

	for (int ref = 0; ref < REFS; ref++) {
		sqlite3_stmt *s = queue_db_query(m.db, &e, "SELECT e.old, e.new, (SELECT count(*) FROM delivery "
			"WHERE event = e.seq) FROM event e WHERE e.ref = ? AND e.state = 'committed' "
			"ORDER BY e.seq", "s", ref_name(ref));
		int at = 0, rc = 0;

		assert_non_null(s);
		for (; at <= m.moves; at++) {
			if (at < m.moves && m.move[at].ref != ref)
				continue;
			rc = queue_db_step(m.db, s, &e);
			if (rc == 0 && (at == m.moves || !all))
				break;
			if (rc != 1 || at == m.moves)
				fail_msg("step %d: %s of %s", step, rc == 1 ? "an event too many" :
					 "an event too few", ref_name(ref));
			if (strcmp((const char *)sqlite3_column_text(s, 0), values[m.move[at].old]) != 0 ||
			    strcmp((const char *)sqlite3_column_text(s, 1), values[m.move[at].new]) != 0 ||
			    sqlite3_column_int(s, 2) != 1)
				fail_msg("step %d: event of %s is not its move", step, ref_name(ref));
		}
		sqlite3_finalize(s);
	}
}

static void reopen(void)
{
	queue_db_close(m.db);
	m.db = db_open();
}

static void one_step(int step)
{
	int i = dice(RUNS), what = dice(100);

	m.now += dice(200);
	if (dice(100) == 0)
		m.now += (dice(2) ? 1 : -1) * 20000;
	m.away = m.away ? dice(60) != 0 : dice(800) == 0;
	if (what < 4 && m.away)
		return;
	if (what < 4)
		reconcile();
	else if (what < 5)
		pack_all();
	else if (what < 6 && dice(10) == 0)
		reopen();
	else if (!m.run[i].used)
		start_run(i);
	else if (what < 10)
		kill_run(i);
	else
		advance(i);
	if (step % 50 == 0)
		compare(false, step);
}

static void model(uint64_t seed, int steps)
{
	m = (struct model){ .random = seed * 2654435761u + 1, .now = 1700000000000 };
	mkdir(in_world("refs/heads"), 0700);
	mkdir(in_world("refs/heads/a"), 0700);
	mkdir(in_world("refs/tags"), 0700);
	mkdir(in_world("refs/notes"), 0700);
	memset(m.lock, -1, sizeof(m.lock));
	m.db = db_open();
	for (int i = 0; i < steps && m.moves < MOVES - LINES; i++)
		one_step(i);
	for (int i = 0; i < RUNS; i++)
		if (m.run[i].used)
			kill_run(i);
	m.away = false;
	reconcile();
	m.now += 2 * QUEUE_RECONCILE_WAIT_MS;
	reconcile();
	compare(true, steps);
	assert_int_equal(number(m.db, "SELECT count(*) FROM event WHERE state = 'prepared'"), 0);
	assert_int_equal(number(m.db, "SELECT count(*) FROM push WHERE complete = 0"), 0);
	queue_db_close(m.db);
}

/* valgrind and the sanitizers look at each instruction: a tenth is enough for them. */
static int default_steps(void)
{
	const char *slow = getenv("VALGRIND");

#if defined(__SANITIZE_ADDRESS__)
	return 4000;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return 4000;
#endif
#endif
	return slow && *slow ? 2000 : 20000;
}

static void events_are_the_moves(void **state)
{
	const char *seed = getenv("CODETRAIN_MODEL_SEED"), *steps = getenv("CODETRAIN_MODEL_STEPS");
	uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;
	int n = steps && *steps ? (int)strtol(steps, NULL, 10) : default_steps();

	(void)state;
	print_message("seed %llu, %d steps\n", (unsigned long long)first, n);
	model(first, n);
	print_message("%d moves, %ld hooks, %ld spooled, %ld killed\n", m.moves, m.hooks, m.spooled,
		      m.killed);
	assert_true(m.moves > n / 20);
}

/* ---- a full spool --------------------------------------------------------------------- */

enum { FILLERS = 500 };	/* as many as are taken in at once */

static void spool_move(const char *ref, const char *old, const char *new)
{
	struct queue_push push;
	struct err e = { 0 };

	queue_push_init(&push, "reference-transaction", 3000);
	push.step = QUEUE_PREPARED;
	assert_int_equal(strs_addf(&push.updates, "%s %s %s", old, new, ref), 0);
	assert_int_equal(queue_moves_add(world, &push, &e), 0);
	assert_int_equal(queue_spool_seal(world, &e), 0);
	queue_push_free(&push);
}

/* While the refs are looked at, many pushes find the database locked; the last moves main. */
static enum queue_run_state spool_meanwhile(void *arg, const char *run)
{
	bool *done = arg;

	(void)run;
	if (*done)
		return QUEUE_RUN_ALIVE;
	*done = true;
	for (int i = 0; i < FILLERS; i++) {
		char ref[40];

		snprintf(ref, sizeof(ref), "refs/heads/filler/%d", i);
		spool_move(ref, OID_0, OID_A);
	}
	spool_move("refs/heads/main", OID_B, values[3]);
	write_file("refs/heads/main", "cccccccccccccccccccccccccccccccccccccccc\n");
	return QUEUE_RUN_ALIVE;
}

static void a_full_spool_is_taken_in_before_anything_is_found(void **state)
{
	struct queue_db *db;
	struct queue_reconciled r;
	struct queue_push push;
	struct err e = { 0 };
	bool done = false;

	(void)state;
	assert_int_equal(mkdir(in_world("refs/heads"), 0700), 0);
	write_file("refs/heads/main", OID_A "\n");
	db = db_open();
	assert_int_equal(queue_reconcile_with(db, world, 1000, spool_meanwhile, &done, &r, &e), 0);
	assert_false(done);
	write_file("refs/heads/main", OID_B "\n");	/* without a hook */
	queue_push_init(&push, "reference-transaction", 2000);
	push.step = QUEUE_PREPARED;
	snprintf(push.run, sizeof(push.run), "it is at work");
	assert_int_equal(strs_addf(&push.updates, "%s %s refs/heads/other", OID_0, OID_A), 0);
	assert_int_equal(queue_moves_add(world, &push, &e), 0);
	queue_push_free(&push);
	for (int i = 0; i < 3; i++)
		assert_int_equal(queue_reconcile_with(db, world, 3000, spool_meanwhile, &done, &r, &e), 0);
	assert_true(done);
	assert_int_equal(number(db, "SELECT count(*) FROM event WHERE ref = 'refs/heads/main'"), 2);
	assert_int_equal(number(db, "SELECT count(*) FROM event WHERE ref = 'refs/heads/main' "
				"AND old = '" OID_A "' AND new = '" OID_B "'"), 1);
	queue_db_close(db);
}

static enum queue_run_state over(void *arg, const char *run)
{
	(void)arg;
	(void)run;
	return QUEUE_RUN_DEAD;
}

/* A client that is refused again and again leaves nothing. */
static void a_push_that_moved_nothing_goes(void **state)
{
	struct queue_db *db = db_open();
	struct queue_reconciled r;
	struct queue_push push;
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		queue_push_init(&push, "reference-transaction", 2000);
		snprintf(push.run, sizeof(push.run), "it is over %d", i);
		assert_int_equal(strs_addf(&push.updates, "%s %s refs/heads/a", OID_0, OID_A), 0);
		push.step = QUEUE_PREPARED;
		assert_int_equal(queue_moves_add(world, &push, &e), 0);
		queue_push_next(&push);
		assert_int_equal(strs_addf(&push.updates, "%s %s refs/heads/a", OID_0, OID_A), 0);
		push.step = QUEUE_ABORTED;
		if (i)
			assert_int_equal(queue_moves_add(world, &push, &e), 0);
		queue_push_free(&push);
	}
	assert_int_equal(queue_reconcile_with(db, world, 3000, over, NULL, &r, &e), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM event"), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM push"), 0);
	queue_db_close(db);
}

/* In memory where there is: it is the order of steps that is tested, not the disk. */
static int model_begin(void **state)
{
	(void)state;
	snprintf(world, sizeof(world), "%s/codetrain-queue.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	return mkdtemp(world) && mkdir(in_world("objects"), 0700) == 0 &&
	       mkdir(in_world("refs"), 0700) == 0 ? 0 : -1;
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(events_are_the_moves, model_begin, world_end),
		IN_WORLD(a_full_spool_is_taken_in_before_anything_is_found),
		IN_WORLD(a_push_that_moved_nothing_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
