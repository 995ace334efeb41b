/*
 * What queue_db.c (statements) and queue_db_open.c (the file and its version) share.
 */
#ifndef CODETRAIN_QUEUE_DB_PRIVATE_H
#define CODETRAIN_QUEUE_DB_PRIVATE_H

#include "queue_db.h"

enum {
	/* By a hook when no drainer comes by for long; without one, who opens the
	 * database next reads all of the log. */
	QUEUE_DB_CHECKPOINT_PAGES = 500,
	QUEUE_DB_KEPT = 32,
};

struct queue_db {
	sqlite3 *sql;
	sqlite3_stmt *kept[QUEUE_DB_KEPT];	/* prepared once: a push of 4,000 refs asks each as often */
	int n_kept;
	struct buf path;
	char uuid[33];
};

/* What SQLite says, in the words of the person who has to mend it. -1. */
int queue_db_fail(struct queue_db *db, const char *doing, struct err *err);

#endif
