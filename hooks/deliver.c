#include "deliver.h"
#include "queue_record.h"
#include "lib/base/opt.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TARGETS_MAX = 16,
	ROUTE_AT_ONCE = 500,
	LOOK_EVERY_MS = 1000,		/* at work that has no descriptor to wait for */
	CONFIG_EVERY_MS = 5000,		/* at a configuration that cannot be read */
	REQUEST_TEXT = TARGET_TEXT_MAX,
};

struct running {
	struct queue_delivery d;
	const struct target *target;
	int fd;
};

struct deliver {
	struct deliver_settings s;
	struct queue_config config;
	bool config_good, names_checked;
	struct running *running;
	int n, room;
	void *state[TARGETS_MAX];		/* by row of the table of targets */
	int64_t paused_until[TARGETS_MAX];
	struct deliver_state *out;		/* of the turn that goes on */
};

static int64_t now(const struct deliver *d)
{
	return d->s.now_ms(d->s.arg);
}

static bool stopping(const struct deliver *d)
{
	return d->s.stop && *d->s.stop;
}

static int row_of(const struct deliver *d, const struct target *target)
{
	int i = 0;

	while (d->s.targets[i] != target)
		i++;
	return i;
}

/* Takes the delivery over; the caller's is empty afterwards. */
static int add_running(struct deliver *d, const struct target *target, struct queue_delivery *q,
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

static void end_running(struct deliver *d, int i)
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
		.delivery = q, .now_ms = now(d), .stop = d->s.stop,
		.state = &d->state[row_of(d, target)],
		.remember = remember, .remember_arg = d->s.db,
		.outcome = BUF_INIT(ERR_MESSAGE_MAX), .external = BUF_INIT(ERR_MESSAGE_MAX),
		.request = BUF_INIT(REQUEST_TEXT), .answer = BUF_INIT(REQUEST_TEXT),
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

static int settle(struct deliver *d, const struct queue_delivery *q,
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
		.state = QUEUE_DELIVERED, .now_ms = now(d), .outcome = buf_str(&job->outcome),
		.external = job->external.len ? job->external.data : q->external,
		.request = buf_str(&job->request), .answer = buf_str(&job->answer),
	};

	if (settle(d, q, &s, err) < 0)
		return -1;
	/* it answers: what was held back for that need not wait */
	d->paused_until[row_of(d, target)] = 0;
	return queue_store_hurry(d->s.db, target->name, ERR_UNAVAILABLE, s.now_ms, err);
}

static int settle_failed(struct deliver *d, const struct target *target,
			 const struct target_job *job, const struct err *why, struct err *err)
{
	const struct queue_delivery *q = job->delivery;
	bool again = deliver_is_temporary(why->class);
	struct queue_settlement s = {
		.state = again ? QUEUE_WAITING : QUEUE_FAILED, .now_ms = now(d),
		.class = why->class, .reason = why->message,
		.uncertain_ms = job->certain ? 0 : q->uncertain_ms,
		.external = job->external.len ? job->external.data : q->external,
		.request = buf_str(&job->request), .answer = buf_str(&job->answer),
	};

	s.ready_ms = s.now_ms + deliver_backoff(why->class, q->attempts, d->s.random(d->s.arg));
	if (job->maybe_done && !s.uncertain_ms)
		s.uncertain_ms = job->now_ms;
	/* one that does not answer, or lets nobody in, is asked for one event at a time */
	if (why->class == ERR_UNAVAILABLE || why->class == ERR_ACCESS)
		d->paused_until[row_of(d, target)] = s.ready_ms;
	return settle(d, q, &s, err);
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

static int ask_all_running(struct deliver *d, struct err *err)
{
	for (int i = d->n - 1; i >= 0 && !stopping(d); i--) {
		bool runs = false;

		if (ask_running(d, i, &runs, err) < 0)
			return -1;
		if (!runs)
			end_running(d, i);
	}
	return 0;
}

static int deliver_one(struct deliver *d, const struct target *target, struct queue_delivery *q,
		       struct err *err)
{
	enum target_verdict verdict;
	struct err why = { 0 };
	struct target_job job;
	bool runs = false;
	int rc;

	if (queue_store_claim(d->s.db, q, now(d), err) < 0) {
		if (err->class != ERR_CONFLICT)
			return -1;
		*err = (struct err){ 0 };
		return 0;
	}
	job_init(d, target, q, &job);
	verdict = look_and_start(target, &job, q->uncertain_ms != 0, &why);
	rc = take_verdict(d, target, &job, verdict, &why, &runs, err);
	if (rc == 0 && runs)
		rc = add_running(d, target, q, job.wait_fd, err);
	else if (job.wait_fd >= 0)
		close(job.wait_fd);
	job_free(&job);
	return rc;
}

static int slots_of(const struct deliver *d, const struct target *target)
{
	const char *text = queue_config_get(&d->config, target->name, "builds", NULL);
	long n = target->slots;

	if (text && (opt_number(text, &n) < 0 || n < 1))
		n = target->slots;
	return n > DELIVER_SLOTS_MAX ? DELIVER_SLOTS_MAX : (int)n;
}

static int running_of(const struct deliver *d, const struct target *target)
{
	int n = 0;

	for (int i = 0; i < d->n; i++)
		n += d->running[i].target == target;
	return n;
}

static void wake_at(struct deliver *d, int64_t ms)
{
	if (ms && (!d->out->wake_ms || ms < d->out->wake_ms))
		d->out->wake_ms = ms;
}

/* One delivery to one target, when there is room for it. */
static int serve(struct deliver *d, const struct target *target, struct err *err)
{
	int64_t soonest = 0, paused = d->paused_until[row_of(d, target)];
	struct queue_delivery q = { 0 };
	bool found;
	int rc;

	if (running_of(d, target) >= slots_of(d, target))
		return 0;	/* its end wakes us */
	if (queue_store_next(d->s.db, target->name, now(d), &q, &found, &soonest, err) < 0)
		return -1;
	if (!found) {
		wake_at(d, soonest);
		return 0;
	}
	if (paused > now(d)) {
		wake_at(d, paused);
		queue_delivery_free(&q);
		return 0;
	}
	d->out->more = true;
	rc = deliver_one(d, target, &q, err);
	queue_delivery_free(&q);
	return rc;
}

static int refuse_unknown(struct deliver *d, const char *name, struct err *err)
{
	struct queue_delivery q = { 0 };
	int64_t soonest = 0;
	bool found = true;

	while (found) {
		struct queue_settlement s = { .state = QUEUE_FAILED, .now_ms = now(d),
					      .class = ERR_USAGE };
		struct err why;
		int rc;

		if (queue_store_next(d->s.db, name, INT64_MAX, &q, &found, &soonest, err) < 0)
			return -1;
		if (!found)
			break;
		err_set(&why, ERR_USAGE, "there is no target \"%s\" (codetrain.target); mend it, then: "
			"codetrain queue drop %lld, and push again", name, (long long)q.event);
		s.reason = why.message;
		rc = settle(d, &q, &s, err);
		queue_delivery_free(&q);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* Targets of the configuration, or of an older codetrain's, that are in no table. */
static int check_names(struct deliver *d, struct err *err)
{
	struct strs names = STRS_INIT;
	int rc = queue_store_targets(d->s.db, &names, err);

	for (size_t i = 0; rc == 0 && i < names.n; i++)
		if (!target_find(d->s.targets, names.v[i]))
			rc = refuse_unknown(d, names.v[i], err);
	strs_free(&names);
	d->names_checked = rc == 0;
	return rc;
}

static int keep_summary(struct deliver *d, struct err *err)
{
	struct buf note = BUF_INIT(1024);
	int rc;

	buf_addf(&note, "%s\n", buf_str(&d->config.stamp));
	rc = target_summary(d->s.targets, &d->config, &note, err);
	if (rc == 0)
		rc = queue_db_note_set(d->s.db, "targets", buf_str(&note), err);
	buf_free(&note);
	return rc;
}

static int refresh_config(struct deliver *d, struct err *err)
{
	struct buf stamp = BUF_INIT(128);
	struct err why = { 0 };
	int rc = 0;

	if (queue_config_stamp(d->s.gitdir, &stamp, &why) == 0 && d->config_good &&
	    strcmp(buf_str(&stamp), buf_str(&d->config.stamp)) == 0) {
		buf_free(&stamp);
		return 0;
	}
	buf_free(&stamp);
	d->config_good = queue_config_load(d->s.gitdir, &d->config, &why) == 0;
	if (d->config_good)
		return keep_summary(d, err);
	rc = queue_store_unroutable(d->s.db, why.message, err);
	wake_at(d, now(d) + CONFIG_EVERY_MS);
	return rc;
}

static int route(struct deliver *d, struct err *err)
{
	int count = 0;

	if (refresh_config(d, err) < 0)
		return -1;
	if (!d->config_good)
		return 0;
	if (queue_store_route(d->s.db, &d->config, now(d), ROUTE_AT_ONCE, &count, err) < 0)
		return -1;
	if (count)
		d->names_checked = false;
	d->out->more = d->out->more || count == ROUTE_AT_ONCE;
	return d->names_checked ? 0 : check_names(d, err);
}

int deliver_turn(struct deliver *d, struct deliver_state *out, struct err *err)
{
	int spooled;

	*out = (struct deliver_state){ 0 };
	d->out = out;
	if (queue_record_spool(d->s.db, d->s.gitdir, &spooled, err) < 0 || route(d, err) < 0)
		return -1;
	/* without a configuration, nothing is known about a target */
	if (d->config_good) {
		if (ask_all_running(d, err) < 0)
			return -1;
		for (int i = 0; d->s.targets[i] && !stopping(d); i++)
			if (serve(d, d->s.targets[i], err) < 0)
				return -1;
	}
	for (int i = 0; i < d->n; i++)
		if (d->running[i].fd < 0)
			wake_at(d, now(d) + LOOK_EVERY_MS);
	out->running = d->n;
	return 0;
}

static int adopt(void *arg, const struct queue_delivery *found, struct err *err)
{
	struct deliver *d = arg;
	const struct target *target = target_find(d->s.targets, found->target);
	/* the row's strings change hands; its owner frees an empty one */
	struct queue_delivery *q = (struct queue_delivery *)found;

	if (!target)
		return 0;
	if (!q->uncertain_ms)
		q->uncertain_ms = q->changed_ms;
	return add_running(d, target, q, -1, err);
}

int deliver_new(const struct deliver_settings *settings, struct deliver **out, struct err *err)
{
	const struct queue_filter delivering = { .state = QUEUE_DELIVERING };
	struct deliver *d = calloc(1, sizeof(*d));

	if (!d)
		return err_set(err, ERR_INTERNAL, "no memory for the queue");
	d->s = *settings;
	d->config = (struct queue_config)QUEUE_CONFIG_INIT;
	if (queue_store_each(d->s.db, &delivering, adopt, d, err) < 0) {
		deliver_free(d);
		return -1;
	}
	*out = d;
	return 0;
}

void deliver_free(struct deliver *d)
{
	if (!d)
		return;
	while (d->n)
		end_running(d, d->n - 1);
	free(d->running);
	for (int i = 0; d->s.targets[i]; i++)
		if (d->s.targets[i]->close)
			d->s.targets[i]->close(d->state[i]);
	queue_config_free(&d->config);
	free(d);
}

size_t deliver_poll(const struct deliver *d, struct pollfd *out, size_t most)
{
	size_t n = 0;

	for (int i = 0; i < d->n && n < most; i++)
		if (d->running[i].fd >= 0)
			out[n++] = (struct pollfd){ .fd = d->running[i].fd, .events = POLLIN };
	return n;
}

void deliver_hurry(struct deliver *d)
{
	memset(d->paused_until, 0, sizeof(d->paused_until));
}
