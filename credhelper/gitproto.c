#include "gitproto.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 4096 };

/* Has the empty line come that ends a request? */
static bool complete(const struct buf *text)
{
	const char *s = text->data;
	size_t len = text->len;

	if (len == 0)
		return false;
	return s[0] == '\n' || memmem(s, len, "\n\n", 2) || memmem(s, len, "\n\r\n", 3);
}

int gitproto_read(int fd, struct buf *text, struct err *err)
{
	while (!complete(text)) {
		size_t left = text->max - text->len, want = left + 1 < CHUNK ? left + 1 : CHUNK;
		char chunk[CHUNK];
		ssize_t n = read(fd, chunk, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "cannot read git's request from standard input");
		if (n == 0)
			break;
		buf_add(text, chunk, (size_t)n);
		if (text->secret)
			explicit_bzero(chunk, (size_t)n);
		if (text->failed)
			return buf_check(text, "git's request on standard input", err);
	}
	return 0;
}

static void take_line(char *line, size_t len, struct gitproto *out)
{
	const struct {
		const char *name;
		const char **value;
	} names[] = {
		{ "protocol", &out->protocol },
		{ "host", &out->host },
		{ "path", &out->path },
		{ "username", &out->username },
	};
	char *equals = memchr(line, '=', len);
	const char *value;

	if (!equals)
		return;
	if (line[len - 1] == '\r')
		len--;
	line[len] = '\0';
	*equals = '\0';
	if (strlen(line) != (size_t)(equals - line))
		return;
	value = strlen(equals + 1) == (size_t)(line + len - equals - 1) ? equals + 1 : "";
	if (strcmp(line, "capability[]") == 0)
		out->authtype |= strcmp(value, "authtype") == 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(line, names[i].name) != 0)
			continue;
		if (i < 2 && **names[i].value && strcmp(*names[i].value, value) != 0)
			out->contradictory = true;
		*names[i].value = value;
	}
}

void gitproto_parse(struct buf *text, struct gitproto *out)
{
	char *s = text->data, *end = s ? s + text->len : s;

	*out = (struct gitproto){ "", "", "", "", false, false };
	while (s < end) {
		char *newline = memchr(s, '\n', (size_t)(end - s));
		size_t len = (size_t)((newline ? newline : end) - s);

		if (len == 0 || (len == 1 && *s == '\r'))
			return;
		take_line(s, len, out);
		s += len + 1;
	}
}

int gitproto_add(struct buf *out, const char *name, const char *const *parts, struct err *err)
{
	for (const char *const *part = parts; *part; part++)
		if (strpbrk(*part, "\r\n"))
			return err_set(err, ERR_INTERNAL, "the %s for git would hold a line break",
				       name);
	buf_adds(out, name);
	buf_addc(out, '=');
	for (; *parts; parts++)
		buf_adds(out, *parts);
	buf_addc(out, '\n');
	return buf_check(out, "the answer for git", err);
}

int gitproto_answer(const struct gitproto *git, const char *const *username, const char *password,
		    int64_t expiry, struct buf *out, struct err *err)
{
	char seconds[24];

	/* A ready-made header (authtype=Basic) would keep other helpers from storing the
	 * password, but git 2.46 to 2.52 leave such a header out of the request with which
	 * they begin a push of more than http.postBuffer, so that it fails. */
	snprintf(seconds, sizeof(seconds), "%lld", (long long)expiry);
	/* A capability comes before what it allows. */
	if (git->authtype && gitproto_add(out, "capability[]", GITPROTO_VALUE("authtype"), err) < 0)
		return -1;
	if (gitproto_add(out, "username", username, err) < 0 ||
	    gitproto_add(out, "password", GITPROTO_VALUE(password), err) < 0)
		return -1;
	if (expiry && gitproto_add(out, "password_expiry_utc", GITPROTO_VALUE(seconds), err) < 0)
		return -1;
	return git->authtype ? gitproto_add(out, "ephemeral", GITPROTO_VALUE("1"), err) : 0;
}
