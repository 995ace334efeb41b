#include "queue_reconcile_private.h"
#include "queue_decide.h"
#include "queue_refs.h"
#include "queue_spool.h"

#include <stdlib.h>
#include <string.h>

enum { SPOOL_AT_ONCE = 500 };

/* ---- what differs --------------------------------------------------------------------- */

static int add(struct queue_refs_list *l, const char *ref, struct err *err)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		char **more = realloc(l->v, room * sizeof(*more));

		if (!more)
			return err_set(err, ERR_INTERNAL, "no memory for the names of refs");
		l->v = more;
		l->room = room;
	}
	l->v[l->n] = strdup(ref);
	if (!l->v[l->n])
		return err_set(err, ERR_INTERNAL, "no memory for the names of refs");
	l->n++;
	return 0;
}

void queue_reconcile_free_list(struct queue_refs_list *l)
{
	while (l->n)
		free(l->v[--l->n]);
	free(l->v);
	*l = (struct queue_refs_list){ 0 };
}

/* Both in the order of their bytes, as a zip has two rows of teeth. */
struct zip {
	struct queue_db *db;
	sqlite3_stmt *tips;
	const char *ref, *oid;	/* of the row of `tips`; NULL at the end */
	struct queue_refs_list *out;
};

static int next_tip(struct zip *z, struct err *err)
{
	int rc = queue_db_step(z->db, z->tips, err);

	z->ref = rc > 0 ? (const char *)sqlite3_column_text(z->tips, 0) : NULL;
	z->oid = rc > 0 ? (const char *)sqlite3_column_text(z->tips, 1) : NULL;
	return rc < 0 ? -1 : 0;
}

/* Tips up to `ref` (NULL: all) are of refs that are gone. */
static int skip_tips(struct zip *z, const char *ref, struct err *err)
{
	while (z->ref && (!ref || strcmp(z->ref, ref) < 0))
		if ((!queue_decide_same(z->oid, "") && add(z->out, z->ref, err) < 0) ||
		    next_tip(z, err) < 0)
			return -1;
	return 0;
}

static int beside(void *arg, const char *ref, const char *oid, struct err *err)
{
	struct zip *z = arg;
	bool same;

	if (skip_tips(z, ref, err) < 0)
		return -1;
	same = z->ref && strcmp(z->ref, ref) == 0;
	if (!(same && queue_decide_same(z->oid, oid)) && add(z->out, ref, err) < 0)
		return -1;
	return same ? next_tip(z, err) : 0;
}

static int add_undecided(struct queue_db *db, struct queue_refs_list *out, struct err *err)
{
	sqlite3_stmt *s = queue_db_query(db, err, "SELECT DISTINCT ref FROM event "
					 "WHERE state = 'prepared'", "");
	int rc = s ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(db, s, err)) > 0)
		if (add(out, (const char *)sqlite3_column_text(s, 0), err) < 0)
			rc = -1;
	sqlite3_finalize(s);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void drop_doubles(struct queue_refs_list *l)
{
	size_t kept = 0;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
	for (size_t i = 0; i < l->n; i++)
		if (kept && strcmp(l->v[kept - 1], l->v[i]) == 0)
			free(l->v[i]);
		else
			l->v[kept++] = l->v[i];
	l->n = kept;
}

int queue_reconcile_differing(struct queue_db *db, const char *gitdir,
			      struct queue_refs_list *out, struct err *err)
{
	struct zip z = { .db = db, .out = out };
	int rc = -1;

	z.tips = queue_db_query(db, err, "SELECT ref, oid FROM tip ORDER BY ref", "");
	if (z.tips && next_tip(&z, err) == 0 && queue_refs_each(gitdir, beside, &z, err) == 0 &&
	    skip_tips(&z, NULL, err) == 0)
		rc = 0;
	sqlite3_finalize(z.tips);
	if (rc == 0)
		rc = add_undecided(db, out, err);
	drop_doubles(out);
	return rc;
}

/* ---- the first time ------------------------------------------------------------------- */

struct fill {
	struct queue_db *db;
	sqlite3_stmt *insert;
};

static int fill_ref(void *arg, const char *ref, const char *oid, struct err *err)
{
	struct fill *f = arg;

	sqlite3_reset(f->insert);
	sqlite3_bind_text(f->insert, 1, ref, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(f->insert, 2, oid, -1, SQLITE_TRANSIENT);
	return queue_db_step(f->db, f->insert, err);
}

/* Where the refs of a push were before it, the last line first. A ref that a
 * finished push made and that is not there is left alone: nothing is to be found. */
static int step_back(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		     struct err *err)
{
	if (!push || push->step == QUEUE_ABORTED)
		return 0;
	for (size_t i = push->updates.n; i-- > 0;) {
		char old[QUEUE_DECIDE_OID], now[QUEUE_REFS_OID];
		struct err quiet = { 0 };
		struct queue_update u;

		if (!queue_push_split(push->updates.v[i], &u))
			continue;	/* whoever records it says so */
		if (push->step == QUEUE_PUSHED && !queue_push_is_zero(u.new, u.oid_len) &&
		    queue_refs_read(gitdir, u.ref, now, &quiet) == 0 && !now[0])
			continue;
		memcpy(old, u.old, (size_t)u.oid_len);
		old[u.oid_len] = '\0';
		if (queue_decide_set_tip(db, u.ref, old, 0, err) < 0)
			return -1;
	}
	return 0;
}

/* The last of a file first: so each is gone through once forwards, for where they begin. */
static int step_back_file(struct queue_db *db, const char *gitdir, struct queue_spool_file *f,
			  struct err *err)
{
	size_t *begin = NULL, n = 0, room = 0;
	struct queue_push push;
	int rc = 1;

	while (rc > 0) {
		if (n == room) {
			size_t *more = reallocarray(begin, room += 1024, sizeof(*begin));

			if (!more) {
				rc = err_set(err, ERR_INTERNAL, "no memory for the spool");
				break;
			}
			begin = more;
		}
		begin[n] = f->at;
		rc = queue_spool_next(f, &push, err);
		if (rc > 0) {
			n++;
			queue_push_free(&push);
		}
	}
	while (rc == 0 && n-- > 0) {
		f->at = begin[n];
		rc = queue_spool_next(f, &push, err);
		if (rc > 0) {
			rc = step_back(db, gitdir, &push, err);
			queue_push_free(&push);
		}
	}
	free(begin);
	return rc;
}

static int step_back_spooled(struct queue_db *db, const char *gitdir, struct err *err)
{
	struct strs names = STRS_INIT;
	int rc = queue_spool_list(gitdir, SPOOL_AT_ONCE, &names, err);

	for (size_t i = names.n; rc == 0 && i-- > 0;) {
		struct queue_spool_file f;
		struct err quiet = { 0 };

		if (queue_spool_open(gitdir, names.v[i], &f, &quiet) < 0)
			continue;
		rc = step_back_file(db, gitdir, &f, err);
		queue_spool_close(&f);
	}
	strs_free(&names);
	return rc;
}

int queue_reconcile_baseline(struct queue_db *db, const char *gitdir,
			     const struct queue_push *push, struct err *err)
{
	struct buf note = BUF_INIT(64);
	struct fill f = { .db = db };
	int rc = queue_db_note_get(db, "baseline", &note, err);
	bool done = note.len > 0;

	buf_free(&note);
	if (rc < 0 || done)
		return rc;
	f.insert = queue_db_query(db, err, "INSERT INTO tip VALUES (?, ?, NULL) ON CONFLICT (ref) "
				  "DO UPDATE SET oid = excluded.oid, event = NULL", "");
	if (!f.insert || queue_db_run(db, err, "DELETE FROM tip", "") < 0 ||
	    queue_refs_each(gitdir, fill_ref, &f, err) < 0 ||
	    step_back(db, gitdir, push, err) < 0 || step_back_spooled(db, gitdir, err) < 0 ||
	    queue_db_note_set(db, "baseline", "1", err) < 0)
		rc = -1;
	sqlite3_finalize(f.insert);
	return rc;
}
