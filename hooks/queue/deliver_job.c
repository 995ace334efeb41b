/*
 * One delivery: claimed, handed to its target, settled.
 */
#include "deliver_private.h"

#include <stdlib.h>
#include <unistd.h>

int deliver_row(const struct deliver *d, const struct target *target)
{
	int i = 0;

	while (d->s.targets[i] != target)
		i++;
	return i;
}

int deliver_add_running(struct deliver *d, const struct target *target, struct queue_delivery *q,
		       int fd, struct err *err)
{
	if (d->n == d->room) {
		int room = d->room ? d->room * 2 : DELIVER_SLOTS_MAX;
		struct running *bigger = realloc(d->running, (size_t)room * sizeof(*bigger));

		if (!bigger)
			return err_set(err, ERR_INTERNAL, "no memory for a delivery");
		d->running = bigger;
		d->room = room;
	}
	d->running[d->n++] = (struct running){ .d = *q, .target = target, .fd = fd };
	*q = (struct queue_delivery){ 0 };
	return 0;
}

void deliver_end_running(struct deliver *d, int i)
{
	queue_delivery_free(&d->running[i].d);
	if (d->running[i].fd >= 0)
		close(d->running[i].fd);
	d->running[i] = d->running[--d->n];
}

static int remember(struct target_job *job, const char *external, struct err *err)
{
	return queue_store_external(job->remember_arg, job->delivery, external,
				    buf_str(&job->request), err);
}

static void job_init(struct deliver *d, const struct target *target, struct queue_delivery *q,
		     struct target_job *job)
{
	*job = (struct target_job){
		.gitdir = d->s.gitdir, .uuid = queue_db_uuid(d->s.db), .config = &d->config,
		.delivery = q, .now_ms = deliver_now(d), .stop = d->s.stop,
		.state = &d->state[deliver_row(d, target)],
		.remember = remember, .remember_arg = d->s.db,
		.outcome = BUF_INIT(ERR_MESSAGE_MAX), .external = BUF_INIT(ERR_MESSAGE_MAX),
		.request = BUF_INIT(TARGET_TEXT_MAX), .answer = BUF_INIT(TARGET_TEXT_MAX),
		.wait_fd = -1,
	};
}

static void job_free(struct target_job *job)
{
	buf_free(&job->outcome);
	buf_free(&job->external);
	buf_free(&job->request);
	buf_free(&job->answer);
}

int deliver_settle(struct deliver *d, const struct queue_delivery *q,
		  const struct queue_settlement *s, struct err *err)
{
	if (queue_store_settle(d->s.db, q, s, err) < 0)
		return -1;
	d->out->settled++;
	d->out->failed += s->state == QUEUE_FAILED;
	if (d->s.report)
		d->s.report(d->s.arg, q, s->state,
			    s->state == QUEUE_DELIVERED ? s->outcome : s->reason);
	return 0;
}

static int settle_done(struct deliver *d, const struct target *target, const struct target_job *job,
		       struct err *err)
{
	const struct queue_delivery *q = job->delivery;
	const struct queue_settlement s = {
		.state = QUEUE_DELIVERED, .now_ms = deliver_now(d), .outcome = buf_str(&job->outcome),
		.external = job->external.len ? job->external.data : q->external,
		.request = buf_str(&job->request), .answer = buf_str(&job->answer),
	};

	if (deliver_settle(d, q, &s, err) < 0)
		return -1;
	/* it answers: what was held back for that need not wait */
	d->paused_until[deliver_row(d, target)] = 0;
	return queue_store_hurry(d->s.db, target->name, ERR_UNAVAILABLE, s.now_ms, err);
}

static int settle_failed(struct deliver *d, const struct target *target,
			 const struct target_job *job, const struct err *why, struct err *err)
{
	const struct queue_delivery *q = job->delivery;
	bool again = deliver_is_temporary(why->class);
	struct queue_settlement s = {
		.state = again ? QUEUE_WAITING : QUEUE_FAILED, .now_ms = deliver_now(d),
		.class = why->class, .reason = why->message,
		.uncertain_ms = job->certain ? 0 : q->uncertain_ms,
		.external = job->external.len ? job->external.data : q->external,
		.request = buf_str(&job->request), .answer = buf_str(&job->answer),
	};

	s.ready_ms = s.now_ms + deliver_backoff(why->class, q->attempts, d->s.random(d->s.arg));
	if (job->maybe_done && !s.uncertain_ms)
		s.uncertain_ms = job->now_ms;
	if (again && deliver_stopping(d)) {	/* our end, not the target's fault */
		s.ready_ms = s.now_ms;
		if (q->reason[0])
			s.reason = q->reason;
	}
	/* one that does not answer, or lets nobody in, is asked for one event at a time */
	if (why->class == ERR_UNAVAILABLE || why->class == ERR_ACCESS)
		d->paused_until[deliver_row(d, target)] = s.ready_ms;
	return deliver_settle(d, q, &s, err);
}

/* What the target said, to the disk. *fd is -1, or what to wait for when it
 * runs on; *runs says so. */
static int take_verdict(struct deliver *d, const struct target *target, struct target_job *job,
			enum target_verdict verdict, const struct err *why, bool *runs,
			struct err *err)
{
	*runs = verdict == TARGET_RUNNING;
	switch (verdict) {
	case TARGET_DONE:
		return settle_done(d, target, job, err);
	case TARGET_RUNNING:
		return 0;
	case TARGET_FAILED:
		return settle_failed(d, target, job, why, err);
	case TARGET_ABSENT:
		break;
	}
	return err_set(err, ERR_INTERNAL, "the target %s answers out of turn", target->name);
}

/* Looks first when something may have been started before. */
static enum target_verdict look_and_start(const struct target *target, struct target_job *job,
					  bool look, struct err *why)
{
	enum target_verdict verdict = look ? target->look(job, why) : TARGET_ABSENT;

	return verdict == TARGET_ABSENT ? target->start(job, why) : verdict;
}

static int ask_running(struct deliver *d, int i, bool *runs, struct err *err)
{
	struct running *r = &d->running[i];
	enum target_verdict verdict;
	struct err why = { 0 };
	struct target_job job;
	int rc;

	job_init(d, r->target, &r->d, &job);
	verdict = look_and_start(r->target, &job, true, &why);
	rc = take_verdict(d, r->target, &job, verdict, &why, runs, err);
	if (job.wait_fd >= 0) {
		if (r->fd >= 0)
			close(r->fd);
		r->fd = job.wait_fd;
	}
	job_free(&job);
	return rc;
}

int deliver_ask_running(struct deliver *d, struct err *err)
{
	for (int i = d->n - 1; i >= 0 && !deliver_stopping(d); i--) {
		bool runs = false;

		if (ask_running(d, i, &runs, err) < 0)
			return -1;
		if (!runs)
			deliver_end_running(d, i);
	}
	return 0;
}

int deliver_one(struct deliver *d, const struct target *target, struct queue_delivery *q,
		       struct err *err)
{
	enum target_verdict verdict;
	struct err why = { 0 };
	struct target_job job;
	bool runs = false;
	int rc;

	if (queue_store_claim(d->s.db, q, deliver_now(d), err) < 0) {
		if (err->class != ERR_CONFLICT)
			return -1;
		*err = (struct err){ 0 };
		return 0;
	}
	job_init(d, target, q, &job);
	verdict = look_and_start(target, &job, q->uncertain_ms != 0, &why);
	rc = take_verdict(d, target, &job, verdict, &why, &runs, err);
	if (rc == 0 && runs)
		rc = deliver_add_running(d, target, q, job.wait_fd, err);
	else if (job.wait_fd >= 0)
		close(job.wait_fd);
	job_free(&job);
	return rc;
}

