#include "keyring_talk.h"
#include "lib/base/clock.h"

#include <errno.h>
#include <time.h>

static bool gave_up;

bool keyring_talk_gave_up(void)
{
	return gave_up;
}

void keyring_talk_init(struct keyring_talk *t, int ms)
{
	pthread_condattr_t attributes;

	*t = (struct keyring_talk){ .left_ms = ms };
	pthread_mutex_init(&t->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&t->ended, &attributes);
	pthread_condattr_destroy(&attributes);
}

void keyring_talk_free(struct keyring_talk *t)
{
	pthread_cond_destroy(&t->ended);
	pthread_mutex_destroy(&t->lock);
}

static void *thread_main(void *arg)
{
	struct keyring_talk *t = arg;
	int result = t->step(t->arg, &t->err);

	pthread_mutex_lock(&t->lock);
	t->result = result;
	t->done = true;
	pthread_cond_signal(&t->ended);
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static struct timespec in_ms(int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static bool wait_for_end(struct keyring_talk *t)
{
	const struct timespec end = in_ms(t->left_ms);
	bool done;
	int rc = 0;

	pthread_mutex_lock(&t->lock);
	while (!t->done && rc == 0)
		rc = pthread_cond_timedwait(&t->ended, &t->lock, &end);
	done = t->done;
	pthread_mutex_unlock(&t->lock);
	return done;
}

int keyring_talk_run(struct keyring_talk *t, int (*step)(void *arg, struct err *err), void *arg,
		     struct err *err)
{
	deadline_t end = deadline_in(t->left_ms);
	pthread_t thread;
	int rc;

	t->step = step;
	t->arg = arg;
	t->done = false;
	t->err = (struct err){ 0 };
	rc = pthread_create(&thread, NULL, thread_main, t);
	if (rc) {
		errno = rc;
		return err_errno(err, "cannot start a thread");
	}
	if (!wait_for_end(t)) {
		t->gave_up = gave_up = true;
		pthread_detach(thread);
		return err_set(err, ERR_UNAVAILABLE, "the Secret Service did not answer within a "
			       "second; look whether gnome-keyring-daemon and the session bus "
			       "(DBUS_SESSION_BUS_ADDRESS) still run, and sign in again");
	}
	pthread_join(thread, NULL);
	t->left_ms = deadline_left(end);
	if (t->result < 0)
		*err = t->err;
	return t->result;
}
