/*
 * The files that keep which pushes were let through: one in the repository, and one that
 * a team collects. Each takes whole lines, from several processes at once.
 */
#ifndef CODETRAIN_BYPASS_LOG_H
#define CODETRAIN_BYPASS_LOG_H

#include "lib/base/err.h"
#include "lib/base/file.h"

#include <git2.h>

struct bypass_log {
	struct {
		char path[PATH_MAX_BYTES];
		int fd;
		off_t size;	/* before */
	} files[2];
	int n;
};

/* Opens and locks (ten seconds at most) codetrain/bypass.log of the repository, which may be
 * NULL: one that cannot be read is looked for; and `also`, unless it is empty. */
int bypass_log_open(struct bypass_log *log, git_repository *repo, const char *also,
		    struct err *err);

/* Appends to all of them, or to none. */
int bypass_log_append(struct bypass_log *log, const char *line, size_t len, struct err *err);

void bypass_log_close(struct bypass_log *log);

#endif
