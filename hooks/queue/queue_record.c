#include "queue_record.h"
#include "queue_apply.h"
#include "queue_reconcile.h"
#include "queue_spool.h"

enum { SPOOL_AT_ONCE = 500 };

static int take_in_file(struct queue_db *db, const char *gitdir, struct queue_spool_file *f,
			int *count, struct err *err)
{
	struct queue_recorded ignored;
	struct queue_push push;
	int rc;

	while ((rc = queue_spool_next(f, &push, err)) > 0) {
		rc = queue_apply(db, gitdir, &push, &ignored, err);
		queue_push_free(&push);
		if (rc < 0)
			break;
		++*count;
	}
	return rc;
}

/* One that is gone was taken in by another. */
static int take_in(struct queue_db *db, const char *gitdir, const struct strs *names, int *count,
		   struct err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		struct queue_spool_file f;
		int rc;

		if (queue_spool_open(gitdir, names->v[i], &f, err) < 0) {
			if (err->class != ERR_USAGE)
				return -1;
			*err = (struct err){ 0 };
			continue;
		}
		rc = take_in_file(db, gitdir, &f, count, err);
		queue_spool_close(&f);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int queue_record_take_in(struct queue_db *db, const char *gitdir, size_t most,
			 struct strs *names, struct err *err)
{
	int ignored = 0;

	return queue_spool_list(gitdir, most, names, err) < 0 ? -1 :
	       take_in(db, gitdir, names, &ignored, err);
}

static int record(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		  struct queue_recorded *out, struct strs *names, int *count, struct err *err)
{
	if (queue_db_begin(db, err) < 0)
		return -1;
	if (queue_reconcile_baseline(db, gitdir, push, err) < 0 ||
	    take_in(db, gitdir, names, count, err) < 0 ||
	    (push && queue_apply(db, gitdir, push, out, err) < 0) ||
	    queue_db_commit(db, err) < 0) {
		queue_db_rollback(db);
		return -1;
	}
	return 0;
}

static int remove_all(const char *gitdir, const struct strs *names, struct err *err)
{
	for (size_t i = 0; i < names->n; i++)
		if (queue_spool_remove(gitdir, names->v[i], err) < 0)
			return -1;
	return 0;
}

static int record_all(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		      struct queue_recorded *out, int *count, struct err *err)
{
	bool more = true;
	int rc = 0;

	while (rc == 0 && more) {
		struct strs names = STRS_INIT;

		rc = queue_spool_list(gitdir, SPOOL_AT_ONCE, &names, err);
		more = names.n == SPOOL_AT_ONCE;
		if (rc == 0 && (names.n || push))
			rc = record(db, gitdir, more ? NULL : push, out, &names, count, err);
		if (rc == 0 && remove_all(gitdir, &names, err) < 0) {
			/* content that is in the database may stay, its uid is known; but
			 * who waits for an empty spool would read it for ever */
			if (more || !push)
				rc = -1;
			else
				*err = (struct err){ 0 };
		}
		strs_free(&names);
	}
	return rc;
}

int queue_record(struct queue_db *db, const char *gitdir, const struct queue_push *push,
		 struct queue_recorded *out, struct err *err)
{
	int count = 0;

	*out = (struct queue_recorded){ 0 };
	return record_all(db, gitdir, push, out, &count, err);
}

int queue_record_spool(struct queue_db *db, const char *gitdir, int *count, struct err *err)
{
	*count = 0;
	return record_all(db, gitdir, NULL, NULL, count, err);
}
