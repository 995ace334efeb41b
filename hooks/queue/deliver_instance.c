/*
 * The targets of the configuration by name, and how each of them behaves.
 */
#include "deliver_private.h"
#include "lib/base/opt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONFIG_EVERY_MS = 5000,		/* at a configuration that cannot be read */
	SILENT_MS = 2000,		/* without an answer, one more ref may try */
	NOTE_EVERY_MS = 60 * 1000,
	REFUSE_AT_ONCE = 500,
};

/* ---- the configuration --------------------------------------------------------------- */

void deliver_instance_config_drop(struct shared_config *config)
{
	if (!config || --config->users > 0)
		return;
	queue_config_free(&config->config);
	free(config);
}

/* For the hooks, which do not read it. */
static int keep_summary(struct deliver *d, struct err *err)
{
	struct buf note = BUF_INIT(1024), before = BUF_INIT(1024);
	int rc;

	buf_addf(&note, "%s\n", buf_str(&d->config->config.stamp));
	rc = target_summary(d->s.targets, &d->config->config, &note, err);
	if (rc == 0)
		rc = queue_db_note_get(d->s.db, "targets", &before, err);
	if (rc == 0 && strcmp(buf_str(&before), buf_str(&note)) != 0)
		rc = queue_db_note_set(d->s.db, "targets", buf_str(&note), err);
	buf_free(&note);
	buf_free(&before);
	return rc;
}

static bool unchanged(const struct deliver *d)
{
	struct buf stamp = BUF_INIT(128);
	struct err ignored = { 0 };
	bool same = d->config_good &&
		    queue_config_stamp(d->s.gitdir, &stamp, &ignored) == 0 &&
		    strcmp(buf_str(&stamp), buf_str(&d->config->config.stamp)) == 0;

	buf_free(&stamp);
	return same;
}

int deliver_instance_config(struct deliver *d, struct err *err)
{
	struct shared_config *fresh;
	struct err why = { 0 };

	if (unchanged(d))
		return 0;
	fresh = calloc(1, sizeof(*fresh));
	if (!fresh)
		return err_set(err, ERR_INTERNAL, "no memory for the configuration");
	fresh->config = (struct queue_config)QUEUE_CONFIG_INIT;
	fresh->users = 1;
	d->config_good = queue_config_load(d->s.gitdir, &fresh->config, &why) == 0;
	if (!d->config_good) {
		deliver_instance_config_drop(fresh);
		deliver_wake_at(d, deliver_now(d) + CONFIG_EVERY_MS);
		return queue_store_unroutable(d->s.db, why.message, err);
	}
	deliver_instance_config_drop(d->config);
	d->config = fresh;
	return keep_summary(d, err);
}

/* ---- names --------------------------------------------------------------------------- */

struct instance *deliver_instance_find(const struct deliver *d, const char *name)
{
	for (int i = 0; i < d->instances_n; i++)
		if (strcmp(d->instances[i]->name, name) == 0)
			return d->instances[i];
	return NULL;
}

static void close_states(struct instance *in)
{
	for (int i = 0; i < DELIVER_SLOTS_MAX; i++) {
		if (in->states[i] && in->target->close)
			in->target->close(in->states[i]);
		in->states[i] = NULL;
	}
}

void deliver_instance_free(struct instance *in)
{
	close_states(in);
	free(in);
}

/* What nothing is on its way to need not be known. */
static void forget_idle(struct deliver *d)
{
	for (int i = d->instances_n - 1; i >= 0; i--)
		if (!d->instances[i]->wanted && !d->instances[i]->under_way) {
			deliver_instance_free(d->instances[i]);
			d->instances[i] = d->instances[--d->instances_n];
		}
}

static int want(struct deliver *d, const char *name, const struct target *target, struct err *err)
{
	struct instance *in = deliver_instance_find(d, name);

	if (in && in->target != target && !in->under_way) {	/* configured anew */
		close_states(in);
		in->target = target;
		in->window = 1;
		in->paused_until = 0;
	}
	if (!in) {
		if (d->instances_n == DELIVER_INSTANCES_MAX)
			forget_idle(d);
		if (d->instances_n == DELIVER_INSTANCES_MAX)
			return 0;	/* it has its turn when another is done */
		in = calloc(1, sizeof(*in));
		if (!in)
			return err_set(err, ERR_INTERNAL, "no memory for a target");
		snprintf(in->name, sizeof(in->name), "%s", name);
		in->target = target;
		in->window = 1;
		d->instances[d->instances_n++] = in;
	}
	in->wanted = true;
	return 0;
}

static int refuse(struct deliver *d, const char *name, struct err *err)
{
	struct queue_delivery q = { 0 };
	int64_t soonest = 0;
	bool found = true;

	for (int i = 0; i < REFUSE_AT_ONCE; i++) {
		struct running *r;

		if (queue_store_next(d->s.db, name, INT64_MAX, &q, &found, &soonest, err) < 0)
			return -1;
		if (!found)
			return 0;
		r = deliver_job_add(d, NULL, &q, err);
		queue_delivery_free(&q);
		if (!r)
			return -1;
		deliver_job_refuse(r);
		if (deliver_job_settle(d, r, err) < 0)
			return -1;
	}
	d->out->more = true;
	return 0;
}

int deliver_instance_names(struct deliver *d, struct err *err)
{
	struct strs names = STRS_INIT;
	int rc = queue_store_targets(d->s.db, &names, err);

	for (int i = 0; i < d->instances_n; i++)
		d->instances[i]->wanted = false;
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		const struct target *target = target_of(d->s.targets, &d->config->config, names.v[i]);

		rc = target ? want(d, names.v[i], target, err) : refuse(d, names.v[i], err);
	}
	strs_free(&names);
	return rc;
}

/* ---- how it behaves ------------------------------------------------------------------ */

static int slots_of(const struct deliver *d, const struct instance *in)
{
	const char *text = queue_config_get(&d->config->config, in->name, "builds", NULL);
	long n = in->target->slots;

	if (text && (opt_number(text, &n) < 0 || n < 1))
		n = in->target->slots;
	return n > DELIVER_SLOTS_MAX ? DELIVER_SLOTS_MAX : (int)n;
}

/* A target that may be away is asked by one. But who hangs holds up only its own:
 * while it is silent, one more has its turn every two seconds. */
int deliver_instance_room(struct deliver *d, const struct instance *in)
{
	int most = slots_of(d, in), now_most = in->window;
	int64_t silent = deliver_now(d) - in->asked_ms;

	if (now_most < most && in->under_way && in->target->kind == TARGET_CALLS && silent >= 0) {
		now_most += (int)(silent / SILENT_MS < most ? silent / SILENT_MS : most);
		deliver_wake_at(d, in->asked_ms + (silent / SILENT_MS + 1) * SILENT_MS);
	}
	return (now_most < most ? now_most : most) - in->under_way;
}

/* "TARGET MS" lines; the hooks wait for the link of a target that answers. */
static int note_answer(struct deliver *d, struct instance *in, int64_t now_ms, struct err *err)
{
	struct buf before = BUF_INIT(4096), note = BUF_INIT(4096);
	size_t len = strlen(in->name);
	const char *line, *end;
	int rc = queue_db_note_get(d->s.db, "answered", &before, err);

	buf_addf(&note, "%s %" PRId64 "\n", in->name, now_ms);
	for (line = buf_str(&before); rc == 0 && (end = strchr(line, '\n')); line = end + 1)
		if (strncmp(line, in->name, len) != 0 || line[len] != ' ')
			buf_add(&note, line, (size_t)(end + 1 - line));
	if (rc == 0)
		rc = queue_db_note_set(d->s.db, "answered", buf_str(&note), err);
	buf_free(&before);
	buf_free(&note);
	return rc;
}

int deliver_instance_answered(struct deliver *d, struct instance *in, int64_t now_ms,
			      struct err *err)
{
	bool first = in->window == 1;

	in->window = DELIVER_SLOTS_MAX;
	in->paused_until = 0;
	in->asked_ms = now_ms;
	if (in->target->kind == TARGET_CALLS &&
	    (now_ms < in->answered_ms || now_ms - in->answered_ms >= NOTE_EVERY_MS)) {
		in->answered_ms = now_ms;
		if (note_answer(d, in, now_ms, err) < 0)
			return -1;
	}
	/* what was held back because nobody answered need not wait any longer */
	return first ? queue_store_hurry(d->s.db, in->name, ERR_UNAVAILABLE, now_ms, err) : 0;
}

void deliver_instance_silent(struct instance *in, enum err_class class, int64_t until_ms)
{
	if (class != ERR_UNAVAILABLE && class != ERR_ACCESS && class != ERR_TIMEOUT)
		return;
	in->window = 1;
	/* one that does not answer, or lets nobody in, is asked for one event at a time */
	if (class != ERR_TIMEOUT)
		in->paused_until = until_ms;
}
