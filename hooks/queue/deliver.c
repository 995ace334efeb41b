#include "deliver_private.h"
#include "queue_record.h"
#include "queue_route.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUTE_AT_ONCE = 500 };

/* A target that does not answer is asked by one that was never tried, when there is such a
 * one: what fails again and again for reasons of its own would hold up everybody else's. */
static int prefer_untried(struct deliver *d, const struct instance *in, struct queue_delivery *q,
			  struct err *err)
{
	struct queue_delivery untried = { 0 };
	bool found;

	if (in->window > 1 || q->attempts == 0)
		return 0;
	if (queue_store_untried(d->s.db, in->name, deliver_now(d), &untried, &found, err) < 0)
		return -1;
	if (found) {
		queue_delivery_free(q);
		*q = untried;
	}
	return 0;
}

/* Deliveries to one target, as many as there is room for. */
static int serve(struct deliver *d, struct instance *in, struct err *err)
{
	while (deliver_instance_room(d, in) > 0) {
		struct queue_delivery q = { 0 };
		int64_t soonest = 0;
		bool found;

		if (in->paused_until - deliver_now(d) > QUEUE_STORE_WAIT_MOST_MS)
			in->paused_until = 0;	/* a clock was set back */
		if (queue_store_next(d->s.db, in->name, deliver_now(d), &q, &found, &soonest, err) < 0)
			return -1;
		if (!found || in->paused_until > deliver_now(d)) {
			deliver_wake_at(d, found ? in->paused_until : soonest);
			queue_delivery_free(&q);
			return 0;
		}
		if (prefer_untried(d, in, &q, err) < 0 ||
		    queue_store_claim(d->s.db, &q, deliver_now(d), err) < 0 ||
		    !deliver_job_add(d, in, &q, err)) {
			queue_delivery_free(&q);
			return -1;
		}
	}
	return 0;
}

static int route(struct deliver *d, struct err *err)
{
	const struct queue_route r = { .targets = d->s.targets, .config = &d->config->config,
				       .now_ms = deliver_now(d), .most = ROUTE_AT_ONCE };
	int count = 0;

	if (queue_route(d->s.db, &r, &count, err) < 0)
		return -1;
	d->out->more = d->out->more || count == ROUTE_AT_ONCE;
	return 0;
}

/* What is found "delivering" was another's, who is dead. */
static int adopt(void *arg, struct queue_delivery *q, struct err *err)
{
	struct deliver *d = arg;
	struct instance *in = deliver_instance_find(d, q->target);
	int64_t since = q->uncertain_ms ? q->uncertain_ms : q->changed_ms;
	struct running *r = deliver_job_add(d, in, q, err);

	if (!r)
		return -1;
	r->d.uncertain_ms = since;
	r->look = true;
	if (!in)
		deliver_job_refuse(r);
	return 0;
}

static int adopt_all(struct deliver *d, struct err *err)
{
	const struct queue_filter delivering = { .state = QUEUE_DELIVERING };

	if (queue_store_each(d->s.db, &delivering, adopt, d, err) < 0)
		return -1;
	d->adopted = true;
	return 0;
}

/* Everything of a turn that has to be on the disk before anything is sent: one
 * transaction, and so one fsync, however many deliveries there are. */
static int plan(struct deliver *d, struct err *err)
{
	if (d->config_good && route(d, err) < 0)
		return -1;
	for (int i = 0; i < d->n; i++)
		if (d->running[i]->phase == ENDED && deliver_job_settle(d, d->running[i], err) < 0)
			return -1;
	if (!d->config_good)	/* then nothing is known about a target */
		return 0;
	if (deliver_instance_names(d, err) < 0 || (!d->adopted && adopt_all(d, err) < 0))
		return -1;
	for (int i = 0; i < d->instances_n && !deliver_stopping(d); i++)
		if (serve(d, d->instances[i], err) < 0)
			return -1;
	return 0;
}

static void report_settled(struct deliver *d)
{
	for (int i = d->n - 1; i >= 0; i--) {
		struct running *r = d->running[i];

		if (r->phase != SETTLED)
			continue;
		d->out->settled++;
		d->out->failed += r->state == QUEUE_FAILED;
		if (d->s.report)
			d->s.report(d->s.arg, &r->d, r->state, r->state == QUEUE_DELIVERED
				    ? buf_str(&r->job.outcome) : r->why.message);
		deliver_job_remove(d, i);
	}
}

static int in_transaction(struct deliver *d, int (*what)(struct deliver *d, struct err *err),
			  struct err *err)
{
	if (queue_db_begin(d->s.db, err) < 0)
		return -1;
	if (what(d, err) < 0 || queue_db_commit(d->s.db, err) < 0) {
		queue_db_rollback(d->s.db);
		return -1;
	}
	report_settled(d);
	return 0;
}

static void count_under_way(struct deliver *d)
{
	d->out->running = d->n;
	for (int i = 0; i < d->n; i++) {
		const struct running *r = d->running[i];

		d->out->calling += r->phase == AT_WORK;
		if (r->phase == WATCHED && (r->fd < 0 || r->target->kind == TARGET_CALLS))
			deliver_wake_at(d, r->look_ms);
		d->out->more = d->out->more || r->phase == ENDED;
	}
}

int deliver_turn(struct deliver *d, struct deliver_state *out, struct err *err)
{
	int spooled;

	*out = (struct deliver_state){ 0 };
	d->out = out;
	if (queue_record_spool(d->s.db, d->s.gitdir, &spooled, err) < 0 ||
	    deliver_instance_config(d, err) < 0 || deliver_job_collect(d, err) < 0 ||
	    in_transaction(d, plan, err) < 0)
		return -1;
	if (deliver_job_hand_out(d, err) < 0)
		return -1;
	count_under_way(d);
	return 0;
}

int deliver_new(const struct deliver_settings *settings, struct deliver **out, struct err *err)
{
	struct deliver *d = calloc(1, sizeof(*d));

	if (!d)
		return err_set(err, ERR_INTERNAL, "no memory for the queue");
	d->s = *settings;
	*out = d;
	return 0;
}

static int plan_end(struct deliver *d, struct err *err)
{
	for (int i = 0; i < d->n; i++) {
		struct running *r = d->running[i];

		/* taken over from a dead one, it may have been sent by that */
		if (r->phase == CLAIMED && !r->look) {
			r->unbegun = true;
			r->phase = ENDED;
		}
		if (r->phase == ENDED && deliver_job_settle(d, r, err) < 0)
			return -1;
	}
	return 0;
}

int deliver_end(struct deliver *d, struct deliver_state *out, struct err *err)
{
	*out = (struct deliver_state){ 0 };
	d->out = out;
	d->ending = true;
	if (d->lanes)
		lanes_stop(d->lanes);
	return deliver_job_collect(d, err) < 0 ? -1 : in_transaction(d, plan_end, err);
}

void deliver_free(struct deliver *d)
{
	if (!d)
		return;
	if (d->lanes)
		lanes_stop(d->lanes);
	while (d->n)
		deliver_job_remove(d, d->n - 1);
	free(d->running);
	while (d->instances_n)
		deliver_instance_free(d->instances[--d->instances_n]);
	/* behind the connections, which look at its flag */
	lanes_free(d->lanes);
	deliver_instance_config_drop(d->config);
	free(d);
}

size_t deliver_poll(const struct deliver *d, struct pollfd *out, size_t most)
{
	size_t n = 0;

	if (d->lanes && most)
		out[n++] = (struct pollfd){ .fd = lanes_fd(d->lanes), .events = POLLIN };
	for (int i = 0; i < d->n && n < most; i++)
		if (d->running[i]->phase == WATCHED && d->running[i]->fd >= 0)
			out[n++] = (struct pollfd){ .fd = d->running[i]->fd, .events = POLLIN };
	return n;
}

const struct queue_config *deliver_config(const struct deliver *d)
{
	return d->config ? &d->config->config : NULL;
}

void deliver_hurry(struct deliver *d)
{
	for (int i = 0; i < d->instances_n; i++)
		d->instances[i]->paused_until = 0;
}
