/*
 * codetrain queue: delivers what the hook recorded, and shows it.
 */
#include "hooks/queue/deliver_loop.h"
#include "hooks/queue/queue_place.h"
#include "hooks/queue/queue_print.h"
#include "hooks/queue/queue_record.h"
#include "hooks/queue/queue_spool.h"
#include "hooks/queue/queue_text.h"
#include "hooks/queue/queue_wake.h"
#include "hooks/queue/target_worker.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"
#include "lib/spec/json.h"

#include <string.h>
#include <unistd.h>

enum { NEWEST = 20, DAY_S = 24 * 3600, DAMAGED_MOST = 20 };

static const char name[] = "codetrain queue";

struct request {
	const char *dir, *target, *state;
	bool json, once, background, all;
	long life_s;
	struct strs args;	/* behind the verb */
	struct buf gitdir;
};

static int open_queue(const struct request *q, struct queue_db **db, struct err *err)
{
	return queue_db_open(buf_str(&q->gitdir), QUEUE_DB_EXISTING, QUEUE_DB_BUSY_MS, db, err);
}

static void report(void *arg, const struct queue_delivery *d, enum queue_state state,
		   const char *text)
{
	struct buf ref = BUF_INIT(1024);

	(void)arg;
	queue_text_clean(queue_text_ref(d->ref), ' ', 60, &ref);
	term_note(name, "event %lld (%s %.7s) to %s: %s%s%s", (long long)d->event, buf_str(&ref),
		  d->new, d->target, queue_state_names[state], text && *text ? ": " : "",
		  text ? text : "");
	buf_free(&ref);
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

static int verb_run(struct request *q, struct err *err)
{
	const struct deliver_loop loop = {
		.gitdir = buf_str(&q->gitdir), .targets = target_table, .once = q->once,
		.background = q->background, .life_s = q->life_s,
		.report = q->background ? NULL : report,
	};
	struct deliver_tally tally;

	if (deliver_loop(&loop, &tally, err) < 0)
		return -1;
	if (tally.elsewhere && !q->background)
		term_note(name, "another drainer is at work; it was woken");
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

static int state_number(const char *text, int *out, struct err *err)
{
	*out = -1;
	for (int i = 0; text && i < QUEUE_STATES; i++)
		if (strcmp(text, queue_state_names[i]) == 0)
			*out = i;
	if (text && *out < 0)
		return err_set(err, ERR_USAGE, "there is no state \"%s\"; it is one of waiting, "
			       "delivering, delivered, failed, skipped, dropped", text);
	return 0;
}

static int numbers(const struct request *q, size_t i, int64_t *out, struct err *err)
{
	long n;

	if (opt_number(q->args.v[i], &n) < 0 || n < 1)
		return err_set(err, ERR_USAGE, "\"%s\" is no event number; see: codetrain queue list",
			       q->args.v[i]);
	*out = n;
	return 0;
}

/* A push that was spooled and cannot be read is delivered by nobody. */
static int warn_of_damaged(const char *gitdir, struct err *err)
{
	struct strs names = STRS_INIT;
	int rc = queue_spool_damaged(gitdir, DAMAGED_MOST, &names, err);

	for (size_t i = 0; i < names.n; i++)
		term_warning(name, "%s/codetrain/spool/%s is a push that cannot be read; its refs: "
			     "codetrain queue record, then remove it", gitdir, names.v[i]);
	strs_free(&names);
	return rc;
}

static int print(struct request *q, const struct queue_filter *filter, int64_t event,
		 struct err *err)
{
	struct buf fault = BUF_INIT(4096);
	struct queue_print p = { .out = stdout, .json = q->json, .now_ms = clock_now_ms(),
				 .columns = term_columns(stdout) };
	int rc = -1;

	if (open_queue(q, &p.db, err) < 0 ||
	    deliver_loop_fault(buf_str(&q->gitdir), &fault, err) < 0 ||
	    warn_of_damaged(buf_str(&q->gitdir), err) < 0)
		goto out;
	p.drainer = queue_wake_present(buf_str(&q->gitdir));
	p.fault = buf_str(&fault);
	if (fault.len && !q->json)
		term_warning(name, "the last drainer could not go on: %s", p.fault);
	rc = filter ? queue_print_list(&p, filter, err) : queue_print_show(&p, event, err);
out:
	queue_db_close(p.db);
	buf_free(&fault);
	return rc;
}

static int verb_list(struct request *q, struct err *err)
{
	struct queue_filter filter = { .target = q->target, .newest = q->all ? 0 : NEWEST };

	if (state_number(q->state, &filter.state, err) < 0)
		return -1;
	return print(q, &filter, 0, err);
}

static int verb_show(struct request *q, struct err *err)
{
	int64_t event = 0;

	return numbers(q, 0, &event, err) < 0 ? -1 : print(q, NULL, event, err);
}

typedef int change(struct queue_db *db, int64_t event, const char *target, int64_t now_ms,
		   struct err *err);

static int change_all(struct request *q, change *each, const char *done, struct err *err)
{
	struct queue_db *db;
	int64_t event;
	int rc = 0;

	for (size_t i = 0; i < q->args.n; i++)	/* all are looked at before any is changed */
		if (numbers(q, i, &event, err) < 0)
			return -1;
	if (open_queue(q, &db, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < q->args.n; i++) {
		numbers(q, i, &event, err);
		rc = each(db, event, q->target, clock_now_ms(), err);
		if (rc == 0)
			term_note(name, "event %lld %s", (long long)event, done);
	}
	queue_db_close(db);
	return rc;
}

static int verb_retry(struct request *q, struct err *err)
{
	if (change_all(q, queue_store_retry, "waits again", err) < 0)
		return -1;
	return queue_wake_or_start(buf_str(&q->gitdir), err);
}

static int verb_drop(struct request *q, struct err *err)
{
	if (change_all(q, queue_store_drop, "is dropped", err) < 0)
		return -1;
	queue_wake(buf_str(&q->gitdir));	/* what waited behind it has its turn */
	return 0;
}

static int record_lines(struct request *q, struct queue_db *db, struct queue_push *push,
			struct err *err)
{
	static struct queue_lines in = { .fd = STDIN_FILENO };
	struct queue_recorded recorded;
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
	if (rc < 0 || queue_record(db, buf_str(&q->gitdir), push, &recorded, err) < 0)
		return -1;
	if (recorded.first)
		term_note(name, "recorded as event%s %lld to %lld", push->updates.n > 1 ? "s" : "",
			  (long long)recorded.first, (long long)recorded.last);
	return 0;
}

static int verb_record(struct request *q, struct err *err)
{
	struct queue_push push;
	struct queue_db *db;
	int rc;

	if (queue_db_open(buf_str(&q->gitdir), QUEUE_DB_MAKE, QUEUE_DB_BUSY_MS, &db, err) < 0)
		return -1;
	queue_push_init(&push, "record", clock_now_ms());
	queue_push_environment(&push);
	rc = record_lines(q, db, &push, err);
	queue_push_free(&push);
	queue_db_close(db);
	return rc < 0 ? -1 : queue_wake_or_start(buf_str(&q->gitdir), err);
}

static int verb_targets(struct request *q, struct err *err)
{
	struct queue_config config = QUEUE_CONFIG_INIT;
	struct buf text = BUF_INIT(4096);
	int rc = -1;

	if (queue_config_load(buf_str(&q->gitdir), &config, err) == 0 &&
	    target_summary(target_table, &config, &text, err) == 0)
		rc = puts(buf_str(&text)) < 0 ? err_errno(err, "cannot write") : 0;
	queue_config_free(&config);
	buf_free(&text);
	return rc;
}

static int verb_work(struct request *q, struct err *err)
{
	return target_worker(q->args.v, err);
}

static const struct verb {
	const char *name;
	int (*run)(struct request *q, struct err *err);
	size_t min, max;
	bool anywhere;		/* needs no repository around it */
} verbs[] = {
	{ "run", verb_run, 0, 0, false },
	{ "list", verb_list, 0, 0, false },
	{ "show", verb_show, 1, 1, false },
	{ "retry", verb_retry, 1, 1000, false },
	{ "drop", verb_drop, 1, 1000, false },
	{ "record", verb_record, 0, 0, false },
	{ "targets", verb_targets, 0, 0, false },
	{ TARGET_WORKER_VERB, verb_work, TARGET_WORKER_ARGS, TARGET_WORKER_ARGS_MAX, true },
};

static const struct verb *find_verb(const char *text, struct err *err)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].name, text) == 0)
			return &verbs[i];
	err_set(err, ERR_USAGE, "unknown command \"%s\"; it is run, list, show, retry, drop, record "
		"or targets", text);
	return NULL;
}

static int dispatch(struct request *q, struct strs *args, struct err *err)
{
	const struct verb *verb = find_verb(args->v[0], err);

	if (!verb)
		return -1;
	for (size_t i = 1; i < args->n; i++)
		strs_add(&q->args, args->v[i]);
	if (q->args.n < verb->min || q->args.n > verb->max)
		return err_set(err, ERR_USAGE, "%s wants %s; see codetrain queue --help", verb->name,
			       verb->min ? "event numbers" : "no operand");
	if (!verb->anywhere && queue_place_find(q->dir, &q->gitdir, err) < 0)
		return -1;
	return verb->run(q, err);
}

int main(int argc, char **argv)
{
	struct request q = { .life_s = DAY_S, .gitdir = BUF_INIT(PATH_MAX_BYTES) };
	const struct opt options[] = {
		{ "repository", 'C', OPT_STRING, &q.dir, "GITDIR",
		  "the repository; else GIT_DIR, or the one around here" },
		{ "target", 't', OPT_STRING, &q.target, "NAME", "only deliveries to this target" },
		{ "state", 0, OPT_STRING, &q.state, "STATE", "list: only this state" },
		{ "all", 'a', OPT_FLAG, &q.all, NULL, "list: also old ones that are settled" },
		{ "once", 0, OPT_FLAG, &q.once, NULL, "run: what is ready now, no second try" },
		{ "background", 0, OPT_FLAG, &q.background, NULL,
		  "run: as the hook starts it; waits out faults" },
		{ "life", 0, OPT_SECONDS, &q.life_s, "TIME", "run: end after so long (24h)" },
		{ "json", 0, OPT_FLAG, &q.json, NULL, "machine-readable on standard output" },
		OPT_END
	};
	const struct opt_program program = {
		.name = name,
		.synopsis = "run [--once] [-C GITDIR]\nlist [--all] [--state STATE] [-C GITDIR]\n"
			    "show N\nretry N...\ndrop N...\nrecord <\"OLD NEW REF\" lines\ntargets",
		.purpose = "Delivers the pushes that post-receive recorded to the targets of the\n"
			   "repository's configuration (codetrain.target), and shows what became of them.",
		.notes = "exit: 0 done, 1 a delivery failed for good, 2 usage, 7 something still waits",
		.options = options, .min_args = 1, .max_args = -1,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };

	(void)argc;
	secret_process_init();
	if (opt_parse(&program, argv, &args, &err) == OPT_GO)
		dispatch(&q, &args, &err);
	strs_free(&args);
	strs_free(&q.args);
	buf_free(&q.gitdir);
	return term_finish(name, &err);
}
