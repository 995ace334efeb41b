/*
 * A talk with a program that may never answer, within its time.
 *
 * It runs in a thread of its own, and the program waits for it only as long as it
 * may: there are places in GDBus, such as the handshake with a bus that says
 * nothing, which no cancellable ends.
 */
#ifndef CODETRAIN_KEYRING_TALK_H
#define CODETRAIN_KEYRING_TALK_H

#include "lib/base/err.h"

#include <pthread.h>
#include <stdbool.h>

struct keyring_talk {	/* its parts are keyring_talk.c's, but for gave_up */
	bool gave_up;	/* out of time: its thread may run on, and has what `step` was given */
	bool done;
	int left_ms;	/* for all its steps */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int (*step)(void *arg, struct err *err);
	void *arg;
	int result;
	struct err err;
};

void keyring_talk_init(struct keyring_talk *t, int ms);
/* Not after it gave up: nothing that the thread has may be freed then. */
void keyring_talk_free(struct keyring_talk *t);

/* What the step returns, and its message; ERR_UNAVAILABLE when it takes longer
 * than what is left. `t` and `arg` are on the heap: they may outlive the caller. */
int keyring_talk_run(struct keyring_talk *t, int (*step)(void *arg, struct err *err), void *arg,
		     struct err *err);

/* Did any give up? The process is then to end by _exit: its thread may be anywhere
 * in a library that exit would take apart. */
bool keyring_talk_gave_up(void);

#endif
