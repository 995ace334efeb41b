#include "deliver_left.h"
#include "queue_reconcile.h"
#include "queue_spool.h"
#include "queue_store.h"

static int look(struct queue_db *db, const char *gitdir, bool once, struct strs *runs,
		struct strs *spooled, struct deliver_left *out, struct err *err)
{
	int64_t unseen = 0;

	if (queue_store_open_count(db, &out->open, err) < 0 ||
	    queue_store_new_count(db, &unseen, err) < 0 ||
	    queue_reconcile_waiting(db, runs, err) < 0 || queue_spool_list(gitdir, 1, spooled, err) < 0)
		return -1;
	out->runs = runs->n > 0;
	out->open += (int64_t)spooled->n;
	out->more = spooled->n || (once ? unseen > 0 : out->open > 0);
	return 0;
}

int deliver_left(const char *gitdir, bool once, struct deliver_left *out, struct err *err)
{
	struct strs runs = STRS_INIT, spooled = STRS_INIT;
	struct queue_db *db;
	int rc;

	if (queue_db_open(gitdir, QUEUE_DB_EXISTING, QUEUE_DB_BUSY_MS, &db, err) < 0)
		return -1;
	rc = look(db, gitdir, once, &runs, &spooled, out, err);
	queue_db_close(db);
	strs_free(&runs);
	strs_free(&spooled);
	return rc;
}
