#include "bypass_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_MS = 10000, PAUSE_MS = 20 };

static int lock(int fd, const char *path, struct err *err)
{
	deadline_t deadline = deadline_in(LOCK_MS);

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_errno(err, "cannot lock %s", path);
		if (deadline_over(deadline))
			return err_set(err, ERR_TIMEOUT, "%s is locked by another process", path);
		poll(NULL, 0, PAUSE_MS);
	}
	return 0;
}

/* Takes the path that stands in the next free place. */
static int add(struct bypass_log *log, struct err *err)
{
	const char *path = log->files[log->n].path;
	struct stat st;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
		      O_NOCTTY, 0600);

	if (fd < 0)
		return err_errno(err, "cannot open %s", path);
	log->files[log->n++].fd = fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "%s is no file; git config codetrain.bypass-log PATH",
			       path);
	return lock(fd, path, err);
}

/* A repository that libgit2 does not read has its folder all the same. */
static int folder_of(git_repository *repo, char path[PATH_MAX_BYTES], struct err *err)
{
	git_buf found = { 0 };
	const char *folder = repo ? git_repository_commondir(repo) : getenv("GIT_DIR");
	int n;

	if (!folder && git_repository_discover(&found, ".", 0, NULL) == 0)
		folder = found.ptr;
	/* libgit2's ends with a slash */
	n = snprintf(path, PATH_MAX_BYTES, "%s%scodetrain", folder ? folder : "",
		     folder && *folder && folder[strlen(folder) - 1] == '/' ? "" : "/");
	git_buf_dispose(&found);
	if (!folder || n < 0 || n >= PATH_MAX_BYTES - 16)
		return err_set(err, ERR_USAGE, "there is no repository to keep the reason in");
	return 0;
}

int bypass_log_open(struct bypass_log *log, git_repository *repo, const char *also,
		    struct err *err)
{
	char *path = log->files[0].path;

	if (folder_of(repo, path, err) < 0 || file_make_dirs(path, 0700, err) < 0)
		return -1;
	memcpy(path + strlen(path), "/bypass.log", sizeof("/bypass.log"));
	if (add(log, err) < 0)
		return -1;
	if (!*also)
		return 0;
	snprintf(log->files[1].path, PATH_MAX_BYTES, "%s", also);
	return add(log, err);
}

static int append(struct bypass_log *log, int i, const char *line, size_t len, struct err *err)
{
	struct stat st;

	if (fstat(log->files[i].fd, &st) < 0)
		return err_errno(err, "cannot read %s", log->files[i].path);
	log->files[i].size = st.st_size;
	return file_write_fd(log->files[i].fd, line, len, log->files[i].path, err);
}

int bypass_log_append(struct bypass_log *log, const char *line, size_t len, struct err *err)
{
	for (int i = 0; i < log->n; i++) {
		if (append(log, i, line, len, err) == 0)
			continue;
		for (; i >= 0; i--)	/* no half a line, and no record of what was refused */
			(void)!ftruncate(log->files[i].fd, log->files[i].size);
		return -1;
	}
	return 0;
}

void bypass_log_close(struct bypass_log *log)
{
	for (int i = 0; i < log->n; i++)
		close(log->files[i].fd);
	log->n = 0;
}
