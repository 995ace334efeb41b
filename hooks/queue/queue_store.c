#include "queue_store.h"
#include "queue_push.h"

#include <stdlib.h>
#include <string.h>

const char *const queue_state_names[QUEUE_STATES] = {
	"waiting", "delivering", "delivered", "failed", "skipped", "dropped"
};

enum { ATTEMPTS_FIRST = 5, ATTEMPTS_NEWEST = 50 };

#define COLUMNS "SELECT d.event, d.target, d.ref, d.state, ifnull(d.ready_ms, 0), d.changed_ms, " \
	"d.attempts, d.generation, d.uncertain_ms, d.class, d.reason, d.external, d.outcome, " \
	"d.link, d.behind, e.old, e.new, e.recorded_ms, ifnull(p.pusher, ''), ifnull(p.options, ''), " \
	"ifnull(p.source, ''), ifnull((SELECT max(a.id) FROM attempt a WHERE a.event = d.event " \
	"AND a.target = d.target AND a.ended_ms IS NULL), 0) " \
	"FROM delivery d JOIN event e ON e.seq = d.event LEFT JOIN push p ON p.id = e.push "

void queue_delivery_free(struct queue_delivery *d)
{
	free(d->target);
	free(d->ref);
	free(d->old);
	free(d->new);
	free(d->pusher);
	free(d->options);
	free(d->source);
	free(d->reason);
	free(d->external);
	free(d->outcome);
	free(d->link);
	free(d->behind);
	*d = (struct queue_delivery){ 0 };
}

static char *text(sqlite3_stmt *s, int column, bool *failed)
{
	const unsigned char *t = sqlite3_column_text(s, column);
	char *copy = t ? strdup((const char *)t) : NULL;	/* no column is NULL */

	*failed = *failed || !copy;
	return copy;
}

static enum queue_state state_of(sqlite3_stmt *s, int column)
{
	const unsigned char *t = sqlite3_column_text(s, column);

	for (int i = 0; t && i < QUEUE_STATES; i++)
		if (strcmp((const char *)t, queue_state_names[i]) == 0)
			return (enum queue_state)i;
	return QUEUE_FAILED;	/* the table's CHECK keeps others out */
}

static int read_row(sqlite3_stmt *s, struct queue_delivery *d, struct err *err)
{
	bool failed = false;

	*d = (struct queue_delivery){
		.event = sqlite3_column_int64(s, 0),
		.target = text(s, 1, &failed),
		.ref = text(s, 2, &failed),
		.state = state_of(s, 3),
		.ready_ms = sqlite3_column_int64(s, 4),
		.changed_ms = sqlite3_column_int64(s, 5),
		.attempts = sqlite3_column_int(s, 6),
		.generation = sqlite3_column_int(s, 7),
		.uncertain_ms = sqlite3_column_int64(s, 8),
		.class = (enum err_class)sqlite3_column_int(s, 9),
		.reason = text(s, 10, &failed),
		.external = text(s, 11, &failed),
		.outcome = text(s, 12, &failed),
		.link = text(s, 13, &failed),
		.behind = text(s, 14, &failed),
		.old = text(s, 15, &failed),
		.new = text(s, 16, &failed),
		.recorded_ms = sqlite3_column_int64(s, 17),
		.pusher = text(s, 18, &failed),
		.options = text(s, 19, &failed),
		.source = text(s, 20, &failed),
		.attempt = sqlite3_column_int64(s, 21),
	};
	if (!failed)
		return 0;
	queue_delivery_free(d);
	return err_set(err, ERR_INTERNAL, "no memory for an event");
}

int queue_store_each(struct queue_db *db, const struct queue_filter *f, queue_each *each, void *arg,
		     struct err *err)
{
	static const char filtered[] = COLUMNS
		"WHERE (?1 = 0 OR d.event = ?1) AND (?2 IS NULL OR d.target = ?2) "
		"AND (?3 IS NULL OR d.state = ?3) "
		"AND (?4 = 0 OR d.state IN ('waiting', 'delivering', 'failed') "
		"OR d.event > (SELECT max(seq) FROM event) - ?4) "
		"ORDER BY d.event, d.target";
	sqlite3_stmt *s = queue_db_query(db, err, filtered, "issi", f->event, f->target,
		f->state < 0 ? NULL : queue_state_names[f->state], f->newest);
	int rc = s ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(db, s, err)) > 0) {
		struct queue_delivery d;

		if (read_row(s, &d, err) < 0 || each(arg, &d, err) < 0)
			rc = -1;
		queue_delivery_free(&d);
	}
	sqlite3_finalize(s);
	return rc;
}

int queue_store_next(struct queue_db *db, const char *target, int64_t now_ms,
		     struct queue_delivery *out, bool *found, int64_t *soonest, struct err *err)
{
	sqlite3_stmt *s = queue_db_query(db, err, COLUMNS "WHERE d.target = ?1 "
		"AND d.state = 'waiting' AND d.ready_ms IS NOT NULL "
		"ORDER BY d.ready_ms, d.event LIMIT 1", "s", target);
	int rc = s ? queue_db_step(db, s, err) : -1;

	*found = false;
	if (rc > 0) {
		int64_t ready = sqlite3_column_int64(s, 4);

		rc = 0;
		if (ready > now_ms && ready - now_ms <= QUEUE_STORE_WAIT_MOST_MS) {
			*soonest = ready;
		} else {
			rc = read_row(s, out, err);
			*found = rc == 0;
		}
	}
	sqlite3_finalize(s);
	return rc;
}

int queue_store_untried(struct queue_db *db, const char *target, int64_t now_ms,
			struct queue_delivery *out, bool *found, struct err *err)
{
	sqlite3_stmt *s = queue_db_query(db, err, COLUMNS "WHERE d.target = ?1 "
		"AND d.state = 'waiting' AND d.ready_ms <= ?2 AND d.attempts = 0 "
		"ORDER BY d.ready_ms, d.event LIMIT 1", "si", target, now_ms);
	int rc = s ? queue_db_step(db, s, err) : -1;

	*found = rc > 0;
	if (rc > 0)
		rc = read_row(s, out, err);
	sqlite3_finalize(s);
	return rc;
}

/* A delivery that is tried for days keeps its first attempts and its newest. */
static int forget_attempts(struct queue_db *db, const struct queue_delivery *d, struct err *err)
{
	if (d->attempts < ATTEMPTS_FIRST + ATTEMPTS_NEWEST)
		return 0;
	return queue_db_run(db, err, "DELETE FROM attempt WHERE event = ?1 AND target = ?2 "
			    "AND number > ?3 AND number <= ?4", "isii", d->event, d->target,
			    (int64_t)ATTEMPTS_FIRST, (int64_t)d->attempts - ATTEMPTS_NEWEST);
}

int queue_store_claim(struct queue_db *db, struct queue_delivery *d, int64_t now_ms,
		      struct err *err)
{
	if (queue_db_run(db, err, "UPDATE delivery SET state = 'delivering', changed_ms = ?3, "
			 "attempts = attempts + 1, link = '', "
			 "external = iif(external LIKE 'asked of %', external, '') "
			 "WHERE event = ?1 AND target = ?2 AND state = 'waiting'", "isi", d->event,
			 d->target, now_ms) < 0)
		return -1;
	if (queue_db_changes(db) != 1)	/* retried or dropped by people just now */
		return err_set(err, ERR_CONFLICT, "event %lld no longer waits",
			       (long long)d->event);
	if (forget_attempts(db, d, err) < 0 ||
	    queue_db_run(db, err, "INSERT INTO attempt (event, target, number, started_ms) "
			 "VALUES (?1, ?2, ?3, ?4)", "isii", d->event, d->target,
			 (int64_t)d->attempts + 1, now_ms) < 0)
		return -1;
	d->attempt = queue_db_last_id(db);
	d->state = QUEUE_DELIVERING;
	d->changed_ms = now_ms;
	d->attempts++;
	d->link[0] = '\0';
	if (strncmp(d->external, "asked of ", 9) != 0)	/* where a request may have gone stays known */
		d->external[0] = '\0';
	return 0;
}

int queue_store_external(struct queue_db *db, struct queue_delivery *d, const char *external,
			 const char *request, struct err *err)
{
	char *copy = strdup(external);

	if (!copy)
		return err_set(err, ERR_INTERNAL, "no memory for an event");
	if (queue_db_begin(db, err) < 0)
		goto fail;
	if (queue_db_run(db, err, "UPDATE delivery SET external = ?3 WHERE event = ?1 "
			 "AND target = ?2", "iss", d->event, d->target, external) < 0 ||
	    queue_db_run(db, err, "UPDATE attempt SET request = ?2 WHERE id = ?1", "is",
			 d->attempt, request) < 0 ||
	    queue_db_commit(db, err) < 0)
		goto fail;
	free(d->external);
	d->external = copy;
	return 0;
fail:
	queue_db_rollback(db);
	free(copy);
	return -1;
}

/* The next delivery of the ref has its turn, behind the ready ones of others. */
static int promote(struct queue_db *db, const char *target, const char *ref, int64_t now_ms,
		   struct err *err)
{
	return queue_db_run(db, err, "UPDATE delivery SET ready_ms = ?3 "
		"WHERE target = ?1 AND event = (SELECT min(event) FROM delivery WHERE target = ?1 "
		"AND ref = ?2 AND state IN ('waiting', 'delivering')) "
		"AND state = 'waiting' AND ready_ms IS NULL AND " QUEUE_STORE_MIRRORED,
		"ssi", target, ref, now_ms);
}

/* What waits for this delivery, a mirror's: it has its turn, or says why it has not. */
static int tell_followers(struct queue_db *db, const struct queue_delivery *d,
			  enum queue_state state, int64_t now_ms, struct err *err)
{
	if (state != QUEUE_DELIVERED)
		return queue_store_held_up(db, d->event, d->target, err);
	return queue_db_run(db, err, "UPDATE delivery SET reason = '', ready_ms = " QUEUE_STORE_FIRST("?3")
		" WHERE event = ?1 AND behind = ?2 AND state = 'waiting' AND ready_ms IS NULL",
		"isi", d->event, d->target, now_ms);
}

int queue_store_held_up(struct queue_db *db, int64_t event, const char *target, struct err *err)
{
	return queue_db_run(db, err, "UPDATE delivery SET reason = iif(m.state IN ('failed', "
		"'dropped', 'skipped'), 'waits for its mirror ' || m.target || ', which ' || "
		"iif(m.state = 'failed', 'failed', 'was ' || m.state) || '; codetrain queue retry ' || "
		"m.event || ' -t ' || m.target, '') FROM delivery m WHERE delivery.event = ?1 "
		"AND m.event = ?1 AND m.target = delivery.behind AND (?2 IS NULL OR m.target = ?2) "
		"AND delivery.state = 'waiting' AND m.state <> 'delivered'", "is", event, target);
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static int end_attempt(struct queue_db *db, const struct queue_delivery *d,
		       const struct queue_settlement *s, struct err *err)
{
	const char *why = s->outcome && *s->outcome ? s->outcome : or_empty(s->reason);

	return queue_db_run(db, err, "UPDATE attempt SET ended_ms = ?2, outcome = ?3, "
			    "request = iif(?4 = '', request, ?4), answer = ?5, status = ?6, "
			    "sent_ms = nullif(?7, 0), answered_ms = nullif(?8, 0) WHERE id = ?1",
			    "iissssii", d->attempt, s->now_ms, why, or_empty(s->request),
			    or_empty(s->answer), or_empty(s->status), s->sent_ms, s->answered_ms);
}

int queue_store_settle(struct queue_db *db, const struct queue_delivery *d,
		       const struct queue_settlement *s, struct err *err)
{
	if (queue_db_run(db, err, "UPDATE delivery SET state = ?3, changed_ms = ?4, "
			 "ready_ms = iif(?3 = 'waiting', ?5, NULL), uncertain_ms = ?6, class = ?7, "
			 "reason = ?8, external = ?9, outcome = ?10, link = ?11 "
			 "WHERE event = ?1 AND target = ?2",
			 "issiiiissss", d->event, d->target, queue_state_names[s->state], s->now_ms,
			 s->ready_ms, s->uncertain_ms, (int64_t)s->class, or_empty(s->reason),
			 or_empty(s->external), or_empty(s->outcome), or_empty(s->link)) < 0 ||
	    end_attempt(db, d, s, err) < 0)
		return -1;
	if (s->state == QUEUE_WAITING)
		return 0;
	if (promote(db, d->target, d->ref, s->now_ms, err) < 0)
		return -1;
	return tell_followers(db, d, s->state, s->now_ms, err);
}

int queue_store_hurry(struct queue_db *db, const char *target, enum err_class class,
		      int64_t now_ms, struct err *err)
{
	return queue_db_run(db, err, "UPDATE delivery SET ready_ms = ?3 WHERE (?1 IS NULL OR target = ?1) "
		"AND state = 'waiting' AND ready_ms IS NOT NULL AND ready_ms > ?3 AND class = ?2",
		"sii", target, (int64_t)class, now_ms);
}

/* From name to name in the index: asked in every turn, whatever the backlog. */
int queue_store_targets(struct queue_db *db, struct strs *names, struct err *err)
{
	sqlite3_stmt *s = queue_db_query(db, err, "WITH RECURSIVE t (name) AS (SELECT min(target) "
		"FROM delivery WHERE state IN ('waiting', 'delivering') AND target > '' "
		"UNION ALL SELECT (SELECT min(target) FROM delivery "
		"WHERE state IN ('waiting', 'delivering') AND target > t.name) FROM t "
		"WHERE t.name IS NOT NULL) SELECT name FROM t WHERE name IS NOT NULL", "");
	int rc = s ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(db, s, err)) > 0)
		if (strs_add(names, (const char *)sqlite3_column_text(s, 0)) < 0)
			rc = err_set(err, ERR_INTERNAL, "too many targets in the queue");
	sqlite3_finalize(s);
	return rc;
}

int queue_store_open_count(struct queue_db *db, int64_t *count, struct err *err)
{
	*count = 0;
	return queue_db_integer(db, count, err, "SELECT count(*) FROM delivery "
				"WHERE state IN ('waiting', 'delivering')", "");
}

int queue_store_new_count(struct queue_db *db, int64_t *count, struct err *err)
{
	*count = 0;
	return queue_db_integer(db, count, err, "SELECT count(*) FROM delivery d "
		"JOIN event e ON e.seq = d.event LEFT JOIN push p ON p.id = e.push WHERE d.target = '' "
		"AND d.state IN ('waiting', 'delivering') AND d.class = 0 AND ifnull(p.complete, 1) <> 0", "");
}
