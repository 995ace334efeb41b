/*
 * One delivery: handed to its target, watched, settled.
 */
#include "deliver_private.h"
#include "lib/base/stop.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 1000 };	/* at work that has no descriptor to wait for */

/* ---- what a target is given ---------------------------------------------------------- */

static int remember(struct target_job *job, const char *external, struct err *err)
{
	return queue_store_external(job->remember_arg, job->delivery, external,
				    buf_str(&job->request), err);
}

static void job_free(struct target_job *job)
{
	buf_free(&job->outcome);
	buf_free(&job->external);
	buf_free(&job->request);
	buf_free(&job->answer);
	buf_free(&job->link);
	buf_free(&job->status);
}

static void job_init(struct deliver *d, struct running *r)
{
	bool calls = r->target->kind == TARGET_CALLS;

	job_free(&r->job);
	r->job = (struct target_job){
		.name = r->in->name, .gitdir = d->s.gitdir, .uuid = queue_db_uuid(d->s.db),
		.config = &r->config->config, .options = &r->options, .delivery = &r->d,
		.stop = d->s.stop,
		.state = &r->in->states[r->slot < 0 ? 0 : r->slot],
		.remember = calls ? NULL : remember, .remember_arg = calls ? NULL : d->s.db,
		.outcome = BUF_INIT(ERR_MESSAGE_MAX), .external = BUF_INIT(ERR_MESSAGE_MAX),
		.request = BUF_INIT(TARGET_TEXT_MAX), .answer = BUF_INIT(TARGET_TEXT_MAX),
		.link = BUF_INIT(ERR_MESSAGE_MAX), .status = BUF_INIT(ERR_MESSAGE_MAX),
		.wait_fd = -1,
	};
	r->why = (struct err){ 0 };
}

struct running *deliver_job_add(struct deliver *d, struct instance *in, struct queue_delivery *q,
				struct err *err)
{
	struct running *r = calloc(1, sizeof(*r));

	if (r && d->n == d->room) {
		int room = d->room ? d->room * 2 : DELIVER_SLOTS_MAX;
		struct running **bigger = realloc(d->running, (size_t)room * sizeof(struct running *));

		if (bigger) {
			d->running = bigger;
			d->room = room;
		}
	}
	if (!r || d->n == d->room) {
		free(r);
		err_set(err, ERR_INTERNAL, "no memory for a delivery");
		return NULL;
	}
	r->d = *q;
	*q = (struct queue_delivery){ 0 };
	r->slot = r->fd = -1;
	r->look = r->d.uncertain_ms != 0;
	r->settings = &d->s;
	r->config = d->config;
	r->config->users++;
	r->in = in;
	d->running[d->n++] = r;
	if (!in)
		return r;
	r->target = in->target;
	if (in->under_way++ == 0)
		in->asked_ms = deliver_now(d);
	return r;
}

void deliver_job_remove(struct deliver *d, int i)
{
	struct running *r = d->running[i];

	if (r->in && r->phase != SETTLED)
		r->in->under_way--;
	if (r->fd >= 0)
		close(r->fd);
	deliver_instance_config_drop(r->config);
	queue_options_free(&r->options);
	queue_delivery_free(&r->d);
	job_free(&r->job);
	free(r);
	/* in order: what was claimed first is sent first */
	memmove(&d->running[i], &d->running[i + 1],
		(size_t)(--d->n - i) * sizeof(struct running *));
}

void deliver_job_refuse(struct running *r)
{
	r->phase = ENDED;
	r->verdict = TARGET_FAILED;
	/* -t: what other targets still have of this event is not to be dropped with it */
	err_set(&r->why, ERR_USAGE, "there is no target \"%s\" (codetrain.target); set codetrain.%s.type, "
		"then: codetrain queue retry %lld -t %s; or mend the name, then: codetrain queue drop "
		"%lld -t %s, and push again", r->d.target, r->d.target, (long long)r->d.event, r->d.target,
		(long long)r->d.event, r->d.target);
}

/* ---- asking the target --------------------------------------------------------------- */

/* Looks first when something may have been started before. */
static void ask(struct running *r)
{
	/* it may have waited for its lane: how old a token is, is a matter of now */
	r->job.now_ms = r->settings->now_ms(r->settings->arg);
	r->verdict = r->look && r->target->look ? r->target->look(&r->job, &r->why) : TARGET_ABSENT;
	if (r->verdict == TARGET_ABSENT)
		r->verdict = r->target->start(&r->job, &r->why);
}

static void run_on_lane(struct lane_work *work, const volatile int *stop)
{
	struct running *r = (struct running *)work;

	r->job.stop = stop;
	r->unbegun = stop_is_set(stop);
	if (!r->unbegun)
		ask(r);
}

/* The target has spoken; with TARGET_RUNNING it is watched. */
static void heard(struct deliver *d, struct running *r)
{
	if (r->job.wait_fd >= 0) {
		if (r->fd >= 0)
			close(r->fd);
		r->fd = r->job.wait_fd;
		r->job.wait_fd = -1;
	}
	r->phase = !r->unbegun && r->verdict == TARGET_RUNNING ? WATCHED : ENDED;
	if (!r->unbegun)
		r->look = true;
	r->look_ms = deliver_now(d) + LOOK_EVERY_MS;
	if (r->phase != WATCHED || r->in->window == DELIVER_SLOTS_MAX)
		return;
	r->in->window = DELIVER_SLOTS_MAX;
	d->out->more = true;
}

static int to_lane(struct deliver *d, struct running *r, struct err *err)
{
	int slot = 0;

	if (!d->lanes && lanes_new(LANES_MAX, &d->lanes, err) < 0)
		return -1;
	while (slot < DELIVER_SLOTS_MAX && r->in->taken[slot])
		slot++;
	if (slot == DELIVER_SLOTS_MAX)
		return 0;	/* taken over from before: when a lane has ended */
	r->slot = slot;
	job_init(d, r);
	r->work.run = run_on_lane;
	if (lanes_give(d->lanes, &r->work, err) < 0) {
		r->slot = -1;
		return -1;
	}
	r->in->taken[slot] = true;
	r->phase = AT_WORK;
	return 0;
}

static int hand_over(struct deliver *d, struct running *r, struct err *err)
{
	if (queue_options_parse(r->d.options, &r->config->config, r->in->name, &r->options, err) < 0)
		return -1;
	if (r->target->kind == TARGET_CALLS)
		return to_lane(d, r, err);
	job_init(d, r);
	ask(r);
	heard(d, r);
	return 0;
}

int deliver_job_hand_out(struct deliver *d, struct err *err)
{
	for (int i = 0; i < d->n && !deliver_stopping(d); i++)
		if (d->running[i]->phase == CLAIMED && hand_over(d, d->running[i], err) < 0)
			return -1;
	return 0;
}

static void take_back(struct deliver *d)
{
	struct lane_work *done[LANES_MAX];
	size_t n = d->lanes ? lanes_take(d->lanes, done, LANES_MAX) : 0;

	for (size_t i = 0; i < n; i++) {
		struct running *r = (struct running *)done[i];

		r->in->taken[r->slot] = false;
		r->slot = -1;
		heard(d, r);
	}
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

static int look_at(struct deliver *d, struct running *r, struct err *err)
{
	if (r->target->kind == TARGET_CALLS) {
		if (deliver_now(d) >= r->look_ms || (r->fd >= 0 && readable(r->fd)))
			return to_lane(d, r, err);
		return 0;
	}
	if (r->fd >= 0 && deliver_now(d) < r->look_ms && !readable(r->fd))
		return 0;
	job_init(d, r);
	ask(r);
	heard(d, r);
	return 0;
}

int deliver_job_collect(struct deliver *d, struct err *err)
{
	take_back(d);
	for (int i = 0; i < d->n && !deliver_stopping(d); i++)
		if (d->running[i]->phase == WATCHED && look_at(d, d->running[i], err) < 0)
			return -1;
	return 0;
}

/* ---- what it said, to the disk ------------------------------------------------------- */

static int put(struct deliver *d, struct running *r, struct queue_settlement *s, struct err *err)
{
	const struct target_job *job = &r->job;

	s->external = job->external.len ? buf_str(&job->external) : r->d.external;
	s->link = job->link.len ? buf_str(&job->link) : r->d.link;
	s->request = buf_str(&job->request);
	s->answer = buf_str(&job->answer);
	s->status = buf_str(&job->status);
	s->sent_ms = job->sent_ms;
	s->answered_ms = job->answered_ms;
	if (queue_store_settle(d->s.db, &r->d, s, err) < 0)
		return -1;
	r->phase = SETTLED;
	if (r->in)
		r->in->under_way--;	/* its place may be taken in the same turn */
	r->state = s->state;
	return 0;
}

static int settle_done(struct deliver *d, struct running *r, struct err *err)
{
	struct queue_settlement s = { .state = QUEUE_DELIVERED, .now_ms = deliver_now(d),
				      .outcome = buf_str(&r->job.outcome) };

	return put(d, r, &s, err) < 0 ? -1 : deliver_instance_answered(d, r->in, s.now_ms, err);
}

static int settle_failed(struct deliver *d, struct running *r, struct err *err)
{
	bool again = deliver_is_temporary(r->why.class);
	struct queue_settlement s = {
		.state = again ? QUEUE_WAITING : QUEUE_FAILED, .now_ms = deliver_now(d),
		.class = r->why.class, .reason = r->why.message,
		.uncertain_ms = r->job.certain ? 0 : r->d.uncertain_ms,
	};

	s.ready_ms = s.now_ms + deliver_backoff(s.class, r->d.attempts, d->s.random(d->s.arg));
	if (r->job.maybe_done && !s.uncertain_ms)
		s.uncertain_ms = r->job.now_ms;
	if (again && deliver_stopping(d)) {	/* our end, not the target's fault */
		s.ready_ms = s.now_ms;
		if (r->d.reason[0])
			s.reason = r->d.reason;
	}
	if (r->in)
		deliver_instance_silent(r->in, s.class, s.ready_ms);
	return put(d, r, &s, err);
}

/* It was claimed, and nothing was sent. */
static int settle_unbegun(struct deliver *d, struct running *r, struct err *err)
{
	struct queue_settlement s = {
		.state = QUEUE_WAITING, .now_ms = deliver_now(d), .class = r->d.class,
		.reason = r->d.reason[0] ? r->d.reason : "the drainer ended before it was sent",
		.uncertain_ms = r->d.uncertain_ms,
	};

	s.ready_ms = s.now_ms;
	if (r->look && !s.uncertain_ms)
		s.uncertain_ms = s.now_ms;	/* one that was started, and watched since */
	return put(d, r, &s, err);
}

int deliver_job_settle(struct deliver *d, struct running *r, struct err *err)
{
	if (r->unbegun)
		return settle_unbegun(d, r, err);
	if (r->verdict == TARGET_DONE)
		return settle_done(d, r, err);
	if (r->verdict != TARGET_FAILED)
		err_set(&r->why, ERR_INTERNAL, "the target %s answers out of turn", r->target->name);
	return settle_failed(d, r, err);
}
