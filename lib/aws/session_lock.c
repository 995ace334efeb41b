#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "session_place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { POLL_MS = 20, NOTE_MAX = ERR_MESSAGE_MAX + 16 };

static void release(struct session_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	if (lock->folder >= 0)
		close(lock->folder);
	*lock = (struct session_lock){ -1, -1, "" };
}

static int open_lock(struct session_lock *lock)
{
	struct stat st;

	lock->fd = openat(lock->folder, lock->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock->fd < 0 || fstat(lock->fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid())
		return -1;
	return 0;
}

/* A refresh removes the file when it is over: those who still wait for it have
 * the lock of a file that has no name, and read in it how it went. */
static bool is_over(const struct session_lock *lock)
{
	struct stat named, held;

	return fstatat(lock->folder, lock->name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	       fstat(lock->fd, &held) < 0 || named.st_ino != held.st_ino ||
	       named.st_dev != held.st_dev;
}

/* "CLASS\nMESSAGE" */
static enum session_turn read_note(int fd, struct err *err)
{
	char note[NOTE_MAX + 1];
	ssize_t n = pread(fd, note, NOTE_MAX, 0);
	char *end;
	long class;

	if (n <= 0)
		return SESSION_OVER;
	note[n] = '\0';
	class = strtol(note, &end, 10);
	if (end == note || *end != '\n' || class == ERR_NONE)
		return SESSION_ALONE;
	switch (class) {
	case ERR_NO:
	case ERR_USAGE:
	case ERR_ACCESS:
	case ERR_UNAVAILABLE:
		break;
	default:
		class = ERR_INTERNAL;
	}
	err_set(err, (enum err_class)class, "%s", end + 1);
	return SESSION_REFUSED;
}

static void write_note(int fd, const struct err *failure)
{
	char note[NOTE_MAX + 1];
	int n = snprintf(note, sizeof(note), "%d\n%s", (int)failure->class, failure->message);

	if (n > 0 && pwrite(fd, note, (size_t)n < sizeof(note) ? (size_t)n : sizeof(note) - 1, 0) < 0)
		return;		/* a full disk: those who wait will ask themselves */
}

/* A credential_process that comes back to us would wait for its own end. */
static bool is_nested(const struct session *s)
{
	const char *depth = s->getenv("CODETRAIN_CREDENTIAL_PROCESS");

	return depth && *depth;
}

enum session_turn session_lock(const struct session *s, int wait_ms, const volatile int *stop,
			       struct session_lock *lock, struct err *err)
{
	deadline_t end = deadline_in(wait_ms);
	enum session_turn turn;

	*lock = (struct session_lock){ -1, -1, "" };
	if (is_nested(s))
		return SESSION_ALONE;
	snprintf(lock->name, sizeof(lock->name), "%s.lock", s->name);
	lock->folder = session_file_folder(s);
	if (lock->folder < 0 || open_lock(lock) < 0) {
		release(lock);
		return SESSION_ALONE;
	}
	while (flock(lock->fd, LOCK_EX | LOCK_NB) < 0) {
		bool held = errno == EWOULDBLOCK || errno == EINTR;

		if (held && !deadline_over(end) && !stop_is_set(stop)) {
			poll(NULL, 0, POLL_MS);
			continue;
		}
		release(lock);
		return held ? SESSION_BUSY : SESSION_ALONE;
	}
	if (!is_over(lock)) {
		/* a holder that was killed may have left its note; and a sweep goes by the file's time */
		if (ftruncate(lock->fd, 0) == 0)
			return SESSION_MINE;
		release(lock);
		return SESSION_ALONE;
	}
	turn = read_note(lock->fd, err);
	release(lock);
	return turn;
}

void session_unlock(struct session_lock *lock, const struct err *failure)
{
	if (lock->fd >= 0 && failure)
		write_note(lock->fd, failure);
	if (lock->fd >= 0)
		unlinkat(lock->folder, lock->name, 0);
	release(lock);
}
