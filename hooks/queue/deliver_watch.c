#include "deliver_watch.h"
#include "queue_reconcile.h"
#include "queue_run.h"

#include <unistd.h>

enum {
	EVERY_MS = 60 * 1000,
	WAITING_MS = 5000,	/* while someone is waited for whose end is not told */
	PAUSE_MS = 500,
	SHARE = 20,		/* one of so many parts of the time */
};

static void close_all(struct deliver_watch *w)
{
	while (w->n)
		close(w->fds[--w->n]);
}

void deliver_watch_init(struct deliver_watch *w)
{
	*w = (struct deliver_watch){ .due = true, .may = deadline_in(0), .must = deadline_in(0) };
}

void deliver_watch_free(struct deliver_watch *w)
{
	close_all(w);
	strs_free(&w->runs);
}

void deliver_watch_woken(struct deliver_watch *w)
{
	w->due = true;
}

static bool one_has_ended(const struct deliver_watch *w)
{
	struct pollfd fds[DELIVER_WATCH_RUNS];
	size_t n = deliver_watch_poll(w, fds, DELIVER_WATCH_RUNS);

	return n && poll(fds, (nfds_t)n, 0) > 0;
}

static int watch_runs(struct deliver_watch *w, struct queue_db *db, struct err *err)
{
	close_all(w);
	strs_free(&w->runs);
	if (queue_reconcile_waiting(db, &w->runs, err) < 0)
		return -1;
	for (size_t i = 0; i < w->runs.n && w->n < DELIVER_WATCH_RUNS; i++) {
		int fd = queue_run_watch(w->runs.v[i]);

		if (fd >= 0)
			w->fds[w->n++] = fd;
	}
	return 0;
}

int deliver_watch_turn(struct deliver_watch *w, struct queue_db *db, const char *gitdir,
		       int64_t now_ms, bool *looked, long *found, struct err *err)
{
	deadline_t begun = deadline_in(0);
	struct queue_reconciled done;
	int64_t took;

	*looked = false;
	*found = 0;
	w->due = w->due || deadline_over(w->must) || one_has_ended(w);
	if (!w->due || !deadline_over(w->may))
		return 0;
	w->due = false;
	w->may = w->must = deadline_in(EVERY_MS);	/* when it fails */
	if (queue_reconcile(db, gitdir, now_ms, &done, err) < 0)
		return -1;
	*found = done.found;
	if (watch_runs(w, db, err) < 0)
		return -1;
	took = deadline_in(0) - begun;
	w->may = deadline_in(took * (SHARE - 1) > PAUSE_MS ? took * (SHARE - 1) : PAUSE_MS);
	w->must = deadline_in((size_t)w->n < w->runs.n ? WAITING_MS : EVERY_MS);
	*looked = true;
	return 0;
}

bool deliver_watch_waits(const struct deliver_watch *w)
{
	return w->due || w->runs.n > 0;
}

int deliver_watch_left(const struct deliver_watch *w)
{
	int may = deadline_left(w->may), must = deadline_left(w->must);

	return w->due || must < may ? may : must;
}

size_t deliver_watch_poll(const struct deliver_watch *w, struct pollfd *out, size_t most)
{
	size_t n = 0;

	/* what is known already need not be told again */
	while (!w->due && n < (size_t)w->n && n < most) {
		out[n] = (struct pollfd){ .fd = w->fds[n], .events = POLLIN };
		n++;
	}
	return n;
}
