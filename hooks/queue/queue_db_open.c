#include "queue_db_private.h"
#include "queue_place.h"
#include "queue_schema.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATEMENT_MAX = 64 << 10, VALUE_MAX = 1 << 20, SETUP_MS = 5000 };

static int version_of(struct queue_db *db, int64_t *version, struct err *err)
{
	*version = 0;
	return queue_db_integer(db, version, err, "PRAGMA user_version", "");
}

static int step_up(struct queue_db *db, int from, struct err *err)
{
	char pragma[80];

	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d; PRAGMA application_id = %d",
		 from + 1, QUEUE_SCHEMA_APPLICATION);
	if (sqlite3_exec(db->sql, queue_schema_steps[from], NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db->sql, pragma, NULL, NULL, NULL) != SQLITE_OK)
		return queue_db_fail(db, "set up the queue", err);
	return 0;
}

/* All steps that are missing, at once or not at all. */
static int migrate(struct queue_db *db, struct err *err)
{
	int64_t version;

	if (sqlite3_exec(db->sql, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) != SQLITE_OK)
		return queue_db_fail(db, "set up the queue", err);
	if (queue_db_begin(db, err) < 0)
		return -1;
	if (version_of(db, &version, err) < 0)
		goto fail;
	for (int v = (int)version; v < queue_schema_version; v++)
		if (step_up(db, v, err) < 0)
			goto fail;
	if (queue_db_commit(db, err) < 0)
		goto fail;
	return 0;
fail:
	queue_db_rollback(db);
	return -1;
}

/* One process at a time: SQLite's own locks do not cover the change to WAL. */
static int set_up(struct queue_db *db, const char *gitdir, struct err *err)
{
	struct buf lock = BUF_INIT(PATH_MAX_BYTES);
	int fd = -1, rc = -1;

	if (queue_place_path(gitdir, "setup.lock", &lock, err) == 0)
		fd = file_lock(buf_str(&lock), deadline_in(SETUP_MS), err);
	if (fd >= 0) {
		rc = migrate(db, err);
		close(fd);
	}
	buf_free(&lock);
	return rc;
}

static int make_file(const char *gitdir, struct queue_db *db, struct err *err)
{
	struct buf dir = BUF_INIT(PATH_MAX_BYTES);
	int fd = -1, rc = -1;

	if (queue_place_path(gitdir, NULL, &dir, err) < 0)
		goto out;
	if (mkdir(buf_str(&dir), 0700) == 0) {
		file_sync_folder_of(buf_str(&dir));
	} else if (errno != EEXIST) {
		err_errno(err, "cannot make the folder %s", buf_str(&dir));
		goto out;
	}
	fd = open(buf_str(&db->path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno != EEXIST) {
		err_errno(err, "cannot make the queue %s", buf_str(&db->path));
		goto out;
	}
	rc = 0;
	if (fd >= 0)
		file_sync_folder_of(buf_str(&db->path));
out:
	if (fd >= 0)
		close(fd);
	buf_free(&dir);
	return rc;
}

static int no_folder(const char *path, int *fd)
{
	(void)path;
	*fd = -1;
	return SQLITE_CANTOPEN;
}

/* Each connection's first commit would also sync the folder of the log, which is for who
 * made the log: the pusher waits for one fsync. */
static void spare_folder(const struct queue_db *db)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	char log[PATH_MAX_BYTES + 8];
	struct stat st;
	bool made;

	snprintf(log, sizeof(log), "%s-wal", buf_str(&db->path));
	made = stat(log, &st) == 0 && st.st_size > 0;
	if (vfs && vfs->iVersion >= 3)
		vfs->xSetSystemCall(vfs, "openDirectory", made ? (sqlite3_syscall_ptr)no_folder : NULL);
}

static int connect_file(struct queue_db *db, int busy_ms, struct err *err)
{
	sqlite3 *sql = NULL;

	/* Pages as they are needed: a hook reads a dozen, and pays for each that it touches. No
	 * statistics, which lock and count each allocation. Both are refused once SQLite is at
	 * work, when they were said already. */
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	spare_folder(db);
	if (sqlite3_open_v2(buf_str(&db->path), &sql,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK) {
		db->sql = sql;
		return queue_db_fail(db, "open the queue", err);
	}
	db->sql = sql;
	sqlite3_busy_timeout(sql, busy_ms);
	sqlite3_limit(sql, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_limit(sql, SQLITE_LIMIT_SQL_LENGTH, STATEMENT_MAX);
	sqlite3_limit(sql, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(sql, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(sql, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* The pusher does not wait for a checkpoint: the drainer makes it. */
	sqlite3_db_config(sql, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_wal_hook(sql, queue_db_committed, db);
	if (sqlite3_exec(sql, "PRAGMA synchronous = FULL", NULL, NULL, NULL) != SQLITE_OK)
		return queue_db_fail(db, "open the queue", err);
	return 0;
}

static int check_version(struct queue_db *db, const char *gitdir, struct err *err)
{
	int64_t version;

	if (version_of(db, &version, err) < 0)
		return -1;
	if (version > queue_schema_version)
		return err_set(err, ERR_USAGE, "%s was made by a newer codetrain (schema %lld, "
			       "this one knows %d); install that version", buf_str(&db->path),
			       (long long)version, queue_schema_version);
	return version < queue_schema_version ? set_up(db, gitdir, err) : 0;
}

static int read_uuid(struct queue_db *db, struct err *err)
{
	struct buf uuid = BUF_INIT(sizeof(db->uuid) - 1);
	int rc = queue_db_note_get(db, "uuid", &uuid, err);

	snprintf(db->uuid, sizeof(db->uuid), "%s", buf_str(&uuid));
	buf_free(&uuid);
	return rc;
}

int queue_db_open(const char *gitdir, enum queue_db_mode mode, int busy_ms,
		  struct queue_db **out, struct err *err)
{
	struct queue_db *db = calloc(1, sizeof(*db));

	if (!db)
		return err_set(err, ERR_INTERNAL, "no memory for the queue");
	db->path = (struct buf)BUF_INIT(PATH_MAX_BYTES);
	if (queue_place_path(gitdir, "queue.db", &db->path, err) < 0)
		goto fail;
	if (access(buf_str(&db->path), F_OK) < 0 && errno == ENOENT) {
		if (mode == QUEUE_DB_EXISTING) {
			err_set(err, ERR_USAGE, "no push was recorded in %s yet; install the hook "
				"there with: codetrain hooks install --server", gitdir);
			goto fail;
		}
		if (make_file(gitdir, db, err) < 0)
			goto fail;
	}
	if (connect_file(db, busy_ms, err) < 0 || check_version(db, gitdir, err) < 0 ||
	    read_uuid(db, err) < 0)
		goto fail;
	*out = db;
	return 0;
fail:
	queue_db_close(db);
	return -1;
}

void queue_db_close(struct queue_db *db)
{
	if (!db)
		return;
	while (db->n_kept)
		sqlite3_finalize(db->kept[--db->n_kept]);
	sqlite3_close(db->sql);
	buf_free(&db->path);
	free(db);
}
