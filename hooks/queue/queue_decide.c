#include "queue_decide.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool none(const char *oid)
{
	return strspn(oid, "0") == strlen(oid);
}

bool queue_decide_same(const char *a, const char *b)
{
	return none(a) ? none(b) : strcmp(a, b) == 0;
}

int queue_decide_find(struct queue_db *db, const char *ref, struct queue_undecided *out,
		      struct err *err)
{
	char seq[24] = "", recorded[24] = "";
	char *const into[] = { seq, recorded, out->old, out->new, out->run };
	const size_t sizes[] = { sizeof(seq), sizeof(recorded), sizeof(out->old), sizeof(out->new),
				 sizeof(out->run) };
	int rc;

	*out = (struct queue_undecided){ 0 };
	rc = queue_db_row(db, into, sizes, 5, err, "SELECT e.seq, e.recorded_ms, e.old, e.new, "
			  "(SELECT run FROM push WHERE id = e.push) FROM event e "
			  "WHERE e.ref = ? AND e.state = 'prepared' ORDER BY e.seq LIMIT 1", "s", ref);
	out->seq = strtoll(seq, NULL, 10);
	out->recorded_ms = strtoll(recorded, NULL, 10);
	return rc < 0 ? -1 : 0;
}

int queue_decide_tip(struct queue_db *db, const char *ref, char oid[static QUEUE_DECIDE_OID],
		     struct err *err)
{
	char *const into[] = { oid };
	const size_t sizes[] = { QUEUE_DECIDE_OID };

	oid[0] = '\0';
	return queue_db_row(db, into, sizes, 1, err, "SELECT oid FROM tip WHERE ref = ?", "s",
			    ref) < 0 ? -1 : 0;
}

int queue_decide_set_tip(struct queue_db *db, const char *ref, const char *oid, int64_t event,
			 struct err *err)
{
	return queue_db_run(db, err, "INSERT INTO tip VALUES (?1, ?2, nullif(?3, 0)) ON CONFLICT (ref) "
			    "DO UPDATE SET oid = excluded.oid, event = excluded.event", "ssi", ref, oid,
			    event);
}

int queue_decide_commit(struct queue_db *db, int64_t event, struct queue_decided *out,
			struct err *err)
{
	if (queue_db_run(db, err, "UPDATE event SET state = 'committed' WHERE seq = ? "
			 "AND state = 'prepared'", "i", event) < 0)
		return -1;
	if (queue_db_changes(db) == 0)
		return 0;
	out->committed++;
	if (queue_db_run(db, err, "INSERT INTO delivery (event, target, ref, state, ready_ms, "
			 "changed_ms) SELECT seq, '', ref, 'waiting', recorded_ms, recorded_ms "
			 "FROM event WHERE seq = ?", "i", event) < 0)
		return -1;
	return queue_db_run(db, err, "INSERT INTO tip SELECT ref, new, seq FROM event "
			    "WHERE seq = ? ON CONFLICT (ref) DO UPDATE SET oid = excluded.oid, "
			    "event = excluded.event", "i", event);
}

int queue_decide_void(struct queue_db *db, int64_t event, struct queue_decided *out,
		      struct err *err)
{
	if (queue_db_run(db, err, "DELETE FROM event WHERE seq = ? AND state = 'prepared'", "i",
			 event) < 0)
		return -1;
	out->voided += queue_db_changes(db);
	return 0;
}

/* A move that no hook told of. */
static int found(struct queue_db *db, const char *gitdir, const char *ref, const char *old,
		 const char *new, int64_t now_ms, struct queue_decided *out, struct err *err)
{
	char zeros[QUEUE_DECIDE_OID];
	int64_t event;

	snprintf(zeros, sizeof(zeros), "%0*d", (int)strlen(none(old) ? new : old), 0);
	if (!out->push) {
		struct queue_push push;

		queue_push_init(&push, "reconcile", now_ms);	/* for its uid */
		if (queue_db_run(db, err, "INSERT INTO push (uid, source, repository, pusher, "
				 "options, complete) VALUES (?, ?, ?, '', '', 2)", "sss", push.uid,
				 push.source, gitdir) < 0)
			return -1;
		out->push = queue_db_last_id(db);
	}
	if (queue_db_run(db, err, "INSERT INTO event (push, ref, old, new, recorded_ms, state) "
			 "VALUES (?, ?, ?, ?, ?, 'prepared')", "isssi", out->push, ref,
			 none(old) ? zeros : old, none(new) ? zeros : new, now_ms) < 0)
		return -1;
	event = queue_db_last_id(db);
	out->found++;
	out->committed--;	/* counted as found */
	return queue_decide_commit(db, event, out, err);
}

/* There is at most one; a database that was mended by hand may have more. */
static int decide_rows(struct queue_db *db, const char *ref, const char *oid,
		       struct queue_decided *out, struct err *err)
{
	struct queue_undecided row;
	int rc;

	while ((rc = queue_decide_find(db, ref, &row, err)) == 0 && row.seq) {
		char next[QUEUE_DECIDE_OID];
		char *const into[] = { next };
		const size_t sizes[] = { sizeof(next) };

		snprintf(next, sizeof(next), "%s", oid);
		if (queue_db_row(db, into, sizes, 1, err, "SELECT old FROM event WHERE ref = ? "
				 "AND state = 'prepared' AND seq > ? ORDER BY seq LIMIT 1", "si", ref,
				 row.seq) < 0)
			return -1;
		rc = queue_decide_same(row.new, next) ? queue_decide_commit(db, row.seq, out, err) :
		     queue_decide_void(db, row.seq, out, err);
		if (rc < 0)
			return -1;
	}
	return rc;
}

int queue_decide(struct queue_db *db, const char *gitdir, const char *ref, const char *oid,
		 int64_t now_ms, struct queue_decided *out, struct err *err)
{
	char tip[QUEUE_DECIDE_OID];

	if (decide_rows(db, ref, oid, out, err) < 0 || queue_decide_tip(db, ref, tip, err) < 0)
		return -1;
	return queue_decide_same(tip, oid) ? 0 :
	       found(db, gitdir, ref, tip, oid, now_ms, out, err);
}
