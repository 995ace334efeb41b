/*
 * Follows events to the end of their builds, for `git push -o ci.wait` and `codetrain
 * queue follow`: waits for the start, prints the build's log as it grows, says how it
 * ended. It only looks: what it follows goes on whether it is followed or not.
 */
#ifndef CODETRAIN_FOLLOW_H
#define CODETRAIN_FOLLOW_H

#include "lib/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FOLLOW_EVENTS 16	/* builds followed at once; of what is beyond, it says so */

struct follow {
	const char *gitdir;
	const int64_t *events;
	size_t n;
	int64_t wait_ms;		/* for all of them together */
	FILE *out;			/* log text is cleaned: it may be a terminal */
	const volatile int *stop;	/* may be NULL */
};

/* 0 when it was followed. *worst is then the exit code that tells of it: 0 every build
 * succeeded, ERR_NO one failed (or its delivery did), ERR_STOPPED one was stopped or ran out of time,
 * ERR_TIMEOUT the wait is over and one goes on. -1: it cannot be followed (no such event,
 * no queue); also then what was printed stays true. */
int follow_run(const struct follow *f, int *worst, struct err *err);

#endif
