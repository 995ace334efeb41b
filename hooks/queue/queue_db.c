#include "queue_db_private.h"
#include "lib/base/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int queue_db_fail(struct queue_db *db, const char *doing, struct err *err)
{
	const char *path = buf_str(&db->path);
	int code = db->sql ? sqlite3_extended_errcode(db->sql) : SQLITE_NOMEM;
	const char *text = db->sql ? sqlite3_errmsg(db->sql) : "out of memory";

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(err, ERR_UNAVAILABLE,
			       "cannot %s: another process keeps %s locked", doing, path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(err, ERR_INTERNAL,
			       "cannot %s: %s is damaged (%s); move it away with "
			       "cd '%.*s' && mv queue.db queue.db.damaged; "
			       "mv queue.db-wal queue.db.damaged-wal (what is newest is in there), "
			       "a new one is made by the next push", doing, path, text,
			       (int)(strlen(path) - strlen("/queue.db")), path);
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return err_set(err, ERR_INTERNAL, "cannot %s: %s: %s; it must belong to the user "
			       "who runs the hooks", doing, path, text);
	default:
		return err_set(err, ERR_INTERNAL, "cannot %s: %s: %s", doing, path, text);
	}
}

static int bind(sqlite3_stmt *statement, const char *kinds, va_list ap)
{
	int rc = SQLITE_OK;

	for (int i = 1; rc == SQLITE_OK && kinds[i - 1]; i++) {
		if (kinds[i - 1] == 'i')
			rc = sqlite3_bind_int64(statement, i, va_arg(ap, int64_t));
		else
			rc = sqlite3_bind_text(statement, i, va_arg(ap, const char *), -1,
					       SQLITE_TRANSIENT);
	}
	return rc;
}

static sqlite3_stmt *prepare(struct queue_db *db, struct err *err, const char *sql,
			     const char *kinds, va_list ap)
{
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(db->sql, sql, -1, &statement, NULL) == SQLITE_OK &&
	    bind(statement, kinds, ap) == SQLITE_OK)
		return statement;
	queue_db_fail(db, "use the queue", err);
	sqlite3_finalize(statement);
	return NULL;
}

/* One that was prepared before, or will be found so from now on; NULL: none is
 * at hand, and there is no room for more. */
static sqlite3_stmt *kept(struct queue_db *db, const char *sql)
{
	sqlite3_stmt *statement;

	for (int i = 0; i < db->n_kept; i++)
		if (strcmp(sqlite3_sql(db->kept[i]), sql) == 0)
			return db->kept[i];
	if (db->n_kept == QUEUE_DB_KEPT || strncmp(sql, "PRAGMA", 6) == 0 ||
	    sqlite3_prepare_v2(db->sql, sql, -1, &statement, NULL) != SQLITE_OK)
		return NULL;
	return db->kept[db->n_kept++] = statement;
}

/* Ready to step; to be given to `put` afterwards. */
static sqlite3_stmt *take(struct queue_db *db, struct err *err, const char *sql, const char *kinds,
			  bool *is_kept, va_list ap)
{
	sqlite3_stmt *statement = kept(db, sql);

	*is_kept = statement != NULL;
	if (!statement)
		return prepare(db, err, sql, kinds, ap);
	if (bind(statement, kinds, ap) == SQLITE_OK)
		return statement;
	queue_db_fail(db, "use the queue", err);
	return NULL;
}

static void put(sqlite3_stmt *statement, bool is_kept)
{
	if (is_kept)
		sqlite3_reset(statement);
	else
		sqlite3_finalize(statement);
}

sqlite3_stmt *queue_db_query(struct queue_db *db, struct err *err, const char *sql,
			     const char *kinds, ...)
{
	sqlite3_stmt *statement;
	va_list ap;

	va_start(ap, kinds);
	statement = prepare(db, err, sql, kinds, ap);
	va_end(ap);
	return statement;
}

int queue_db_step(struct queue_db *db, sqlite3_stmt *statement, struct err *err)
{
	int rc = sqlite3_step(statement);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc == SQLITE_DONE)
		return 0;
	return queue_db_fail(db, "use the queue", err);
}

int queue_db_run(struct queue_db *db, struct err *err, const char *sql, const char *kinds, ...)
{
	sqlite3_stmt *statement;
	bool is_kept;
	va_list ap;
	int rc;

	va_start(ap, kinds);
	statement = take(db, err, sql, kinds, &is_kept, ap);
	va_end(ap);
	if (!statement)
		return -1;
	while ((rc = queue_db_step(db, statement, err)) > 0)
		;
	put(statement, is_kept);
	return rc;
}

int queue_db_integer(struct queue_db *db, int64_t *out, struct err *err, const char *sql,
		     const char *kinds, ...)
{
	sqlite3_stmt *statement;
	bool is_kept;
	va_list ap;
	int rc;

	va_start(ap, kinds);
	statement = take(db, err, sql, kinds, &is_kept, ap);
	va_end(ap);
	if (!statement)
		return -1;
	rc = queue_db_step(db, statement, err);
	if (rc > 0 && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*out = sqlite3_column_int64(statement, 0);
	put(statement, is_kept);
	return rc < 0 ? -1 : 0;
}

int queue_db_row(struct queue_db *db, char *const *out, const size_t *sizes, int n, struct err *err,
		 const char *sql, const char *kinds, ...)
{
	sqlite3_stmt *statement;
	bool is_kept;
	va_list ap;
	int rc;

	va_start(ap, kinds);
	statement = take(db, err, sql, kinds, &is_kept, ap);
	va_end(ap);
	if (!statement)
		return -1;
	rc = queue_db_step(db, statement, err);
	for (int i = 0; rc > 0 && i < n; i++) {
		const char *text = (const char *)sqlite3_column_text(statement, i);

		snprintf(out[i], sizes[i], "%s", text ? text : "");
	}
	put(statement, is_kept);
	return rc;
}

int queue_db_begin(struct queue_db *db, struct err *err)
{
	return queue_db_run(db, err, "BEGIN IMMEDIATE", "");
}

int queue_db_commit(struct queue_db *db, struct err *err)
{
	return queue_db_run(db, err, "COMMIT", "");
}

void queue_db_rollback(struct queue_db *db)
{
	if (!sqlite3_get_autocommit(db->sql))
		sqlite3_exec(db->sql, "ROLLBACK", NULL, NULL, NULL);
}

int queue_db_sync(struct queue_db *db, bool full, struct err *err)
{
	db->leave_log = !full;
	return queue_db_run(db, err, full ? "PRAGMA synchronous = FULL" :
			    "PRAGMA synchronous = NORMAL", "");
}

static void move_log(struct queue_db *db, int mode)
{
	sqlite3_wal_checkpoint_v2(db->sql, NULL, mode, NULL, NULL);
	db->log = 0;
}

int queue_db_committed(void *arg, sqlite3 *sql, const char *name, int pages)
{
	struct queue_db *db = arg;

	(void)sql;
	(void)name;
	db->log = pages;
	if (pages >= QUEUE_DB_LOG_FULL && !db->leave_log)
		move_log(db, SQLITE_CHECKPOINT_PASSIVE);
	return SQLITE_OK;
}

void queue_db_checkpoint(struct queue_db *db)
{
	if (db->log >= QUEUE_DB_LOG_LONG)
		move_log(db, SQLITE_CHECKPOINT_PASSIVE);
}

void queue_db_finish(struct queue_db *db)
{
	if (db->log < QUEUE_DB_LOG_SHORT)
		return;
	sqlite3_busy_timeout(db->sql, 0);
	move_log(db, SQLITE_CHECKPOINT_TRUNCATE);
}

int queue_db_changes(struct queue_db *db)
{
	return sqlite3_changes(db->sql);
}

int64_t queue_db_last_id(struct queue_db *db)
{
	return sqlite3_last_insert_rowid(db->sql);
}

const char *queue_db_uuid(struct queue_db *db)
{
	return db->uuid;
}

int queue_db_note_get(struct queue_db *db, const char *key, struct buf *out, struct err *err)
{
	sqlite3_stmt *s = queue_db_query(db, err, "SELECT value FROM note WHERE key = ?", "s", key);
	int rc;

	buf_clear(out);
	if (!s)
		return -1;
	rc = queue_db_step(db, s, err);
	if (rc > 0)
		buf_adds(out, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	return rc < 0 ? -1 : buf_check(out, key, err);
}

int queue_db_note_set(struct queue_db *db, const char *key, const char *value, struct err *err)
{
	return queue_db_run(db, err, "INSERT INTO note VALUES (?, ?) "
			    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
			    "ss", key, value);
}
