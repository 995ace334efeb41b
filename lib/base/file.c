#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { CHUNK = 32768, LOCK_POLL_MS = 20, READ_WAIT_MS = 30000 };

/* False, with errno ETIMEDOUT, when nothing came in time. */
static bool wait_for_more(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, READ_WAIT_MS) != 0)
		return true;
	errno = ETIMEDOUT;
	return false;
}

int file_read_fd(int fd, const char *what, struct buf *out, struct err *err)
{
	for (;;) {
		size_t left = out->max - out->len;
		size_t want = left + 1 < CHUNK ? left + 1 : CHUNK;
		char chunk[CHUNK];
		ssize_t n = read(fd, chunk, want);

		if (n > 0)
			buf_add(out, chunk, (size_t)n);
		if (out->secret)
			explicit_bzero(chunk, sizeof(chunk));
		if (n == 0)
			return buf_check(out, what, err);
		if (n < 0 && errno == EAGAIN && wait_for_more(fd))
			continue;
		if (n < 0 && errno != EINTR)
			return err_errno(err, "cannot read %s", what);
		if (out->failed)
			return buf_check(out, what, err);
	}
}

/* Where modes are what the mount says, and chmod changes nothing. */
static bool has_modes(int fd)
{
	static const unsigned long without[] = {
		0x01021997,	/* 9p: WSL 2's Windows drives, shared folders of virtual machines */
		0x53464846,	/* WSL 1's */
		MSDOS_SUPER_MAGIC, 0x2011bab0 /* exfat */, 0x7366746e /* ntfs3 */, 0x5346544e /* ntfs */,
		SMB_SUPER_MAGIC, 0xfe534d42 /* SMB 2 */, 0xff534d42 /* CIFS */, 0x786f4256 /* VirtualBox */,
		0x65735546,	/* FUSE: ntfs-3g, sshfs, Docker Desktop */
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < sizeof(without) / sizeof(*without); i++)
		if (((unsigned long)fs.f_type & 0xffffffff) == without[i])
			return false;
	return true;
}

static bool all_can_replace(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX_BYTES];
	struct stat st;

	if (!slash || slash == path || (size_t)(slash - path) >= sizeof(dir))
		return false;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	return stat(dir, &st) == 0 && (st.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH;
}

static void look(int fd, const char *path, const struct stat *st, struct file_info *info)
{
	info->others_can_read = st->st_mode & 077;
	if (!S_ISREG(st->st_mode))
		return;
	info->group_can_write = (st->st_mode & S_IWGRP) && st->st_gid != st->st_uid;
	info->all_can_write = st->st_mode & S_IWOTH;
	info->all_can_replace = all_can_replace(path);
	if ((info->group_can_write || info->all_can_write || info->all_can_replace) && !has_modes(fd))
		info->group_can_write = info->all_can_write = info->all_can_replace = false;
}

int file_read(const char *path, struct buf *out, struct file_info *info, struct err *err)
{
	struct stat st;
	int fd, rc;

	if (info)
		*info = (struct file_info){ 0 };
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		if (info && (errno == ENOENT || errno == ENOTDIR)) {
			info->missing = true;
			return 0;
		}
		err_errno(err, "cannot open %s", path);
		err->class = ERR_USAGE;
		return -1;
	}
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_USAGE, "%s is not a file", path);
	}
	if (info)
		look(fd, path, &st, info);
	rc = file_read_fd(fd, path, out, err);
	close(fd);
	return rc;
}

int file_write_fd(int fd, const void *data, size_t len, const char *what, struct err *err)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot write %s", what);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

void file_sync_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX_BYTES];
	int fd;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + (slash == path)) : 1,
		 slash ? path : ".");
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);	/* not every file system can; the rename itself is atomic */
		close(fd);
	}
}

int file_replace(const char *path, const void *data, size_t len, mode_t mode, struct err *err)
{
	char temporary[PATH_MAX_BYTES];
	int fd;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= sizeof(temporary))
		return err_set(err, ERR_USAGE, "path is too long: %s", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "cannot make a file beside %s", path);
	if (file_write_fd(fd, data, len, path, err) < 0)
		goto fail;
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0) {
		err_errno(err, "cannot replace %s", path);
		goto fail;
	}
	close(fd);
	file_sync_folder_of(path);
	return 0;
fail:
	close(fd);
	unlink(temporary);
	return -1;
}

int file_make_dirs(const char *path, mode_t mode, struct err *err)
{
	char part[PATH_MAX_BYTES];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return err_set(err, ERR_USAGE, "path is too long: %s", path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, mode) == 0)
			file_sync_folder_of(part);
		else if (errno != EEXIST)
			return err_errno(err, "cannot make the folder %s", part);
	}
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int file_remove_tree(const char *path, struct err *err)
{
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		return err_errno(err, "cannot remove %s", path);
	return 0;
}

int file_lock(const char *path, deadline_t deadline, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_errno(err, "cannot open the lock %s", path);
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || deadline_over(deadline)) {
			bool held = errno == EWOULDBLOCK;

			close(fd);
			return held ? err_set(err, ERR_TIMEOUT,
					      "another process holds the lock %s", path)
				    : err_errno(err, "cannot lock %s", path);
		}
		poll(NULL, 0, LOCK_POLL_MS);
	}
	return fd;
}

int file_close_stdout(struct err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_errno(err, "cannot write to standard output");
	return 0;
}
