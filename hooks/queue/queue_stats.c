#include "queue_stats.h"
#include "queue_place.h"
#include "queue_spool.h"
#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MINUTE_MS = 60000, HOUR_MS = 3600000, DAY_MS = 86400000, FILES_MOST = 4000,
       FOLDERS_MOST = 20000, DEPTH_MOST = 40 };

static struct queue_stats_target *row_of(struct queue_stats *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->targets[i].name, name) == 0)
			return &s->targets[i];
	if (s->n == QUEUE_STATS_TARGETS)
		return &s->targets[s->n - 1];
	s->targets[s->n].name = strdup(name);
	return s->targets[s->n].name ? &s->targets[s->n++] : NULL;
}

static int add_state(struct queue_stats *s, sqlite3_stmt *q)
{
	struct queue_stats_target *row = row_of(s, (const char *)sqlite3_column_text(q, 0));
	const char *state = (const char *)sqlite3_column_text(q, 1);
	int64_t oldest = sqlite3_column_int64(q, 4);

	if (!row)
		return -1;
	for (int i = 0; i < QUEUE_STATES; i++)
		if (strcmp(state, queue_state_names[i]) == 0)
			row->states[i] += sqlite3_column_int64(q, 2);
	row->attempts += sqlite3_column_int64(q, 3);
	if (oldest && (!row->oldest_ms || oldest < row->oldest_ms))
		row->oldest_ms = oldest;
	return 0;
}

static int read_states(struct queue_db *db, struct queue_stats *s, struct err *err)
{
	sqlite3_stmt *q = queue_db_query(db, err, "SELECT d.target, d.state, count(*), "
		"sum(d.attempts), min(iif(d.state IN ('waiting', 'delivering'), e.recorded_ms, NULL)) "
		"FROM delivery d JOIN event e ON e.seq = d.event GROUP BY d.target, d.state", "");
	int rc = q ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(db, q, err)) > 0)
		if (add_state(s, q) < 0)
			rc = err_set(err, ERR_INTERNAL, "no memory for the statistics");
	sqlite3_finalize(q);
	return rc;
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Nearest rank. */
static int64_t percentile(const int64_t *sorted, int64_t n, int percent)
{
	return sorted[(n * percent + 99) / 100 - 1];
}

/* What people asked for once more took as long as they did, and is left out. */
static int read_latency(struct queue_db *db, struct queue_stats_target *row, int64_t *room,
			struct err *err)
{
	sqlite3_stmt *q = queue_db_query(db, err, "SELECT max(d.changed_ms - e.recorded_ms, 0) "
		"FROM delivery d JOIN event e ON e.seq = d.event WHERE d.target = ?1 "
		"AND d.state = 'delivered' AND d.generation = 0 ORDER BY d.event DESC LIMIT ?2", "si",
		row->name, (int64_t)QUEUE_STATS_SAMPLE);
	int rc = q ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(db, q, err)) > 0)
		room[row->samples++] = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	if (rc < 0 || !row->samples)
		return rc;
	qsort(room, (size_t)row->samples, sizeof(*room), ascending);
	row->p50_ms = percentile(room, row->samples, 50);
	row->p95_ms = percentile(room, row->samples, 95);
	row->max_ms = room[row->samples - 1];
	return 0;
}

static int read_latencies(struct queue_db *db, struct queue_stats *s, struct err *err)
{
	int64_t *room = calloc(QUEUE_STATS_SAMPLE, sizeof(*room));
	int rc = room ? 0 : err_set(err, ERR_INTERNAL, "no memory for the statistics");

	for (size_t i = 0; rc == 0 && i < s->n; i++)
		if (s->targets[i].states[QUEUE_DELIVERED])
			rc = read_latency(db, &s->targets[i], room, err);
	free(room);
	return rc;
}

static int delivered_since(struct queue_db *db, int64_t since, int64_t *out, struct err *err)
{
	return queue_db_integer(db, out, err, "SELECT count(*) FROM delivery WHERE changed_ms > ?1 "
				"AND state IN ('delivered', 'skipped', 'dropped') "
				"AND state = 'delivered'", "i", since);
}

static int read_totals(struct queue_db *db, int64_t now_ms, struct queue_stats *s, struct err *err)
{
	if (delivered_since(db, now_ms - MINUTE_MS, &s->minute, err) < 0 ||
	    delivered_since(db, now_ms - HOUR_MS, &s->hour, err) < 0 ||
	    delivered_since(db, now_ms - DAY_MS, &s->day, err) < 0 ||
	    queue_db_integer(db, &s->events, err, "SELECT count(*) FROM event "
			     "WHERE state <> 'prepared'", "") < 0 ||
	    queue_db_integer(db, &s->undecided, err, "SELECT count(*) FROM event "
			     "WHERE state = 'prepared'", "") < 0)
		return -1;
	return queue_db_integer(db, &s->incomplete, err, "SELECT count(*) FROM push "
				"WHERE complete = 0", "");
}

static void read_sizes(const char *gitdir, struct queue_stats *s)
{
	static const char *const names[] = { "queue.db", "queue.db-wal" };
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct err ignored;
	struct stat st;

	for (size_t i = 0; i < 2; i++)
		if (queue_place_path(gitdir, names[i], &path, &ignored) == 0 &&
		    stat(buf_str(&path), &st) == 0)
			s->bytes += st.st_size;
	buf_free(&path);
}

static int read_spool(const char *gitdir, struct queue_stats *s, struct err *err)
{
	struct strs names = STRS_INIT;
	int rc = queue_spool_list(gitdir, FILES_MOST, &names, err);

	s->spooled = (int64_t)names.n;
	strs_free(&names);
	return rc;
}

struct search {
	struct queue_stats *s;
	int64_t before_s;
	int folders;
};

static void look_at(struct search *l, int dir, const char *folder, const char *name)
{
	size_t n = strlen(name);
	struct stat st;

	if (n > 5 && strcmp(name + n - 5, ".lock") == 0 && l->s->locks.n < QUEUE_STATS_LOCKS &&
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	    st.st_mtim.tv_sec < l->before_s)
		strs_addf(&l->s->locks, "%s%s%s", folder, *folder ? "/" : "", name);
}

/* git's locks below a folder; a branch whose push was killed is refused because of one. */
static void find_locks(struct search *l, int parent, const char *folder, const char *name, int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(dir))) {
		char below[PATH_MAX_BYTES];

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (e->d_type != DT_DIR) {
			look_at(l, fd, folder, e->d_name);
		} else if (depth < DEPTH_MOST && l->folders++ < FOLDERS_MOST &&
			   (size_t)snprintf(below, sizeof(below), "%s/%s", folder, e->d_name) <
			   sizeof(below)) {
			find_locks(l, fd, below, e->d_name, depth + 1);
		}
	}
	closedir(dir);
}

static void read_locks(const char *gitdir, int64_t now_ms, struct queue_stats *s)
{
	static const char *const single[] = { "packed-refs.lock", "HEAD.lock", "config.lock" };
	struct search l = { .s = s, .before_s = (now_ms - QUEUE_STATS_LOCK_MS) / 1000 };
	int fd = open(gitdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++)
		look_at(&l, fd, "", single[i]);
	find_locks(&l, fd, "refs", "refs", 0);
	close(fd);
}

int queue_stats_read(struct queue_db *db, const char *gitdir, int64_t now_ms,
		     struct queue_stats *out, struct err *err)
{
	*out = (struct queue_stats){ 0 };
	if (read_states(db, out, err) < 0 || read_latencies(db, out, err) < 0 ||
	    read_totals(db, now_ms, out, err) < 0 || read_spool(gitdir, out, err) < 0) {
		queue_stats_free(out);
		return -1;
	}
	read_sizes(gitdir, out);
	read_locks(gitdir, now_ms, out);
	return 0;
}

void queue_stats_free(struct queue_stats *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->targets[i].name);
	strs_free(&s->locks);
	*s = (struct queue_stats){ 0 };
}
