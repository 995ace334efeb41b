#include "queue_verbs.h"
#include "deliver_loop.h"
#include "queue_log.h"
#include "queue_record.h"
#include "queue_text.h"
#include "queue_wake.h"
#include "lib/base/clock.h"
#include "lib/base/term.h"
#include "lib/spec/json.h"

#include <string.h>
#include <unistd.h>

enum { DAY_S = 24 * 3600 };

/* ---- run ----------------------------------------------------------------------------- */

struct teller {
	struct queue_log *log;
	bool quiet;		/* nobody is there to read, or the journal has it */
	struct buf fault;	/* the last that was told */
};

/* Once, however long it lasts. */
static void report_fault(void *arg, const char *text)
{
	struct teller *t = arg;

	if (strcmp(buf_str(&t->fault), text) == 0)
		return;
	buf_clear(&t->fault);
	buf_adds(&t->fault, text);
	queue_log_line(t->log, 0, NULL, "fault: %s", text);
}

static void report_found(void *arg, long count)
{
	const struct teller *t = arg;

	queue_log_line(t->log, 0, NULL, "found %ld move%s of refs that no hook told of", count,
		       count == 1 ? "" : "s");
}

static void report(void *arg, const struct queue_delivery *d, enum queue_state state,
		   const char *text)
{
	const struct teller *t = arg;
	struct buf ref = BUF_INIT(1024), why = BUF_INIT(2 * ERR_MESSAGE_MAX);

	queue_text_clean(queue_text_ref(d->ref), ' ', 60, &ref);
	queue_text_clean(text ? text : "", ' ', 0, &why);
	queue_log_line(t->log, d->event, d->target, "%s (%s %.7s)%s%s", queue_state_names[state],
		       buf_str(&ref), d->new, why.len ? ": " : "", buf_str(&why));
	if (!t->quiet)
		term_note(queue_verbs_program, "event %lld (%s %.7s) to %s: %s%s%s",
			  (long long)d->event, buf_str(&ref), d->new, d->target,
			  queue_state_names[state], why.len ? ": " : "", buf_str(&why));
	buf_free(&ref);
	buf_free(&why);
}

/* A log that cannot be had stops no delivery; a configuration that cannot be read is told
 * at what waits for it. */
static void open_log(const struct queue_request *q, struct teller *t)
{
	struct queue_config config = QUEUE_CONFIG_INIT;
	struct err err = { 0 };

	if (queue_config_load(buf_str(&q->gitdir), &config, &err) == 0 &&
	    queue_log_open(buf_str(&q->gitdir), queue_config_get(&config, NULL, "log", NULL), &t->log,
			   &err) < 0 && !q->background)
		term_warning(queue_verbs_program, "%s; there is no log", err.message);
	queue_config_free(&config);
	t->quiet = q->background || queue_log_is_stderr(t->log);
}

static void log_end(const struct teller *t, int rc, const struct deliver_tally *tally,
		    const struct err *err)
{
	if (rc < 0)
		queue_log_line(t->log, 0, NULL, "drainer ends: %s", err->message);
	else if (!tally->elsewhere && (tally->settled || tally->open))
		queue_log_line(t->log, 0, NULL, "drainer ends: %ld settled, %ld failed, %lld open",
			       tally->settled, tally->failed, (long long)tally->open);
}

static int print_tally(const struct deliver_tally *tally, struct err *err)
{
	struct buf text = BUF_INIT(1024);
	cJSON *o = cJSON_CreateObject();
	int rc = -1;

	if (!o || json_set_integer(o, "settled", tally->settled) < 0 ||
	    json_set_integer(o, "failed", tally->failed) < 0 ||
	    json_set_integer(o, "open", tally->open) < 0 ||
	    json_set_bool(o, "elsewhere", tally->elsewhere) < 0)
		err_set(err, ERR_INTERNAL, "no memory for the answer");
	else if (json_print(o, false, &text, err) == 0)
		rc = puts(buf_str(&text)) < 0 ? err_errno(err, "cannot write") : 0;
	json_free(o);
	buf_free(&text);
	return rc;
}

static int run(struct queue_request *q, struct teller *t, struct deliver_tally *tally,
	       struct err *err)
{
	const struct deliver_loop loop = {
		.gitdir = buf_str(&q->gitdir), .targets = target_table, .once = q->once,
		.background = q->background, .life_s = q->life_s ? q->life_s : DAY_S,
		.report = report, .fault = report_fault, .found = report_found, .arg = t,
	};
	int rc;

	open_log(q, t);
	rc = deliver_loop(&loop, tally, err);
	log_end(t, rc, tally, err);
	queue_log_free(t->log);
	buf_free(&t->fault);
	return rc;
}

int queue_verbs_run(struct queue_request *q, struct err *err)
{
	struct deliver_tally tally;
	struct teller t = { .fault = BUF_INIT(ERR_MESSAGE_MAX) };

	if (run(q, &t, &tally, err) < 0)
		return -1;
	if (tally.elsewhere && !q->background)
		term_note(queue_verbs_program, "another drainer is at work; it was woken");
	if (q->json && print_tally(&tally, err) < 0)
		return -1;
	if (tally.elsewhere || q->background)
		return 0;
	if (tally.failed)
		return err_set(err, ERR_NO, "%ld deliver%s failed; see: codetrain queue list",
			       tally.failed, tally.failed == 1 ? "y" : "ies");
	if (tally.open)
		return err_set(err, ERR_UNAVAILABLE, "%lld still wait%s; see: codetrain queue list",
			       (long long)tally.open, tally.open == 1 ? "s" : "");
	return 0;
}

/* ---- retry, drop --------------------------------------------------------------------- */

typedef int change(struct queue_db *db, int64_t event, const char *target, int64_t now_ms,
		   struct err *err);

static int changed_json(const struct queue_request *q, const char *state, struct err *err)
{
	cJSON *tree = cJSON_CreateObject(), *all = cJSON_AddArrayToObject(tree, "events");
	bool good = all && json_set_string(tree, "state", state) == 0;
	int64_t event = 0;

	for (size_t i = 0; good && i < q->args.n; i++) {
		cJSON *n;

		queue_verbs_number(q, i, &event, err);
		n = cJSON_CreateNumber((double)event);
		good = n && cJSON_AddItemToArray(all, n);
		if (!good)
			json_free(n);
	}
	if (!good) {
		json_free(tree);
		tree = NULL;
	}
	return queue_verbs_json(tree, err);
}

static int change_all(struct queue_request *q, change *each, const char *done, const char *state,
		      size_t *changed, struct err *err)
{
	struct queue_db *db;
	int64_t event;
	int rc = 0;

	*changed = 0;
	for (size_t i = 0; i < q->args.n; i++)	/* all are looked at before any is changed */
		if (queue_verbs_number(q, i, &event, err) < 0)
			return -1;
	if (queue_db_open(buf_str(&q->gitdir), QUEUE_DB_EXISTING, QUEUE_DB_BUSY_MS, &db, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < q->args.n; i++) {
		queue_verbs_number(q, i, &event, err);
		rc = each(db, event, q->target, clock_now_ms(), err);
		if (rc == 0) {
			(*changed)++;
			term_note(queue_verbs_program, "event %lld %s", (long long)event, done);
		}
	}
	queue_db_close(db);
	return rc == 0 && q->json ? changed_json(q, state, err) : rc;
}

/* Also when one of several could not be changed: those before it were. */
int queue_verbs_retry(struct queue_request *q, struct err *err)
{
	struct err second = { 0 };
	size_t changed;
	int rc = change_all(q, queue_store_retry, "waits again", "waiting", &changed, err);

	if (changed && queue_wake_or_start(buf_str(&q->gitdir), rc < 0 ? &second : err) < 0)
		rc = -1;
	return rc;
}

int queue_verbs_drop(struct queue_request *q, struct err *err)
{
	size_t changed;
	int rc = change_all(q, queue_store_drop, "is dropped", "dropped", &changed, err);

	if (changed)
		queue_wake(buf_str(&q->gitdir));	/* what waited behind it has its turn */
	return rc;
}

/* ---- record -------------------------------------------------------------------------- */

static int read_lines(struct queue_push *push, struct err *err)
{
	static struct queue_lines in = { .fd = STDIN_FILENO };
	struct queue_update u;
	const char *line;
	bool malformed;
	int rc;

	while ((rc = queue_push_line(&in, &line, &malformed, err)) > 0) {
		if (malformed || !queue_push_split(line, &u))
			return err_set(err, ERR_USAGE, "not \"OLD NEW REF\" as git gives it: %.200s",
				       line);
		if (push->updates.n == QUEUE_PUSH_REFS)
			return err_set(err, ERR_USAGE, "more than %d lines; give them in parts",
				       QUEUE_PUSH_REFS);
		if (strs_add(&push->updates, line) < 0)
			return err_set(err, ERR_INTERNAL, "no memory for the refs");
	}
	return rc;
}

static int record(struct queue_request *q, struct queue_db *db, struct queue_push *push,
		  struct err *err)
{
	struct queue_recorded r;
	cJSON *o;

	if (read_lines(push, err) < 0 || queue_record(db, buf_str(&q->gitdir), push, &r, err) < 0)
		return -1;
	if (r.first)
		term_note(queue_verbs_program, "recorded as event%s %lld to %lld",
			  push->updates.n > 1 ? "s" : "", (long long)r.first, (long long)r.last);
	if (!q->json)
		return 0;
	o = cJSON_CreateObject();
	if (o && (json_set_integer(o, "first", r.first) < 0 || json_set_integer(o, "last", r.last) < 0)) {
		json_free(o);
		o = NULL;
	}
	return queue_verbs_json(o, err);
}

int queue_verbs_record(struct queue_request *q, struct err *err)
{
	struct queue_push push;
	struct queue_db *db;
	int rc;

	if (queue_db_open(buf_str(&q->gitdir), QUEUE_DB_MAKE, QUEUE_DB_BUSY_MS, &db, err) < 0)
		return -1;
	queue_push_init(&push, "record", clock_now_ms());
	queue_push_environment(&push);
	rc = record(q, db, &push, err);
	queue_push_free(&push);
	queue_db_close(db);
	return rc < 0 ? -1 : queue_wake_or_start(buf_str(&q->gitdir), err);
}
