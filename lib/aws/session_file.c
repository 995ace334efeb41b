/*
 * A file for each session, 0600 in a folder that is the user's alone. What is
 * there is believed only when it belongs to the user, is a regular file with
 * one name, and nobody else may read or write it.
 */
#include "lib/base/file.h"
#include "session_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SWEEP_MAX = 1000,		/* names looked at in one sweep */
	LEFT_BEHIND = 24 * 3600,	/* seconds after which a temporary file is nobody's */
	HEX_DIGITS = HASH_HEX_LEN - 1,
};

/* ---- the folder -------------------------------------------------------------------- */

/* Nobody but us can have put anything in. */
static bool is_ours(int fd, mode_t type)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type && st.st_uid == geteuid() &&
	       !(st.st_mode & 077) && (type == S_IFDIR || st.st_nlink == 1);
}

/* $XDG_RUNTIME_DIR of another user (su, sudo -E) is not ours to write into. */
static bool is_own_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* In another's home (sudo with his HOME) what we make would be in his way from then on. */
static bool is_others_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid != geteuid();
}

/* BASE/codetrain, or BASE/BELOW/codetrain; both are made when `make`. */
static int open_folder(const char *base, const char *below, bool make)
{
	char path[PATH_MAX_BYTES];
	int n = snprintf(path, sizeof(path), "%s%s/codetrain", base, below), fd;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make && !is_others_folder(base)) {
		char *slash = path + n - strlen("/codetrain");

		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
		mkdir(path, 0700);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd >= 0 && !is_ours(fd, S_IFDIR)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Where it may be: tmpfs that ends with the user's last session, then the disk. */
enum { FOLDERS = 2 };

static int folder(const struct session *s, int which, bool make)
{
	const char *runtime = s->getenv("XDG_RUNTIME_DIR"), *cache = s->getenv("XDG_CACHE_HOME");
	const char *home = s->getenv("HOME");

	if (which == 0)
		return runtime && *runtime == '/' && is_own_folder(runtime)
			? open_folder(runtime, "", make) : -1;
	if (cache && *cache == '/')
		return open_folder(cache, "", make);
	return home && *home == '/' ? open_folder(home, "/.cache", make) : -1;
}

int session_file_folder(const struct session *s)
{
	int fd = -1;

	for (int i = 0; i < FOLDERS && fd < 0; i++)
		fd = folder(s, i, true);
	return fd;
}

/* ---- reading ----------------------------------------------------------------------- */

static int read_at(int dir, const struct session *s, struct buf *text)
{
	int fd = openat(dir, s->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *room = fd < 0 ? NULL : buf_room(text, SESSION_TEXT_MAX);
	ssize_t n = -1;

	if (room && is_ours(fd, S_IFREG))
		n = read(fd, room, SESSION_TEXT_MAX);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text->len += (size_t)n;
	room[n] = '\0';
	return 0;
}

int session_file_load(const struct session *s, struct buf *text)
{
	int rc = -1;

	for (int i = 0; i < FOLDERS && rc < 0; i++) {
		int dir = folder(s, i, false);

		if (dir < 0)
			continue;
		rc = read_at(dir, s, text);
		close(dir);
	}
	return rc;
}

/* ---- writing ----------------------------------------------------------------------- */

/* The end of a session is the time of its file, so that nobody need read it to
 * know that it is over. */
static void sweep(int dir, int64_t now)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!d) {
		if (copy >= 0)
			close(copy);
		return;
	}
	for (int i = 0; i < SWEEP_MAX && (e = readdir(d)); i++) {
		bool session = strlen(e->d_name) == HEX_DIGITS;
		struct stat st;

		if (strspn(e->d_name, "0123456789abcdef") != HEX_DIGITS ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (st.st_mtim.tv_sec + (session ? 0 : LEFT_BEHIND) <= now)
			unlinkat(dir, e->d_name, 0);
	}
	closedir(d);
}

static int write_at(int dir, const struct session *s, const struct buf *text, int64_t end)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = (time_t)end } };
	char temporary[HASH_HEX_LEN + 32];
	unsigned long long chance;
	struct err ignored;
	int fd, rc = -1;

	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
		chance = (unsigned long long)getpid();
	snprintf(temporary, sizeof(temporary), "%s.%016llx", s->name, chance);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (file_write_fd(fd, text->data, text->len, "a session", &ignored) == 0 &&
	    futimens(fd, times) == 0)
		rc = renameat(dir, temporary, dir, s->name);
	close(fd);
	if (rc < 0)
		unlinkat(dir, temporary, 0);
	return rc;
}

int session_file_store(const struct session *s, const struct buf *text, int64_t now,
		       int64_t seconds)
{
	int dir = session_file_folder(s), rc;

	if (dir < 0)
		return -1;
	sweep(dir, now);
	rc = write_at(dir, s, text, now + seconds);
	close(dir);
	return rc;
}

void session_file_forget(const struct session *s)
{
	for (int i = 0; i < FOLDERS; i++) {
		int dir = folder(s, i, false);

		if (dir < 0)
			continue;
		unlinkat(dir, s->name, 0);
		close(dir);
	}
}
