#include "deliver_lanes.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct list {
	struct lane_work *first, **end;
};

struct lanes {
	pthread_mutex_t lock;		/* of all below but `fd`, `most` and `threads` */
	pthread_cond_t changed;
	struct list todo, done;
	int idle;
	volatile int stop;
	int fd, most, n;
	pthread_t threads[LANES_MAX];
};

static void append(struct list *list, struct lane_work *work)
{
	work->next = NULL;
	*list->end = work;
	list->end = &work->next;
}

static struct lane_work *take_first(struct list *list)
{
	struct lane_work *work = list->first;

	if (work && !(list->first = work->next))
		list->end = &list->first;
	return work;
}

static void tell(const struct lanes *lanes)
{
	static const uint64_t one = 1;

	/* EAGAIN: it is readable already */
	while (write(lanes->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void *lane(void *arg)
{
	struct lanes *lanes = arg;
	struct lane_work *work;

	pthread_mutex_lock(&lanes->lock);
	for (;;) {
		while (!(work = take_first(&lanes->todo)) && !lanes->stop) {
			lanes->idle++;
			pthread_cond_wait(&lanes->changed, &lanes->lock);
			lanes->idle--;
		}
		if (!work)
			break;
		pthread_mutex_unlock(&lanes->lock);
		work->run(work, &lanes->stop);
		pthread_mutex_lock(&lanes->lock);
		append(&lanes->done, work);
		tell(lanes);
	}
	pthread_mutex_unlock(&lanes->lock);
	return NULL;
}

/* Signals are the main thread's: it alone knows what they end. */
static int start_thread(struct lanes *lanes)
{
	sigset_t all, old;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	code = pthread_create(&lanes->threads[lanes->n], NULL, lane, lanes);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	lanes->n += code == 0;
	return code;
}

int lanes_new(int most, struct lanes **out, struct err *err)
{
	struct lanes *lanes = calloc(1, sizeof(*lanes));

	if (!lanes)
		return err_set(err, ERR_INTERNAL, "no memory for the queue");
	lanes->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (lanes->fd < 0) {
		free(lanes);
		return err_errno(err, "cannot make an event descriptor");
	}
	pthread_mutex_init(&lanes->lock, NULL);
	pthread_cond_init(&lanes->changed, NULL);
	lanes->todo.end = &lanes->todo.first;
	lanes->done.end = &lanes->done.first;
	lanes->most = most < LANES_MAX ? most : LANES_MAX;
	*out = lanes;
	return 0;
}

int lanes_give(struct lanes *lanes, struct lane_work *work, struct err *err)
{
	struct lane_work *w;
	int waiting = 1, code = 0;

	pthread_mutex_lock(&lanes->lock);
	for (w = lanes->todo.first; w; w = w->next)
		waiting++;
	if (waiting > lanes->idle && lanes->n < lanes->most)
		code = start_thread(lanes);
	if (lanes->n) {
		append(&lanes->todo, work);
		pthread_cond_signal(&lanes->changed);
	}
	pthread_mutex_unlock(&lanes->lock);
	return lanes->n ? 0 : err_set(err, ERR_INTERNAL, "cannot start a thread: %s",
				      strerror(code));
}

size_t lanes_take(struct lanes *lanes, struct lane_work **done, size_t most)
{
	uint64_t count;
	size_t n = 0;

	pthread_mutex_lock(&lanes->lock);
	while (n < most && (done[n] = take_first(&lanes->done)))
		n++;
	/* under the lock, so that nothing comes in between */
	while (!lanes->done.first && read(lanes->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	pthread_mutex_unlock(&lanes->lock);
	return n;
}

int lanes_fd(const struct lanes *lanes)
{
	return lanes->fd;
}

void lanes_stop(struct lanes *lanes)
{
	pthread_mutex_lock(&lanes->lock);
	__atomic_store_n(&lanes->stop, 1, __ATOMIC_RELAXED);
	pthread_cond_broadcast(&lanes->changed);
	pthread_mutex_unlock(&lanes->lock);
	while (lanes->n)
		pthread_join(lanes->threads[--lanes->n], NULL);
}

void lanes_free(struct lanes *lanes)
{
	if (!lanes)
		return;
	lanes_stop(lanes);
	pthread_cond_destroy(&lanes->changed);
	pthread_mutex_destroy(&lanes->lock);
	close(lanes->fd);
	free(lanes);
}
