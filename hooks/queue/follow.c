#include "follow_private.h"
#include "lib/base/stop.h"
#include "queue_text.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROUND_MS = 250,
	BUSY_MS = 5000,
	DELIVERIES = 4 * FOLLOW_EVENTS,
	TEXT_MAX = 8 << 20,	/* of all logs in one round */
};

/* One delivery to a target that builds. */
struct followed {
	struct queue_delivery d;
	const struct target *row;
	struct follow_log log;
	struct buf said;	/* what was said last of its state */
	bool ended;
	int result;		/* an exit code, when it has ended */
};

struct following {
	const struct follow *f;
	struct queue_db *db;
	struct queue_config config;
	struct followed list[DELIVERIES];
	size_t n;
	long rows;		/* of the event that is looked at */
	bool routing;		/* nobody has looked up yet where one of the events goes */
	bool crowded, many;	/* too many deliveries; more than one, so lines have names */
	struct buf text;	/* of one round */
};

static void say(struct following *g, const struct followed *b, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct following *g, const struct followed *b, const char *fmt, ...)
{
	struct buf clean = BUF_INIT(8192);
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	queue_text_clean(line, ' ', 0, &clean);
	fprintf(g->f->out, "codetrain: event %lld to %s: %s\n", (long long)b->d.event, b->d.target,
		buf_str(&clean));
	buf_free(&clean);
}

/* Each state is said once. */
static void say_once(struct following *g, struct followed *b, const char *what, const char *reason)
{
	struct buf now = BUF_INIT(4096);

	buf_addf(&now, "%s%s%.3000s", what, *reason ? ": " : "", reason);
	if (strcmp(buf_str(&now), buf_str(&b->said)) != 0) {
		say(g, b, "%s", buf_str(&now));
		buf_clear(&b->said);
		buf_adds(&b->said, buf_str(&now));
	}
	buf_free(&now);
}

static void end(struct followed *b, int result)
{
	b->ended = true;
	b->result = result;
}

/* Lines of several builds have the event's number and the target in front. */
static void print_log(struct following *g, const struct followed *b)
{
	const char *p = buf_str(&g->text);

	while (*p) {
		size_t n = strcspn(p, "\n");

		if (g->many)
			fprintf(g->f->out, "%lld %s: ", (long long)b->d.event, b->d.target);
		fprintf(g->f->out, "%.*s\n", (int)n, p);
		p += n + (p[n] != '\0');
	}
	buf_clear(&g->text);
	g->text.failed = false;
}

static struct target_job job_of(struct following *g, struct followed *b)
{
	return (struct target_job){
		.name = b->d.target, .gitdir = g->f->gitdir, .uuid = queue_db_uuid(g->db),
		.config = &g->config, .delivery = &b->d, .stop = g->f->stop, .wait_fd = -1,
	};
}

static void step_local(struct following *g, struct followed *b)
{
	bool over = b->d.state == QUEUE_DELIVERED;
	struct target_job job = job_of(g, b);
	struct err why = { 0 };

	if (b->d.state == QUEUE_DELIVERING)
		say_once(g, b, "the build runs", "");
	if (follow_log_local(&b->log, &job, over, &g->text, &why) < 0)
		say_once(g, b, "its log cannot be read", why.message);
	print_log(g, b);
	if (!over)
		return;
	say(g, b, "%s", b->d.outcome);
	end(b, strncmp(b->d.outcome, "build succeeded", 15) == 0 ? ERR_NONE :
	       strncmp(b->d.outcome, "build timed out", 15) == 0 ? ERR_STOPPED : ERR_NO);
}

static void step_codebuild(struct following *g, struct followed *b)
{
	struct target_job job = job_of(g, b);
	struct err why = { 0 };
	const char *status;
	int rc;

	if (b->d.state != QUEUE_DELIVERED) {
		say_once(g, b, "it is being started", "");
		return;
	}
	say_once(g, b, b->d.outcome, b->d.link);
	rc = follow_log_codebuild(&b->log, &job, &g->text, &why);
	print_log(g, b);
	status = buf_str(&b->log.status);
	if (rc < 0) {
		say(g, b, "it cannot be followed: %s", why.message);
		end(b, why.class);
	} else if (*status) {
		say(g, b, "the build ended: %s", status);
		end(b, strcmp(status, "SUCCEEDED") == 0 ? ERR_NONE :
		       strcmp(status, "STOPPED") == 0 || strcmp(status, "TIMED_OUT") == 0 ? ERR_STOPPED
		       : ERR_NO);
	}
}

/* A target that builds somewhere else, out of sight. */
static void step_other(struct following *g, struct followed *b)
{
	if (b->d.state != QUEUE_DELIVERED)
		return;
	say_once(g, b, b->d.outcome, b->d.link);
	end(b, ERR_NONE);
}

static void step(struct following *g, struct followed *b)
{
	switch (b->d.state) {
	case QUEUE_WAITING:
		say_once(g, b, "waits", b->d.reason);
		return;
	case QUEUE_FAILED:
	case QUEUE_DROPPED:
		say_once(g, b, queue_state_names[b->d.state], b->d.reason);
		end(b, ERR_NO);
		return;
	case QUEUE_SKIPPED:
		say_once(g, b, "skipped", b->d.reason);
		end(b, ERR_NONE);
		return;
	default:
		break;
	}
	if (b->row == &target_codebuild)
		step_codebuild(g, b);
	else if (b->row == &target_local)
		step_local(g, b);
	else
		step_other(g, b);
}

static struct followed *find(struct following *g, const struct queue_delivery *d)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->list[i].d.event == d->event && strcmp(g->list[i].d.target, d->target) == 0)
			return &g->list[i];
	if (g->n == DELIVERIES) {
		g->crowded = true;
		return NULL;
	}
	g->list[g->n] = (struct followed){ .log = FOLLOW_LOG_INIT, .said = BUF_INIT(4096) };
	return &g->list[g->n++];
}

static int take_row(void *arg, struct queue_delivery *d, struct err *err)
{
	struct following *g = arg;
	const struct target *row;
	struct followed *b;

	(void)err;
	g->rows++;
	if (!d->target[0] && d->state != QUEUE_SKIPPED && d->state != QUEUE_DROPPED) {
		g->routing = true;
		return 0;
	}
	row = target_of(target_table, &g->config, d->target);
	if (d->target[0] && (!row || !row->builds))
		return 0;
	b = find(g, d);
	if (!b)
		return 0;
	queue_delivery_free(&b->d);
	b->d = *d;
	b->row = row;
	*d = (struct queue_delivery){ 0 };
	return 0;
}

/* What the database says now. */
static int read_rows(struct following *g, struct err *err)
{
	const struct follow *f = g->f;

	g->routing = false;
	for (size_t i = 0; i < f->n && i < FOLLOW_EVENTS; i++) {
		const struct queue_filter filter = { .event = f->events[i], .state = -1 };

		g->rows = 0;
		if (queue_store_each(g->db, &filter, take_row, g, err) < 0)
			return -1;
		if (!g->rows)
			return err_set(err, ERR_USAGE, "there is no event %lld; see: codetrain queue list "
				       "--all", (long long)f->events[i]);
	}
	g->many = g->n > 1;
	return 0;
}

/* Time passes; true when nobody reads any more. */
static bool reader_left(FILE *out)
{
	struct pollfd p = { .fd = fileno(out) };	/* asks for nothing but trouble */

	if (fflush(out) != 0 || ferror(out))
		return true;
	if (poll(&p, 1, ROUND_MS) > 0) {
		if (p.revents & (POLLERR | POLLNVAL))
			return true;
		poll(NULL, 0, ROUND_MS);	/* the other end of a socket is closed: no rush */
	}
	return false;
}

static bool all_ended(const struct following *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (!g->list[i].ended)
			return false;
	return !g->routing;
}

static int rounds(struct following *g, struct err *err)
{
	deadline_t over = deadline_in(g->f->wait_ms);

	for (;;) {
		if (read_rows(g, err) < 0)
			return -1;
		for (size_t i = 0; i < g->n; i++)
			if (!g->list[i].ended)
				step(g, &g->list[i]);
		if (all_ended(g) || deadline_over(over) || stop_is_set(g->f->stop) ||
		    reader_left(g->f->out))
			return 0;
	}
}

/* A failure says more than what is not known yet. */
static int conclude(struct following *g)
{
	int worst = g->routing ? ERR_TIMEOUT : ERR_NONE;

	if (g->routing)
		fprintf(g->f->out, "codetrain: the push is recorded, and no drainer has taken it yet; "
			"codetrain queue list\n");
	for (size_t i = 0; i < g->n; i++) {
		struct followed *b = &g->list[i];
		int result = b->ended ? b->result : ERR_TIMEOUT;

		if (!b->ended)
			say(g, b, "it %s; codetrain queue show %lld",
			    b->d.state == QUEUE_WAITING ? "waits still" : "goes on", (long long)b->d.event);
		if (result == ERR_NO || (result && worst != ERR_NO &&
					 (!worst || worst == ERR_TIMEOUT)))
			worst = result;
	}
	if (g->n == 0 && !g->routing)
		fprintf(g->f->out, "codetrain: no target builds this push: nothing to wait for\n");
	if (g->f->n > FOLLOW_EVENTS || g->crowded)
		fprintf(g->f->out, "codetrain: only the first builds of this push were followed; "
			"codetrain queue list\n");
	fflush(g->f->out);
	return worst;
}

static void following_free(struct following *g)
{
	for (size_t i = 0; i < g->n; i++) {
		queue_delivery_free(&g->list[i].d);
		follow_log_free(&g->list[i].log);
		buf_free(&g->list[i].said);
	}
	queue_config_free(&g->config);
	queue_db_close(g->db);
	buf_free(&g->text);
	free(g);
}

int follow_run(const struct follow *f, int *worst, struct err *err)
{
	struct following *g = calloc(1, sizeof(*g));
	int rc = -1;

	if (!g)
		return err_set(err, ERR_INTERNAL, "no memory to follow a build");
	*g = (struct following){ .f = f, .config = QUEUE_CONFIG_INIT, .text = BUF_INIT(TEXT_MAX) };
	if (queue_config_load(f->gitdir, &g->config, err) == 0 &&
	    queue_db_open(f->gitdir, QUEUE_DB_EXISTING, BUSY_MS, &g->db, err) == 0)
		rc = rounds(g, err);
	if (rc == 0)
		*worst = conclude(g);
	following_free(g);
	return rc;
}
