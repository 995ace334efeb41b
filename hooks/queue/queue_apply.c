#include "queue_apply.h"
#include "queue_decide.h"
#include "queue_refs.h"

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
			 (int64_t)(p->step == QUEUE_PUSHED)) < 0)
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

static int prepare(struct apply *a, const struct line *l, struct err *err)
{
	int64_t event;

	if (!l->move)
		return 0;
	if (queue_decide(a->db, a->gitdir, l->ref, l->old, a->push->recorded_ms, &a->decided, err) < 0)
		return -1;
	if ((!a->row && insert_push(a, err) < 0) ||
	    insert_event(a, l, &event, err) < 0)
		return -1;
	tell(a->out, event);
	return 0;
}

/* ---- aborted ------------------------------------------------------------------------- */

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

/* What was read once is not read again: the ref may be about to move once more. */
static int abort_line(struct apply *a, const struct line *l, struct err *err)
{
	struct queue_undecided row;

	if ((!a->row && insert_push(a, err) < 0) || find_own(a, l, &row, err) < 0)
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

/* What this run told of: undecided it is the newest of its ref, or it is the ref's last
 * event, or the ref has moved on. The rows of a run are only gone through for that: a push
 * of many refs has as many. */
static int find_own_match(struct apply *a, const struct line *l, struct match *m, struct err *err)
{
	static const char *const where[] = {
		"SELECT e.seq, e.push FROM event e CROSS JOIN push p ON p.id = e.push WHERE e.ref = ?2 "
		"AND e.state = 'prepared' AND p.run = ?1 AND e.new = ?3 AND p.id <> ?4 "
		"ORDER BY e.seq DESC LIMIT 1",
		"SELECT e.seq, e.push FROM tip t CROSS JOIN event e ON e.seq = t.event "
		"CROSS JOIN push p ON p.id = e.push WHERE t.ref = ?2 AND p.run = ?1 AND e.new = ?3 "
		"AND p.id <> ?4",
		"SELECT e.seq, e.push FROM push p CROSS JOIN event e ON e.push = p.id AND e.ref = ?2 "
		"WHERE p.run = ?1 AND p.run <> '' AND p.id <> ?4 AND e.new = ?3 "
		"ORDER BY e.seq DESC LIMIT 1",
	};
	static const size_t ways = sizeof(where) / sizeof(*where);

	*m = (struct match){ 0 };
	for (size_t i = 0; a->push->run[0] && !m->event && i < ways; i++) {
		struct row r;

		if (keep_row(m, &r, queue_db_row(a->db, row_room(&r), row_sizes, 2, err, where[i], "sssi",
						 a->push->run, l->ref, l->new, a->row)) < 0)
			return -1;
	}
	return 0;
}

/* Who told of this move before. The hooks of one run know each other; where they
 * do not (the process that would name it died) the oldest such move that no
 * post-receive told of: as many moved as told, so it is not one to come. */
static int find_match(struct apply *a, const struct line *l, struct match *m, struct err *err)
{
	struct match late = { 0 };

	if (find_own_match(a, l, m, err) < 0)
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

/* What post-receive knows of the push, for all transactions of its run that moved something;
 * the others go. */
static int enrich(struct apply *a, struct err *err)
{
	const struct queue_push *p = a->push;

	if (!p->run[0])
		return 0;
	return queue_db_run(a->db, err, "UPDATE push SET source = ?2, pusher = ?3, options = ?4, "
			    "complete = 1 WHERE run = ?1 AND run <> '' AND complete <> 1 "
			    "AND EXISTS (SELECT 1 FROM event WHERE push = push.id)", "ssss",
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
		struct queue_recorded *out, struct err *err)
{
	static int (*const steps[])(struct apply *, const struct line *, struct err *) = {
		[QUEUE_PUSHED] = pushed, [QUEUE_PREPARED] = prepare, [QUEUE_ABORTED] = abort_line,
	};
	struct apply a = { .db = db, .gitdir = gitdir, .push = push, .out = out };
	int64_t before = 0;

	*out = (struct queue_recorded){ 0 };
	if (push->updates.n == 0)
		return 0;
	if (seen(&a, &before, err) < 0)
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
