#include "queue_serve_answer.h"
#include "deliver_loop.h"
#include "queue_page.h"
#include "queue_store.h"
#include "queue_wake.h"
#include "lib/base/clock.h"

#include <stdio.h>
#include <string.h>

static void answer(struct buf *out, const char *status, const char *more, const struct buf *body,
		   bool head)
{
	buf_addf(out, "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %zu\r\n"
		 "Connection: close\r\nCache-Control: no-store\r\n"
		 "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
		 "base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
		 "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n"
		 "X-Frame-Options: DENY\r\nCross-Origin-Opener-Policy: same-origin\r\n"
		 "Cross-Origin-Resource-Policy: same-origin\r\n%s\r\n", status, body->len, more);
	if (!head)
		buf_add(out, buf_str(body), body->len);
}

static void say(struct buf *out, const char *status, const char *text, bool back)
{
	struct buf body = BUF_INIT(64 << 10);

	buf_adds(&body, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		 "<title>codetrain queue</title><style>:root{color-scheme:light dark}"
		 "body{font:15px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:40rem;padding:0 1rem}"
		 "</style></head><body><main><p>");
	queue_page_escape(text, &body);
	buf_addf(&body, "</p>%s</main></body></html>\n",
		 back ? "<p><a href=\"./\">back to the deliveries</a></p>" : "");
	answer(out, status, "", &body, false);
	buf_free(&body);
}

/* In a time that tells nothing about where they differ. */
static bool same(const char *given, const char *secret, size_t len)
{
	unsigned char differ = 0;

	if (strnlen(given, len) < len)
		return false;
	for (size_t i = 0; i < len; i++)
		differ |= (unsigned char)(given[i] ^ secret[i]);
	return differ == 0;
}

static bool our_host(const struct queue_serve_place *place, const char *host)
{
	char address[32], name[32];

	snprintf(address, sizeof(address), "127.0.0.1:%d", place->port);
	snprintf(name, sizeof(name), "localhost:%d", place->port);
	return strcmp(host, address) == 0 || strcmp(host, name) == 0;
}

static int page_of(const struct queue_serve_place *place, struct buf *page, struct err *err)
{
	struct buf fault = BUF_INIT(4096);
	struct queue_print p = { .gitdir = place->gitdir, .token = place->token,
				 .now_ms = clock_now_ms() };
	int rc = -1;

	if (queue_db_open(place->gitdir, QUEUE_DB_EXISTING, QUEUE_DB_BUSY_MS, &p.db, err) == 0 &&
	    deliver_loop_fault(place->gitdir, &fault, err) == 0) {
		p.drainer = queue_wake_present(place->gitdir);
		p.fault = buf_str(&fault);
		rc = queue_page_print(&p, page, err);
	}
	queue_db_close(p.db);
	buf_free(&fault);
	return rc;
}

static void show(const struct queue_serve_place *place, bool head, struct buf *out)
{
	struct buf page = BUF_INIT(QUEUE_PAGE_MAX);
	struct err err = { 0 };

	if (page_of(place, &page, &err) == 0)
		answer(out, "200 OK", "", &page, head);
	else
		say(out, "503 Service Unavailable", err.message, true);
	buf_free(&page);
}

static int deliver_again(const struct queue_serve_place *place, const struct queue_serve_form *form,
			 struct err *err)
{
	struct queue_db *db;
	int rc;

	if (queue_db_open(place->gitdir, QUEUE_DB_EXISTING, QUEUE_DB_BUSY_MS, &db, err) < 0)
		return -1;
	rc = queue_store_retry(db, form->event, form->target, clock_now_ms(), err);
	queue_db_close(db);
	return rc < 0 ? -1 : queue_wake_or_start(place->gitdir, err);
}

static void change(const struct queue_serve_place *place, const struct queue_serve_request *r,
		   struct buf *out)
{
	const struct buf nothing = BUF_INIT(1);
	struct queue_serve_form form;
	struct err err = { 0 };

	if (r->site[0] && strcmp(r->site, "same-origin") != 0)
		say(out, "403 Forbidden", "another site asked for this; nothing was done", false);
	else if (!queue_serve_form(r->body, &form) || !form.event)
		say(out, "400 Bad Request", "that is not what the form sends; nothing was done", true);
	else if (strlen(form.token) != QUEUE_SERVE_SECRET ||
		 !same(form.token, place->token, QUEUE_SERVE_SECRET))
		say(out, "403 Forbidden", "the form is an older server's; nothing was done", true);
	else if (deliver_again(place, &form, &err) < 0)
		say(out, err.class == ERR_USAGE ? "409 Conflict" : "503 Service Unavailable", err.message,
		    true);
	else
		answer(out, "303 See Other", "Location: ./\r\n", &nothing, false);
}

void queue_serve_answer(const struct queue_serve_place *place, const struct queue_serve_request *r,
			struct buf *out)
{
	const char *below = r ? r->path + 1 : "";

	if (!r) {
		say(out, "400 Bad Request", "not a request that is known here", false);
		return;
	}
	if (!our_host(place, r->host)) {
		say(out, "421 Misdirected Request", "there is no such host here", false);
		return;
	}
	if (!same(below, place->path, QUEUE_SERVE_SECRET)) {
		say(out, "404 Not Found", "there is nothing here; use the whole address that was printed",
		    false);
		return;
	}
	below += QUEUE_SERVE_SECRET;
	if (strcmp(below, "/") == 0 && !r->post)
		show(place, r->head, out);
	else if (strcmp(below, "/retry") == 0 && r->post)
		change(place, r, out);
	else
		say(out, "404 Not Found", "there is nothing here", false);
}
