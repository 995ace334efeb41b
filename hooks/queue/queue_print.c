#include "queue_print.h"
#include "queue_json.h"
#include "queue_text.h"
#include "target.h"
#include "lib/base/clock.h"
#include "lib/base/term.h"

#include <string.h>

enum { REF_COLUMNS = 18, INDENT = 8, REASON_LINES = 4, LINE_MAX_BYTES = 4096, TEXTS = 4 };

struct listing {
	const struct queue_print *p;
	cJSON *events;
	long rows;
};

/* NULL without memory. */
static cJSON *object_of(const struct queue_print *p, const struct queue_delivery *d)
{
	cJSON *o = cJSON_CreateObject();
	char id[64];
	bool good;

	snprintf(id, sizeof(id), "%s/%lld", queue_db_uuid(p->db), (long long)d->event);
	good = o && json_set_integer(o, "event", d->event) == 0 && json_set_string(o, "id", id) == 0 &&
		    queue_json_clean(o, "target", d->target) == 0 &&
		    json_set_string(o, "state", queue_state_names[d->state]) == 0 &&
		    queue_json_clean(o, "ref", d->ref) == 0 && json_set_string(o, "old", d->old) == 0 &&
		    json_set_string(o, "new", d->new) == 0 &&
		    queue_json_clean(o, "pusher", d->pusher) == 0 &&
		    queue_json_time(o, "recorded", d->recorded_ms) == 0 &&
		    json_set_integer(o, "attempts", d->attempts) == 0;

	if (good && d->state == QUEUE_WAITING && d->ready_ms)
		good = queue_json_time(o, "next_attempt", d->ready_ms) == 0;
	if (good && d->reason[0])
		good = queue_json_clean(o, "reason", d->reason) == 0 &&
		       json_set_integer(o, "class", d->class) == 0;
	if (good && d->outcome[0])
		good = queue_json_clean(o, "outcome", d->outcome) == 0;
	if (good && d->external[0])
		good = queue_json_clean(o, "external", d->external) == 0;
	if (good && d->link[0])
		good = queue_json_clean(o, "link", d->link) == 0;
	if (good && d->behind[0])
		good = queue_json_clean(o, "behind", d->behind) == 0;
	if (good)
		return o;
	json_free(o);
	return NULL;
}

/* In words of the table's width, under the row. */
static void print_wrapped(const struct queue_print *p, const char *text)
{
	struct buf clean = BUF_INIT(LINE_MAX_BYTES);
	size_t room = (size_t)(p->columns > 40 ? p->columns : 40) - INDENT;
	const char *line;

	queue_text_clean(text, ' ', 0, &clean);
	line = buf_str(&clean);
	for (int n = 0; *line && n < REASON_LINES; n++) {
		size_t len = 0, width = 0, fit = 0;

		while (line[len] && width <= room) {
			if (line[len] == ' ')
				fit = len;
			do {
				len++;
			} while (((unsigned char)line[len] & 0xc0) == 0x80);
			width++;
		}
		if (width <= room || fit == 0)
			fit = len;
		fprintf(p->out, "%*s%.*s\n", INDENT, "", (int)fit, line);
		line += fit;
		while (*line == ' ')
			line++;
	}
	buf_free(&clean);
}

/* As it is, line by line: a command that is copied must stay whole. */
static void print_block(const struct queue_print *p, const char *text)
{
	struct buf clean = BUF_INIT(2 * TARGET_TEXT_MAX);
	const char *line;

	queue_text_clean(text, '\n', 0, &clean);
	for (line = buf_str(&clean); *line; line += *line == '\n') {
		size_t len = strcspn(line, "\n");

		fprintf(p->out, "%*s%.*s\n", INDENT, "", (int)len, line);
		line += len;
	}
	buf_free(&clean);
}

/* printf's field widths count bytes; this pads by characters. */
static void print_cell(const struct queue_print *p, const char *text, size_t columns)
{
	struct buf cell = BUF_INIT(LINE_MAX_BYTES);
	size_t width;

	queue_text_clean(text, ' ', columns, &cell);
	width = queue_text_width(buf_str(&cell));
	fprintf(p->out, "%s%*s", buf_str(&cell), (int)(width < columns ? columns - width : 0) + 2, "");
	buf_free(&cell);
}

static void next_text(const struct queue_print *p, const struct queue_delivery *d,
		      char out[static 32])
{
	char span[24];

	snprintf(out, 32, "-");
	if (d->state != QUEUE_WAITING)
		return;
	if (!d->ready_ms) {
		snprintf(out, 32, "in turn");
	} else if (d->ready_ms <= p->now_ms) {
		snprintf(out, 32, "now");
	} else {
		queue_text_span(d->ready_ms - p->now_ms, span);
		snprintf(out, 32, "in %s", span);
	}
}

static enum term_style style_of(enum queue_state state)
{
	return state == QUEUE_FAILED ? TERM_RED : state == QUEUE_DELIVERED ? TERM_GREEN
	     : state == QUEUE_WAITING || state == QUEUE_DELIVERING ? TERM_YELLOW : TERM_DIM;
}

static void print_row(struct listing *l, const struct queue_delivery *d)
{
	const struct queue_print *p = l->p;
	char span[24], next[32];

	if (l->rows == 0)
		fprintf(p->out, "event  target     state       %-*s  commit   age  tries  next\n",
			REF_COLUMNS, "ref");
	queue_text_span(p->now_ms - d->recorded_ms, span);
	next_text(p, d, next);
	fprintf(p->out, "%5lld  ", (long long)d->event);
	print_cell(p, d->target[0] ? d->target : "-", 9);
	fprintf(p->out, "%s", term_style(p->out, style_of(d->state)));
	print_cell(p, queue_state_names[d->state], 10);
	fprintf(p->out, "%s", term_style(p->out, TERM_PLAIN));
	print_cell(p, queue_text_ref(d->ref), REF_COLUMNS);
	fprintf(p->out, "%.7s  %4s  %5d  %s\n", d->new, span, d->attempts, next);
	if (d->reason[0] && d->state != QUEUE_DELIVERED)
		print_wrapped(p, d->reason);
	else if (d->outcome[0])
		print_wrapped(p, d->outcome);
}

static int add_row(void *arg, struct queue_delivery *d, struct err *err)
{
	struct listing *l = arg;
	cJSON *o;

	if (!l->p->json) {
		print_row(l, d);
	} else {
		o = object_of(l->p, d);
		if (!o || !cJSON_AddItemToArray(l->events, o)) {
			json_free(o);
			return err_set(err, ERR_INTERNAL, "no memory for the list");
		}
	}
	l->rows++;
	return 0;
}

static int list_json(const struct queue_print *p, const struct queue_filter *filter,
		     struct err *err)
{
	cJSON *tree = cJSON_CreateObject(), *events = cJSON_AddArrayToObject(tree, "events");
	struct listing l = { .p = p, .events = events };
	int rc = -1;

	if (!events || json_set_bool(tree, "drainer", p->drainer) < 0 ||
	    (p->fault[0] && queue_json_clean(tree, "fault", p->fault) < 0))
		err_set(err, ERR_INTERNAL, "no memory for the list");
	else if (queue_store_each(p->db, filter, add_row, &l, err) == 0)
		rc = queue_json_print(p->out, tree, err);
	json_free(tree);
	return rc;
}

int queue_print_list(const struct queue_print *p, const struct queue_filter *filter,
		     struct err *err)
{
	struct listing l = { .p = p };

	if (p->json)
		return list_json(p, filter, err);
	if (queue_store_each(p->db, filter, add_row, &l, err) < 0)
		return -1;
	if (l.rows == 0)
		fprintf(p->out, "no events\n");
	return 0;
}

/* ---- show ---------------------------------------------------------------------------- */

static int add_attempt(const struct queue_print *p, sqlite3_stmt *s, cJSON *attempts)
{
	int64_t started = sqlite3_column_int64(s, 1), ended = sqlite3_column_int64(s, 2);
	static const char *const texts[] = { "outcome", "request", "answer", "status" };
	int64_t answered = sqlite3_column_int64(s, 7);
	cJSON *o;

	if (!p->json) {
		char when[CLOCK_EXTENDED_LEN];

		clock_extended(started / 1000, when);
		fprintf(p->out, "  attempt %d  %s  ", sqlite3_column_int(s, 0), when);
		if (ended)
			fprintf(p->out, "%lld ms", (long long)(ended - started));
		else
			fprintf(p->out, "not ended");
		if (answered >= 0)
			fprintf(p->out, ", answered after %lld ms", (long long)answered);
		fprintf(p->out, "\n");
		for (int i = 0; i < TEXTS; i++)
			if (sqlite3_column_bytes(s, 3 + i)) {
				fprintf(p->out, "    %s\n", texts[i]);
				print_block(p, (const char *)sqlite3_column_text(s, 3 + i));
			}
		return 0;
	}
	o = cJSON_CreateObject();
	if (!o || !cJSON_AddItemToArray(attempts, o)) {
		json_free(o);
		return -1;
	}
	if (json_set_integer(o, "number", sqlite3_column_int(s, 0)) < 0 ||
	    queue_json_time(o, "started", started) < 0 ||
	    (ended && json_set_integer(o, "milliseconds", ended - started) < 0) ||
	    (answered >= 0 && json_set_integer(o, "answered_milliseconds", answered) < 0))
		return -1;
	for (int i = 0; i < TEXTS; i++)
		if (sqlite3_column_bytes(s, 3 + i) &&
		    queue_json_clean(o, texts[i], (const char *)sqlite3_column_text(s, 3 + i)) < 0)
			return -1;
	return 0;
}

static int each_attempt(const struct queue_print *p, const struct queue_delivery *d, cJSON *attempts,
			struct err *err)
{
	sqlite3_stmt *s = queue_db_query(p->db, err, "SELECT number, started_ms, "
		"ifnull(ended_ms, 0), outcome, request, answer, status, "
		"ifnull(answered_ms - sent_ms, -1) FROM attempt "
		"WHERE event = ?1 AND target = ?2 ORDER BY id", "is", d->event, d->target);
	int rc = s ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(p->db, s, err)) > 0)
		if (add_attempt(p, s, attempts) < 0)
			rc = err_set(err, ERR_INTERNAL, "no memory for the attempts");
	sqlite3_finalize(s);
	return rc;
}

static void print_field(const struct queue_print *p, const char *name, const char *value)
{
	struct buf clean = BUF_INIT(64 << 10);

	if (!value[0])
		return;
	queue_text_clean(value, ' ', 0, &clean);
	fprintf(p->out, "  %-9s %s\n", name, buf_str(&clean));
	buf_free(&clean);
}

static void show_event(const struct queue_print *p, const struct queue_delivery *d)
{
	char when[CLOCK_EXTENDED_LEN], span[24], recorded[128];

	clock_extended(d->recorded_ms / 1000, when);
	queue_text_span(p->now_ms - d->recorded_ms, span);
	snprintf(recorded, sizeof(recorded), "%s, %s ago, by %.40s", when, span,
		 d->source[0] ? d->source : "?");
	fprintf(p->out, "event %lld\n", (long long)d->event);
	print_field(p, "ref", d->ref);
	print_field(p, "old", d->old);
	print_field(p, "new", d->new);
	print_field(p, "pusher", d->pusher);
	print_field(p, "options", d->options);
	print_field(p, "recorded", recorded);
}

static void show_delivery(const struct queue_print *p, const struct queue_delivery *d)
{
	char next[32];

	next_text(p, d, next);
	fprintf(p->out, "%s: %s", d->target[0] ? d->target : "not looked up yet",
		queue_state_names[d->state]);
	if (d->attempts)
		fprintf(p->out, ", %d attempt%s", d->attempts, d->attempts == 1 ? "" : "s");
	if (d->state == QUEUE_WAITING)
		fprintf(p->out, ", next: %s", next);
	fprintf(p->out, "\n");
	print_field(p, "reason", d->reason);
	print_field(p, "outcome", d->outcome);
	print_field(p, "external", d->external);
	print_field(p, "link", d->link);
	if (d->state == QUEUE_WAITING)
		print_field(p, "behind", d->behind);
}

static int show_row(void *arg, struct queue_delivery *d, struct err *err)
{
	struct listing *l = arg;
	cJSON *o, *attempts;

	if (!l->p->json) {
		if (l->rows++ == 0)
			show_event(l->p, d);
		show_delivery(l->p, d);
		return each_attempt(l->p, d, NULL, err);
	}
	l->rows++;
	o = object_of(l->p, d);
	attempts = cJSON_AddArrayToObject(o, "attempt_log");
	if (!attempts || (d->options[0] && queue_json_clean(o, "push_options", d->options) < 0) ||
	    !cJSON_AddItemToArray(l->events, o)) {
		json_free(o);
		return err_set(err, ERR_INTERNAL, "no memory for the event");
	}
	return each_attempt(l->p, d, attempts, err);
}

int queue_print_show(const struct queue_print *p, int64_t event, struct err *err)
{
	const struct queue_filter filter = { .event = event, .state = -1 };
	cJSON *tree = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(tree, "deliveries");
	struct listing l = { .p = p, .events = list };
	int rc = -1;

	if (!list)
		err_set(err, ERR_INTERNAL, "no memory for the event");
	else
		rc = queue_store_each(p->db, &filter, show_row, &l, err);
	if (rc == 0 && l.rows == 0)
		rc = err_set(err, ERR_USAGE, "there is no event %lld; see: codetrain queue list --all",
			     (long long)event);
	else if (rc == 0 && p->json)
		rc = queue_json_print(p->out, tree, err);
	json_free(tree);
	return rc;
}
