/* The page of deliveries, its server's reading of requests, the statistics and the log. */
#include "queue_world.h"

#include "hooks/queue/queue_log.h"
#include "hooks/queue/queue_page.h"
#include "hooks/queue/queue_serve_answer.h"
#include "hooks/queue/queue_stats.h"
#include "hooks/queue/queue_text.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#define HOSTILE "<script>alert(1)</script>\"' onload=x &amp; \x1b[31m \xff \xe2\x80\xae </pre></details>"
#define NOW 1700000000000

/* ---- escaping ------------------------------------------------------------------------ */

static void escaping(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "main", "main" },
		{ "a&b", "a&amp;b" },
		{ "&amp;", "&amp;amp;" },
		{ "<b>\"x'", "&lt;b&gt;&quot;x&#39;" },
		{ "a\tb\nc", "a b\nc" },
		{ "\x1b[31m\r\x7f", "?[31m??" },
		{ "\xc2\x9b" "31m", "?31m" },			/* CSI in one character */
		{ "\xff\xc0\xaf", "???" },
		{ "\xe2\x80\xaegnp", "?gnp" },			/* right to left */
		{ "\xe2\x81\xa6x\xe2\x81\xa9\xd8\x9c", "?x??" },
		{ "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80", "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out = BUF_INIT(1024);

		assert_int_equal(queue_page_escape(rows[i].text, &out), 0);
		assert_string_equal(buf_str(&out), rows[i].want);
		buf_free(&out);
	}
}

static void escaping_that_does_not_fit(void **state)
{
	struct buf out = BUF_INIT(8);

	(void)state;
	assert_int_equal(queue_page_escape("<<<", &out), -1);
	buf_free(&out);
}

/* ---- the page ------------------------------------------------------------------------ */

static void put(struct queue_db *db, const char *sql, const char *kinds, int64_t n, const char *text)
{
	struct err e = { 0 };

	if (queue_db_run(db, &e, sql, kinds, n, text) < 0)
		fail_msg("%s", e.message);
}

/* Every column that holds a text holds the worst. */
static int64_t hostile_event(struct queue_db *db)
{
	int64_t event = push_one(db, "refs/heads/main", OID_0, OID_A, NOW - 60000);

	put(db, "UPDATE push SET pusher = ?2, options = ?2, source = ?2 WHERE id = ?1", "is", event,
	    HOSTILE);
	put(db, "UPDATE event SET ref = ?2, old = ?2, new = ?2 WHERE seq = ?1", "is", event, HOSTILE);
	put(db, "UPDATE delivery SET target = ?2, ref = ?2, state = 'failed', reason = ?2, outcome = ?2, "
	    "external = ?2, link = ?2, behind = ?2 WHERE event = ?1", "is", event, HOSTILE);
	put(db, "INSERT INTO attempt (event, target, number, started_ms, ended_ms, outcome, request, "
	    "answer, status, sent_ms, answered_ms) VALUES (?1, ?2, 1, 1, 2, ?2, ?2, ?2, ?2, 1, 2)", "is",
	    event, HOSTILE);
	return event;
}

static struct queue_print page_settings(struct queue_db *db, const char *token)
{
	return (struct queue_print){ .db = db, .now_ms = NOW, .fault = HOSTILE, .gitdir = world,
				     .token = token };
}

static bool says_behind(struct queue_db *db, const char *mode)
{
	struct queue_print p = page_settings(db, NULL);
	struct buf out = BUF_INIT(QUEUE_PAGE_MAX);
	struct err e = { 0 };
	const char *at;
	bool found;

	put(db, "UPDATE delivery SET state = ?2 WHERE event = ?1", "is", 1, mode);
	assert_int_equal(queue_page_print(&p, &out, &e), 0);
	at = strstr(buf_str(&out), "<dt>waits behind</dt>");
	found = at != NULL;
	if (found)
		assert_int_equal(strncmp(at + 21, "<dd><bdi>&lt;script&gt;", 23), 0);
	buf_free(&out);
	return found;
}

static void only_what_waits_is_behind_something(void **state)
{
	struct queue_db *db = db_open();

	(void)state;
	hostile_event(db);
	assert_true(says_behind(db, "waiting"));
	assert_false(says_behind(db, "failed"));
	assert_false(says_behind(db, "delivered"));
	queue_db_close(db);
}

static void nothing_breaks_out(void **state)
{
	static const char *const never[] = { "<script", "onload=x &amp; ", "\x1b", "\xff", "\xe2\x80\xae",
					     "</pre></details>\"", "href=\"<", "href=\"&lt;" };
	struct queue_db *db = db_open();
	struct queue_print p = page_settings(db, NULL);
	struct buf out = BUF_INIT(QUEUE_PAGE_MAX);
	struct err e = { 0 };

	(void)state;
	hostile_event(db);
	assert_int_equal(queue_page_print(&p, &out, &e), 0);
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (strstr(buf_str(&out), never[i]))
			fail_msg("the page has: %s", never[i]);
	assert_non_null(strstr(buf_str(&out), "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x "
			       "&amp;amp; ?[31m ? ? &lt;/pre&gt;&lt;/details&gt;"));
	assert_non_null(strstr(buf_str(&out), "codetrain queue retry 1 -t "));
	assert_null(strstr(buf_str(&out), "<form"));
	assert_non_null(strstr(buf_str(&out), "default-src 'none'"));
	assert_null(strstr(buf_str(&out), "src="));
	buf_free(&out);
	queue_db_close(db);
}

static void forms_have_the_token(void **state)
{
	struct queue_db *db = db_open();
	struct queue_print p = page_settings(db, "0123456789abcdef");
	struct buf out = BUF_INIT(QUEUE_PAGE_MAX);
	struct err e = { 0 };

	(void)state;
	p.fault = "";
	push_one(db, "refs/heads/main", OID_0, OID_A, NOW);
	put(db, "UPDATE delivery SET target = 'codebuild', link = ?2 WHERE event = ?1", "is", 1,
	    "https://console.aws.amazon.com/?a=1&b=2");
	assert_int_equal(queue_page_print(&p, &out, &e), 0);
	assert_non_null(strstr(buf_str(&out), "name=\"token\" value=\"0123456789abcdef\""));
	assert_non_null(strstr(buf_str(&out), "name=\"event\" value=\"1\""));
	assert_non_null(strstr(buf_str(&out), "name=\"target\" value=\"codebuild\""));
	assert_non_null(strstr(buf_str(&out), "href=\"https://console.aws.amazon.com/?a=1&amp;b=2\""));
	assert_null(strstr(buf_str(&out), "could not go on"));
	put(db, "UPDATE delivery SET state = 'delivering', link = ?2 WHERE event = ?1", "is", 1,
	    "javascript:alert(1)");
	buf_clear(&out);
	assert_int_equal(queue_page_print(&p, &out, &e), 0);
	assert_null(strstr(buf_str(&out), "<form"));	/* what is under way cannot be delivered again */
	assert_null(strstr(buf_str(&out), "href=\"javascript"));
	buf_free(&out);
	queue_db_close(db);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

static void many_and_large(void **state)
{
	struct queue_db *db = db_open();
	struct queue_print p = page_settings(db, NULL);
	struct buf out = BUF_INIT(QUEUE_PAGE_MAX), large = BUF_INIT(100 << 10);
	struct err e = { 0 };

	(void)state;
	p.fault = "";
	assert_int_equal(queue_page_print(&p, &out, &e), 0);
	assert_non_null(strstr(buf_str(&out), "No push was recorded yet"));
	while (large.len < 9 << 10)
		buf_adds(&large, "<\xc3\xbc");
	assert_int_equal(queue_db_begin(db, &e), 0);
	for (int i = 1; i <= 260; i++) {
		put(db, "INSERT INTO event (seq, ref, old, new, recorded_ms) "
		    "VALUES (?1, 'refs/heads/main', ?2, ?2, 1)", "is", i, OID_A);
		put(db, "INSERT INTO delivery (event, target, ref, state, changed_ms) "
		    "VALUES (?1, ?2, 'refs/heads/main', iif(?1 = 7, 'failed', 'delivered'), 1)", "is", i,
		    "local");
		for (int k = 0; k < 4 && i > 250; k++)
			put(db, "INSERT INTO attempt (event, target, number, started_ms, request, answer) "
			    "VALUES (?1, 'local', 1, 1, ?2, ?2)", "is", i, buf_str(&large));
	}
	assert_int_equal(queue_db_commit(db, &e), 0);
	buf_clear(&out);
	assert_int_equal(queue_page_print(&p, &out, &e), 0);
	assert_true(out.len < QUEUE_PAGE_MAX);
	assert_int_equal(count(buf_str(&out), "<details>"), QUEUE_PAGE_DELIVERIES + 1);
	assert_non_null(strstr(buf_str(&out), "Older dead letters"));
	assert_non_null(strstr(buf_str(&out), "(cut; all of it: codetrain queue show 260)"));
	buf_free(&large);
	buf_free(&out);
	queue_db_close(db);
}

/* ---- what the server reads ----------------------------------------------------------- */

static int parse(const char *text, struct queue_serve_request *out, char data[static 20000])
{
	size_t len = strlen(text);

	memcpy(data, text, len + 1);
	return queue_serve_request(data, len, out);
}

static void requests(void **state)
{
	static const struct {
		const char *text;
		int want;
	} rows[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1 },
		{ "GET / HTTP/1.0\r\n\r\n", 1 },
		{ "HEAD /x HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", 1 },
		{ "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=b", 1 },
		{ "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=", 0 },
		{ "", 0 },
		{ "GET / HTTP/1.1\r\nHost: a\r\n", 0 },
		{ "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", -1 },
		{ "GET / HTTP/2\r\nHost: a\r\n\r\n", -1 },
		{ "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", -1 },
		{ "GET /\r\nHost: a\r\n\r\n", -1 },
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", -1 },
		{ "GET / HTTP/1.1\r\nHost : a\r\n\r\n", -1 },
		{ "GET / HTTP/1.1\r\nnothing\r\n\r\n", -1 },
		{ "GET /\nx HTTP/1.1\r\nHost: a\r\n\r\n", -1 },
		{ "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", -1 },
		{ "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", -1 },
		{ "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", -1 },
		{ "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", -1 },
		{ "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", -1 },
		{ "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", -1 },
	};
	struct queue_serve_request r;
	static char data[20000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (parse(rows[i].text, &r, data) != rows[i].want)
			fail_msg("%s", rows[i].text);
	assert_int_equal(parse("POST /p HTTP/1.1\r\nhost:  127.0.0.1:1 \r\nSec-Fetch-Site: none\r\n"
			       "content-length: 3\r\n\r\na=bREST", &r, data), 1);
	assert_true(r.post);
	assert_string_equal(r.path, "/p");
	assert_string_equal(r.host, "127.0.0.1:1");
	assert_string_equal(r.site, "none");
	assert_string_equal(r.body, "a=b");
	memcpy(data, "GET /\0x HTTP/1.1\r\n\r\n", 21);
	assert_int_equal(queue_serve_request(data, 20, &r), -1);
}

static void forms(void **state)
{
	static const char *const bad[] = { "token", "a=b", "event=0", "event=x", "event=-1", "token=%",
					   "token=%0", "token=%00", "event=1&event=2",
					   "token=a&token=b", "&", "event=1&&target=x" };
	char good[] = "token=ab&event=12&target=a%2Fb+c%25";
	struct queue_serve_form f;

	(void)state;
	assert_true(queue_serve_form(good, &f));
	assert_string_equal(f.token, "ab");
	assert_int_equal(f.event, 12);
	assert_string_equal(f.target, "a/b c%");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char copy[64];

		snprintf(copy, sizeof(copy), "%s", bad[i]);
		if (queue_serve_form(copy, &f))
			fail_msg("%s", bad[i]);
	}
}

/* What a request to a path with a host and a body is answered with. */
static const char *answer(const char *line, const char *host, const char *more, const char *body)
{
	static struct buf out;
	static char data[20000];
	struct queue_serve_place place = { .gitdir = world, .port = 8000 };
	struct queue_serve_request r;
	char text[4096];

	memset(place.path, 'a', QUEUE_SERVE_SECRET);
	memset(place.token, 'b', QUEUE_SERVE_SECRET);
	buf_free(&out);
	out.max = QUEUE_PAGE_MAX;
	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %zu\r\n\r\n%s", line,
		 host, more, strlen(body), body);
	assert_int_equal(parse(text, &r, data), 1);
	queue_serve_answer(&place, &r, &out);
	return buf_str(&out);
}

#define P "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define T "token=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HOST "127.0.0.1:8000"

static void says(const char *answered, const char *status)
{
	char want[64];

	snprintf(want, sizeof(want), "HTTP/1.1 %s ", status);
	if (strncmp(answered, want, strlen(want)) != 0)
		fail_msg("wanted %s, got %.300s", want, answered);
	assert_non_null(strstr(answered, "\r\nCache-Control: no-store\r\n"));
	assert_non_null(strstr(answered, "frame-ancestors 'none'"));
}

static void answers(void **state)
{
	const char *fields = "Sec-Fetch-Site: same-origin\r\n";
	struct queue_db *db = db_open();
	const char *got;

	(void)state;
	push_one(db, "refs/heads/main", OID_0, OID_A, NOW);
	put(db, "UPDATE delivery SET target = 'none', state = 'delivering', reason = ?2 WHERE event = ?1",
	    "is", 1, "");
	queue_db_close(db);
	says(got = answer("GET " P "/", HOST, "", ""), "200");
	assert_non_null(strstr(got, "Recent deliveries"));
	says(answer("GET " P "/", "localhost:8000", "", ""), "200");
	says(got = answer("HEAD " P "/", HOST, "", ""), "200");
	assert_null(strstr(got, "Recent deliveries"));
	says(answer("GET " P "/", "127.0.0.1:80", "", ""), "421");
	says(answer("GET " P "/", "evil.example.com:8000", "", ""), "421");
	says(answer("GET /", HOST, "", ""), "404");
	says(answer("GET " P, HOST, "", ""), "404");
	says(answer("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab/", HOST, "", ""), "404");
	says(answer("GET " P "/retry", HOST, "", ""), "404");
	says(answer("POST " P "/", HOST, fields, T "&event=1&target=none"), "404");
	says(answer("POST " P "/retry", HOST, fields, "event=1&target=none"), "403");
	says(answer("POST " P "/retry", HOST, fields, "token=b&event=1&target=none"), "403");
	says(answer("POST " P "/retry", HOST, "Sec-Fetch-Site: cross-site\r\n",
		    T "&event=1&target=none"), "403");
	says(answer("POST " P "/retry", HOST, fields, T "&target=none"), "400");
	says(answer("POST " P "/retry", HOST, fields, T "&event=9&target=none"), "409");
	says(got = answer("POST " P "/retry", HOST, fields, T "&event=1&target=none"), "409");
	assert_non_null(strstr(got, "being delivered just now"));
}

/* ---- statistics ---------------------------------------------------------------------- */

static void statistics(void **state)
{
	struct queue_db *db = db_open();
	struct queue_stats s;
	struct err e = { 0 };
	const struct timespec old[2] = { { .tv_sec = NOW / 1000 - 700 }, { .tv_sec = NOW / 1000 - 700 } };

	(void)state;
	for (int i = 1; i <= 100; i++) {
		put(db, "INSERT INTO event (seq, ref, old, new, recorded_ms) VALUES (?1, 'r', ?2, ?2, 1000)",
		    "is", i, OID_A);
		put(db, "INSERT INTO delivery (event, target, ref, state, changed_ms, attempts) "
		    "VALUES (?1, ?2, 'r', 'delivered', 1000 + ?1, 2)", "is", i, "local");
	}
	push_one(db, "refs/heads/main", OID_0, OID_A, NOW);
	put(db, "INSERT INTO event (seq, ref, old, new, recorded_ms, state) "
	    "VALUES (?1, 'r', ?2, ?2, 1, 'prepared')", "is", 200, OID_A);
	write_file("refs/heads.lock", "");
	write_file("refs/fresh.lock", "");
	assert_int_equal(utimensat(AT_FDCWD, in_world("refs/heads.lock"), old, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, in_world("refs/fresh.lock"), (struct timespec[2]){
				   { .tv_sec = NOW / 1000 }, { .tv_sec = NOW / 1000 } }, 0), 0);
	assert_int_equal(queue_stats_read(db, world, NOW, &s, &e), 0);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.events, 101);
	assert_int_equal(s.undecided, 1);
	for (size_t i = 0; i < s.n; i++) {
		if (strcmp(s.targets[i].name, "local") != 0) {
			assert_int_equal(s.targets[i].states[QUEUE_WAITING], 1);
			assert_int_equal(s.targets[i].oldest_ms, NOW);
			continue;
		}
		assert_int_equal(s.targets[i].states[QUEUE_DELIVERED], 100);
		assert_int_equal(s.targets[i].attempts, 200);
		assert_int_equal(s.targets[i].samples, 100);
		assert_int_equal(s.targets[i].p50_ms, 50);
		assert_int_equal(s.targets[i].p95_ms, 95);
		assert_int_equal(s.targets[i].max_ms, 100);
	}
	assert_int_equal(s.day, 0);
	assert_true(s.bytes > 0);
	assert_int_equal(s.locks.n, 1);
	assert_string_equal(s.locks.v[0], "refs/heads.lock");
	queue_stats_free(&s);
	assert_int_equal(queue_stats_read(db, world, 1100 + 3600000 - 1, &s, &e), 0);
	assert_int_equal(s.hour, 1);
	assert_int_equal(s.day, 100);
	queue_stats_free(&s);
	queue_db_close(db);
}

/* ---- the log ------------------------------------------------------------------------- */

static void log_to_a_file(void **state)
{
	struct buf text = BUF_INIT(2 << 20), older = BUF_INIT(2 << 20);
	struct queue_log *log = NULL;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(mkdir(in_world("codetrain"), 0700), 0);
	assert_int_equal(queue_log_open(world, "syslog", &log, &e), -1);
	assert_int_equal(e.class, ERR_USAGE);
	assert_int_equal(queue_log_open(world, "none", &log, &e), 0);
	queue_log_line(log, 1, "local", "nothing");
	queue_log_free(log);
	assert_int_equal(access(in_world("codetrain/drainer.log"), F_OK), -1);
	assert_int_equal(queue_log_open(world, "file", &log, &e), 0);
	queue_log_line(log, 12, "local", "%s", "one\ntwo\x1b[31m");
	queue_log_line(log, 0, NULL, "ends");
	assert_int_equal(file_read(in_world("codetrain/drainer.log"), &text, NULL, &e), 0);
	assert_non_null(strstr(buf_str(&text), "Z event 12 local: one two?[31m\n"));
	assert_non_null(strstr(buf_str(&text), "Z ends\n"));
	assert_int_equal(count(buf_str(&text), "\n"), 2);
	for (int i = 0; i < 600; i++)
		queue_log_line(log, i, "local", "%1900d", i);
	buf_clear(&text);
	assert_int_equal(file_read(in_world("codetrain/drainer.log"), &text, NULL, &e), 0);
	assert_int_equal(file_read(in_world("codetrain/drainer.log.1"), &older, NULL, &e), 0);
	assert_true(text.len <= QUEUE_LOG_FILE_MAX && older.len <= QUEUE_LOG_FILE_MAX);
	assert_int_equal(count(buf_str(&text), "\n") + count(buf_str(&older), "\n"), 602);
	queue_log_free(log);
	queue_log_line(NULL, 1, NULL, "nothing");
	queue_log_free(NULL);
	buf_free(&text);
	buf_free(&older);
}

static void log_to_the_journal(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char got[8192], want[512];
	struct queue_log *log = NULL;
	struct err e = { 0 };
	ssize_t n;
	int fd;

	(void)state;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", in_world("journal"));
	assert_int_equal(queue_log_open_journal(world, address.sun_path, &log, &e), -1);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(queue_log_open_journal(world, address.sun_path, &log, &e), 0);
	queue_log_line(log, 12, "code\nbuild", "evil\nPRIORITY=0");
	n = recv(fd, got, sizeof(got) - 1, 0);
	assert_true(n > 0);
	got[n] = '\0';
	snprintf(want, sizeof(want), "MESSAGE=evil PRIORITY=0\nPRIORITY=6\n"
		 "SYSLOG_IDENTIFIER=codetrain-queue\nCODETRAIN_REPOSITORY=%s\nCODETRAIN_EVENT=12\n"
		 "CODETRAIN_TARGET=code build\n", world);
	assert_string_equal(got, want);
	assert_false(queue_log_is_stderr(log));
	for (int i = 0; i < 1000; i++)	/* nobody reads: dropped, not waited for */
		queue_log_line(log, i, NULL, "more");
	queue_log_free(log);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escaping),
		cmocka_unit_test(escaping_that_does_not_fit),
		cmocka_unit_test_setup_teardown(only_what_waits_is_behind_something, world_begin, world_end),
		cmocka_unit_test_setup_teardown(nothing_breaks_out, world_begin, world_end),
		cmocka_unit_test_setup_teardown(forms_have_the_token, world_begin, world_end),
		cmocka_unit_test_setup_teardown(many_and_large, world_begin, world_end),
		cmocka_unit_test(requests),
		cmocka_unit_test(forms),
		cmocka_unit_test_setup_teardown(answers, world_begin, world_end),
		cmocka_unit_test_setup_teardown(statistics, world_begin, world_end),
		cmocka_unit_test_setup_teardown(log_to_a_file, world_begin, world_end),
		cmocka_unit_test_setup_teardown(log_to_the_journal, world_begin, world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
