#include "queue_verbs.h"
#include "queue_reconcile.h"
#include "lib/spec/json.h"

/* What moves from here on is an event, whatever hook tells of it. */
int queue_verbs_init(struct queue_request *q, struct err *err)
{
	struct queue_db *db;
	cJSON *o;
	int rc = -1;

	if (queue_db_open(buf_str(&q->gitdir), QUEUE_DB_MAKE, QUEUE_DB_BUSY_MS, &db, err) < 0)
		return -1;
	if (queue_db_begin(db, err) == 0) {
		rc = queue_reconcile_baseline(db, buf_str(&q->gitdir), NULL, err);
		if (rc < 0 || (rc = queue_db_commit(db, err)) < 0)
			queue_db_rollback(db);
	}
	if (rc == 0 && q->json) {
		o = cJSON_CreateObject();
		if (o && json_set_string(o, "uuid", queue_db_uuid(db)) < 0) {
			json_free(o);
			o = NULL;
		}
		rc = queue_verbs_json(o, err);
	}
	queue_db_close(db);
	return rc;
}
