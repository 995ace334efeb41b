#include "queue_reconcile.h"
#include "queue_decide.h"
#include "queue_record.h"
#include "queue_reconcile_private.h"
#include "queue_refs.h"
#include "queue_spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 500, SPOOL_AT_ONCE = 500, LOOKS = 3, CLOSE_AT_ONCE = 4096 };

struct look {
	struct queue_db *db;
	const char *gitdir;
	int64_t now_ms;
	queue_reconcile_state *state;
	void *arg;
	struct queue_reconciled *out;
	struct queue_decided decided;
	struct strs spooled;	/* files that this transaction took in */
};

/* A ref that is not where we left it, or that has an undecided event. */
struct seen {
	const char *ref;
	char oid[QUEUE_REFS_OID];
	struct queue_undecided row;
	bool readable, over;	/* over: the process of the row is not at work */
};

static bool is_over(struct look *l, const char *run, int64_t since_ms)
{
	int64_t age = l->now_ms - since_ms;

	switch (l->state(l->arg, run)) {
	case QUEUE_RUN_DEAD:
		return true;
	case QUEUE_RUN_UNKNOWN:	/* or of a clock that was far off */
		return age > QUEUE_RECONCILE_WAIT_MS || age < -QUEUE_RECONCILE_WAIT_MS;
	default:
		return false;
	}
}

/* First whether the process lives, then the ref: what a dead one did is there. */
static int look_at(struct look *l, struct seen *s, struct err *err)
{
	struct err quiet = { 0 };

	if (queue_decide_find(l->db, s->ref, &s->row, err) < 0)
		return -1;
	s->over = !s->row.seq || is_over(l, s->row.run, s->row.recorded_ms);
	s->readable = queue_refs_read(l->gitdir, s->ref, s->oid, &quiet) == 0;
	return 0;
}

/* A move that we saw was told of before, in the database, or in a file when that
 * was locked. *news: there was such a file, so the refs have to be looked at again; or so
 * many that there may be more, then another time. */
static int take_in(struct look *l, bool *news, struct err *err)
{
	struct strs names = STRS_INIT;
	int rc = queue_record_take_in(l->db, l->gitdir, SPOOL_AT_ONCE, &names, err);

	*news = names.n == SPOOL_AT_ONCE;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		bool known = false;

		for (size_t n = 0; n < l->spooled.n && !known; n++)
			known = strcmp(l->spooled.v[n], names.v[i]) == 0;
		if (!known) {
			*news = true;
			strs_add(&l->spooled, names.v[i]);
		}
	}
	if (rc == 0 && l->spooled.failed)
		rc = err_set(err, ERR_INTERNAL, "too many files in the spool of %s", l->gitdir);
	strs_free(&names);
	return rc;
}

static int decide(struct look *l, struct seen *s, struct err *err)
{
	if (!s->readable)
		return 0;
	if (s->row.seq && !s->over && !queue_decide_same(s->oid, s->row.new)) {
		l->out->undecided++;
		return 0;
	}
	return queue_decide(l->db, l->gitdir, s->ref, s->oid, l->now_ms, &l->decided, err);
}

static int within(struct look *l, struct seen *v, size_t n, struct err *err)
{
	bool news = true;

	for (int looks = 0; news && looks < LOOKS; looks++) {
		for (size_t i = 0; i < n; i++)
			if (look_at(l, &v[i], err) < 0)
				return -1;
		if (take_in(l, &news, err) < 0)
			return -1;
	}
	for (size_t i = 0; !news && i < n; i++)
		if (decide(l, &v[i], err) < 0)
			return -1;
	return 0;
}

static int transact(struct look *l, struct seen *v, size_t n, struct err *err)
{
	int rc = queue_db_begin(l->db, err);

	l->decided = (struct queue_decided){ 0 };
	if (rc == 0)
		rc = within(l, v, n, err);
	if (rc == 0)
		rc = queue_db_commit(l->db, err);
	if (rc < 0)
		queue_db_rollback(l->db);
	for (size_t i = 0; rc == 0 && i < l->spooled.n; i++)
		rc = queue_spool_remove(l->gitdir, l->spooled.v[i], err);
	strs_free(&l->spooled);
	if (rc == 0) {
		l->out->decided += l->decided.committed;
		l->out->voided += l->decided.voided;
		l->out->found += l->decided.found;
	}
	return rc;
}

static int settle_refs(struct look *l, const struct queue_refs_list *refs, struct err *err)
{
	struct seen *v = refs->n ? calloc(AT_ONCE, sizeof(*v)) : NULL;
	int rc = 0;

	if (refs->n && !v)
		return err_set(err, ERR_INTERNAL, "no memory for the refs of %s", l->gitdir);
	for (size_t i = 0; rc == 0 && i < refs->n; i += AT_ONCE) {
		size_t n = refs->n - i < AT_ONCE ? refs->n - i : AT_ONCE;

		for (size_t k = 0; k < n; k++)
			v[k].ref = refs->v[i + k];
		rc = transact(l, v, n, err);
	}
	free(v);
	return rc;
}

/* ---- pushes whose post-receive will not come ------------------------------------------ */

/* One that moved nothing need not be known any more: its file, where it had one, is gone
 * from the spool by now. */
static int close_one(struct look *l, int64_t id, struct err *err)
{
	if (queue_db_run(l->db, err, "DELETE FROM push WHERE id = ?1 AND complete = 0 "
			 "AND NOT EXISTS (SELECT 1 FROM event WHERE push = ?1)", "i", id) < 0)
		return -1;
	l->out->closed += queue_db_changes(l->db);
	if (queue_db_run(l->db, err, "UPDATE push SET complete = 2 WHERE id = ?1 AND complete = 0 "
			 "AND NOT EXISTS (SELECT 1 FROM event WHERE push = ?1 "
			 "AND state = 'prepared')", "i", id) < 0)
		return -1;
	l->out->closed += queue_db_changes(l->db);
	return 0;
}

static int close_ids(struct look *l, const int64_t *ids, size_t n, struct err *err)
{
	if (n == 0)
		return 0;
	if (queue_db_begin(l->db, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (close_one(l, ids[i], err) < 0) {
			queue_db_rollback(l->db);
			return -1;
		}
	}
	if (queue_db_commit(l->db, err) == 0)
		return 0;
	queue_db_rollback(l->db);
	return -1;
}

static int close_runs(struct look *l, struct err *err)
{
	static const char open[] = "SELECT p.id, p.run, (SELECT min(recorded_ms) FROM event "
		"WHERE push = p.id) FROM push p WHERE p.complete = 0 AND NOT EXISTS "
		"(SELECT 1 FROM event WHERE push = p.id AND state = 'prepared') ORDER BY p.id";
	sqlite3_stmt *s = queue_db_query(l->db, err, open, "");
	int64_t *ids = calloc(CLOSE_AT_ONCE, sizeof(*ids));
	size_t n = 0;
	int rc = s && ids ? 1 : -1;

	if (s && !ids)
		err_set(err, ERR_INTERNAL, "no memory for the pushes of %s", l->gitdir);
	while (rc > 0 && n < CLOSE_AT_ONCE && (rc = queue_db_step(l->db, s, err)) > 0) {
		const char *run = (const char *)sqlite3_column_text(s, 1);
		int64_t age = l->now_ms - sqlite3_column_int64(s, 2);

		/* one that stays away too long is not waited for, alive or not */
		if (age > QUEUE_RECONCILE_WAIT_MS || is_over(l, run ? run : "", sqlite3_column_int64(s, 2)))
			ids[n++] = sqlite3_column_int64(s, 0);
	}
	sqlite3_finalize(s);
	rc = rc < 0 ? -1 : close_ids(l, ids, n, err);
	free(ids);
	return rc;
}

int queue_reconcile_waiting(struct queue_db *db, struct strs *runs, struct err *err)
{
	/* "+": by the index of open pushes, which are few, not by that of all runs */
	sqlite3_stmt *s = queue_db_query(db, err, "SELECT DISTINCT run FROM push WHERE complete = 0 "
					 "AND +run <> '' LIMIT ?", "i", (int64_t)STRS_MAX);
	int rc = s ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(db, s, err)) > 0)
		if (strs_add(runs, (const char *)sqlite3_column_text(s, 0)) < 0)
			rc = err_set(err, ERR_INTERNAL, "no memory for the pushes that go on");
	sqlite3_finalize(s);
	return rc;
}

/* ---- all ------------------------------------------------------------------------------ */

static int begin_with_baseline(struct look *l, struct err *err)
{
	if (queue_db_begin(l->db, err) < 0)
		return -1;
	if (queue_reconcile_baseline(l->db, l->gitdir, NULL, err) == 0 &&
	    queue_db_commit(l->db, err) == 0)
		return 0;
	queue_db_rollback(l->db);
	return -1;
}

int queue_reconcile_with(struct queue_db *db, const char *gitdir, int64_t now_ms,
			 queue_reconcile_state *state, void *arg, struct queue_reconciled *out,
			 struct err *err)
{
	struct look l = { .db = db, .gitdir = gitdir, .now_ms = now_ms, .state = state, .arg = arg,
			  .out = out };
	struct queue_refs_list refs = { 0 };
	struct buf note = BUF_INIT(64);
	int taken, rc = -1;

	*out = (struct queue_reconciled){ 0 };
	if (queue_record_spool(db, gitdir, &taken, err) < 0 ||
	    queue_db_note_get(db, "baseline", &note, err) < 0 ||
	    (!note.len && begin_with_baseline(&l, err) < 0) ||
	    queue_reconcile_differing(db, gitdir, &refs, err) < 0)
		goto out;
	rc = settle_refs(&l, &refs, err);
	if (rc == 0)
		rc = close_runs(&l, err);
out:
	queue_reconcile_free_list(&refs);
	buf_free(&note);
	return rc;
}

static enum queue_run_state look_run(void *arg, const char *run)
{
	(void)arg;
	return queue_run_look(run);
}

int queue_reconcile(struct queue_db *db, const char *gitdir, int64_t now_ms,
		    struct queue_reconciled *out, struct err *err)
{
	return queue_reconcile_with(db, gitdir, now_ms, look_run, NULL, out, err);
}
