#include "build.h"

#include "lib/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "codetrain-build."

enum {
	SWEEP_MAX = 64,		/* folders of dead builds that one build removes */
	YOUNG_SECONDS = 60,	/* such a folder may not have its lock yet */
};

static const char *root(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir == '/' ? dir : "/tmp";
}

static int make_writable(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type == FTW_D || type == FTW_DNR)
		chmod(path, st->st_mode | 0700);
	return 0;
}

int build_temporary_empty(const char *path, struct err *err)
{
	if (file_remove_tree(path, err) == 0)
		return 0;
	nftw(path, make_writable, 16, FTW_PHYS);
	return file_remove_tree(path, err);
}

/* A living build holds the lock of its folder; that of a killed one is free. */
static bool is_dead(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool dead;

	dead = fd >= 0 && fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	       time(NULL) - st.st_mtime > YOUNG_SECONDS && flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (fd >= 0)
		close(fd);
	return dead;
}

/* What builds that were killed have left; failing here is no fault of this one. */
static void sweep(void)
{
	DIR *dir = opendir(root());
	struct err ignored;
	struct dirent *d;
	char path[PATH_MAX_BYTES];
	int removed = 0;

	if (!dir)
		return;
	while (removed < SWEEP_MAX && (d = readdir(dir))) {
		if (strncmp(d->d_name, PREFIX, strlen(PREFIX)) != 0 || !is_dead(dirfd(dir), d->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", root(), d->d_name);
		build_temporary_empty(path, &ignored);
		removed++;
	}
	closedir(dir);
}

int build_temporary_make(struct build *b, struct err *err)
{
	char path[PATH_MAX_BYTES];

	sweep();
	if ((size_t)snprintf(path, sizeof(path), "%s/" PREFIX "XXXXXX", root()) >= sizeof(path))
		return err_set(err, ERR_USAGE, "TMPDIR is too long");
	if (!mkdtemp(path))
		return err_errno(err, "cannot make the folder %s", path);
	b->temporary = strdup(path);
	if (!b->temporary) {
		rmdir(path);
		return err_set(err, ERR_INTERNAL, "no memory");
	}
	b->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->lock < 0 || flock(b->lock, LOCK_EX | LOCK_NB) < 0)
		return err_errno(err, "cannot lock the folder %s", path);
	return 0;
}

int build_temporary_remove(struct build *b, struct err *err)
{
	int rc = b->temporary ? build_temporary_empty(b->temporary, err) : 0;

	if (b->lock >= 0)
		close(b->lock);
	b->lock = -1;
	return rc;
}
