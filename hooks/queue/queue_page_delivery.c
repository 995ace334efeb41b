#include "queue_page_private.h"
#include "queue_text.h"
#include "lib/base/clock.h"
#include "lib/base/encode.h"

#include <stdio.h>
#include <string.h>

enum {
	TEXT_MOST = 8 << 10,		/* bytes of a request or answer that are shown */
	TEXTS_OF = 3,			/* newest attempts with their texts */
	CROWDED = 16 << 20,		/* of page, behind which no texts are shown */
};

/* Text between tags; cut at the first byte of a character. */
static void add_text(struct buf *out, const char *text, size_t most, int64_t event)
{
	struct buf part = BUF_INIT(TEXT_MOST + 1);
	size_t len = strnlen(text, most + 1);

	if (len <= most) {
		queue_page_escape(text, out);
		return;
	}
	while (most && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	buf_add(&part, text, most);
	queue_page_escape(buf_str(&part), out);
	buf_addf(out, "\n… (cut; all of it: codetrain queue show %lld)", (long long)event);
	buf_free(&part);
}

static void add_field(struct buf *out, const char *name, const char *value)
{
	if (!value[0])
		return;
	buf_addf(out, "<dt>%s</dt><dd><bdi>", name);
	queue_page_escape(value, out);
	buf_adds(out, "</bdi></dd>\n");
}

static void add_time_field(struct buf *out, const char *name, int64_t ms, int64_t now_ms)
{
	buf_addf(out, "<dt>%s</dt><dd>", name);
	queue_page_time(ms, now_ms, out);
	buf_adds(out, "</dd>\n");
}

/* Only a console's address becomes a link; the answer of a server is not to be believed more. */
static void add_link(struct buf *out, const char *link)
{
	if (strncmp(link, "https://", 8) != 0) {
		add_field(out, "link", link);
		return;
	}
	buf_adds(out, "<dt>link</dt><dd><a rel=\"noreferrer noopener\" href=\"");
	queue_page_escape(link, out);
	buf_adds(out, "\">");
	queue_page_escape(link, out);
	buf_adds(out, "</a></dd>\n");
}

static void add_summary(const struct queue_print *p, const struct queue_page_row *row,
			struct buf *out)
{
	char commit[8];

	buf_addf(out, "<details><summary><span class=\"state %s a-state\">%s</span>"
		 "<span class=\"mono right a-event\">#%lld</span><span class=\"a-ref\"><bdi>", row->state, row->state,
		 (long long)row->event);
	queue_page_escape(queue_text_ref(row->ref), out);
	buf_adds(out, "</bdi></span><span class=\"mono a-commit\">");
	if (row->new[strspn(row->new, "0")]) {
		snprintf(commit, sizeof(commit), "%.7s", row->new);
		queue_page_escape(commit, out);
	} else {
		buf_adds(out, "deleted");
	}
	buf_adds(out, "</span><span class=\"a-target\">");
	queue_page_escape(row->target[0] ? row->target : "-", out);
	buf_adds(out, "</span><span class=\"dim right a-age\">");
	queue_page_time(row->recorded_ms, p->now_ms, out);
	buf_adds(out, "</span></summary>\n<div class=\"body\">\n");
}

static void add_facts(const struct queue_print *p, const struct queue_page_row *row,
		      struct buf *out)
{
	bool waits = strcmp(row->state, "waiting") == 0;

	buf_adds(out, "<dl>\n");
	add_field(out, "why", row->reason);
	add_field(out, "outcome", row->outcome);
	if (row->link[0])
		add_link(out, row->link);
	if (waits)
		add_field(out, "waits behind", row->behind);
	if (waits && row->ready_ms > p->now_ms)
		add_time_field(out, "next attempt", row->ready_ms, p->now_ms);
	add_field(out, "ref", row->ref);
	add_field(out, "old", row->old);
	add_field(out, "new", row->new);
	add_field(out, "pusher", row->pusher);
	add_field(out, "push options", row->options);
	add_field(out, "recorded by", row->source);
	add_time_field(out, "recorded", row->recorded_ms, p->now_ms);
	add_time_field(out, "changed", row->changed_ms, p->now_ms);
	add_field(out, "known there as", row->external);
	buf_adds(out, "</dl>\n");
}

static void add_pre(struct buf *out, const char *name, const char *text, int64_t event)
{
	buf_addf(out, "<div><h4>%s</h4>", name);
	if (text[0]) {
		buf_adds(out, "<pre>");
		add_text(out, text, TEXT_MOST, event);
		buf_adds(out, "</pre></div>\n");
	} else {
		buf_adds(out, "<p class=\"dim\">none kept</p></div>\n");
	}
}

static const char *column(sqlite3_stmt *s, int i)
{
	const char *text = (const char *)sqlite3_column_text(s, i);

	return text ? text : "";
}

static void add_attempt(const struct queue_print *p, sqlite3_stmt *s, bool texts, int64_t event,
			struct buf *out)
{
	int64_t started = sqlite3_column_int64(s, 1), ended = sqlite3_column_int64(s, 2);
	int64_t sent = sqlite3_column_int64(s, 6), answered = sqlite3_column_int64(s, 7);
	char span[24];

	buf_addf(out, "<h3>Attempt %lld <span class=\"dim\">", (long long)sqlite3_column_int64(s, 0));
	queue_page_time(started, p->now_ms, out);
	if (ended)
		queue_text_time(ended - started, span);
	buf_addf(out, ", %s%s", ended ? "took " : "not ended", ended ? span : "");
	if (sent && answered >= sent) {
		queue_text_time(answered - sent, span);
		buf_addf(out, ", answered after %s", span);
	}
	buf_adds(out, "</span></h3>\n<p>");
	if (column(s, 8)[0]) {
		buf_adds(out, "<b>");
		queue_page_escape(column(s, 8), out);
		buf_adds(out, "</b> ");
	}
	queue_page_escape(column(s, 3), out);
	buf_adds(out, "</p>\n");
	if (!texts || (!column(s, 4)[0] && !column(s, 5)[0]))
		return;
	buf_adds(out, "<div class=\"pair\">\n");
	add_pre(out, "Request", column(s, 4), event);
	add_pre(out, "Answer", column(s, 5), event);
	buf_adds(out, "</div>\n");
}

static int add_attempts(const struct queue_print *p, const struct queue_page_row *row,
			struct buf *out, struct err *err)
{
	sqlite3_stmt *s = queue_db_query(p->db, err, "SELECT number, started_ms, "
		"ifnull(ended_ms, 0), outcome, request, answer, ifnull(sent_ms, 0), "
		"ifnull(answered_ms, 0), status FROM attempt WHERE event = ?1 AND target = ?2 "
		"ORDER BY number DESC, id DESC LIMIT ?3", "isi", row->event, row->target,
		(int64_t)QUEUE_PAGE_ATTEMPTS);
	int n = 0, rc = s ? 1 : -1;

	while (rc > 0 && (rc = queue_db_step(p->db, s, err)) > 0)
		add_attempt(p, s, n++ < TEXTS_OF && out->len < CROWDED, row->event, out);
	sqlite3_finalize(s);
	if (rc == 0 && n == 0)
		buf_adds(out, "<p class=\"dim\">No attempt yet.</p>\n");
	return rc;
}

static void add_form(const struct queue_print *p, const struct queue_page_row *row,
		     struct buf *out)
{
	buf_addf(out, "<form class=\"again\" method=\"post\" action=\"retry\">"
		 "<input type=\"hidden\" name=\"token\" value=\"%s\">"
		 "<input type=\"hidden\" name=\"event\" value=\"%lld\">"
		 "<input type=\"hidden\" name=\"target\" value=\"", p->token, (long long)row->event);
	queue_page_escape(row->target, out);
	buf_addf(out, "\"><button aria-label=\"Redeliver event %lld\">Redeliver</button></form>\n",
		 (long long)row->event);
}

static void add_command(const struct queue_print *p, const struct queue_page_row *row,
			struct buf *out)
{
	struct buf command = BUF_INIT(64 << 10);

	buf_addf(&command, "codetrain queue retry %lld", (long long)row->event);
	if (row->target[0]) {
		buf_adds(&command, " -t ");
		encode_shell(row->target, &command);
	}
	buf_adds(&command, " -C ");
	encode_shell(p->gitdir, &command);
	buf_adds(out, "<p class=\"again dim\">Redeliver: <code>");
	queue_page_escape(buf_str(&command), out);
	buf_adds(out, "</code></p>\n");
	buf_free(&command);
}

int queue_page_delivery(const struct queue_print *p, const struct queue_page_row *row,
			struct buf *out, struct err *err)
{
	add_summary(p, row, out);
	add_facts(p, row, out);
	if (add_attempts(p, row, out, err) < 0)
		return -1;
	if (strcmp(row->state, "delivering") != 0) {
		if (p->token)
			add_form(p, row, out);
		else
			add_command(p, row, out);
	}
	buf_adds(out, "</div></details>\n");
	return 0;
}
