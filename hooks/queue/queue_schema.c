#include "queue_schema.h"

/*
 * push      what one run of a hook saw: who, with which push options. `uid` is
 *           drawn before anything is written, so that a push that is recorded
 *           twice (a spool file read again after a crash) is one.
 * event     one ref that moved. A -> B -> A -> B are four events; the sequence
 *           number is never used again.
 * delivery  one event on its way to one target. The target '' stands for
 *           "not looked up in the configuration yet". `ready_ms` is NULL while
 *           an earlier event of the same ref is still on its way there, so the
 *           next one to deliver is found in an index, whatever the backlog.
 *           `uncertain_ms`: since when a request may have been carried out
 *           without our knowing. `generation` grows when people ask for a
 *           delivery once more that had succeeded.
 * attempt   each try, for people.
 */
static const char step_0[] =
"CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
"INSERT INTO note VALUES ('uuid', lower(hex(randomblob(16))));"
"CREATE TABLE push ("
"	id INTEGER PRIMARY KEY,"
"	uid TEXT NOT NULL UNIQUE,"
"	source TEXT NOT NULL,"
"	repository TEXT NOT NULL,"
"	pusher TEXT NOT NULL,"
"	options TEXT NOT NULL);"	/* lines; git lets no newline into one */
"CREATE TABLE event ("
"	seq INTEGER PRIMARY KEY AUTOINCREMENT,"
"	push INTEGER REFERENCES push(id),"
"	ref TEXT NOT NULL,"
"	old TEXT NOT NULL,"
"	new TEXT NOT NULL,"
"	recorded_ms INTEGER NOT NULL);"
"CREATE TABLE delivery ("
"	event INTEGER NOT NULL REFERENCES event(seq),"
"	target TEXT NOT NULL,"
"	ref TEXT NOT NULL,"
"	state TEXT NOT NULL CHECK (state IN"
"		('waiting', 'delivering', 'delivered', 'failed', 'skipped', 'dropped')),"
"	ready_ms INTEGER,"
"	changed_ms INTEGER NOT NULL,"
"	attempts INTEGER NOT NULL DEFAULT 0,"
"	generation INTEGER NOT NULL DEFAULT 0,"
"	uncertain_ms INTEGER NOT NULL DEFAULT 0,"
"	class INTEGER NOT NULL DEFAULT 0,"
"	reason TEXT NOT NULL DEFAULT '',"
"	external TEXT NOT NULL DEFAULT '',"
"	outcome TEXT NOT NULL DEFAULT '',"
"	PRIMARY KEY (event, target)) WITHOUT ROWID;"
"CREATE INDEX delivery_open ON delivery (target, ref, event)"
"	WHERE state IN ('waiting', 'delivering');"
"CREATE INDEX delivery_ready ON delivery (target, ready_ms, event)"
"	WHERE state = 'waiting' AND ready_ms IS NOT NULL;"
"CREATE TABLE attempt ("
"	id INTEGER PRIMARY KEY,"
"	event INTEGER NOT NULL REFERENCES event(seq),"
"	target TEXT NOT NULL,"
"	number INTEGER NOT NULL,"
"	started_ms INTEGER NOT NULL,"
"	ended_ms INTEGER,"
"	outcome TEXT NOT NULL DEFAULT '',"
"	request TEXT NOT NULL DEFAULT '',"
"	answer TEXT NOT NULL DEFAULT '');"
"CREATE INDEX attempt_of ON attempt (event, target, number);";

/*
 * push      `run` is the git process whose hooks told of it; `complete`: 0 while
 *           its post-receive may still come, 1 when it came, 2 when it will not.
 * event     'prepared' is no event yet: git holds the ref's lock, or died. Of
 *           each ref only the newest can be that, and nothing is delivered.
 * delivery  `link`: where people look at it. `behind`: the target that has to
 *           have the event before this one may.
 * tip       where the last event left each ref, which tells what was missed;
 *           zeros: deleted. The note 'baseline' says that it was filled.
 */
static const char step_1[] =
"ALTER TABLE push ADD COLUMN run TEXT NOT NULL DEFAULT '';"
"ALTER TABLE push ADD COLUMN complete INTEGER NOT NULL DEFAULT 1;"
"ALTER TABLE event ADD COLUMN state TEXT NOT NULL DEFAULT 'committed';"
"ALTER TABLE delivery ADD COLUMN link TEXT NOT NULL DEFAULT '';"
"ALTER TABLE delivery ADD COLUMN behind TEXT NOT NULL DEFAULT '';"
"ALTER TABLE attempt ADD COLUMN sent_ms INTEGER;"
"ALTER TABLE attempt ADD COLUMN answered_ms INTEGER;"
"ALTER TABLE attempt ADD COLUMN status TEXT NOT NULL DEFAULT '';"
"CREATE TABLE tip (ref TEXT PRIMARY KEY, oid TEXT NOT NULL, event INTEGER) WITHOUT ROWID;"
"INSERT INTO tip SELECT ref, new, seq FROM event WHERE seq IN"
"	(SELECT max(seq) FROM event GROUP BY ref);"
"CREATE INDEX push_run ON push (run) WHERE run <> '';"
"CREATE INDEX push_open ON push (id) WHERE complete = 0;"
"CREATE INDEX push_unseen ON push (id) WHERE complete = 2;"
"CREATE INDEX event_push ON event (push, ref);"
"CREATE INDEX event_prepared ON event (ref, seq) WHERE state = 'prepared';"
"CREATE INDEX delivery_old ON delivery (changed_ms)"
"	WHERE state IN ('delivered', 'skipped', 'dropped');";

const char *const queue_schema_steps[] = { step_0, step_1 };
const int queue_schema_version = sizeof(queue_schema_steps) / sizeof(*queue_schema_steps);
