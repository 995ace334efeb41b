#include "queue_apply.h"
#include "queue_decide.h"
#include "queue_refs.h"
#include "queue_spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	UNSEEN_MOST = 2000,		/* pushes looked through for one that came late */
	LATE_MS = 600000,		/* how late a post-receive may come */
};

struct apply {
	struct queue_db *db;
	const char *gitdir;
	const struct queue_push *push;
	bool spooled;
	int64_t row;			/* of table push; 0: none yet */
	int64_t late;			/* the first push that may be told of late, or no push's; 0: not asked */
	struct queue_recorded *out;
	struct queue_decided decided;
};

/* An update with its object names as strings. */
struct line {
	char old[QUEUE_DECIDE_OID], new[QUEUE_DECIDE_OID];
	const char *ref;
	bool move;
};

static int take_line(const struct apply *a, size_t i, struct line *out, struct err *err)
{
	struct queue_update u;

	if (!queue_push_split(a->push->updates.v[i], &u))
		return err_set(err, ERR_INTERNAL, "an update of the push is malformed");
	snprintf(out->old, sizeof(out->old), "%.*s", u.oid_len, u.old);
	snprintf(out->new, sizeof(out->new), "%.*s", u.oid_len, u.new);
	out->ref = u.ref;
	out->move = queue_push_move(&u);
	return 0;
}

static int insert_push(struct apply *a, struct err *err)
{
	const struct queue_push *p = a->push;

	if (queue_db_run(a->db, err, "INSERT INTO push (uid, source, repository, pusher, options, "
			 "run, complete) VALUES (?, ?, ?, ?, ?, ?, ?)", "ssssssi", p->uid, p->source,
			 a->gitdir, p->pusher, buf_str(&p->options), p->run,
			 (int64_t)(p->step != QUEUE_PREPARED)) < 0)
		return -1;
	a->row = queue_db_last_id(a->db);
	return 0;
}

static int insert_event(struct apply *a, const struct line *l, int64_t *event, struct err *err)
{
	if (queue_db_run(a->db, err, "INSERT INTO event (push, ref, old, new, recorded_ms, state) "
			 "VALUES (?, ?, ?, ?, ?, 'prepared')", "isssi", a->row, l->ref, l->old, l->new,
			 a->push->recorded_ms) < 0)
		return -1;
	*event = queue_db_last_id(a->db);
	return 0;
}

static void tell(struct queue_recorded *out, int64_t event)
{
	if (!out->first || event < out->first)
		out->first = event;
	if (event > out->last)
		out->last = event;
}

/* ---- prepared ------------------------------------------------------------------------ */

/* All transactions of a run are one push, as long as its post-receive may come. */
static int push_of_run(struct apply *a, struct err *err)
{
	if (a->spooled || !a->push->run[0])
		return 0;
	return queue_db_integer(a->db, &a->row, err, "SELECT max(id) FROM push WHERE run = ? "
				"AND run <> '' AND complete = 0", "s", a->push->run);
}

static int prepare(struct apply *a, const struct line *l, struct err *err)
{
	int64_t event;

	if (!l->move)
		return 0;
	if (queue_decide(a->db, a->gitdir, l->ref, l->old, a->push->recorded_ms, &a->decided, err) < 0)
		return -1;
	if ((!a->row && push_of_run(a, err) < 0) || (!a->row && insert_push(a, err) < 0) ||
	    insert_event(a, l, &event, err) < 0)
		return -1;
	tell(a->out, event);
	return 0;
}

/* ---- committed, aborted -------------------------------------------------------------- */

/* The undecided event of this line and run. */
static int find_own(struct apply *a, const struct line *l, struct queue_undecided *row,
		    struct err *err)
{
	const char *run = a->push->run;

	if (queue_decide_find(a->db, l->ref, row, err) < 0)
		return -1;
	if (row->seq && (!queue_decide_same(row->new, l->new) ||
			 (run[0] && row->run[0] && strcmp(run, row->run) != 0)))
		row->seq = 0;
	return 0;
}

/* Nothing was spooled that is not in the database: no later move can be why a
 * ref is where it is. */
static bool is_told_all(struct apply *a)
{
	struct strs names = STRS_INIT;
	struct err quiet = { 0 };
	bool empty = queue_spool_list(a->gitdir, 1, &names, &quiet) == 0 && names.n == 0;

	strs_free(&names);
	return empty;
}

/* git's word is good for a single line; of several (and of a deletion by which
 * older gits tidied up) some may not have moved: what the ref is tells, or else
 * what it is when it moves next. A spooled one comes too late to look. */
static int commit(struct apply *a, const struct line *l, struct err *err)
{
	struct queue_undecided row;
	char now[QUEUE_REFS_OID];
	struct err quiet = { 0 };
	bool readable, moved;

	if (a->spooled)
		return 0;
	if (find_own(a, l, &row, err) < 0)
		return -1;
	if (!row.seq)
		return 0;
	readable = queue_refs_read(a->gitdir, l->ref, now, &quiet) == 0;
	moved = readable && queue_decide_same(now, row.new);
	if (!moved && a->push->updates.n == 1)
		moved = !readable || !queue_decide_same(now, row.old);
	if (!moved || !is_told_all(a))
		return 0;
	tell(a->out, row.seq);
	return queue_decide_commit(a->db, row.seq, &a->decided, err);
}

static int abort_line(struct apply *a, const struct line *l, struct err *err)
{
	struct queue_undecided row;

	if (find_own(a, l, &row, err) < 0)
		return -1;
	return row.seq ? queue_decide_void(a->db, row.seq, &a->decided, err) : 0;
}

/* ---- pushed -------------------------------------------------------------------------- */

struct match {
	int64_t event, push;
	bool own;	/* of this run */
};

/* Of "EVENT PUSH", a row of queue_db_row. */
struct row {
	char event[24], push[24];
	char *into[2];
};
static const size_t row_sizes[] = { 24, 24 };

static char *const *row_room(struct row *r)
{
	*r = (struct row){ .into = { r->event, r->push } };
	return r->into;
}

static int keep_row(struct match *m, const struct row *r, int rc)
{
	if (rc > 0) {
		m->event = strtoll(r->event, NULL, 10);
		m->push = strtoll(r->push, NULL, 10);
	}
	return rc < 0 ? -1 : 0;
}

/* A move of the same kind whose post-receive may still come. CROSS: from these few pushes to
 * their events, or SQLite reads all there ever were, because of the order. */
static int find_open(struct apply *a, const struct line *l, struct match *m, struct err *err)
{
	struct row r;

	return keep_row(m, &r, queue_db_row(a->db, row_room(&r), row_sizes, 2, err,
		"SELECT e.seq, e.push FROM push p "
		"CROSS JOIN event e ON e.push = p.id AND e.ref = ?1 WHERE p.complete = 0 AND e.old = ?2 "
		"AND e.new = ?3 ORDER BY e.seq LIMIT 1", "sss", l->ref, l->old, l->new));
}

/* Most are too old: which is the first that is not is asked once, not for each line. */
static int first_late(struct apply *a, struct err *err)
{
	if (a->late)
		return 0;
	a->late = INT64_MAX;
	return queue_db_integer(a->db, &a->late, err, "SELECT min(p.id) FROM "
		"(SELECT id FROM push WHERE complete = 2 ORDER BY id DESC LIMIT ?1) p WHERE EXISTS "
		"(SELECT 1 FROM event e WHERE e.push = p.id AND abs(?2 - e.recorded_ms) <= ?3)", "iii",
		(int64_t)UNSEEN_MOST, a->push->recorded_ms, (int64_t)LATE_MS);
}

/* One that was given up not long ago, or that reconciliation found. */
static int find_late(struct apply *a, const struct line *l, struct match *m, struct err *err)
{
	struct row r;

	if (first_late(a, err) < 0)
		return -1;
	return keep_row(m, &r, queue_db_row(a->db, row_room(&r), row_sizes, 2, err,
		"SELECT e.seq, e.push FROM push p CROSS JOIN event e ON e.push = p.id AND e.ref = ?1 "
		"WHERE p.complete = 2 AND p.id >= ?4 AND e.old = ?2 AND e.new = ?3 "
		"AND abs(?5 - e.recorded_ms) <= ?6 ORDER BY e.seq LIMIT 1", "sssiii", l->ref, l->old,
		l->new, a->late, a->push->recorded_ms, (int64_t)LATE_MS));
}

/* Who told of this move before. The hooks of one run know each other; where they
 * do not (the process that would name it died) the oldest such move that no
 * post-receive told of: as many moved as told, so it is not one to come. */
static int find_match(struct apply *a, const struct line *l, struct match *m, struct err *err)
{
	static const char own[] = "SELECT e.seq, e.push FROM push p JOIN event e ON e.push = p.id "
		"AND e.ref = ?2 WHERE p.run = ?1 AND p.run <> '' AND p.id <> ?4 AND e.new = ?3 "
		"ORDER BY e.state = 'prepared' DESC, e.seq DESC LIMIT 1";
	struct match late = { 0 };
	struct row r;

	*m = (struct match){ 0 };
	if (a->push->run[0] &&
	    keep_row(m, &r, queue_db_row(a->db, row_room(&r), row_sizes, 2, err, own, "sssi",
					 a->push->run, l->ref, l->new, a->row)) < 0)
		return -1;
	m->own = m->event != 0;
	if (m->own)
		return 0;
	if (find_open(a, l, m, err) < 0 || find_late(a, l, &late, err) < 0)
		return -1;
	if (late.event && (!m->event || late.event < m->event))
		*m = late;
	return 0;
}

/* Without the other hook the lines of two pushes can cross: the ref itself says
 * which of them was the last. */
static int follow_tip(struct apply *a, const struct line *l, int64_t event, const char *before,
		      struct err *err)
{
	char now[QUEUE_REFS_OID];
	struct err quiet = { 0 };

	if (queue_refs_read(a->gitdir, l->ref, now, &quiet) < 0)
		return queue_decide_set_tip(a->db, l->ref, l->new, event, err);
	if (queue_decide_same(before, now) ||
	    (!queue_decide_same(before, l->old) && !queue_decide_same(now, l->new)))
		return before[0] ? queue_decide_set_tip(a->db, l->ref, before, 0, err) :
		       queue_db_run(a->db, err, "DELETE FROM tip WHERE ref = ?", "s", l->ref);
	return 0;
}

static int insert_pushed(struct apply *a, const struct line *l, struct err *err)
{
	char before[QUEUE_DECIDE_OID];
	int64_t event;

	if ((!a->row && insert_push(a, err) < 0) || queue_decide_tip(a->db, l->ref, before, err) < 0 ||
	    insert_event(a, l, &event, err) < 0 ||
	    queue_decide_commit(a->db, event, &a->decided, err) < 0)
		return -1;
	tell(a->out, event);
	return follow_tip(a, l, event, before, err);
}

static int pushed(struct apply *a, const struct line *l, struct err *err)
{
	struct match m;

	if (!l->move)
		return 0;
	if (find_match(a, l, &m, err) < 0)
		return -1;
	if (!m.event)
		return insert_pushed(a, l, err);
	a->out->matched++;
	tell(a->out, m.event);
	if (!m.own && ((!a->row && insert_push(a, err) < 0) ||
		       queue_db_run(a->db, err, "UPDATE event SET push = ? WHERE seq = ?", "ii", a->row,
				    m.event) < 0))
		return -1;
	return queue_decide_commit(a->db, m.event, &a->decided, err);
}

/* What post-receive knows of the push, for all transactions of its run. */
static int enrich(struct apply *a, struct err *err)
{
	const struct queue_push *p = a->push;

	if (!p->run[0])
		return 0;
	return queue_db_run(a->db, err, "UPDATE push SET source = ?2, pusher = ?3, options = ?4, "
			    "complete = 1 WHERE run = ?1 AND run <> '' AND complete <> 1", "ssss",
			    p->run, p->source, p->pusher, buf_str(&p->options));
}

/* ---- all ----------------------------------------------------------------------------- */

static int seen(struct apply *a, int64_t *found, struct err *err)
{
	*found = 0;
	return queue_db_integer(a->db, found, err, "SELECT id FROM push WHERE uid = ?", "s",
				a->push->uid);
}

int queue_apply(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		bool spooled, struct queue_recorded *out, struct err *err)
{
	static int (*const steps[])(struct apply *, const struct line *, struct err *) = {
		[QUEUE_PUSHED] = pushed, [QUEUE_PREPARED] = prepare,
		[QUEUE_COMMITTED] = commit, [QUEUE_ABORTED] = abort_line,
	};
	struct apply a = { .db = db, .gitdir = gitdir, .push = push, .spooled = spooled, .out = out };
	int64_t before = 0;

	*out = (struct queue_recorded){ 0 };
	if (push->updates.n == 0)
		return 0;
	if ((spooled || push->step == QUEUE_PUSHED) && seen(&a, &before, err) < 0)
		return -1;
	if (before)
		return 0;
	for (size_t i = 0; i < push->updates.n; i++) {
		struct line l;

		if (take_line(&a, i, &l, err) < 0 || steps[push->step](&a, &l, err) < 0)
			return -1;
	}
	if (push->step == QUEUE_PUSHED && enrich(&a, err) < 0)
		return -1;
	out->decided = a.decided.committed + a.decided.found;
	return 0;
}
