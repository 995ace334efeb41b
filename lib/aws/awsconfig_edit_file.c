#include "awsconfig_edit.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { POLL_MS = 20 };

struct target {
	char path[PATH_MAX_BYTES];	/* without symbolic links */
	bool missing;
	mode_t mode;
};

static void folder_of(const char *path, char out[static PATH_MAX_BYTES])
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		snprintf(out, PATH_MAX_BYTES, ".");
	else
		snprintf(out, PATH_MAX_BYTES, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static int find_target(const char *path, struct target *t, struct err *err)
{
	char *real = realpath(path, NULL);
	struct stat st;

	*t = (struct target){ .mode = 0600 };
	if (!real && errno != ENOENT)
		return err_errno(err, "cannot find %s", path);
	if (!real && lstat(path, &st) == 0)
		return err_set(err, ERR_USAGE, "%s is a link to a file that is not there; make that "
			       "file or remove the link", path);
	t->missing = !real;
	if (strlen(real ? real : path) >= sizeof(t->path)) {
		free(real);
		return err_set(err, ERR_USAGE, "the path is too long: %.200s", path);
	}
	snprintf(t->path, sizeof(t->path), "%s", real ? real : path);
	free(real);
	return 0;
}

/* The folder itself: nothing is left behind, and a file that is replaced could
 * not be locked. -1 without a message where the file system has no locks. */
static int lock_folder(const char *path, struct err *err)
{
	deadline_t end = deadline_in(AWSCONFIG_EDIT_LOCK_MS);
	char folder[PATH_MAX_BYTES];
	int fd;

	folder_of(path, folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK && !deadline_over(end)) {
			poll(NULL, 0, POLL_MS);
			continue;
		}
		if (errno == EWOULDBLOCK)
			err_set(err, ERR_UNAVAILABLE, "another program is editing the files in %s; "
				"try again", folder);
		close(fd);
		return -1;
	}
	return fd;
}

static int read_target(struct target *t, struct buf *text, struct err *err)
{
	struct stat st;

	if (t->missing)
		return 0;
	if (stat(t->path, &st) < 0)
		return err_errno(err, "cannot look at %s", t->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "%s is no plain file", t->path);
	if (st.st_uid != geteuid())
		return err_set(err, ERR_USAGE, "%s belongs to another user; run this as that user",
			       t->path);
	t->mode = st.st_mode & 0777;
	return file_read(t->path, text, NULL, err);
}

/* As file_replace, but under a name that the next edit finds and takes away when
 * this one is killed: what is in it may be keys. Only while the folder is locked. */
static int replace_locked(const struct target *t, const struct buf *text, struct err *err)
{
	char temporary[PATH_MAX_BYTES + 16];
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.codetrain", t->path);
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, "cannot make a file beside %s", t->path);
	if (file_write_fd(fd, buf_str(text), text->len, t->path, err) < 0)
		goto fail;
	if (fchmod(fd, t->mode) < 0 || fsync(fd) < 0 || rename(temporary, t->path) < 0) {
		err_errno(err, "cannot replace %s", t->path);
		goto fail;
	}
	close(fd);
	file_sync_folder_of(t->path);
	return 0;
fail:
	close(fd);
	unlink(temporary);
	return -1;
}

static int edit_text(enum awsconfig_file file, struct target *t, bool locked, const char *profile,
		     const struct awsconfig_change *changes, struct err *err)
{
	struct buf in = BUF_INIT_SECRET(AWSCONFIG_FILE_MAX), out = BUF_INIT_SECRET(AWSCONFIG_FILE_MAX);
	int rc = -1;

	if (read_target(t, &in, err) == 0 &&
	    awsconfig_edit_text(file, t->path, &in, profile, changes, &out, err) == 0) {
		if (out.len == in.len && (!in.len || memcmp(in.data, out.data, in.len) == 0))
			rc = 0;
		else if (locked)
			rc = replace_locked(t, &out, err);
		else
			rc = file_replace(t->path, buf_str(&out), out.len, t->mode, err);
	}
	buf_free(&in);
	buf_free(&out);
	return rc;
}

static bool adds(const struct awsconfig_change *changes)
{
	for (; changes->name; changes++)
		if (changes->value)
			return true;
	return false;
}

int awsconfig_edit(enum awsconfig_file file, const char *path, const char *profile,
		   const struct awsconfig_change *changes, struct err *err)
{
	struct err locked = { 0 };
	char folder[PATH_MAX_BYTES];
	struct target target;
	int lock, rc = -1;

	if (find_target(path, &target, err) < 0)
		return -1;
	if (target.missing && !adds(changes))
		return 0;
	folder_of(target.path, folder);
	if (target.missing && file_make_dirs(folder, 0700, err) < 0)
		return -1;
	lock = lock_folder(target.path, &locked);
	if (lock < 0 && locked.class != ERR_NONE) {
		*err = locked;
		return -1;
	}
	/* Another may have made it, or made a link of it, in the meantime. */
	if (find_target(path, &target, err) == 0)
		rc = edit_text(file, &target, lock >= 0, profile, changes, err);
	if (lock >= 0)
		close(lock);
	return rc;
}
