#include "queue_push.h"
#include "lib/base/encode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { REF_MAX = 4096, OPTION_COUNT_MAX = 1000 };

void queue_push_next(struct queue_push *push)
{
	unsigned char random[QUEUE_PUSH_UID / 2];

	strs_free(&push->updates);
	if (getentropy(random, sizeof(random)) < 0)
		abort();	/* cannot be for 16 bytes on a kernel that we run on */
	encode_hex(random, sizeof(random), push->uid);
}

void queue_push_init(struct queue_push *push, const char *source, int64_t now_ms)
{
	*push = (struct queue_push){ .source = source, .recorded_ms = now_ms,
				     .options = BUF_INIT(QUEUE_PUSH_OPTIONS) };
	queue_push_next(push);
}

void queue_push_free(struct queue_push *push)
{
	strs_free(&push->updates);
	buf_free(&push->options);
}

static size_t oid_len(const char *s)
{
	size_t n = strspn(s, "0123456789abcdef");

	return (n == 40 || n == 64) && s[n] == ' ' ? n : 0;
}

bool queue_push_is_zero(const char *oid, int len)
{
	return (int)strspn(oid, "0") >= len;
}

bool queue_push_move(const struct queue_update *u)
{
	return memcmp(u->old, u->new, (size_t)u->oid_len) != 0;
}

bool queue_push_split(const char *line, struct queue_update *out)
{
	size_t n = oid_len(line), len;

	if (!n || oid_len(line + n + 1) != n)
		return false;
	*out = (struct queue_update){ .old = line, .new = line + n + 1, .ref = line + 2 * n + 2,
				      .oid_len = (int)n };
	len = strlen(out->ref);
	if (len <= strlen("refs/") || len > REF_MAX || strncmp(out->ref, "refs/", 5) != 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)out->ref[i] <= ' ' || out->ref[i] == 0x7f)
			return false;
	return true;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

static const char *value(const char *name)
{
	const char *v = getenv(name);

	return v && *v && !has_control(v) ? v : NULL;
}

static void find_pusher(struct queue_push *push)
{
	static const char *const names[] = { "REMOTE_USER", "GL_USER", "GIT_PUSH_CERT_SIGNER",
					     "LOGNAME", "USER" };
	const char *status = getenv("GIT_PUSH_CERT_STATUS");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *v = value(names[i]);

		if (i == 2 && (!status || strcmp(status, "G") != 0))
			continue;	/* a signature that is not good names nobody */
		if (v) {
			snprintf(push->pusher, sizeof(push->pusher), "%s", v);
			return;
		}
	}
	snprintf(push->pusher, sizeof(push->pusher), "uid %ld", (long)getuid());
}

bool queue_push_environment(struct queue_push *push)
{
	const char *count = getenv("GIT_PUSH_OPTION_COUNT");
	unsigned long n = count ? strtoul(count, NULL, 10) : 0;
	bool left_out = n > OPTION_COUNT_MAX;

	find_pusher(push);
	for (unsigned long i = 0; i < n && i < OPTION_COUNT_MAX; i++) {
		char name[48];
		const char *option;

		snprintf(name, sizeof(name), "GIT_PUSH_OPTION_%lu", i);
		option = getenv(name);
		if (!option)
			break;
		if (strchr(option, '\n') || strlen(option) + 1 > push->options.max - push->options.len)
			left_out = true;
		else
			buf_addf(&push->options, "%s\n", option);
	}
	return left_out;
}

static int fill(struct queue_lines *in, struct err *err)
{
	ssize_t n;

	memmove(in->data, in->data + in->start, in->end - in->start);
	in->end -= in->start;
	in->start = 0;
	do {
		n = read(in->fd, in->data + in->end, sizeof(in->data) - 1 - in->end);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, "cannot read what git says was pushed");
	in->over = n == 0;
	in->end += (size_t)n;
	return 0;
}

/* Forgets a line that does not fit, up to its end. */
static int skip_line(struct queue_lines *in, struct err *err)
{
	char *newline = NULL;

	while (!newline && !in->over) {
		in->start = in->end = 0;
		if (fill(in, err) < 0)
			return -1;
		newline = memchr(in->data, '\n', in->end);
	}
	in->start = newline ? (size_t)(newline - in->data) + 1 : in->end;
	return 1;
}

int queue_push_line(struct queue_lines *in, const char **line, bool *malformed, struct err *err)
{
	*malformed = false;
	for (;;) {
		char *begin = in->data + in->start;
		char *newline = memchr(begin, '\n', in->end - in->start);

		if (!newline && in->over && in->start < in->end)
			newline = in->data + in->end;	/* the last line has none */
		if (newline) {
			size_t len = (size_t)(newline - begin);

			in->start += len + (newline < in->data + in->end);
			*newline = '\0';
			*line = begin;
			*malformed = strlen(begin) != len;
			return 1;
		}
		if (in->over)
			return 0;
		if (in->start == 0 && in->end == sizeof(in->data) - 1) {
			*malformed = true;
			*line = "(longer than a line can be)";
			return skip_line(in, err);
		}
		if (fill(in, err) < 0)
			return -1;
	}
}
