/*
 * The steps of queue_store.h that are taken by configuration and by people.
 */
#include "queue_store.h"
#include "queue_push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TARGETS_MAX = 16 };

struct unrouted {
	int64_t event;
	char *ref;
	bool deletion;
};

static int skip(struct queue_db *db, int64_t event, int64_t now_ms, const char *reason,
		struct err *err)
{
	return queue_db_run(db, err, "UPDATE delivery SET state = 'skipped', ready_ms = NULL, "
			    "changed_ms = ?2, reason = ?3 WHERE event = ?1 AND target = ''",
			    "iis", event, now_ms, reason);
}

static int add(struct queue_db *db, const struct unrouted *u, const char *target, int64_t now_ms,
	       struct err *err)
{
	return queue_db_run(db, err, "INSERT INTO delivery (event, target, ref, state, ready_ms, "
		"changed_ms) VALUES (?1, ?2, ?3, 'waiting', iif(EXISTS (SELECT 1 FROM delivery b "
		"WHERE b.target = ?2 AND b.ref = ?3 AND b.event < ?1 "
		"AND b.state IN ('waiting', 'delivering')), NULL, ?4), ?4) "
		"ON CONFLICT (event, target) DO NOTHING", "issi", u->event, target, u->ref, now_ms);
}

static int route(struct queue_db *db, const struct queue_config *config, const struct unrouted *u,
		 int64_t now_ms, struct err *err)
{
	const char *targets[TARGETS_MAX];
	size_t n = queue_config_all(config, NULL, "target", targets, TARGETS_MAX), wanted = 0;

	if (u->deletion)
		return skip(db, u->event, now_ms, "the ref was deleted", err);
	if (n == 0)
		return skip(db, u->event, now_ms, "no target is configured; set one with: "
			    "git config codetrain.target local", err);
	for (size_t i = 0; i < n; i++) {
		if (!targets[i][0] || strlen(targets[i]) >= QUEUE_CONFIG_TARGET ||
		    !queue_config_wants(config, targets[i], u->ref))
			continue;
		if (add(db, u, targets[i], now_ms, err) < 0)
			return -1;
		wanted++;
	}
	if (wanted == 0)
		return skip(db, u->event, now_ms, "no target wants this ref (codetrain.refs)", err);
	return queue_db_run(db, err, "DELETE FROM delivery WHERE event = ?1 AND target = ''", "i",
			    u->event);
}

static int list_unrouted(struct queue_db *db, int most, struct unrouted *list, int *count,
			 struct err *err)
{
	sqlite3_stmt *s = queue_db_query(db, err, "SELECT d.event, d.ref, e.new FROM delivery d "
		"JOIN event e ON e.seq = d.event WHERE d.target = '' AND d.state = 'waiting' "
		"ORDER BY d.event LIMIT ?1", "i", (int64_t)most);
	int rc = s ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(db, s, err)) > 0) {
		const char *ref = (const char *)sqlite3_column_text(s, 1);
		const char *new = (const char *)sqlite3_column_text(s, 2);
		struct unrouted *u = &list[*count];

		u->event = sqlite3_column_int64(s, 0);
		u->ref = ref && new ? strdup(ref) : NULL;
		u->deletion = new && queue_push_is_zero(new, (int)strlen(new));
		if (!u->ref) {
			rc = err_set(err, ERR_INTERNAL, "no memory for an event");
			break;
		}
		++*count;
	}
	sqlite3_finalize(s);
	return rc;
}

int queue_store_route(struct queue_db *db, const struct queue_config *config, int64_t now_ms,
		      int most, int *count, struct err *err)
{
	struct unrouted *list = calloc((size_t)most, sizeof(*list));
	int rc;

	*count = 0;
	if (!list)
		return err_set(err, ERR_INTERNAL, "no memory for the events");
	rc = queue_db_begin(db, err);
	if (rc == 0)
		rc = list_unrouted(db, most, list, count, err);
	for (int i = 0; rc == 0 && i < *count; i++)
		rc = route(db, config, &list[i], now_ms, err);
	if (rc == 0)
		rc = queue_db_commit(db, err);
	if (rc < 0)
		queue_db_rollback(db);
	for (int i = 0; i < *count; i++)
		free(list[i].ref);
	free(list);
	return rc;
}

int queue_store_unroutable(struct queue_db *db, const char *reason, struct err *err)
{
	return queue_db_run(db, err, "UPDATE delivery SET reason = ?1, class = ?2 WHERE target = '' "
			    "AND state = 'waiting' AND reason <> ?1", "si", reason,
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

/* A settled delivery that waits again is in front of the later ones of its ref. */
static int put_in_order(struct queue_db *db, int64_t event, int64_t now_ms, struct err *err)
{
	if (queue_db_run(db, err, "UPDATE delivery SET ready_ms = NULL WHERE state = 'waiting' "
		"AND ready_ms IS NOT NULL AND EXISTS (SELECT 1 FROM delivery b "
		"WHERE b.target = delivery.target AND b.ref = delivery.ref "
		"AND b.event < delivery.event AND b.state IN ('waiting', 'delivering')) "
		"AND ref = (SELECT ref FROM event WHERE seq = ?1) AND target <> ''", "i", event) < 0)
		return -1;
	return queue_db_run(db, err, "UPDATE delivery SET ready_ms = ?2 WHERE state = 'waiting' "
		"AND ready_ms IS NULL AND NOT EXISTS (SELECT 1 FROM delivery b "
		"WHERE b.target = delivery.target AND b.ref = delivery.ref "
		"AND b.event < delivery.event AND b.state IN ('waiting', 'delivering')) "
		"AND ref = (SELECT ref FROM event WHERE seq = ?1)", "ii", event, now_ms);
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
