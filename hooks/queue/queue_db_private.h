/*
 * What queue_db.c (statements) and queue_db_open.c (the file and its version) share.
 */
#ifndef CODETRAIN_QUEUE_DB_PRIVATE_H
#define CODETRAIN_QUEUE_DB_PRIVATE_H

#include "queue_db.h"

enum {
	/* Pages in the log when it is moved: by whoever commits, because without a
	 * drainer each hook reads all of the log first; by an idle drainer, and not
	 * sooner, because the first push afterwards waits for the disk once more; and
	 * by one that ends. */
	QUEUE_DB_LOG_FULL = 500, QUEUE_DB_LOG_LONG = 250, QUEUE_DB_LOG_SHORT = 60,
	QUEUE_DB_KEPT = 32,
};

struct queue_db {
	sqlite3 *sql;
	sqlite3_stmt *kept[QUEUE_DB_KEPT];	/* prepared once: a push of 4,000 refs asks each as often */
	int n_kept;
	int log;		/* pages in it at our last commit */
	bool leave_log;		/* this commit is not for tidying up */
	struct buf path;
	char uuid[33];
};

/* What SQLite says, in the words of the person who has to mend it. -1. */
int queue_db_fail(struct queue_db *db, const char *doing, struct err *err);

/* SQLite's hook: a commit was written, the log has so many pages. */
int queue_db_committed(void *arg, sqlite3 *sql, const char *name, int pages);

#endif
