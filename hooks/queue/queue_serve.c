#include "queue_serve.h"
#include "queue_page.h"
#include "queue_serve_answer.h"
#include "lib/base/clock.h"
#include "lib/base/encode.h"
#include "lib/base/secret.h"
#include "lib/base/stop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 500, ANSWER_MAX = QUEUE_PAGE_MAX + (64 << 10), REST_MOST = 4 };

struct connection {
	int fd;
	struct buf in, out;
	size_t sent;
	deadline_t end;
};

struct server {
	struct queue_serve_place place;
	int fd, n;
	struct connection all[QUEUE_SERVE_CONNECTIONS];
};

static int draw(char out[static QUEUE_SERVE_SECRET + 1], struct err *err)
{
	unsigned char bytes[QUEUE_SERVE_SECRET / 2];

	if (getentropy(bytes, sizeof(bytes)) < 0)
		return err_errno(err, "cannot draw random bytes");
	encode_hex(bytes, sizeof(bytes), out);
	return 0;
}

static int listen_at(struct server *s, int port, struct err *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	const int on = 1;

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return err_errno(err, "cannot open a socket");
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno != EADDRINUSE && errno != EACCES)
			return err_errno(err, "cannot listen at 127.0.0.1:%d", port);
		return err_set(err, ERR_USAGE, "port %d is taken or reserved; without --port a free one "
			       "is found", port);
	}
	if (listen(s->fd, QUEUE_SERVE_CONNECTIONS) < 0 ||
	    getsockname(s->fd, (struct sockaddr *)&address, &len) < 0)
		return err_errno(err, "cannot listen at 127.0.0.1:%d", port);
	s->place.port = ntohs(address.sin_port);
	return 0;
}

static void close_connection(struct server *s, int i)
{
	close(s->all[i].fd);
	buf_free(&s->all[i].in);
	buf_free(&s->all[i].out);
	s->all[i] = s->all[--s->n];
}

/* Whoever says nothing keeps nobody out: with no place left the oldest connection goes. */
static void take_connection(struct server *s)
{
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), oldest = 0;

	if (fd < 0)
		return;
	for (int i = 1; i < s->n; i++)
		if (s->all[i].end < s->all[oldest].end)
			oldest = i;
	if (s->n == QUEUE_SERVE_CONNECTIONS)
		close_connection(s, oldest);
	s->all[s->n++] = (struct connection){
		.fd = fd, .in = BUF_INIT(QUEUE_SERVE_REQUEST), .out = BUF_INIT(ANSWER_MAX),
		.end = deadline_in(QUEUE_SERVE_CONNECTION_MS),
	};
}

/* False when the connection is over. */
static bool receive(struct server *s, struct connection *c)
{
	struct queue_serve_request request;
	char bytes[4096];
	ssize_t n = recv(c->fd, bytes, sizeof(bytes), 0);
	int whole = -1;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	if (n < 0)
		return true;
	if (buf_add(&c->in, bytes, (size_t)n) == 0)
		whole = queue_serve_request(c->in.data, c->in.len, &request);
	if (whole)
		queue_serve_answer(&s->place, whole > 0 ? &request : NULL, &c->out);
	return !c->out.failed;
}

/* False when the connection is over. What a browser still sends behind a refused request is
 * read, or the answer would be lost with it. */
static bool transmit(struct connection *c)
{
	ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
	char rest[4096];

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->sent += (size_t)n;
	if (c->sent < c->out.len)
		return true;
	shutdown(c->fd, SHUT_WR);
	for (int i = 0; i < REST_MOST && recv(c->fd, rest, sizeof(rest), 0) > 0; i++)
		;
	return false;
}

static void turn(struct server *s, int wait_ms)
{
	struct pollfd fds[QUEUE_SERVE_CONNECTIONS + 1];
	int n = s->n;

	for (int i = 0; i < n; i++)
		fds[i] = (struct pollfd){ .fd = s->all[i].fd, .events = s->all[i].out.len ? POLLOUT : POLLIN };
	fds[n] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	if (poll(fds, (nfds_t)n + 1, wait_ms) < 0)
		return;
	/* from the last, since what is closed is replaced by the last */
	for (int i = n - 1; i >= 0; i--) {
		struct connection *c = &s->all[i];
		bool on = !deadline_over(c->end);

		if (on && fds[i].revents)
			on = c->out.len ? transmit(c) : receive(s, c);
		if (!on)
			close_connection(s, i);
	}
	if (fds[n].revents)
		take_connection(s);
}

static int tell(const struct queue_serve *q, const struct server *s, struct err *err)
{
	char url[128];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/%s/", s->place.port, s->place.path);
	return q->ready(q->arg, url, err);
}

int queue_serve(const struct queue_serve *q, struct err *err)
{
	struct server s = { .place = { .gitdir = q->gitdir }, .fd = -1 };
	deadline_t end = deadline_in(q->life_ms);
	int rc = -1;

	if (draw(s.place.path, err) < 0 || draw(s.place.token, err) < 0 ||
	    listen_at(&s, q->port, err) < 0 || tell(q, &s, err) < 0)
		goto out;
	while (!stop_is_set(q->stop) && !deadline_over(end)) {
		int left = deadline_left(end);

		turn(&s, left < LOOK_EVERY_MS ? left : LOOK_EVERY_MS);
	}
	rc = 0;
out:
	while (s.n)
		close_connection(&s, s.n - 1);
	if (s.fd >= 0)
		close(s.fd);
	secret_wipe(&s.place, sizeof(s.place));
	return rc;
}
