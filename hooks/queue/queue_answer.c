#include "queue_answer.h"
#include "queue_text.h"
#include "lib/base/clock.h"
#include "lib/base/opt.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LOOK_MS = 10, LOOK_MS = 50, NOTE_MAX = 16 << 10, SHOWN = 300, SAID_MOST = 64 };

#define EVENTS_OF_THE_PUSH "event.seq BETWEEN ?1 AND ?2 AND event.push = " \
	"(SELECT push FROM event WHERE seq = ?1)"

/* Deliveries whose answer was said, as "EVENT TARGET". */
struct waiting {
	struct queue_db *db;
	const struct queue_recorded *recorded;
	struct strs targets;
	struct strs said;
	void (*say)(const char *line);
};

static bool is_free(struct queue_db *db, const char *target, int64_t first)
{
	struct err ignored = { 0 };
	int64_t waits = 1;

	return queue_db_integer(db, &waits, &ignored, "SELECT EXISTS (SELECT 1 FROM delivery WHERE "
				"target = ?1 AND state IN ('waiting', 'delivering') AND event < ?2)",
				"si", target, first) == 0 && !waits;
}

static void find_targets(struct queue_db *db, const struct queue_recorded *recorded, int64_t now_ms,
			 struct strs *targets)
{
	struct buf note = BUF_INIT(NOTE_MAX);
	struct err ignored = { 0 };
	char *line;

	if (!recorded->first || recorded->last - recorded->first >= QUEUE_ANSWER_EVENTS ||
	    queue_db_note_get(db, "answered", &note, &ignored) < 0 || !note.len ||
	    !is_free(db, "", recorded->first)) {
		buf_free(&note);
		return;
	}
	for (line = note.data; line && *line; ) {
		char *newline = strchr(line, '\n'), *space;

		if (newline)
			*newline = '\0';
		space = strrchr(line, ' ');
		if (space) {
			int64_t age = now_ms - strtoll(space + 1, NULL, 10);

			*space = '\0';
			if (age >= 0 && age < QUEUE_ANSWER_RECENT_MS &&
			    is_free(db, line, recorded->first))
				strs_add(targets, line);
		}
		line = newline ? newline + 1 : NULL;
	}
	buf_free(&note);
}

bool queue_answer_worth(struct queue_db *db, const struct queue_recorded *recorded, int64_t now_ms)
{
	struct strs targets = STRS_INIT;
	bool worth;

	find_targets(db, recorded, now_ms, &targets);
	worth = targets.n > 0;
	strs_free(&targets);
	return worth;
}

static void say(struct waiting *w, const char *text)
{
	struct buf line = BUF_INIT(4096);

	if (*text && queue_text_clean(text, ' ', SHOWN, &line) == 0)
		w->say(buf_str(&line));
	buf_free(&line);
}

/* Says what a delivery came to, once. Columns: event, target, state, attempts, outcome,
 * reason, link. True: nothing more will come of it soon. */
static bool is_answered(struct waiting *w, sqlite3_stmt *row)
{
	const char *target = (const char *)sqlite3_column_text(row, 1);
	const char *state = (const char *)sqlite3_column_text(row, 2);
	bool delivered = strcmp(state, "delivered") == 0, failed = strcmp(state, "failed") == 0;
	struct buf key = BUF_INIT(256), text = BUF_INIT(4096);
	long long event = sqlite3_column_int64(row, 0);

	if (!*target)
		return false;	/* not looked up in the configuration yet */
	if (!strs_has(&w->targets, target))
		return true;
	if (!delivered && !failed)
		return strcmp(state, "delivering") != 0 &&
		       (strcmp(state, "waiting") != 0 || sqlite3_column_int64(row, 3) > 0);
	buf_addf(&key, "%lld %s", event, target);
	if (!strs_has(&w->said, buf_str(&key)) && w->said.n < SAID_MOST) {
		strs_add(&w->said, buf_str(&key));
		if (failed)
			buf_addf(&text, "%s: %s (codetrain queue show %lld)", target,
				 sqlite3_column_text(row, 5), event);
		say(w, failed ? buf_str(&text) : (const char *)sqlite3_column_text(row, 4));
		say(w, (const char *)sqlite3_column_text(row, 6));
	}
	buf_free(&key);
	buf_free(&text);
	return true;
}

/* 1 when all are answered, 0, or -1. */
static int look(struct waiting *w, struct err *err)
{
	sqlite3_stmt *s = queue_db_query(w->db, err, "SELECT delivery.event, target, delivery.state, "
		"attempts, outcome, reason, link FROM event JOIN delivery ON delivery.event = event.seq "
		"WHERE " EVENTS_OF_THE_PUSH " ORDER BY delivery.event, target", "ii",
		w->recorded->first, w->recorded->last);
	bool all = true;
	int rc;

	if (!s)
		return -1;
	while ((rc = queue_db_step(w->db, s, err)) > 0)
		if (!is_answered(w, s))
			all = false;
	sqlite3_finalize(s);
	return rc < 0 ? -1 : all;
}

int queue_answer_wait(struct queue_db *db, const struct queue_recorded *recorded, int64_t most_ms,
		      void (*say_line)(const char *line), struct err *err)
{
	struct waiting w = { .db = db, .recorded = recorded, .say = say_line };
	deadline_t end = deadline_in(most_ms);
	int pause = FIRST_LOOK_MS, rc = 0;

	find_targets(db, recorded, clock_now_ms(), &w.targets);
	while (w.targets.n && rc == 0) {
		rc = look(&w, err);
		if (rc != 0 || deadline_over(end))
			break;
		poll(NULL, 0, pause < deadline_left(end) ? pause : deadline_left(end));
		pause = pause * 2 < LOOK_MS ? pause * 2 : LOOK_MS;
	}
	strs_free(&w.targets);
	strs_free(&w.said);
	return rc < 0 ? -1 : 0;
}

int queue_answer_events(struct queue_db *db, const struct queue_recorded *recorded,
			struct strs *numbers, struct err *err)
{
	sqlite3_stmt *s = queue_db_query(db, err, "SELECT seq FROM event WHERE " EVENTS_OF_THE_PUSH
					 " ORDER BY seq LIMIT ?3", "iii", recorded->first, recorded->last,
					 (int64_t)QUEUE_ANSWER_EVENTS + 1);
	int rc;

	if (!s)
		return -1;
	while ((rc = queue_db_step(db, s, err)) > 0)
		strs_addf(numbers, "%lld", (long long)sqlite3_column_int64(s, 0));
	sqlite3_finalize(s);
	if (rc == 0 && numbers->failed)
		rc = err_set(err, ERR_INTERNAL, "no memory for the events");
	return rc;
}

int64_t queue_answer_time(const char *value)
{
	int64_t ms = QUEUE_ANSWER_MS;
	size_t len = strlen(value);
	char digits[16];
	long n;

	if (len > 2 && len - 2 < sizeof(digits) && strcmp(value + len - 2, "ms") == 0) {
		snprintf(digits, sizeof(digits), "%.*s", (int)(len - 2), value);
		if (opt_number(digits, &n) == 0)
			ms = n;
	} else if (opt_seconds(value, &n) == 0) {
		ms = n < QUEUE_ANSWER_MOST_MS / 1000 ? n * INT64_C(1000) : QUEUE_ANSWER_MOST_MS;
	}
	return ms < 0 ? 0 : ms < QUEUE_ANSWER_MOST_MS ? ms : QUEUE_ANSWER_MOST_MS;
}
