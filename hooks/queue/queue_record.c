#include "queue_record.h"
#include "queue_apply.h"
#include "queue_reconcile.h"
#include "queue_refs.h"
#include "queue_spool.h"

#include <stdio.h>
#include <string.h>

enum { SPOOL_AT_ONCE = 500, REF_MAX = 4096 };

/* ---- what is true while git holds the locks ------------------------------------------- */

static bool told_already(const struct strs *lines, const char *line)
{
	for (size_t i = 0; i < lines->n; i++)
		if (strcmp(lines->v[i], line) == 0)
			return true;
	return false;
}

static int resolve_line(const char *gitdir, const struct queue_push *push, const char *line,
			struct buf *name, struct strs *out, struct err *err)
{
	char now[QUEUE_REFS_OID], text[2 * QUEUE_REFS_OID + REF_MAX];
	struct err quiet = { 0 };
	struct queue_update u;
	const char *old;

	if (!queue_push_split(line, &u))
		return err_set(err, ERR_INTERNAL, "an update of the push is malformed");
	if (queue_refs_resolve(gitdir, u.ref, name, now, &quiet) < 0)
		return strs_add(out, line);
	old = push->step == QUEUE_PREPARED && queue_push_is_zero(u.old, u.oid_len) &&
	      strlen(now) == (size_t)u.oid_len ? now : u.old;
	snprintf(text, sizeof(text), "%.*s %.*s %s", u.oid_len, old, u.oid_len, u.new, buf_str(name));
	if ((push->step == QUEUE_PUSHED || push->step == QUEUE_PREPARED) &&
	    strncmp(text, text + u.oid_len + 1, (size_t)u.oid_len) == 0)
		return 0;
	/* the ref that another stands for is in git's lines as well */
	if (strcmp(buf_str(name), u.ref) != 0 &&
	    (told_already(out, text) || told_already(&push->updates, text)))
		return 0;
	return strs_add(out, text);
}

int queue_record_resolve(const char *gitdir, struct queue_push *push, struct err *err)
{
	struct buf name = BUF_INIT(REF_MAX);
	struct strs out = STRS_INIT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < push->updates.n; i++)
		rc = resolve_line(gitdir, push, push->updates.v[i], &name, &out, err);
	if (rc < 0 && out.failed)
		err_set(err, ERR_INTERNAL, "no memory for the refs of a push");
	buf_free(&name);
	if (rc < 0) {
		strs_free(&out);
		return -1;
	}
	strs_free(&push->updates);
	push->updates = out;
	return 0;
}

/* ---- the transaction ------------------------------------------------------------------ */

/* A file that is not whole is none of ours to lose: it is set aside, and
 * `queue list` tells of it. */
static int take_in(struct queue_db *db, const char *gitdir, const struct strs *names, int *count,
		   struct err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		struct queue_recorded ignored;
		struct queue_push push;
		int rc;

		if (queue_spool_read(gitdir, names->v[i], &push, err) < 0) {
			if (err->class != ERR_USAGE ||
			    queue_spool_set_aside(gitdir, names->v[i], err) < 0)
				return -1;
			*err = (struct err){ 0 };
			continue;
		}
		rc = queue_apply(db, gitdir, &push, true, &ignored, err);
		queue_push_free(&push);
		if (rc < 0)
			return -1;
		++*count;
	}
	return 0;
}

int queue_record_take_in(struct queue_db *db, const char *gitdir, size_t most,
			 struct strs *names, struct err *err)
{
	int ignored = 0;

	return queue_spool_list(gitdir, most, names, err) < 0 ? -1 :
	       take_in(db, gitdir, names, &ignored, err);
}

static int record(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		  struct queue_recorded *out, struct strs *names, int *count, struct err *err)
{
	if (queue_db_begin(db, err) < 0)
		return -1;
	if (queue_reconcile_baseline(db, gitdir, push, err) < 0 ||
	    take_in(db, gitdir, names, count, err) < 0 ||
	    (push && queue_apply(db, gitdir, push, false, out, err) < 0) ||
	    queue_db_commit(db, err) < 0) {
		queue_db_rollback(db);
		return -1;
	}
	return 0;
}

static int remove_all(const char *gitdir, const struct strs *names, struct err *err)
{
	for (size_t i = 0; i < names->n; i++)
		if (queue_spool_remove(gitdir, names->v[i], err) < 0)
			return -1;
	return 0;
}

/* Two moves of a ref in a row that are not on the disk would be one after a power
 * cut: is there one already? No other can come, git holds the ref's lock. */
static int has_unfinished(struct queue_db *db, const struct queue_push *push, bool *has,
			  struct err *err)
{
	for (size_t i = 0; i < push->updates.n && !*has; i++) {
		struct queue_update u;
		int64_t one = 0;

		if (!queue_push_split(push->updates.v[i], &u))
			continue;
		if (queue_db_integer(db, &one, err, "SELECT 1 FROM event WHERE ref = ?1 "
				     "AND state = 'prepared' UNION ALL SELECT 1 FROM tip t "
				     "JOIN event e ON e.seq = t.event JOIN push p ON p.id = e.push "
				     "WHERE t.ref = ?1 AND p.complete = 0 LIMIT 1", "s", u.ref) < 0)
			return -1;
		*has = one != 0;
	}
	return 0;
}

/* Does this step wait for the disk? What was spooled is on it, and stays so. */
static int must_sync(struct queue_db *db, const struct queue_push *push, const struct strs *spooled,
		     bool *sync, struct err *err)
{
	*sync = spooled->n || !push || push->step == QUEUE_PUSHED;
	return *sync || push->step != QUEUE_PREPARED ? 0 : has_unfinished(db, push, sync, err);
}

static int record_all(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		      struct queue_recorded *out, int *count, struct err *err)
{
	bool more = true, sync = true;
	struct err later = { 0 };	/* what went wrong first is told */
	int rc = 0;

	while (rc == 0 && more) {
		struct strs names = STRS_INIT;

		rc = queue_spool_list(gitdir, SPOOL_AT_ONCE, &names, err);
		more = names.n == SPOOL_AT_ONCE;
		if (rc == 0)
			rc = must_sync(db, push, &names, &sync, err);
		if (rc == 0 && !sync)
			rc = queue_db_sync(db, false, err);
		if (rc == 0 && (names.n || push))
			rc = record(db, gitdir, more ? NULL : push, out, &names, count, err);
		if (rc == 0 && remove_all(gitdir, &names, err) < 0) {
			/* content that is in the database may stay, its uid is known; but
			 * who waits for an empty spool would read it for ever */
			if (more || !push)
				rc = -1;
			else
				*err = (struct err){ 0 };
		}
		strs_free(&names);
	}
	if (!sync && queue_db_sync(db, true, rc < 0 ? &later : err) < 0)
		rc = -1;
	return rc;
}

int queue_record(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		 struct queue_recorded *out, struct err *err)
{
	int count = 0;

	*out = (struct queue_recorded){ 0 };
	return record_all(db, gitdir, push, out, &count, err);
}

int queue_record_spool(struct queue_db *db, const char *gitdir, int *count, struct err *err)
{
	*count = 0;
	return record_all(db, gitdir, NULL, NULL, count, err);
}
