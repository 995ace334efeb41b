/*
 * The queue's database: GITDIR/codetrain/queue.db (0600 in a folder of 0700).
 *
 * SQLite in WAL mode with synchronous=FULL: a commit that returned is on the
 * disk, for one fsync. The schema's version is PRAGMA user_version; a database
 * of an older codetrain is brought up to date when it is opened, one of a
 * newer codetrain is refused. Statements are always prepared and bound.
 */
#ifndef CODETRAIN_QUEUE_DB_H
#define CODETRAIN_QUEUE_DB_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#define QUEUE_DB_BUSY_MS 10000	/* how long a writer waits for another */

struct queue_db;

enum queue_db_mode {
	QUEUE_DB_MAKE,		/* made when it is missing */
	QUEUE_DB_EXISTING,	/* missing: ERR_USAGE */
};

/* ERR_UNAVAILABLE when others keep it locked for longer than `busy_ms`,
 * ERR_INTERNAL when it is damaged or cannot be written. */
int queue_db_open(const char *gitdir, enum queue_db_mode mode, int busy_ms,
		  struct queue_db **out, struct err *err);
void queue_db_close(struct queue_db *db);	/* NULL is nothing */

/* A statement with its values bound: `kinds` has 'i' for an int64_t and 's' for
 * a const char * (NULL is SQL's NULL; the text is copied). The caller finalizes
 * it. NULL on failure. */
sqlite3_stmt *queue_db_query(struct queue_db *db, struct err *err, const char *sql,
			     const char *kinds, ...);

/* 1 when there is a row, 0 at the end, -1. */
int queue_db_step(struct queue_db *db, sqlite3_stmt *statement, struct err *err);

/* Queries and steps to the end; for statements that return no row. */
int queue_db_run(struct queue_db *db, struct err *err, const char *sql, const char *kinds, ...);

/* The first column of the first row; `*out` is untouched when there is none
 * or it is NULL. */
int queue_db_integer(struct queue_db *db, int64_t *out, struct err *err, const char *sql,
		     const char *kinds, ...);

/* The first `n` columns of the first row as text, each cut to the room that it has; NULL
 * is "". 1 when there is a row, else 0 and all is untouched. */
int queue_db_row(struct queue_db *db, char *const *out, const size_t *sizes, int n, struct err *err,
		 const char *sql, const char *kinds, ...);

/* A write transaction. Rollback keeps `err` as it is. */
int queue_db_begin(struct queue_db *db, struct err *err);
int queue_db_commit(struct queue_db *db, struct err *err);
void queue_db_rollback(struct queue_db *db);

/* Whether the next transactions wait for the disk (the default), or only outlive
 * every kill: what was written without is on the disk with the next that does.
 * Not within a transaction. */
int queue_db_sync(struct queue_db *db, bool full, struct err *err);

/* Moves what the log holds into the database file when that is worth it; for who
 * is idle, and for who was the last for some time and closes next. Nobody is
 * waited for. */
void queue_db_checkpoint(struct queue_db *db);
void queue_db_finish(struct queue_db *db);

/* Rows that the last statement changed. */
int queue_db_changes(struct queue_db *db);
int64_t queue_db_last_id(struct queue_db *db);

/* Random bytes as hex that names this repository's queue in every event;
 * borrowed until the database is closed. */
const char *queue_db_uuid(struct queue_db *db);

/* Small facts by name. get: missing leaves `out` empty. */
int queue_db_note_get(struct queue_db *db, const char *key, struct buf *out, struct err *err);
int queue_db_note_set(struct queue_db *db, const char *key, const char *value, struct err *err);

#endif
