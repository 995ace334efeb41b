/*
 * So many builds at once on this machine, whatever repositories they are of: each
 * holds the lock of one of N files, which is free again however the build ends.
 */
#include "build.h"

#include "lib/base/opt.h"
#include "lib/base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS_MAX = 1024, PAUSE_MS = 100, PATH_BYTES = 4096 };

/* CODETRAIN_BUILD_SLOTS, or the processors; 0: as many as there are. */
static int slots(long *n, struct err *err)
{
	const char *text = getenv("CODETRAIN_BUILD_SLOTS");

	*n = sysconf(_SC_NPROCESSORS_ONLN);
	if (*n < 1)
		*n = 1;
	if (text && *text && (opt_number(text, n) < 0 || *n > SLOTS_MAX))
		return err_set(err, ERR_USAGE, "CODETRAIN_BUILD_SLOTS is \"%.40s\"; it must be 0 (no bound) to %d",
			       text, SLOTS_MAX);
	return 0;
}

/* Only a folder that nobody else can change is good for locks. */
static bool is_own(const char *path, mode_t refused)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       !(st.st_mode & refused);
}

/* The one place for all builds of this user. */
static int folder(char out[static PATH_BYTES])
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	int n;

	if (run && *run == '/' && is_own(run, 022))
		n = snprintf(out, PATH_BYTES, "%s/codetrain", run);
	else
		n = snprintf(out, PATH_BYTES, "/tmp/codetrain-%lu", (unsigned long)geteuid());
	if (n < 0 || n >= PATH_BYTES || (mkdir(out, 0700) < 0 && errno != EEXIST))
		return -1;
	return is_own(out, 077) ? 0 : -1;
}

/* One that is free, locked; -1: none is, or with *broken that cannot be told. */
static int take_free(const char *dir, long n, bool *broken)
{
	for (long i = 0; i < n; i++) {
		char path[PATH_BYTES + 32];
		int fd;

		snprintf(path, sizeof(path), "%s/build-slot.%ld", dir, i);
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		*broken = *broken || fd < 0 || errno != EWOULDBLOCK;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

static void wait_for_one(struct build *b, const char *dir, long n)
{
	bool told = false, broken = false;

	for (;;) {
		b->slot = take_free(dir, n, &broken);
		if (b->slot >= 0)
			return;
		if (broken) {
			build_output_say(&b->output, "the locks in %s cannot be had: this build is not counted", dir);
			return;
		}
		if (!told)
			build_output_say(&b->output, "%ld build(s) run on this machine already: waiting for one "
					 "to end (CODETRAIN_BUILD_SLOTS says how many may)", n);
		told = true;
		if (stop_is_set(b->stop) || deadline_over(b->deadline)) {
			b->status = stop_is_set(b->stop) ? BUILD_STATUS_STOPPED : BUILD_STATUS_TIMED_OUT;
			return;
		}
		poll(NULL, 0, PAUSE_MS);
	}
}

int build_slot_take(struct build *b, struct err *err)
{
	char dir[PATH_BYTES];
	long n;

	if (slots(&n, err) < 0)
		return -1;
	/* a build that a build runs would wait for itself */
	if (n == 0 || getenv("CODETRAIN_BUILD_SLOT"))
		return 0;
	if (folder(dir) < 0)
		build_output_say(&b->output, "%s is not this user's alone: this build is not counted", dir);
	else
		wait_for_one(b, dir, n);
	return 0;
}

void build_slot_leave(struct build *b)
{
	if (b->slot >= 0)
		close(b->slot);
	b->slot = -1;
}
