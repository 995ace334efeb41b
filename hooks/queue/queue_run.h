/*
 * Which run of git a hook belongs to: the name of the git process that started it, itself or
 * through a dispatcher of others, so that reference-transaction and post-receive of
 * one push know each other, and so that it can be seen whether the post-receive may still come.
 *
 *	pid 12 start 345 boot UUID ns 4026531836
 *
 * The time of its start and the boot make it unique; a process of another pid
 * namespace (a container beside the host) cannot be looked at from here.
 */
#ifndef CODETRAIN_QUEUE_RUN_H
#define CODETRAIN_QUEUE_RUN_H

#include <stddef.h>

enum queue_run_state {
	QUEUE_RUN_DEAD,
	QUEUE_RUN_ALIVE,
	QUEUE_RUN_UNKNOWN,	/* an empty name, or of another pid namespace */
};

#define QUEUE_RUN_NAME 96	/* bytes, with the NUL */

/* The nearest ancestor of this process that is a git, or else its parent. "" when /proc
 * cannot be read. */
void queue_run_find(char out[static QUEUE_RUN_NAME]);

enum queue_run_state queue_run_look(const char *run);

/* A descriptor that is readable when it ends, to be closed by the caller; -1 when it is not
 * alive, or the kernel has none. */
int queue_run_watch(const char *run);

#endif
