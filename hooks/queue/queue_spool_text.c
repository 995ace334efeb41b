#include "queue_spool.h"
#include "lib/base/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_line[] = "codetrain-spool 1", last_line[] = "end\n";
static const char *const step_names[] = {
	[QUEUE_PUSHED] = "pushed", [QUEUE_PREPARED] = "prepared", [QUEUE_ABORTED] = "aborted",
};

int queue_spool_print(const struct queue_push *push, struct buf *out, struct err *err)
{
	const char *line = buf_str(&push->options), *end;

	buf_addf(out, "%s\nuid %s\nsource %s\nrecorded %lld\npusher %s\n", first_line, push->uid,
		 push->source, (long long)push->recorded_ms, push->pusher);
	if (push->step != QUEUE_PUSHED)
		buf_addf(out, "step %s\n", step_names[push->step]);
	if (push->run[0])
		buf_addf(out, "run %s\n", push->run);
	for (; (end = strchr(line, '\n')); line = end + 1)
		buf_addf(out, "option %.*s\n", (int)(end - line), line);
	for (size_t i = 0; i < push->updates.n; i++)
		buf_addf(out, "update %s\n", push->updates.v[i]);
	buf_adds(out, "end\n");
	return buf_check(out, "the push", err);
}

static bool take_uid(struct queue_push *push, const char *value)
{
	if (strlen(value) != QUEUE_PUSH_UID ||
	    strspn(value, "0123456789abcdef") != QUEUE_PUSH_UID)
		return false;
	memcpy(push->uid, value, QUEUE_PUSH_UID + 1);
	return true;
}

static bool take_step(struct queue_push *push, const char *value)
{
	for (size_t i = 0; i < sizeof(step_names) / sizeof(*step_names); i++)
		if (strcmp(value, step_names[i]) == 0) {
			push->step = (enum queue_step)i;
			return true;
		}
	return false;
}

static bool take_line(struct queue_push *push, const char *key, const char *value)
{
	struct queue_update update;
	long number;

	if (strcmp(key, "uid") == 0)
		return take_uid(push, value);
	if (strcmp(key, "source") == 0)
		return true;	/* what it was spooled from is "spool" from here on */
	if (strcmp(key, "step") == 0)
		return take_step(push, value);
	if (strcmp(key, "run") == 0)
		return (size_t)snprintf(push->run, sizeof(push->run), "%s", value) < sizeof(push->run);
	if (strcmp(key, "pusher") == 0)
		return (size_t)snprintf(push->pusher, sizeof(push->pusher), "%s", value) <
		       sizeof(push->pusher);
	if (strcmp(key, "option") == 0)
		return buf_addf(&push->options, "%s\n", value) == 0;
	if (strcmp(key, "update") == 0)
		return queue_push_split(value, &update) && strs_add(&push->updates, value) == 0;
	if (strcmp(key, "recorded") != 0 || opt_number(value, &number) < 0)
		return false;
	push->recorded_ms = number;
	return true;
}

bool queue_spool_parse(char *text, size_t len, struct queue_push *push)
{
	char *line = text, *newline;
	bool begun = false;

	if (strlen(text) != len)
		return false;
	for (; (newline = strchr(line, '\n')); line = newline + 1) {
		char *space;

		*newline = '\0';
		if (!begun) {
			begun = strcmp(line, first_line) == 0;
			if (!begun)
				return false;
			continue;
		}
		if (strcmp(line, "end") == 0)
			return newline[1] == '\0';
		space = strchr(line, ' ');
		if (!space)
			return false;
		*space = '\0';
		if (!take_line(push, line, space + 1))
			return false;
	}
	return false;
}

/* ---- a file of several ---------------------------------------------------------------- */

/* Where a line begins with this, at or after `at`; the end when none does. */
static size_t find_line(const struct buf *text, size_t at, size_t end, const char *word)
{
	const char *p = text->data + at, *stop = text->data + end;

	for (; p < stop && (p = memmem(p, (size_t)(stop - p), word, strlen(word))); p++)
		if (p == text->data || p[-1] == '\n')
			return (size_t)(p - text->data);
	return end;
}

/* The next that has a first and a last line: one that was written by halves has another's
 * first line before its last, or no last. */
static bool next_extent(struct queue_spool_file *f, size_t *start, size_t *len)
{
	const struct buf *text = &f->text;
	size_t end = text->len, last, again;

	if (!text->len)
		return false;
	*start = find_line(text, f->at, end, first_line);
	for (; *start < end; *start = again) {
		last = find_line(text, *start + 1, end, last_line);
		again = find_line(text, *start + 1, last, first_line);
		if (again < last)
			continue;
		if (last == end)
			break;
		*len = last + strlen(last_line) - *start;
		f->at = *start + *len;
		return true;
	}
	f->at = end;
	return false;
}

int queue_spool_next(struct queue_spool_file *f, struct queue_push *push, struct err *err)
{
	size_t start, len;

	while (next_extent(f, &start, &len)) {
		char *copy = strndup(f->text.data + start, len);
		bool good;

		if (!copy)
			return err_set(err, ERR_INTERNAL, "no memory for the spool");
		queue_push_init(push, "spool", 0);
		good = queue_spool_parse(copy, len, push);
		free(copy);
		if (good)
			return 1;
		queue_push_free(push);
	}
	return 0;
}
