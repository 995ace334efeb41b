#include "build_output.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SECRET_MAX = 64 << 10 };

int build_output_open(struct build_output *o, const char *path, struct err *err)
{
	o->log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (o->log < 0)
		return err_errno(err, "cannot open the log %s", path);
	return 0;
}

static int hide(struct build_output *o, const char *value, size_t len, struct err *err)
{
	struct buf *b = &o->secrets[o->n_secrets];

	if (o->n_secrets == BUILD_SECRETS_MAX || len > SECRET_MAX)
		return err_set(err, ERR_USAGE, "more than %d secrets (each line of one counts), or one "
			       "larger than 64 KiB", BUILD_SECRETS_MAX);
	*b = (struct buf)BUF_INIT_SECRET(SECRET_MAX);
	o->n_secrets++;
	if (buf_add(b, value, len) < 0)
		return err_set(err, ERR_INTERNAL, "no memory for a secret");
	o->begins[(unsigned char)*value] = true;
	if (o->longest < len)
		o->longest = len;
	return 0;
}

int build_output_hide(struct build_output *o, const char *value, struct err *err)
{
	size_t whole = strlen(value);

	if (whole < BUILD_SECRET_MIN)
		return 0;
	if (hide(o, value, whole, err) < 0)
		return -1;
	if (!strchr(value, '\n'))
		return 0;
	while (*value) {
		size_t len = strcspn(value, "\n");

		if (len >= BUILD_SECRET_LINE_MIN && hide(o, value, len, err) < 0)
			return -1;
		value += len + (value[len] == '\n');
	}
	return 0;
}

bool build_output_hides(const struct build_output *o, const char *text)
{
	for (size_t i = 0; i < o->n_secrets; i++)
		if (strstr(text, buf_str(&o->secrets[i])))
			return true;
	return false;
}

/* A stream that is gone (a closed pipe) does not end the build. */
static void put(struct build_output *o, const char *data, size_t len)
{
	struct err err = { 0 };

	if (len == 0)
		return;
	o->in_line = data[len - 1] != '\n';
	if (o->stream >= 0 && file_write_fd(o->stream, data, len, "the output", &err) < 0)
		o->stream = -1;
	if (o->log >= 0 && file_write_fd(o->log, data, len, "the log", &err) < 0) {
		close(o->log);
		o->log = -1;
	}
	if (err.class != ERR_NONE && o->fault.class == ERR_NONE)
		o->fault = err;
}

/* The secret that stands at data; with `partial`, or whose beginning is all of
 * what is left there. */
static size_t secret_at(const struct build_output *o, const char *data, size_t len, bool partial)
{
	size_t found = 0;

	if (!o->begins[(unsigned char)*data])
		return 0;
	for (size_t i = 0; i < o->n_secrets; i++) {
		const struct buf *s = &o->secrets[i];
		size_t n = s->len < len ? s->len : len;

		if ((s->len <= len || partial) && memcmp(data, s->data, n) == 0 && n > found)
			found = n;
	}
	return found;
}

/* Writes what is held, as far as no secret can begin in it; all with `last`. */
static void filter(struct build_output *o, bool last)
{
	const char *data = buf_str(&o->held);
	size_t len = o->held.len, at = 0, clean = 0;

	while (at < len) {
		size_t n;

		/* a line may be all that is here yet of a secret of several */
		if (!last && len - at < o->longest && secret_at(o, data + at, len - at, true) == len - at)
			break;
		n = secret_at(o, data + at, len - at, false);
		if (n) {
			put(o, data + clean, at - clean);
			put(o, "***", 3);
			at += n;
			clean = at;
		} else {
			at++;
		}
	}
	put(o, data + clean, at - clean);
	if (at < len)
		memmove(o->held.data, o->held.data + at, len - at);
	o->held.len = len - at;
	if (o->held.data)
		explicit_bzero(o->held.data + o->held.len, at);
}

void build_output_raw(struct build_output *o, const char *data, size_t len)
{
	enum { STEP = 16384 };

	if (o->n_secrets == 0) {
		put(o, data, len);
		return;
	}
	while (len > 0) {
		size_t n = len < STEP ? len : STEP;

		if (buf_add(&o->held, data, n) < 0) {
			err_set(&o->fault, ERR_INTERNAL, "no memory to filter the output");
			return;
		}
		filter(o, false);
		data += n;
		len -= n;
	}
}

void build_output_flush(struct build_output *o)
{
	filter(o, true);
}

static void stamp(char out[static 40])
{
	char iso[CLOCK_EXTENDED_LEN];

	clock_extended(clock_now(), iso);
	snprintf(out, 40, "[Container] %.4s/%.2s/%.2s %.8s ", iso, iso + 5, iso + 8, iso + 11);
}

static void say(struct build_output *o, const char *head, const char *text)
{
	char time[40];

	build_output_flush(o);
	if (o->in_line)
		put(o, "\n", 1);
	stamp(time);
	put(o, time, strlen(time));
	build_output_raw(o, head, strlen(head));
	build_output_raw(o, text, strlen(text));
	build_output_flush(o);
	if (o->in_line)
		put(o, "\n", 1);
}

void build_output_say(struct build_output *o, const char *fmt, ...)
{
	struct err line;
	va_list ap;

	va_start(ap, fmt);
	err_vset(&line, ERR_NONE, fmt, ap);
	va_end(ap);
	say(o, line.message, "");
}

void build_output_say_text(struct build_output *o, const char *label, const char *text)
{
	say(o, label, text);
}

int build_output_close(struct build_output *o, struct err *err)
{
	build_output_flush(o);
	if (o->log >= 0 && close(o->log) < 0 && o->fault.class == ERR_NONE)
		err_errno(&o->fault, "cannot write the log");
	o->log = -1;
	for (size_t i = 0; i < o->n_secrets; i++)
		buf_free(&o->secrets[i]);
	o->n_secrets = 0;
	buf_free(&o->held);
	if (o->fault.class == ERR_NONE)
		return 0;
	*err = o->fault;
	return -1;
}
