#include "deliver_private.h"
#include "queue_record.h"
#include "lib/base/opt.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ROUTE_AT_ONCE = 500,
	LOOK_EVERY_MS = 1000,		/* at work that has no descriptor to wait for */
	CONFIG_EVERY_MS = 5000,		/* at a configuration that cannot be read */
};

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
	int64_t soonest = 0, paused = d->paused_until[deliver_row(d, target)];
	struct queue_delivery q = { 0 };
	bool found;
	int rc;

	if (running_of(d, target) >= slots_of(d, target))
		return 0;	/* its end wakes us */
	if (queue_store_next(d->s.db, target->name, deliver_now(d), &q, &found, &soonest, err) < 0)
		return -1;
	if (!found) {
		wake_at(d, soonest);
		return 0;
	}
	if (paused > deliver_now(d)) {
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
		struct queue_settlement s = { .state = QUEUE_FAILED, .now_ms = deliver_now(d),
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
		rc = deliver_settle(d, &q, &s, err);
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
	wake_at(d, deliver_now(d) + CONFIG_EVERY_MS);
	return rc;
}

static int route(struct deliver *d, struct err *err)
{
	int count = 0;

	if (refresh_config(d, err) < 0)
		return -1;
	if (!d->config_good)
		return 0;
	if (queue_store_route(d->s.db, &d->config, deliver_now(d), ROUTE_AT_ONCE, &count, err) < 0)
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
		if (deliver_ask_running(d, err) < 0)
			return -1;
		for (int i = 0; d->s.targets[i] && !deliver_stopping(d); i++)
			if (serve(d, d->s.targets[i], err) < 0)
				return -1;
	}
	for (int i = 0; i < d->n; i++)
		if (d->running[i].fd < 0)
			wake_at(d, deliver_now(d) + LOOK_EVERY_MS);
	out->running = d->n;
	return 0;
}

static int adopt(void *arg, struct queue_delivery *q, struct err *err)
{
	struct deliver *d = arg;
	const struct target *target = target_find(d->s.targets, q->target);

	if (!target)
		return 0;
	if (!q->uncertain_ms)
		q->uncertain_ms = q->changed_ms;
	return deliver_add_running(d, target, q, -1, err);
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
		deliver_end_running(d, d->n - 1);
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
