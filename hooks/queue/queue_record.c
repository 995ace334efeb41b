#include "queue_record.h"
#include "queue_spool.h"

enum { SPOOL_AT_ONCE = 500 };

static int insert_updates(struct queue_db *db, const struct queue_push *push, int64_t push_id,
			  struct queue_recorded *out, struct err *err)
{
	sqlite3_stmt *event = queue_db_query(db, err, "INSERT INTO event "
		"(push, ref, old, new, recorded_ms) VALUES (?1, ?2, ?3, ?4, ?5)", "");
	sqlite3_stmt *delivery = queue_db_query(db, err, "INSERT INTO delivery (event, target, "
		"ref, state, ready_ms, changed_ms) VALUES (?1, '', ?2, 'waiting', ?3, ?3)", "");
	int rc = event && delivery ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < push->updates.n; i++) {
		struct queue_update u;

		if (!queue_push_split(push->updates.v[i], &u)) {
			rc = err_set(err, ERR_INTERNAL, "an update of the push is malformed");
			break;
		}
		sqlite3_reset(event);
		sqlite3_bind_int64(event, 1, push_id);
		sqlite3_bind_text(event, 2, u.ref, -1, SQLITE_TRANSIENT);
		sqlite3_bind_text(event, 3, u.old, u.oid_len, SQLITE_TRANSIENT);
		sqlite3_bind_text(event, 4, u.new, u.oid_len, SQLITE_TRANSIENT);
		sqlite3_bind_int64(event, 5, push->recorded_ms);
		rc = queue_db_step(db, event, err);
		if (rc < 0)
			break;
		out->last = queue_db_last_id(db);
		if (!out->first)
			out->first = out->last;
		sqlite3_reset(delivery);
		sqlite3_bind_int64(delivery, 1, out->last);
		sqlite3_bind_text(delivery, 2, u.ref, -1, SQLITE_TRANSIENT);
		sqlite3_bind_int64(delivery, 3, push->recorded_ms);
		rc = queue_db_step(db, delivery, err);
	}
	sqlite3_finalize(event);
	sqlite3_finalize(delivery);
	return rc;
}

static int insert(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		  struct queue_recorded *out, struct err *err)
{
	*out = (struct queue_recorded){ 0 };
	if (push->updates.n == 0)
		return 0;
	if (queue_db_run(db, err, "INSERT INTO push (uid, source, repository, pusher, options) "
			 "VALUES (?, ?, ?, ?, ?) ON CONFLICT (uid) DO NOTHING", "sssss", push->uid,
			 push->source, gitdir, push->pusher, buf_str(&push->options)) < 0)
		return -1;
	if (queue_db_changes(db) == 0)
		return 0;
	return insert_updates(db, push, queue_db_last_id(db), out, err);
}

/* Within a transaction. A file that is not whole is none of ours to lose: it
 * is set aside, and `queue list` tells of it. */
static int take_in(struct queue_db *db, const char *gitdir, struct strs *names, int *count,
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
		rc = insert(db, gitdir, &push, &ignored, err);
		queue_push_free(&push);
		if (rc < 0)
			return -1;
		++*count;
	}
	return 0;
}

static int record(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		  struct queue_recorded *out, struct strs *names, int *count, struct err *err)
{
	if (queue_db_begin(db, err) < 0)
		return -1;
	if (take_in(db, gitdir, names, count, err) < 0 ||
	    (push && insert(db, gitdir, push, out, err) < 0) || queue_db_commit(db, err) < 0) {
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

static int record_all(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		      struct queue_recorded *out, int *count, struct err *err)
{
	bool more = true;
	int rc = 0;

	while (rc == 0 && more) {
		struct strs names = STRS_INIT;

		rc = queue_spool_list(gitdir, SPOOL_AT_ONCE, &names, err);
		more = names.n == SPOOL_AT_ONCE;
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
