/*
 * The shell that runs the commands of a build, one after the other.
 *
 * One shell lives through all commands, so that directories, variables,
 * functions and options last. A command that ends it (exit, set -e) does not
 * end the build: a new shell takes over its directory, variables and options.
 * They come through a pipe; nothing is written to disk.
 */
#ifndef CODETRAIN_BUILD_SHELL_H
#define CODETRAIN_BUILD_SHELL_H

#include "build_output.h"
#include "lib/base/clock.h"

#include <sys/types.h>

struct build_shell {
	const char *program;		/* "sh", "/bin/sh", "bash" */
	const char *const *envp;	/* of the first shell, and of each without state */
	const char *dir;		/* where the first one begins */
	struct build_output *output;
	deadline_t deadline;
	const volatile int *stop;	/* non-zero: end it */

	/* private */
	pid_t pid;			/* 0: none runs */
	int request, reply, out;	/* our ends of its pipes; -1 */
	struct buf answer;		/* of the reply pipe, not yet used */
	struct buf state;		/* what a shell that ended left; secret */
};

enum build_end { BUILD_DONE, BUILD_TIMED_OUT, BUILD_STOPPED };

void build_shell_init(struct build_shell *s, const char *program, const char *const *envp,
		      const char *dir, struct build_output *output);

/* Runs a command, starting a shell when none runs. `status` is its exit status
 * when *end is BUILD_DONE. -1 when no shell could be started. */
int build_shell_run(struct build_shell *s, const char *command, int *status, enum build_end *end,
		    struct err *err);

/* The value of a shell variable, exported or not; *set tells whether it has
 * one. The name must be a shell name. Without a shell, it is not set. */
int build_shell_value(struct build_shell *s, const char *name, struct buf *value, bool *set,
		      struct err *err);

/* Ends the shell and everything in its process group; its traps run first,
 * for a second at most. The state is forgotten. */
void build_shell_end(struct build_shell *s);

/* Kills every process that descends from this one, also those that left their
 * group or session: build_shell_adopt must have been called before the first
 * shell. Bounded. */
void build_shell_adopt(void);
void build_shell_reap(void);

#endif
