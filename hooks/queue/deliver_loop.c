#include "deliver_loop.h"
#include "deliver_left.h"
#include "deliver_watch.h"
#include "queue_place.h"
#include "queue_prune.h"
#include "queue_wake.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
	HEARTBEAT_MS = 5000,		/* how soon a removed repository is noticed */
	FAULT_WAIT_MS = 10000,
	HURRY_EVERY_MS = 1000,		/* many pushes to a service that is away are one try */
	PRUNE_EVERY_MS = 60 * 1000,
};

static const char fault_name[] = "drainer.error";

static volatile int stop;
static volatile int wake_fd = -1;

static void on_signal(int signal)
{
	int saved = errno;

	(void)signal;
	stop = 1;
	if (wake_fd >= 0 && write(wake_fd, "s", 1) < 0)
		stop = 1;	/* full: it wakes up all the same */
	errno = saved;
}

static void catch_signals(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	const struct sigaction act = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &act, NULL);
}

static int64_t real_now(void *arg)
{
	(void)arg;
	return clock_now_ms();
}

static uint32_t real_random(void *arg)
{
	uint32_t r = 0;

	(void)arg;
	if (getentropy(&r, sizeof(r)) < 0)
		r = UINT32_MAX / 2;
	return r;
}

struct drain {
	const struct deliver_loop *loop;
	struct deliver_tally *tally;
	struct queue_db *db;
	struct deliver *deliver;
	struct deliver_watch watch;
	struct err unseen;		/* why the refs cannot be looked at; deliveries go on */
	bool hurry;
	deadline_t may_hurry, may_prune;
	int lock, fifo;
	deadline_t end;
};

/* Until a time (0: none), a wake-up, or the end of something under way. True when woken. */
static bool sleep_until(const struct drain *r, int64_t wake_ms)
{
	struct pollfd fds[1 + DELIVER_POLL_MAX + DELIVER_WATCH_RUNS] = {
		{ .fd = r->fifo, .events = POLLIN }
	};
	int64_t wait = wake_ms ? wake_ms - clock_now_ms() : HEARTBEAT_MS;
	size_t n = 1;

	if (r->deliver) {
		n += deliver_poll(r->deliver, fds + n, DELIVER_POLL_MAX);
		n += deliver_watch_poll(&r->watch, fds + n, DELIVER_WATCH_RUNS);
		if (wait > deliver_watch_left(&r->watch))
			wait = deliver_watch_left(&r->watch);
		if (r->hurry && wait > deadline_left(r->may_hurry))
			wait = deadline_left(r->may_hurry);
	}
	if (wait < 0)
		wait = 0;
	if (wait > HEARTBEAT_MS)
		wait = HEARTBEAT_MS;
	if (wait > deadline_left(r->end))
		wait = deadline_left(r->end);
	poll(fds, n, (int)wait);
	return queue_wake_take(r->fifo);
}

static int open_all(struct drain *r, struct err *err)
{
	const struct deliver_settings settings = {
		.gitdir = r->loop->gitdir, .targets = r->loop->targets, .now_ms = real_now,
		.random = real_random, .report = r->loop->report, .arg = r->loop->arg,
		.stop = &stop,
	};
	struct deliver_settings s = settings;

	/* made anew when a damaged one was moved away: the spool may be waiting */
	if (queue_db_open(r->loop->gitdir, QUEUE_DB_MAKE, QUEUE_DB_BUSY_MS, &r->db, err) < 0)
		return -1;
	s.db = r->db;
	deliver_watch_init(&r->watch);
	return deliver_new(&s, &r->deliver, err);
}

static void close_all(struct drain *r)
{
	deliver_free(r->deliver);
	r->deliver = NULL;
	deliver_watch_free(&r->watch);
	if (r->db)
		queue_db_finish(r->db);
	queue_db_close(r->db);
	r->db = NULL;
}

static bool over(const struct drain *r)
{
	return stop || deadline_over(r->end) ||
	       !queue_wake_still_there(r->loop->gitdir, r->lock);
}

static void note_fault(const struct deliver_loop *loop, const struct err *why)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct err ignored;

	if (queue_place_path(loop->gitdir, fault_name, &path, &ignored) == 0) {
		if (why)
			file_replace(buf_str(&path), why->message, strlen(why->message), 0600,
				     &ignored);
		else
			unlink(buf_str(&path));
	}
	buf_free(&path);
	if (why && loop->fault)
		loop->fault(loop->arg, why->message);
}

int deliver_loop_fault(const char *gitdir, struct buf *out, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct file_info info;
	int rc = queue_place_path(gitdir, fault_name, &path, err);

	if (rc == 0)
		rc = file_read(buf_str(&path), out, &info, err);
	buf_free(&path);
	return rc;
}

/* Refs that cannot be read stop no delivery of what is known. */
static void look_at_refs(struct drain *r)
{
	struct err why = { 0 };
	bool looked;
	long found;

	if (deliver_watch_turn(&r->watch, r->db, r->loop->gitdir, clock_now_ms(), &looked, &found, &why) < 0) {
		r->unseen = why;
		if (r->loop->background)
			note_fault(r->loop, &why);
	} else if (looked) {
		r->unseen = (struct err){ 0 };
	}
	if (found && r->loop->found)
		r->loop->found(r->loop->arg, found);
}

static int hurry(struct drain *r, struct err *err)
{
	if (!r->hurry || !deadline_over(r->may_hurry))
		return 0;
	r->hurry = false;
	r->may_hurry = deadline_in(HURRY_EVERY_MS);
	deliver_hurry(r->deliver);
	return queue_store_hurry(r->db, NULL, ERR_UNAVAILABLE, clock_now_ms(), err);
}

/* When there is nothing else to do. *more: it is not done yet. */
static int tidy(struct drain *r, const struct deliver_state *state, bool *more, struct err *err)
{
	const struct queue_config *config = deliver_config(r->deliver);
	struct queue_prune p;
	int count = 0;

	*more = false;
	if (!config || state->running || !deadline_over(r->may_prune))
		return 0;
	p = queue_prune_limits(config);
	if (queue_prune(r->db, r->loop->gitdir, &p, clock_now_ms(), &count, err) < 0)
		return -1;
	*more = count >= p.most;
	if (!*more)
		r->may_prune = deadline_in(PRUNE_EVERY_MS);
	return 0;
}

static bool is_done(const struct drain *r, const struct deliver_state *state)
{
	if (r->loop->once)
		return state->running == 0;
	return r->tally->open == 0 && !deliver_watch_waits(&r->watch);
}

static int one_turn(struct drain *r, struct deliver_state *state, struct err *err)
{
	look_at_refs(r);
	if (hurry(r, err) < 0 || deliver_turn(r->deliver, state, err) < 0)
		return -1;
	r->tally->settled += state->settled;
	r->tally->failed += state->failed;
	return 0;
}

/* Turns until nothing is left to do, or this drainer's time is over. */
static int drain(struct drain *r, struct err *err)
{
	struct deliver_state state;

	while (!over(r)) {
		bool more;

		if (one_turn(r, &state, err) < 0)
			return -1;
		if (state.more)
			continue;
		if (queue_store_open_count(r->db, &r->tally->open, err) < 0 ||
		    tidy(r, &state, &more, err) < 0)
			return -1;
		if (is_done(r, &state))
			return 0;
		/* each checkpoint is fsyncs: not between two answers */
		if (!state.calling)
			queue_db_checkpoint(r->db);
		if (sleep_until(r, more ? 1 : state.wake_ms)) {
			r->hurry = true;
			deliver_watch_woken(&r->watch);
		}
	}
	return 0;
}

static int drain_to_end(struct drain *r, struct err *err)
{
	struct deliver_state state;

	if (open_all(r, err) < 0 || drain(r, err) < 0 ||
	    deliver_end(r->deliver, &state, err) < 0)
		return -1;
	r->tally->settled += state.settled;
	r->tally->failed += state.failed;
	return queue_store_open_count(r->db, &r->tally->open, err);
}

/* In the background a full disk or a damaged file is waited out: nobody else
 * would try again. Everything is opened anew, so nothing half-known stays. */
static int drain_on(struct drain *r, struct err *err)
{
	for (;;) {
		int rc = drain_to_end(r, err);

		close_all(r);
		if (rc == 0) {
			if (!r->unseen.class)
				note_fault(r->loop, NULL);
			else if (!r->loop->background)
				*err = r->unseen;
			return err->class ? -1 : 0;
		}
		if (!r->loop->background || over(r))
			return -1;
		note_fault(r->loop, err);
		*err = (struct err){ 0 };
		sleep_until(r, clock_now_ms() + FAULT_WAIT_MS);
	}
}

static void let_go(struct drain *r)
{
	int fifo = r->fifo;

	wake_fd = -1;
	r->fifo = -1;
	if (fifo >= 0)
		close(fifo);
	close(r->lock);
	r->lock = -1;
}

static int one_life(struct drain *r, struct err *err)
{
	int rc = -1;

	r->lock = queue_wake_lock(r->loop->gitdir, deadline_in(0), err);
	if (r->lock < 0) {
		if (err->class != ERR_TIMEOUT)
			return -1;
		*err = (struct err){ 0 };
		r->tally->elsewhere = true;
		queue_wake(r->loop->gitdir);
		return 0;
	}
	r->fifo = queue_wake_listen(r->loop->gitdir, err);
	wake_fd = r->fifo;
	if (r->fifo >= 0)
		rc = drain_on(r, err);
	let_go(r);
	return rc;
}

/* A background drainer whose time is over while something is broken: a new one
 * goes on trying. */
static void hand_over_fault(const struct drain *r)
{
	struct err ignored;

	if (r->loop->background && !stop && deadline_over(r->end) &&
	    access(r->loop->gitdir, F_OK) == 0)
		queue_wake_or_start(r->loop->gitdir, &ignored);
}

int deliver_loop(const struct deliver_loop *loop, struct deliver_tally *out, struct err *err)
{
	struct drain r = { .loop = loop, .tally = out, .lock = -1, .fifo = -1,
			   .end = deadline_in(loop->life_s * 1000) };
	struct buf dir = BUF_INIT(PATH_MAX_BYTES);
	struct deliver_left left = { 0 };

	*out = (struct deliver_tally){ 0 };
	if (queue_place_path(loop->gitdir, NULL, &dir, err) < 0)
		return -1;
	if (access(buf_str(&dir), F_OK) < 0) {
		buf_free(&dir);
		return err_set(err, ERR_USAGE, "no push was recorded in %s yet; install the hook there "
			       "with: codetrain hooks install --server", loop->gitdir);
	}
	buf_free(&dir);
	stop = 0;
	catch_signals();
	do {
		if (one_life(&r, err) < 0) {
			hand_over_fault(&r);
			return -1;
		}
		if (out->elsewhere || stop || access(loop->gitdir, F_OK) < 0)
			return 0;
		/* the FIFO is closed: who came before believed that we would see it */
		if (deliver_left(loop->gitdir, loop->once, &left, err) < 0)
			return -1;
		out->open = left.open;
		/* whose end is told to us, and to nobody else; where the refs cannot be looked
		 * at, nothing is gained by waiting for it */
		left.runs = left.runs && !r.unseen.class;
	} while ((left.more || (left.runs && !loop->once)) && !deadline_over(r.end));
	if (left.runs || (left.open && loop->background))
		return queue_wake_or_start(loop->gitdir, err);
	return 0;
}
