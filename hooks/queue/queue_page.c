#include "queue_page_private.h"
#include "queue_stats.h"
#include "queue_text.h"
#include "lib/base/clock.h"

#include <string.h>

enum { CLEAN_MAX = 4 << 20, OLDER_FAILED = 100 };

#define ROWS "SELECT d.event, ifnull(d.ready_ms, 0), d.changed_ms, e.recorded_ms, d.attempts, " \
	"d.target, d.ref, d.state, d.reason, d.outcome, d.external, d.link, d.behind, e.old, e.new, " \
	"ifnull(p.pusher, ''), ifnull(p.options, ''), ifnull(p.source, '') " \
	"FROM delivery d JOIN event e ON e.seq = d.event LEFT JOIN push p ON p.id = e.push "

int queue_page_escape(const char *text, struct buf *out)
{
	struct buf clean = BUF_INIT(CLEAN_MAX);
	const char *s;

	if (queue_text_clean(text, '\n', 0, &clean) < 0) {
		out->failed = true;
		buf_free(&clean);
		return -1;
	}
	for (s = buf_str(&clean); *s; s++) {
		switch (*s) {
		case '&': buf_adds(out, "&amp;"); break;
		case '<': buf_adds(out, "&lt;"); break;
		case '>': buf_adds(out, "&gt;"); break;
		case '"': buf_adds(out, "&quot;"); break;
		case '\'': buf_adds(out, "&#39;"); break;
		default: buf_addc(out, *s);
		}
	}
	buf_free(&clean);
	return out->failed ? -1 : 0;
}

void queue_page_time(int64_t ms, int64_t now_ms, struct buf *out)
{
	char when[CLOCK_EXTENDED_LEN], span[24];

	clock_extended(ms / 1000, when);
	queue_text_span(ms > now_ms ? ms - now_ms : now_ms - ms, span);
	buf_addf(out, "<time datetime=\"%s\" title=\"%s\">%s%s%s</time>", when, when,
		 ms > now_ms ? "in " : "", span, ms > now_ms ? "" : " ago");
}

static void add_head(const struct queue_print *p, struct buf *out)
{
	const char *slash = strrchr(p->gitdir, '/');
	char when[CLOCK_EXTENDED_LEN];

	clock_extended(p->now_ms / 1000, when);
	buf_addf(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		 "style-src 'unsafe-inline'; base-uri 'none'; form-action %s\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		 "<meta name=\"referrer\" content=\"no-referrer\">\n<title>",
		 p->token ? "'self'" : "'none'");
	queue_page_escape(slash && slash[1] ? slash + 1 : p->gitdir, out);
	buf_addf(out, ": deliveries</title>\n<style>\n%s</style>\n</head>\n<body>\n<header><h1><bdi>",
		 queue_page_style);
	queue_page_escape(slash && slash[1] ? slash + 1 : p->gitdir, out);
	buf_adds(out, "</bdi></h1>\n<p class=\"dim\"><span class=\"mono\">");
	queue_page_escape(p->gitdir, out);
	buf_addf(out, "</span> · %s · as of <time datetime=\"%s\">%s</time>%s</p></header>\n<main>\n",
		 p->drainer ? "a drainer is at work" : "no drainer is at work", when, when,
		 p->token ? " · <a href=\"./\">refresh</a>" : "");
	if (p->fault[0]) {
		buf_adds(out, "<p class=\"fault\"><b>The last drainer could not go on:</b> ");
		queue_page_escape(p->fault, out);
		buf_adds(out, "</p>\n");
	}
}

static void add_number(struct buf *out, int64_t n)
{
	buf_addf(out, "<td>%lld</td>", (long long)n);
}

static void add_target(const struct queue_print *p, const struct queue_stats_target *t,
		       struct buf *out)
{
	char span[24];

	buf_adds(out, "<tr><td>");
	queue_page_escape(t->name[0] ? t->name : "(not looked up yet)", out);
	buf_adds(out, "</td>");
	for (int i = 0; i < QUEUE_STATES; i++)
		add_number(out, t->states[i]);
	buf_adds(out, "<td>");
	if (t->oldest_ms)
		queue_page_time(t->oldest_ms, p->now_ms, out);
	buf_adds(out, "</td><td>");
	if (t->samples) {
		queue_text_time(t->p50_ms, span);
		buf_adds(out, span);
	}
	buf_adds(out, "</td><td>");
	if (t->samples) {
		queue_text_time(t->p95_ms, span);
		buf_adds(out, span);
	}
	buf_adds(out, "</td></tr>\n");
}

static int add_stats(const struct queue_print *p, struct buf *out, struct err *err)
{
	struct queue_stats s;

	if (queue_stats_read(p->db, p->gitdir, p->now_ms, &s, err) < 0)
		return -1;
	if (s.n) {
		buf_adds(out, "<section><h2>Targets</h2>\n<div class=\"scroll\"><table>\n<thead><tr>"
			 "<th scope=\"col\">target</th>");
		for (int i = 0; i < QUEUE_STATES; i++)
			buf_addf(out, "<th scope=\"col\">%s</th>", queue_state_names[i]);
		buf_adds(out, "<th scope=\"col\">oldest open</th><th scope=\"col\">half within</th>"
			 "<th scope=\"col\">95% within</th></tr></thead>\n<tbody>\n");
		for (size_t i = 0; i < s.n; i++)
			add_target(p, &s.targets[i], out);
		buf_adds(out, "</tbody></table></div></section>\n");
	}
	for (size_t i = 0; i < s.locks.n; i++) {
		buf_adds(out, "<p class=\"fault\"><code>");
		queue_page_escape(s.locks.v[i], out);
		buf_adds(out, "</code> is a lock older than ten minutes: git refuses pushes there.</p>\n");
	}
	queue_stats_free(&s);
	return 0;
}

static const char *column(sqlite3_stmt *s, int i)
{
	const char *text = (const char *)sqlite3_column_text(s, i);

	return text ? text : "";
}

/* *last: the event of the last row. */
static int add_rows(const struct queue_print *p, sqlite3_stmt *s, const char *heading,
		    int64_t *last, struct buf *out, struct err *err)
{
	int n = 0, rc = s ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(p->db, s, err)) > 0) {
		struct queue_page_row row = {
			.event = sqlite3_column_int64(s, 0), .ready_ms = sqlite3_column_int64(s, 1),
			.changed_ms = sqlite3_column_int64(s, 2),
			.recorded_ms = sqlite3_column_int64(s, 3),
			.attempts = sqlite3_column_int64(s, 4), .target = column(s, 5),
			.ref = column(s, 6), .state = column(s, 7), .reason = column(s, 8),
			.outcome = column(s, 9), .external = column(s, 10), .link = column(s, 11),
			.behind = column(s, 12), .old = column(s, 13), .new = column(s, 14),
			.pusher = column(s, 15), .options = column(s, 16), .source = column(s, 17),
		};

		if (n++ == 0)
			buf_addf(out, "<section><h2>%s</h2>\n<div class=\"list\">\n", heading);
		*last = row.event;
		if (queue_page_delivery(p, &row, out, err) < 0)
			rc = -1;
	}
	sqlite3_finalize(s);
	if (n)
		buf_adds(out, "</div></section>\n");
	return rc;
}

static int add_deliveries(const struct queue_print *p, struct buf *out, struct err *err)
{
	int64_t last = 0;

	if (add_rows(p, queue_db_query(p->db, err, ROWS "WHERE e.state <> 'prepared' "
				       "ORDER BY d.event DESC, d.target LIMIT ?1", "i",
				       (int64_t)QUEUE_PAGE_DELIVERIES), "Recent deliveries", &last, out,
		     err) < 0)
		return -1;
	if (!last) {
		buf_adds(out, "<p>No push was recorded yet.</p>\n");
		return 0;
	}
	return add_rows(p, queue_db_query(p->db, err, ROWS "WHERE d.state = 'failed' "
					  "AND d.event < ?1 ORDER BY d.event DESC, d.target LIMIT ?2",
					  "ii", last, (int64_t)OLDER_FAILED), "Older dead letters", &last,
			out, err);
}

int queue_page_print(const struct queue_print *p, struct buf *out, struct err *err)
{
	add_head(p, out);
	if (add_stats(p, out, err) < 0 || add_deliveries(p, out, err) < 0)
		return -1;
	buf_adds(out, "</main>\n</body>\n</html>\n");
	return buf_check(out, "the page", err);
}
