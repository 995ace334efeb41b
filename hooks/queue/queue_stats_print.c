#include "queue_json.h"
#include "queue_stats.h"
#include "queue_text.h"

#include <string.h>

enum { NAME_COLUMNS = 16, CELL_MAX = 4096 };

static void print_name(FILE *out, const struct queue_stats_target *t)
{
	struct buf cell = BUF_INIT(CELL_MAX);

	queue_text_clean(t->name[0] ? t->name : "(not looked up)", ' ', NAME_COLUMNS, &cell);
	fprintf(out, "%s%*s", buf_str(&cell),
		(int)(NAME_COLUMNS - queue_text_width(buf_str(&cell))), "");
	buf_free(&cell);
}

static void print_states(const struct queue_print *p, const struct queue_stats *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct queue_stats_target *t = &s->targets[i];
		char oldest[24] = "-";

		if (i == 0)
			fprintf(p->out, "%-16s waiting delivering delivered failed skipped dropped  oldest\n",
				"target");
		if (t->oldest_ms)
			queue_text_span(p->now_ms - t->oldest_ms, oldest);
		print_name(p->out, t);
		fprintf(p->out, " %7lld %10lld %9lld %6lld %7lld %7lld %7s\n",
			(long long)t->states[QUEUE_WAITING], (long long)t->states[QUEUE_DELIVERING],
			(long long)t->states[QUEUE_DELIVERED], (long long)t->states[QUEUE_FAILED],
			(long long)t->states[QUEUE_SKIPPED], (long long)t->states[QUEUE_DROPPED], oldest);
	}
}

static void print_latencies(FILE *out, const struct queue_stats *s)
{
	bool headed = false;

	for (size_t i = 0; i < s->n; i++) {
		const struct queue_stats_target *t = &s->targets[i];
		char p50[24], p95[24], most[24];

		if (!t->samples)
			continue;
		if (!headed)
			fprintf(out, "\n%-16s    half   19/20 longest   tries  from push to delivery\n",
				"target");
		headed = true;
		queue_text_time(t->p50_ms, p50);
		queue_text_time(t->p95_ms, p95);
		queue_text_time(t->max_ms, most);
		print_name(out, t);
		fprintf(out, " %7s %7s %7s %7lld\n", p50, p95, most, (long long)t->attempts);
	}
}

static void print_locks(const struct queue_print *p, const struct queue_stats *s)
{
	for (size_t i = 0; i < s->locks.n; i++) {
		struct buf name = BUF_INIT(CELL_MAX);

		queue_text_clean(s->locks.v[i], ' ', 0, &name);
		fprintf(p->out, "lock      %s is older than 10 minutes, and git refuses\n"
			"          pushes there; when no git is at work, remove it\n", buf_str(&name));
		buf_free(&name);
	}
}

static void print_rest(const struct queue_print *p, const struct queue_stats *s)
{
	fprintf(p->out, "%sevents    %lld recorded", s->n ? "\n" : "", (long long)s->events);
	if (s->undecided)
		fprintf(p->out, ", %lld not yet known to have happened", (long long)s->undecided);
	fprintf(p->out, "\n");
	if (s->incomplete)
		fprintf(p->out, "pushes    %lld whose post-receive has not come\n",
			(long long)s->incomplete);
	fprintf(p->out, "delivered %lld in the last minute, %lld in an hour, %lld in a day\n",
		(long long)s->minute, (long long)s->hour, (long long)s->day);
	fprintf(p->out, "drainer   %s\n", p->drainer ? "at work" : "none at work");
	if (p->fault[0]) {
		struct buf fault = BUF_INIT(CELL_MAX);

		queue_text_clean(p->fault, ' ', 0, &fault);
		fprintf(p->out, "fault     %s\n", buf_str(&fault));
		buf_free(&fault);
	}
	fprintf(p->out, "database  %lld KiB\n", (long long)(s->bytes + 1023) / 1024);
	if (s->spooled)
		fprintf(p->out, "spool     %lld to be taken in\n", (long long)s->spooled);
	print_locks(p, s);
}

static cJSON *target_json(const struct queue_stats_target *t)
{
	cJSON *o = cJSON_CreateObject();
	bool good = o && queue_json_clean(o, "target", t->name) == 0 &&
		    json_set_integer(o, "attempts", t->attempts) == 0;

	for (int i = 0; good && i < QUEUE_STATES; i++)
		good = json_set_integer(o, queue_state_names[i], t->states[i]) == 0;
	if (good && t->oldest_ms)
		good = queue_json_time(o, "oldest", t->oldest_ms) == 0;
	if (good && t->samples)
		good = json_set_integer(o, "latency.samples", t->samples) == 0 &&
		       json_set_integer(o, "latency.p50_ms", t->p50_ms) == 0 &&
		       json_set_integer(o, "latency.p95_ms", t->p95_ms) == 0 &&
		       json_set_integer(o, "latency.max_ms", t->max_ms) == 0;
	if (good)
		return o;
	json_free(o);
	return NULL;
}

static int add_targets(cJSON *tree, const struct queue_stats *s)
{
	cJSON *list = cJSON_AddArrayToObject(tree, "targets");
	bool good = list != NULL;

	for (size_t i = 0; good && i < s->n; i++) {
		cJSON *o = target_json(&s->targets[i]);

		good = o && cJSON_AddItemToArray(list, o);
		if (!good)
			json_free(o);
	}
	return good ? 0 : -1;
}

static int add_locks(cJSON *tree, const struct queue_stats *s)
{
	cJSON *list = cJSON_AddArrayToObject(tree, "locks");
	int rc = list ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < s->locks.n; i++) {
		struct buf name = BUF_INIT(CELL_MAX);
		cJSON *text;

		queue_text_clean(s->locks.v[i], ' ', 0, &name);
		text = cJSON_CreateString(buf_str(&name));
		if (!text || !cJSON_AddItemToArray(list, text)) {
			json_free(text);
			rc = -1;
		}
		buf_free(&name);
	}
	return rc;
}

static int print_json(const struct queue_print *p, const struct queue_stats *s, struct err *err)
{
	cJSON *o = cJSON_CreateObject();
	int rc = -1;

	if (!o || add_targets(o, s) < 0 || json_set_integer(o, "events", s->events) < 0 ||
	    json_set_integer(o, "undecided", s->undecided) < 0 ||
	    json_set_integer(o, "incomplete_pushes", s->incomplete) < 0 ||
	    json_set_integer(o, "delivered.minute", s->minute) < 0 ||
	    json_set_integer(o, "delivered.hour", s->hour) < 0 ||
	    json_set_integer(o, "delivered.day", s->day) < 0 ||
	    json_set_bool(o, "drainer", p->drainer) < 0 ||
	    (p->fault[0] && queue_json_clean(o, "fault", p->fault) < 0) ||
	    json_set_integer(o, "bytes", s->bytes) < 0 ||
	    json_set_integer(o, "spool.waiting", s->spooled) < 0 ||
	    add_locks(o, s) < 0)
		err_set(err, ERR_INTERNAL, "no memory for the statistics");
	else
		rc = queue_json_print(p->out, o, err);
	json_free(o);
	return rc;
}

int queue_stats_print(const struct queue_print *p, struct err *err)
{
	struct queue_stats s;
	int rc;

	if (queue_stats_read(p->db, p->gitdir, p->now_ms, &s, err) < 0)
		return -1;
	if (p->json) {
		rc = print_json(p, &s, err);
	} else {
		print_states(p, &s);
		print_latencies(p->out, &s);
		print_rest(p, &s);
		rc = 0;
	}
	queue_stats_free(&s);
	return rc;
}
