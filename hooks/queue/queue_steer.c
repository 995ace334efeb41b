/*
 * The steps of queue_store.h that are taken by configuration and by people.
 */
#include "queue_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int queue_store_unroutable(struct queue_db *db, const char *reason, struct err *err)
{
	return queue_db_run(db, err, "UPDATE delivery SET reason = ?1, class = ?2 WHERE target = '' "
			    "AND " QUEUE_STORE_OPEN " AND reason <> ?1", "si", reason,
			    (int64_t)ERR_USAGE);
}

static int none(struct queue_db *db, int64_t event, const char *target, const char *verb,
		struct err *err)
{
	int64_t exists = 0, delivering = 0;

	if (queue_db_integer(db, &exists, err, "SELECT count(*) FROM delivery WHERE event = ?1 "
			     "AND (?2 IS NULL OR target = ?2)", "is", event, target) < 0 ||
	    queue_db_integer(db, &delivering, err, "SELECT count(*) FROM delivery WHERE event = ?1 "
			     "AND (?2 IS NULL OR target = ?2) AND state = 'delivering'", "is", event,
			     target) < 0)
		return -1;
	if (!exists)
		return err_set(err, ERR_USAGE, "there is no event %lld%s%s; see: codetrain queue list "
			       "--all", (long long)event, target ? " for target " : "",
			       target ? target : "");
	return err_set(err, ERR_USAGE, "event %lld cannot be %s: %s", (long long)event, verb,
		       delivering ? "it is being delivered just now"
				  : "nothing of it waits or has failed");
}

/* A settled delivery that waits again is in front of the later ones of its ref, and
 * of what waits for it. */
static int put_in_order(struct queue_db *db, int64_t event, int64_t now_ms, struct err *err)
{
	if (queue_db_run(db, err, "UPDATE delivery SET ready_ms = NULL WHERE state = 'waiting' "
		"AND ready_ms IS NOT NULL AND target <> '' "
		"AND (" QUEUE_STORE_FIRST("1") " IS NULL OR NOT " QUEUE_STORE_MIRRORED ") "
		"AND ref = (SELECT ref FROM event WHERE seq = ?1)", "i", event) < 0 ||
	    queue_db_run(db, err, "UPDATE delivery SET ready_ms = " QUEUE_STORE_FIRST("?2")
		" WHERE " QUEUE_STORE_OPEN " AND state = 'waiting' AND ready_ms IS NULL AND "
		QUEUE_STORE_MIRRORED
		" AND ref = (SELECT ref FROM event WHERE seq = ?1)", "ii", event, now_ms) < 0)
		return -1;
	return queue_store_held_up(db, event, NULL, err);
}

static int wait_again(struct queue_db *db, int64_t event, const char *target, int64_t now_ms,
		      bool delivered, int *changed, struct err *err)
{
	if (queue_db_run(db, err, "UPDATE delivery SET state = 'waiting', ready_ms = ?3, "
			 "changed_ms = ?3, class = 0, reason = '', outcome = '', "
			 "uncertain_ms = iif(?4, 0, uncertain_ms), generation = generation + ?4 "
			 "WHERE event = ?1 AND (?2 IS NULL OR target = ?2) AND iif(?4, "
			 "state = 'delivered', state IN ('waiting', 'failed', 'skipped', 'dropped'))",
			 "isii", event, target, now_ms, (int64_t)delivered) < 0)
		return -1;
	*changed = queue_db_changes(db);
	return 0;
}

int queue_store_retry(struct queue_db *db, int64_t event, const char *target, int64_t now_ms,
		      struct err *err)
{
	int changed = 0;

	if (queue_db_begin(db, err) < 0)
		return -1;
	/* What was skipped is looked up in the configuration again. Only when all
	 * of it was delivered it is delivered once more, as something new. */
	if (wait_again(db, event, target, now_ms, false, &changed, err) < 0 ||
	    (!changed && wait_again(db, event, target, now_ms, true, &changed, err) < 0) ||
	    (changed && put_in_order(db, event, now_ms, err) < 0) ||
	    (!changed && none(db, event, target, "retried", err) < 0) ||
	    queue_db_commit(db, err) < 0) {
		queue_db_rollback(db);
		return -1;
	}
	return 0;
}

int queue_store_drop(struct queue_db *db, int64_t event, const char *target, int64_t now_ms,
		     struct err *err)
{
	int changed = 0;

	if (queue_db_begin(db, err) < 0)
		return -1;
	if (queue_db_run(db, err, "UPDATE delivery SET state = 'dropped', ready_ms = NULL, "
			 "changed_ms = ?3 WHERE event = ?1 AND (?2 IS NULL OR target = ?2) "
			 "AND state IN ('waiting', 'failed')", "isi", event, target, now_ms) < 0)
		goto fail;
	changed = queue_db_changes(db);
	if ((changed && put_in_order(db, event, now_ms, err) < 0) ||
	    (!changed && none(db, event, target, "dropped", err) < 0) || queue_db_commit(db, err) < 0)
		goto fail;
	return 0;
fail:
	queue_db_rollback(db);
	return -1;
}
