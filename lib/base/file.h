/*
 * Files: read whole with a maximum, replaced atomically, locked with a bound.
 */
#ifndef CODETRAIN_FILE_H
#define CODETRAIN_FILE_H

#include "buf.h"
#include "clock.h"

#include <stdbool.h>
#include <sys/types.h>

#define PATH_MAX_BYTES 4096	/* Linux's PATH_MAX, with the NUL */

/* What file_read found besides the content. */
struct file_info {
	bool missing;		/* no such file; the call then returned 0 with nothing read */
	bool others_can_read;	/* mode has a bit for group or others */
	/* The next three are false for what is no plain file, and on file systems
	 * without modes of their own (Windows', where WSL shows 0777 for all). */
	bool group_can_write;	/* a group that is not its owner's own (of the same number) */
	bool all_can_write;
	bool all_can_replace;	/* all can write the folder that it is in, and the folder is not sticky */
};

/* Appends the content of a file to `out`; of a pipe, which may be slow, too. With `info`, a missing file
 * is no error. A file larger than the buffer takes is ERR_USAGE. */
int file_read(const char *path, struct buf *out, struct file_info *info, struct err *err);

/* Appends all of a descriptor, up to the buffer's maximum. One that is not to
 * block is waited for, 30 seconds for each piece. */
int file_read_fd(int fd, const char *what, struct buf *out, struct err *err);

/* Writes all, through EINTR and short writes. */
int file_write_fd(int fd, const void *data, size_t len, const char *what, struct err *err);

/* Replaces the file at once: a temporary file beside it (O_EXCL, `mode`),
 * fsync, rename, fsync of the folder. Killed at any moment, the old or the new
 * content is there, whole. */
int file_replace(const char *path, const void *data, size_t len, mode_t mode, struct err *err);

/* What was made, renamed or removed under this path is so after a power cut too:
 * fsync of the folder that it is in, where the file system can. */
void file_sync_folder_of(const char *path);

/* mkdir -p with `mode` for what is made, which is there after a power cut too. */
int file_make_dirs(const char *path, mode_t mode, struct err *err);

/* Removes a folder and all below it, following no link. Missing is done. */
int file_remove_tree(const char *path, struct err *err);

/* Opens (and makes, 0600) a lock file and takes an exclusive flock before the
 * deadline. Returns the descriptor (close it to unlock); -1 with ERR_TIMEOUT
 * when someone else holds it for longer. */
int file_lock(const char *path, deadline_t deadline, struct err *err);

/* flush and check: a full disk must not exit 0. */
int file_close_stdout(struct err *err);

#endif
