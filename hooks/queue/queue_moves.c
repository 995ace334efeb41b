#include "queue_moves.h"
#include "queue_place.h"
#include "queue_spool.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SEAL_BYTES = 1 << 20,	/* of a file that nobody takes in */
	LOOKED_FOR = 16,	/* refs; of more the disk is waited for */
	TRIES = 1000,		/* files renamed under one writer */
};

static int open_end(const char *path, struct err *err)
{
	enum { FLAGS = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW };
	int fd = open(path, FLAGS, 0600);

	if (fd < 0 && errno == ENOENT) {
		char folder[PATH_MAX_BYTES];

		snprintf(folder, sizeof(folder), "%s", path);
		*strrchr(folder, '/') = '\0';
		if (file_make_dirs(folder, 0700, err) < 0)
			return -1;
		fd = open(path, FLAGS, 0600);
	}
	return fd < 0 ? err_errno(err, "cannot open %s", path) : fd;
}

/* ---- must the disk be waited for? ----------------------------------------------------- */

static bool names_a_ref_of(const struct buf *told, const struct queue_push *push)
{
	const char *start = buf_str(told), *end = start + told->len;

	for (size_t i = 0; i < push->updates.n; i++) {
		const char *ref = strrchr(push->updates.v[i], ' '), *at = start;
		size_t len = strlen(ref);

		for (; (at = memmem(at, (size_t)(end - at), ref, len)); at++)
			if (at + len < end && at[len] == '\n')
				return true;
	}
	return false;
}

/* `told` is in the file already. What is in the database is on the disk as well. */
static bool must_sync(const char *gitdir, const struct buf *told, bool is_all_told,
		      const struct queue_push *push)
{
	if (push->step != QUEUE_PREPARED)
		return push->step == QUEUE_PUSHED;
	return !is_all_told || (told->len && push->updates.n > LOOKED_FOR) ||
	       names_a_ref_of(told, push) || queue_spool_is_any(gitdir);
}

static int sync_end(int fd, const char *path, struct err *err)
{
	if (fdatasync(fd) < 0 && errno != EINVAL)
		return err_errno(err, "cannot write %s to the disk", path);
	file_sync_folder_of(path);
	return 0;
}

/* ---- one block ------------------------------------------------------------------------ */

/* At once: a part of it is nothing. What is there already is looked at first. */
static int add_to(int fd, const char *path, const char *gitdir, const struct queue_push *push,
		  const struct buf *text, struct err *err)
{
	struct buf told = BUF_INIT(SEAL_BYTES);
	struct err ignored = { 0 };
	bool is_all_told = file_read_fd(fd, path, &told, &ignored) == 0;
	bool sync = must_sync(gitdir, &told, is_all_told, push);
	ssize_t n = write(fd, text->data, text->len);
	int rc = 0;

	if (n < 0)
		rc = err_errno(err, "cannot write %s", path);
	else if ((size_t)n != text->len)
		rc = err_set(err, ERR_INTERNAL, "cannot write %s: the disk is full", path);
	else if (sync)
		rc = sync_end(fd, path, err);
	buf_free(&told);
	return rc;
}

static bool is_at(int fd, const char *path)
{
	struct stat open, there;

	return fstat(fd, &open) == 0 && stat(path, &there) == 0 && open.st_dev == there.st_dev &&
	       open.st_ino == there.st_ino;
}

static int add(const char *gitdir, const char *path, const struct queue_push *push,
	       const struct buf *text, struct err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && st.st_size > SEAL_BYTES && queue_spool_seal(gitdir, err) < 0)
		return -1;
	for (int i = 0; i < TRIES; i++) {
		int fd = open_end(path, err);
		bool done;

		if (fd < 0)
			return -1;
		if (add_to(fd, path, gitdir, push, text, err) < 0) {
			close(fd);
			return -1;
		}
		done = is_at(fd, path);
		close(fd);
		if (done)
			return 0;
	}
	return err_set(err, ERR_UNAVAILABLE, "%s is taken away again and again", path);
}

int queue_moves_add(const char *gitdir, const struct queue_push *push, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), text = BUF_INIT(QUEUE_SPOOL_MAX);
	int rc = -1;

	buf_adds(&text, "\n");	/* behind what was written by halves */
	if (queue_place_path(gitdir, "moves", &path, err) == 0 &&
	    queue_spool_print(push, &text, err) == 0)
		rc = add(gitdir, buf_str(&path), push, &text, err);
	buf_free(&text);
	buf_free(&path);
	return rc;
}
