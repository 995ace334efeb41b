#include "queue_serve_request.h"
#include "queue_serve.h"
#include "lib/base/opt.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_MOST = 100 };

static bool request_line(char *line, struct queue_serve_request *out)
{
	char *path = strchr(line, ' '), *version = path ? strchr(path + 1, ' ') : NULL;

	if (!version)
		return false;
	*path++ = '\0';
	*version++ = '\0';
	out->post = strcmp(line, "POST") == 0;
	out->head = strcmp(line, "HEAD") == 0;
	out->path = path;
	return (out->post || out->head || strcmp(line, "GET") == 0) && path[0] == '/' &&
	       (strcmp(version, "HTTP/1.1") == 0 || strcmp(version, "HTTP/1.0") == 0);
}

static bool once(const char **out, const char *value)
{
	bool first = !**out;

	*out = value;
	return first && *value;
}

/* `length` is -1 until it was told. */
static bool header(char *line, struct queue_serve_request *out, long *length)
{
	char *value = strchr(line, ':'), *end;

	if (!value || value == line || isspace((unsigned char)value[-1]))
		return false;
	*value++ = '\0';
	value += strspn(value, " \t");
	for (end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t');)
		*--end = '\0';
	if (strcasecmp(line, "Host") == 0)
		return once(&out->host, value);
	if (strcasecmp(line, "Sec-Fetch-Site") == 0)
		return once(&out->site, value);
	if (strcasecmp(line, "Transfer-Encoding") == 0)
		return false;
	if (strcasecmp(line, "Content-Length") == 0)
		return *length < 0 && opt_number(value, length) == 0 && *length <= QUEUE_SERVE_REQUEST;
	return true;
}

/* A line ends with CR LF, and holds no control character but tab. */
static bool plain(const char *head, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)head[i];

		if (c == '\r' && i + 1 < size && head[i + 1] == '\n')
			i++;
		else if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool read_head(char *head, struct queue_serve_request *out, long *length)
{
	char *next;

	*out = (struct queue_serve_request){ .path = "", .host = "", .site = "" };
	*length = -1;
	for (int n = 0; head; n++, head = next) {
		next = strstr(head, "\r\n");
		if (next) {
			*next = '\0';
			next += 2;
		}
		if (n == HEADERS_MOST || !(n ? header(head, out, length) : request_line(head, out)))
			return false;
	}
	if (*length < 0)
		*length = 0;
	return true;
}

int queue_serve_request(char *data, size_t len, struct queue_serve_request *out)
{
	char *end = memmem(data, len, "\r\n\r\n", 4), copy[QUEUE_SERVE_REQUEST + 1];
	size_t size = end ? (size_t)(end - data) : len;
	long length;

	if (size >= sizeof(copy))
		return -1;
	if (!end)
		return memchr(data, '\0', size) ? -1 : 0;
	if (!plain(data, size))
		return -1;
	/* the reading cuts it up, which is for a request that is whole */
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (!read_head(copy, out, &length))
		return -1;
	if (len - size - 4 < (size_t)length)
		return 0;
	*end = '\0';
	read_head(data, out, &length);
	out->body = end + 4;
	out->body[length] = '\0';
	return strlen(out->body) == (size_t)length ? 1 : -1;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
	     : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place. False for what is no encoding, or stands for a NUL. */
static bool decode(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		if (*s == '%') {
			int high = hex(s[1]), low = high < 0 ? -1 : hex(s[2]);

			if (low < 0 || (high == 0 && low == 0))
				return false;
			*to = (char)(high * 16 + low);
			s += 2;
		} else {
			*to = *s == '+' ? ' ' : *s;
		}
	}
	*to = '\0';
	return true;
}

bool queue_serve_form(char *body, struct queue_serve_form *out)
{
	const char *event = "";
	long number = 0;

	*out = (struct queue_serve_form){ .token = "", .target = "" };
	for (char *at = body, *next; at; at = next) {
		char *value = strchr(at, '=');

		next = strchr(at, '&');
		if (next)
			*next++ = '\0';
		if (!value || (next && value >= next))
			return false;
		*value++ = '\0';
		if (!decode(value))
			return false;
		if (strcmp(at, "token") == 0 && !*out->token)
			out->token = value;
		else if (strcmp(at, "target") == 0 && !*out->target)
			out->target = value;
		else if (strcmp(at, "event") == 0 && !*event)
			event = value;
		else
			return false;
	}
	if (*event && (opt_number(event, &number) < 0 || number < 1))
		return false;
	out->event = number;
	return true;
}
