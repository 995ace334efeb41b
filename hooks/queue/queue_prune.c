#include "queue_prune.h"
#include "queue_place.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SETTLED_FOR_MS = 3600 * 1000,	/* for the number's sake nothing younger goes: a late
					 * hook may still belong to it */
	AT_ONCE = 500,
	DAYS = 90,
	EVENTS = 100000,
	EVENTS_LEAST = 100,
	TEXTS_DAYS = 14,
};

struct numbers {
	int64_t *v;
	int n, most;
};

struct queue_prune queue_prune_limits(const struct queue_config *config)
{
	const char *keep = queue_config_get(config, NULL, "keep", NULL);
	const char *most = queue_config_get(config, NULL, "keep-events", NULL);
	long seconds = DAYS * 86400L, events = EVENTS;

	if (keep && opt_seconds(keep, &seconds) < 0)
		seconds = OPT_SECONDS_MAX;
	if (most && opt_number(most, &events) < 0)
		events = LONG_MAX;
	if (events < EVENTS_LEAST)
		events = EVENTS_LEAST;
	return (struct queue_prune){ .older_ms = seconds * 1000, .events = events,
				     .texts_ms = TEXTS_DAYS * 86400000LL, .most = AT_ONCE };
}

/* Of these events every delivery is settled well, and none of them lately. */
#define ALL_WELL "NOT EXISTS (SELECT 1 FROM delivery o WHERE o.event = d.event AND (o.state NOT IN " \
	"('delivered', 'skipped', 'dropped') OR o.changed_ms >= ?1)) " \
	"AND (SELECT state FROM event WHERE seq = d.event) = 'committed' "

static int collect(struct queue_db *db, sqlite3_stmt *s, struct numbers *out, struct err *err)
{
	int rc = s ? 1 : -1;

	while (rc > 0 && out->n < out->most && (rc = queue_db_step(db, s, err)) > 0)
		out->v[out->n++] = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc < 0 ? -1 : 0;
}

static int find_old(struct queue_db *db, int64_t before_ms, struct numbers *out, struct err *err)
{
	/* "+": by the index of what is old, not in the order of all events */
	return collect(db, queue_db_query(db, err, "SELECT DISTINCT +d.event FROM delivery d "
		"WHERE d.state IN ('delivered', 'skipped', 'dropped') AND d.changed_ms < ?1 AND "
		ALL_WELL "LIMIT ?2", "ii", before_ms, (int64_t)out->most), out, err);
}

static int find_many(struct queue_db *db, int64_t keep, int64_t before_ms, struct numbers *out,
		     struct err *err)
{
	return collect(db, queue_db_query(db, err, "SELECT DISTINCT d.event FROM delivery d "
		"WHERE d.event <= (SELECT max(seq) FROM event) - ?3 AND " ALL_WELL
		"ORDER BY d.event LIMIT ?2", "iii", before_ms, (int64_t)out->most, keep), out, err);
}

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* "12.log" and "12.2.files" are event 12's. */
static bool is_of(const struct numbers *events, const char *name)
{
	char *end;
	int64_t event;

	errno = 0;
	event = name[0] >= '1' && name[0] <= '9' ? strtoll(name, &end, 10) : 0;
	if (event <= 0 || errno || *end != '.')
		return false;
	return bsearch(&event, events->v, (size_t)events->n, sizeof(event), by_number) != NULL;
}

static int remove_files(const char *gitdir, const struct numbers *events, struct err *err)
{
	struct buf dir = BUF_INIT(PATH_MAX_BYTES), path = BUF_INIT(PATH_MAX_BYTES);
	const struct dirent *entry;
	DIR *d = NULL;
	int rc = queue_place_path(gitdir, "builds", &dir, err);

	if (rc == 0 && !(d = opendir(buf_str(&dir))) && errno != ENOENT)
		rc = err_errno(err, "cannot read the folder %s", buf_str(&dir));
	while (rc == 0 && d && (entry = readdir(d))) {
		if (!is_of(events, entry->d_name))
			continue;
		buf_clear(&path);
		buf_addf(&path, "%s/%s", buf_str(&dir), entry->d_name);
		rc = buf_check(&path, "the path of a build", err) < 0
		     ? -1 : file_remove_tree(buf_str(&path), err);
	}
	if (d)
		closedir(d);
	buf_free(&dir);
	buf_free(&path);
	return rc;
}

static int remove_event(struct queue_db *db, int64_t event, struct err *err)
{
	int64_t push = 0;

	if (queue_db_integer(db, &push, err, "SELECT push FROM event WHERE seq = ?1", "i", event) < 0 ||
	    queue_db_run(db, err, "DELETE FROM attempt WHERE event = ?1", "i", event) < 0 ||
	    queue_db_run(db, err, "DELETE FROM delivery WHERE event = ?1", "i", event) < 0 ||
	    queue_db_run(db, err, "DELETE FROM event WHERE seq = ?1", "i", event) < 0)
		return -1;
	return queue_db_run(db, err, "DELETE FROM push WHERE id = ?1 AND complete <> 0 "
			    "AND NOT EXISTS (SELECT 1 FROM event WHERE push = ?1)", "i", push);
}

static int last_of_texts(struct queue_db *db, int64_t after, int64_t before_ms, int most,
			 int64_t *last, int *count, struct err *err)
{
	sqlite3_stmt *s = queue_db_query(db, err, "SELECT id, started_ms FROM attempt WHERE id > ?1 "
					 "ORDER BY id LIMIT ?2", "ii", after, (int64_t)most);
	int rc = s ? 1 : -1;

	*count = 0;
	while (rc > 0 && (rc = queue_db_step(db, s, err)) > 0) {
		if (sqlite3_column_int64(s, 1) >= before_ms)
			break;
		*last = sqlite3_column_int64(s, 0);
		++*count;
	}
	sqlite3_finalize(s);
	return rc < 0 ? -1 : 0;
}

/* Attempts are numbered as time goes by: what comes behind the last one that was
 * cleared is all there is to look at. The numbers of those that went are used again. */
static int clear_texts(struct queue_db *db, int64_t before_ms, int most, int *count,
		       struct err *err)
{
	struct buf note = BUF_INIT(32);
	int64_t noted = 0, after = 0, last;
	char text[24];
	int rc = queue_db_note_get(db, "texts", &note, err);

	if (rc == 0 && note.len)
		noted = strtoll(buf_str(&note), NULL, 10);
	buf_free(&note);
	if (rc < 0 || queue_db_integer(db, &after, err, "SELECT max(id) FROM attempt", "") < 0)
		return -1;
	if (after > noted)
		after = noted;
	last = after;
	if (last_of_texts(db, after, before_ms, most, &last, count, err) < 0)
		return -1;
	if (last == noted)
		return 0;
	snprintf(text, sizeof(text), "%" PRId64, last);
	if (last > after && queue_db_run(db, err, "UPDATE attempt SET request = '', answer = '' WHERE id > ?1 "
			 "AND id <= ?2 AND ended_ms IS NOT NULL", "ii", after, last) < 0)
		return -1;
	return queue_db_note_set(db, "texts", text, err);
}

/* Nobody waits while files go: they need no transaction. They are the first, since without
 * its row nobody would look for them any more. */
static int find(struct queue_db *db, const char *gitdir, const struct queue_prune *p, int64_t now_ms,
		struct numbers *events, struct err *err)
{
	if (find_old(db, now_ms - p->older_ms, events, err) < 0 ||
	    (events->n == 0 && find_many(db, p->events, now_ms - SETTLED_FOR_MS, events, err) < 0))
		return -1;
	if (events->n == 0)
		return 0;
	qsort(events->v, (size_t)events->n, sizeof(*events->v), by_number);
	return remove_files(gitdir, events, err);
}

/* Someone may have asked for one of them again meanwhile: that one stays. */
static int prune(struct queue_db *db, const struct queue_prune *p, int64_t now_ms,
		 const struct numbers *events, int *count, struct err *err)
{
	int texts = 0;

	for (int i = 0; i < events->n; i++) {
		int64_t open = 0;

		if (queue_db_integer(db, &open, err, "SELECT 1 FROM delivery WHERE event = ?1 AND state "
				     "NOT IN ('delivered', 'skipped', 'dropped')", "i", events->v[i]) < 0 ||
		    (!open && remove_event(db, events->v[i], err) < 0))
			return -1;
	}
	if (clear_texts(db, now_ms - p->texts_ms, p->most, &texts, err) < 0)
		return -1;
	*count = events->n > texts ? events->n : texts;
	return 0;
}

int queue_prune(struct queue_db *db, const char *gitdir, const struct queue_prune *limits,
		int64_t now_ms, int *count, struct err *err)
{
	struct numbers events = { .v = calloc((size_t)limits->most, sizeof(int64_t)),
				  .most = limits->most };
	int rc = -1;

	*count = 0;
	if (!events.v)
		return err_set(err, ERR_INTERNAL, "no memory for old events");
	if (find(db, gitdir, limits, now_ms, &events, err) == 0 && queue_db_begin(db, err) == 0) {
		rc = prune(db, limits, now_ms, &events, count, err);
		if (rc == 0)
			rc = queue_db_commit(db, err);
		if (rc < 0)
			queue_db_rollback(db);
	}
	free(events.v);
	return rc;
}
