/*
 * Child processes: an argv, an environment that is chosen, a deadline.
 *
 * A child runs in a process group of its own (but see `asks`); when the
 * deadline passes the whole group gets SIGTERM, and SIGKILL a moment later; one
 * that even that does not end (a dead disk) is left behind. No shell is involved,
 * and no descriptor but 0 to 2 is passed on: everything that codetrain opens
 * is close-on-exec.
 */
#ifndef CODETRAIN_PROC_H
#define CODETRAIN_PROC_H

#include "buf.h"
#include "strs.h"

#include <stdbool.h>
#include <sys/types.h>

struct proc {
	const char *const *argv;	/* argv[0] is looked up on PATH when it has no slash */
	const char *const *envp;	/* NULL: the environment of this process */
	const char *dir;		/* working directory; NULL: this one's */
	const void *input;		/* standard input; NULL: /dev/null */
	size_t input_len;
	struct buf *out;		/* standard output; NULL: inherited; cut off at its maximum */
	struct buf *errors;		/* standard error; NULL: inherited */
	bool merge;			/* standard error goes where standard output goes */
	/* When set, standard output is handed over as it comes, and `out` is unused. */
	void (*on_output)(void *arg, const char *data, size_t len);
	void *arg;
	/* It may ask on the terminal, which only a process of the foreground group can read:
	 * it stays in the caller's group, and ends without what it has started. */
	bool asks;
	int timeout_ms;			/* > 0; there is no wait without a bound */
	const volatile int *stop;	/* when it becomes non-zero the child is ended; may be NULL */
};

struct proc_result {
	int exit_code;		/* 0-255; 128 + signal when it died of one */
	bool timed_out;
	bool stopped;		/* ended because of *stop */
	bool truncated;		/* it wrote more than `out` or `errors` takes */
};

/* 0 when the child ran, whatever its exit code; -1 (ERR_INTERNAL) when it
 * could not be started. */
int proc_run(const struct proc *p, struct proc_result *result, struct err *err);

/* A program of codetrain: the path of a sibling of the running program, which
 * is found relative to itself, so that a moved tree works. `name` is for
 * example "codetrain-credentials" (in libexec/codetrain) or "codetrain" (in
 * bin). In a build tree all programs are in one folder. 0 or -1. */
int proc_sibling(const char *name, struct buf *out, struct err *err);

/* Starts a child that outlives this process: its own session, descriptors 0
 * to 2 on /dev/null, working directory `dir`. */
int proc_detach(const char *const *argv, const char *const *envp, const char *dir,
		struct err *err);

/* An environment of those names of the present one that are in `names`
 * (NULL-terminated; a name that ends in '*' stands for every name that begins
 * so). */
int proc_environment(const char *const *names, struct strs *out, struct err *err);

#endif
