#include "queue_spool.h"
#include "queue_place.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char sealed[] = ".moves";

enum { NUMBER_MS = 1000 };	/* that another takes over its number, which is a few calls */

static int spool_path(const char *gitdir, const char *name, struct buf *out, struct err *err)
{
	if (queue_place_path(gitdir, "spool", out, err) < 0)
		return -1;
	if (name)
		buf_addf(out, "/%s", name);
	return buf_check(out, "the path of the queue", err);
}

/* One more than the highest number of a file that waits; 0: there is none. */
static int next_number(const char *folder, long long *next, struct err *err)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);

	*next = 0;
	if (!dir)
		return err_errno(err, "cannot read the folder %s", folder);
	while ((entry = readdir(dir))) {
		char *end;
		long long number = strtoll(entry->d_name, &end, 10);

		if (strcmp(end, sealed) == 0 && number >= *next)
			*next = number + 1;
	}
	closedir(dir);
	return 0;
}

/* Who has it gives the next number: what comes later has a higher one. */
static int lock_numbers(const char *gitdir, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int fd = -1;

	if (spool_path(gitdir, NULL, &path, err) == 0 && file_make_dirs(buf_str(&path), 0700, err) == 0 &&
	    queue_place_path(gitdir, "spool.lock", &path, err) == 0)
		fd = file_lock(buf_str(&path), deadline_in(NUMBER_MS), err);
	buf_free(&path);
	return fd;
}

/* Fixed width: by name is by time, and later also for a clock that was set back. */
static int seal_locked(const char *gitdir, const char *moves, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	long long now = clock_now_ms(), number;
	int rc = spool_path(gitdir, NULL, &path, err);

	if (rc == 0)
		rc = next_number(buf_str(&path), &number, err);
	if (rc == 0) {
		buf_addf(&path, "/%015lld%s", number < now ? now : number, sealed);
		rc = buf_check(&path, "the path of the queue", err);
	}
	if (rc == 0 && rename(moves, buf_str(&path)) < 0 && errno != ENOENT)
		rc = err_errno(err, "cannot rename %s", moves);
	buf_free(&path);
	return rc;
}

int queue_spool_seal(const char *gitdir, struct err *err)
{
	struct buf moves = BUF_INIT(PATH_MAX_BYTES);
	struct stat st;
	int fd, rc = queue_place_path(gitdir, "moves", &moves, err);

	if (rc == 0 && stat(buf_str(&moves), &st) == 0 && st.st_size > 0) {
		fd = lock_numbers(gitdir, err);
		rc = fd < 0 ? -1 : seal_locked(gitdir, buf_str(&moves), err);
		if (fd >= 0)
			close(fd);
	}
	buf_free(&moves);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_sealed(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && end != name && strcmp(end, sealed) == 0;
}

static void keep_oldest(struct strs *names, size_t most)
{
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	while (names->n > most) {
		free(names->v[--names->n]);
		names->v[names->n] = NULL;
	}
}

static int list(const char *gitdir, size_t most, struct strs *names, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct dirent *entry;
	DIR *dir = NULL;
	int rc = -1;

	if (spool_path(gitdir, NULL, &path, err) < 0)
		goto out;
	dir = opendir(buf_str(&path));
	if (!dir && errno != ENOENT) {
		err_errno(err, "cannot read the folder %s", buf_str(&path));
		goto out;
	}
	while (dir && (entry = readdir(dir))) {
		if (!is_sealed(entry->d_name))
			continue;
		if (names->n == STRS_MAX)
			keep_oldest(names, most);
		strs_add(names, entry->d_name);
	}
	if (names->failed) {
		err_set(err, ERR_INTERNAL, "no memory for the files of %s", buf_str(&path));
		goto out;
	}
	keep_oldest(names, most);
	rc = 0;
out:
	if (dir)
		closedir(dir);
	buf_free(&path);
	return rc;
}

int queue_spool_list(const char *gitdir, size_t most, struct strs *names, struct err *err)
{
	return queue_spool_seal(gitdir, err) < 0 ? -1 : list(gitdir, most, names, err);
}

bool queue_spool_is_any(const char *gitdir)
{
	struct strs names = STRS_INIT;
	struct err ignored = { 0 };
	bool any = list(gitdir, 1, &names, &ignored) < 0 || names.n;

	strs_free(&names);
	return any;
}

int queue_spool_open(const char *gitdir, const char *name, struct queue_spool_file *out,
		     struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int fd, rc = -1;

	*out = (struct queue_spool_file){ .text = BUF_INIT(QUEUE_SPOOL_MAX) };
	if (spool_path(gitdir, name, &path, err) < 0)
		goto out;
	fd = open(buf_str(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		int gone = errno == ENOENT;

		err_errno(err, "cannot open %s", buf_str(&path));
		if (gone)
			err->class = ERR_USAGE;
		goto out;
	}
	rc = file_read_fd(fd, buf_str(&path), &out->text, err);
	close(fd);
out:
	if (rc < 0)
		queue_spool_close(out);
	buf_free(&path);
	return rc;
}

void queue_spool_close(struct queue_spool_file *f)
{
	buf_free(&f->text);
}

int queue_spool_remove(const char *gitdir, const char *name, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int rc = spool_path(gitdir, name, &path, err);

	if (rc == 0 && unlink(buf_str(&path)) < 0 && errno != ENOENT)
		rc = err_errno(err, "cannot remove %s", buf_str(&path));
	buf_free(&path);
	return rc;
}
