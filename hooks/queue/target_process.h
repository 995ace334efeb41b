/*
 * A process that outlives the drainer, and can be found again: by its number,
 * the time of its start and the boot, so that a number used again is no
 * mistake.
 */
#ifndef CODETRAIN_TARGET_PROCESS_H
#define CODETRAIN_TARGET_PROCESS_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Starts argv in its own session with nothing open but 0 to 2: 1 and 2 on
 * /dev/null, and 0 a gate: the program reads one byte from it before it does
 * anything, and ends when there is none. *gate is our end: writing the byte
 * lets it go on, closing sends it away. So its name can be put on the disk
 * between the two. */
int target_process_start(const char *const *argv, const char *const *envp, const char *dir,
			 pid_t *pid, int *gate, struct err *err);

/* Lets it go on, and gives it `input` (NULL: none). What is more than a pipe takes waits
 * until it reads. */
int target_process_open(int gate, const char *input, struct err *err);

/* In the program: waits at the gate, and reads so many bytes of input behind it.
 * Standard input is /dev/null then. False: go away. */
bool target_process_gate(size_t bytes, struct buf *input);

/* "pid 12 start 345 boot UUID". */
int target_process_name(pid_t pid, struct buf *out, struct err *err);

/* Is the process of that name alive (and no zombie)? Reaps a child that ended. */
bool target_process_alive(const char *name, pid_t *pid);

/* A descriptor that is readable when it ends; -1 on kernels without. */
int target_process_watch(pid_t pid);

/* Kills what is left of the session that the process led. */
void target_process_end_session(const char *name);

#endif
