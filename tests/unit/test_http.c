/* lib/net: one request against a server that answers as the test says. */
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/net/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum manner { ANSWER, RESET, MUTE, KEEP_ONE };

static struct {
	pid_t pid;
	int port, requests;	/* a pipe with what it was sent */
	char url[64];
} server;

static struct http *session;

/* Reads a request: its head, and as much body as it announces. */
static bool take_request(int c, int out)
{
	char data[65536];
	size_t len = 0, want = 0;
	char *body = NULL, *length;

	while (!body || len < want) {
		ssize_t n = read(c, data + len, sizeof(data) - 1 - len);

		if (n <= 0)
			return false;
		len += (size_t)n;
		data[len] = '\0';
		body = strstr(data, "\r\n\r\n");
		length = strcasestr(data, "content-length: ");
		want = body ? (size_t)(body + 4 - data) + (length ? strtoul(length + 16, NULL, 10) : 0) : 0;
	}
	return write(out, data, len) == (ssize_t)len;
}

static void serve(int listener, int out, const char *answer, size_t len, enum manner manner)
{
	for (int i = 0;; i++) {
		const struct linger linger = { 1, 0 };
		int c = accept(listener, NULL, NULL);

		while (take_request(c, out)) {
			if (manner == MUTE)
				pause();
			if (manner == RESET || (manner == KEEP_ONE && i > 0))
				setsockopt(c, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
			else if (write(c, answer, len) < 0)
				break;
			if (manner != KEEP_ONE || i > 0)
				break;
			/* the next request over this connection is read, and lost */
			i = 1;
			if (take_request(c, out))
				setsockopt(c, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
			break;
		}
		close(c);
	}
}

static void start(const char *answer, size_t len, enum manner manner)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ends[2];
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	getsockname(listener, (struct sockaddr *)&address, &size);
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	server.port = ntohs(address.sin_port);
	server.requests = ends[0];
	snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%d/a/../b//c", server.port);
	server.pid = fork();
	if (server.pid == 0) {
		alarm(60);
		serve(listener, ends[1], answer, len, manner);
		_exit(0);
	}
	close(ends[1]);
	close(listener);
}

static void stop(void)
{
	kill(server.pid, SIGKILL);
	waitpid(server.pid, NULL, 0);
	close(server.requests);
}

static const char *requests(void)
{
	static char data[65536];
	ssize_t n = read(server.requests, data, sizeof(data) - 1);

	data[n > 0 ? n : 0] = '\0';
	return data;
}

static int setup(void **state)
{
	const struct http_settings settings = { 0 };
	struct err err;

	(void)state;
	session = http_new(&settings, &err);
	return session ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	http_free(session);
	return 0;
}

static struct http_request request(const char *method)
{
	struct http_request q = HTTP_REQUEST_INIT;

	q.method = method;
	q.url = server.url;
	q.timeout_ms = 5000;
	return q;
}

#define PLAIN "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Name:  some value \r\n\r\nhello"

static void an_answer_is_taken_whole(void **state)
{
	struct http_response r = { .body = BUF_INIT(100) };
	struct http_request q = request("GET");
	struct err err = { 0 };
	char value[8], longer[64];

	(void)state;
	start(PLAIN, sizeof(PLAIN) - 1, ANSWER);
	assert_int_equal(http_do(session, &q, &r, &err), 0);
	assert_int_equal(r.status, 200);
	assert_true(r.sent);
	assert_string_equal(buf_str(&r.body), "hello");
	assert_true(http_header(&r, "x-NAME", longer, sizeof(longer)));
	assert_string_equal(longer, "some value");
	assert_true(http_header(&r, "x-name", value, sizeof(value)));
	assert_string_equal(value, "some va");
	assert_false(http_header(&r, "x-nam", longer, sizeof(longer)));
	assert_false(http_header(&r, "x-names", longer, sizeof(longer)));
	/* the path as given; nothing of libcurl's own that was not asked for */
	assert_non_null(strstr(requests(), "GET /a/../b//c HTTP/1.1\r\n"));
	http_response_free(&r);
	stop();
}

static void a_request_is_sent_as_given(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "DELETE" };
	struct strs headers = STRS_INIT;
	struct err err = { 0 };

	(void)state;
	strs_add(&headers, "X-Amz-Target: a.b");
	start(PLAIN, sizeof(PLAIN) - 1, ANSWER);
	for (size_t i = 0; i < 3; i++) {
		struct http_response r = { .body = BUF_INIT(100) };
		struct http_request q = request(methods[i]);
		const char *sent;

		q.headers = &headers;
		q.body = "{\"a\":1}";
		q.body_len = 7;
		assert_int_equal(http_do(session, &q, &r, &err), 0);
		sent = requests();
		assert_int_equal(strncmp(sent, methods[i], strlen(methods[i])), 0);
		assert_non_null(strstr(sent, "\r\nX-Amz-Target: a.b\r\n"));
		assert_non_null(strstr(sent, "\r\nContent-Length: 7\r\n"));
		assert_non_null(strstr(sent, "\r\n\r\n{\"a\":1}"));
		assert_null(strcasestr(sent, "content-type"));
		assert_null(strcasestr(sent, "expect"));
		http_response_free(&r);
	}
	strs_free(&headers);
	stop();
}

static void an_empty_post_says_so(void **state)
{
	struct http_response r = { .body = BUF_INIT(100) };
	struct http_request q = request("PUT");
	struct err err = { 0 };

	(void)state;
	start(PLAIN, sizeof(PLAIN) - 1, ANSWER);
	assert_int_equal(http_do(session, &q, &r, &err), 0);
	assert_non_null(strstr(requests(), "\r\nContent-Length: 0\r\n"));
	http_response_free(&r);
	stop();
}

static void headers_with_line_breaks_are_not_sent(void **state)
{
	struct http_response r = { .body = BUF_INIT(100) };
	struct http_request q = request("GET");
	struct strs headers = STRS_INIT;
	struct err err = { 0 };

	(void)state;
	start(PLAIN, sizeof(PLAIN) - 1, ANSWER);
	strs_add(&headers, "X-A: b\r\nX-Evil: c");
	q.headers = &headers;
	assert_int_equal(http_do(session, &q, &r, &err), -1);
	assert_string_equal(requests(), "");
	strs_free(&headers);
	http_response_free(&r);
	stop();
}

/* One request that must fail, and how. */
static void fails(const struct http_request *q, size_t most, enum err_class class, const char *says,
		  bool sent, bool final)
{
	struct http_response r = { .body = { .max = most } };
	struct err err = { 0 };

	assert_int_equal(http_do(session, q, &r, &err), -1);
	if (!strstr(err.message, says))
		print_message("# %s\n", err.message);
	assert_non_null(strstr(err.message, says));
	assert_int_equal(err.class, class);
	assert_int_equal(r.sent, sent);
	assert_int_equal(r.final, final);
	http_response_free(&r);
}

static void an_answer_too_large_ends_the_transfer(void **state)
{
	struct http_request q = request("GET");

	(void)state;
	start(PLAIN, sizeof(PLAIN) - 1, ANSWER);
	fails(&q, 4, ERR_UNAVAILABLE, "an answer larger than 4 bytes", true, true);
	stop();
}

static void headers_too_large_end_the_transfer(void **state)
{
	static char answer[HTTP_HEADERS_MAX + 1000];
	struct http_request q = request("GET");
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\n");
	while (n < HTTP_HEADERS_MAX + 100)
		n += (size_t)snprintf(answer + n, sizeof(answer) - n, "X-Y: %0100d\r\n", 0);
	start(answer, n, ANSWER);
	fails(&q, 100, ERR_UNAVAILABLE, "headers larger than", true, true);
	stop();
}

static void broken_answers_are_told_apart(void **state)
{
	static const struct { const char *answer; enum manner manner; const char *says; bool final; } cases[] = {
		{ "", RESET, "broke the connection off", false },
		{ "", ANSWER, "closed the connection without an answer", false },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", ANSWER, "broke off", false },
		{ "SSH-2.0-OpenSSH\r\n", ANSWER, "does not answer in HTTP", true },
		{ "<html>", ANSWER, "does not answer in HTTP", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_request q;

		start(cases[i].answer, strlen(cases[i].answer), cases[i].manner);
		q = request("GET");
		fails(&q, 100, ERR_UNAVAILABLE, cases[i].says, true, cases[i].final);
		stop();
	}
}

static void a_mute_server_costs_the_time_limit(void **state)
{
	struct http_request q = request("GET");
	int64_t began = clock_now_ms();

	(void)state;
	start("", 0, MUTE);
	q.timeout_ms = 300;
	fails(&q, 100, ERR_UNAVAILABLE, "no whole answer from 127.0.0.1", true, false);
	assert_true(clock_now_ms() - began < 3000);
	stop();
}

static void nobody_listens(void **state)
{
	struct http_request q;

	(void)state;
	start("", 0, ANSWER);
	stop();		/* the port is free again */
	q = request("POST");
	fails(&q, 100, ERR_UNAVAILABLE, "Connection refused", false, false);
	q.url = "http://name.invalid/";
	fails(&q, 100, ERR_UNAVAILABLE, "name.invalid", false, false);
}

static void urls_that_are_none(void **state)
{
	static const char *const bad[] = { "ftp://127.0.0.1/x", "file:///etc/passwd", "http://u:p@127.0.0.1/",
					   "http://", "gopher://127.0.0.1:1/" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct http_response r = { .body = BUF_INIT(100) };
		struct http_request q = request("GET");
		struct err err = { 0 };

		q.url = bad[i];
		assert_int_equal(http_do(session, &q, &r, &err), -1);
		assert_true(r.final);
		assert_false(r.sent);
		http_response_free(&r);
	}
}

static void stopping_ends_a_request(void **state)
{
	volatile int stopped = 1;
	const struct http_settings settings = { .stop = &stopped };
	struct http_response r = { .body = BUF_INIT(100) };
	struct err err = { 0 };
	struct http *h = http_new(&settings, &err);
	struct http_request q;

	(void)state;
	start("", 0, MUTE);
	q = request("GET");
	assert_int_equal(http_do(h, &q, &r, &err), -1);
	assert_non_null(strstr(err.message, "interrupted"));
	http_response_free(&r);
	http_free(h);
	stop();
}

/* A kept connection is lost under the second request: a read may be sent
 * again by libcurl, what must be sent once is not. */
static void lost_under_a_kept_connection(void **state)
{
	static const char keep[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

	(void)state;
	for (int once = 0; once < 2; once++) {
		struct http_response r = { .body = BUF_INIT(100) };
		struct http_request q;
		struct err err = { 0 };
		int arrivals = 0;

		start(keep, sizeof(keep) - 1, KEEP_ONE);
		q = request("POST");
		q.once = once;
		assert_int_equal(http_do(session, &q, &r, &err), 0);
		assert_int_equal(http_do(session, &q, &r, &err), -1);
		assert_true(r.sent);
		assert_int_equal(err.class, ERR_UNAVAILABLE);
		for (const char *s = requests(); (s = strstr(s, "POST ")); s++)
			arrivals++;
		assert_int_equal(arrivals, once ? 2 : 3);
		http_response_free(&r);
		stop();
	}
}

static void files_are_streamed(void **state)
{
	char path[] = "/tmp/codetrain-unit.XXXXXX";
	int fd = mkstemp(path);
	struct http_response r = { .body = BUF_INIT(3) };	/* less than the download */
	struct http_request q;
	struct err err = { 0 };
	char data[8];

	(void)state;
	unlink(path);
	start(PLAIN, sizeof(PLAIN) - 1, ANSWER);
	q = request("GET");
	q.download_fd = fd;
	assert_int_equal(http_do(session, &q, &r, &err), 0);
	assert_int_equal(pread(fd, data, sizeof(data), 0), 5);
	assert_memory_equal(data, "hello", 5);
	requests();
	q = request("PUT");
	q.upload_fd = fd;
	q.upload_len = 5;
	buf_free(&r.body);
	r.body.max = 100;
	assert_int_equal(http_do(session, &q, &r, &err), 0);
	assert_non_null(strstr(requests(), "\r\n\r\nhello"));
	q.upload_len = 6;	/* more than there is: nothing is made up */
	assert_int_equal(http_do(session, &q, &r, &err), -1);
	assert_int_equal(err.class, ERR_INTERNAL);
	assert_non_null(strstr(err.message, "it became shorter"));
	http_response_free(&r);
	close(fd);
	stop();
}

/* What is no success does not land in the file. */
static void errors_are_not_downloaded(void **state)
{
	static const char denied[] = "HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\n<no/>";
	char path[] = "/tmp/codetrain-unit.XXXXXX";
	int fd = mkstemp(path);
	struct http_response r = { .body = BUF_INIT(100) };
	struct http_request q;
	struct err err = { 0 };

	(void)state;
	unlink(path);
	start(denied, sizeof(denied) - 1, ANSWER);
	q = request("GET");
	q.download_fd = fd;
	assert_int_equal(http_do(session, &q, &r, &err), 0);
	assert_string_equal(buf_str(&r.body), "<no/>");
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	http_response_free(&r);
	close(fd);
	stop();
}

static void authorities(void **state)
{
	static const struct { const char *url, *want; } cases[] = {
		{ "https://a.b/c", "a.b" }, { "https://a.b:443", "a.b" }, { "http://a.b:443/", "a.b:443" },
		{ "http://a:80/x", "a" }, { "http://[::1]:8080/x", "[::1]:8080" }, { "http://a?x", "a" },
		{ "http://u@a/", NULL }, { "http:///x", NULL }, { "a.b", NULL },
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int result = http_authority(cases[i].url, out, sizeof(out));

		assert_int_equal(result, cases[i].want ? 0 : -1);
		if (cases[i].want)
			assert_string_equal(out, cases[i].want);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_answer_is_taken_whole),
		CASE(a_request_is_sent_as_given),
		CASE(an_empty_post_says_so),
		CASE(headers_with_line_breaks_are_not_sent),
		CASE(an_answer_too_large_ends_the_transfer),
		CASE(headers_too_large_end_the_transfer),
		CASE(broken_answers_are_told_apart),
		CASE(a_mute_server_costs_the_time_limit),
		CASE(nobody_listens),
		CASE(urls_that_are_none),
		CASE(stopping_ends_a_request),
		CASE(lost_under_a_kept_connection),
		CASE(files_are_streamed),
		CASE(errors_are_not_downloaded),
		CASE(authorities),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
