/* What git tells its hooks at each step, spool files, and the texts that are printed of
 * both. What was accepted and written reads back the same. The input is a
 * memfd, so that nothing is left on disk. */
#include "hooks/queue/queue_push.h"
#include "hooks/queue/queue_resolve.h"
#include "hooks/queue/queue_spool.h"
#include "hooks/queue/queue_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void texts(const char *text)
{
	struct buf once = BUF_INIT(1 << 20), twice = BUF_INIT(1 << 20);

	must(queue_text_clean(text, '\n', 0, &once) == 0);
	must(queue_text_clean(buf_str(&once), '\n', 0, &twice) == 0);
	must(strcmp(buf_str(&once), buf_str(&twice)) == 0);
	buf_clear(&twice);
	must(queue_text_clean(text, ' ', 7, &twice) == 0);
	must(queue_text_width(buf_str(&twice)) <= 7);
	buf_free(&once);
	buf_free(&twice);
}

static void there_and_back(const struct queue_push *push)
{
	struct buf text = BUF_INIT(QUEUE_SPOOL_MAX), again = BUF_INIT(QUEUE_SPOOL_MAX);
	struct queue_push copy;
	struct err err = { 0 };

	must(queue_spool_print(push, &text, &err) == 0);
	must(buf_add(&again, text.data, text.len) == 0);
	queue_push_init(&copy, push->source, 0);
	must(queue_spool_parse(text.data, text.len, &copy));
	buf_clear(&text);
	must(queue_spool_print(&copy, &text, &err) == 0);
	must(strcmp(text.data, again.data) == 0);
	queue_push_free(&copy);
	buf_free(&text);
	buf_free(&again);
}

/* What a hook makes of its lines, in a repository without refs: lines again. */
static void resolved(const struct queue_push *push, enum queue_step step)
{
	struct queue_update update;
	struct queue_push copy;
	struct err err = { 0 };

	queue_push_init(&copy, "fuzz", 1234567890123);
	copy.step = step;
	snprintf(copy.run, sizeof(copy.run), "pid 12 start 345");
	for (size_t i = 0; i < push->updates.n; i++)
		must(strs_add(&copy.updates, push->updates.v[i]) == 0);
	must(queue_resolve("/nonexistent", &copy, &err) == 0);
	must(copy.updates.n <= push->updates.n);
	for (size_t i = 0; i < copy.updates.n; i++) {
		must(queue_push_split(copy.updates.v[i], &update));
		must(queue_push_move(&update) || step == QUEUE_ABORTED);
	}
	there_and_back(&copy);
	queue_push_free(&copy);
}

/* Whatever is before it, a whole block is found. */
static void behind(const char *text, size_t size)
{
	static const char block[] = "\ncodetrain-spool 1\nuid 0123456789abcdef0123456789abcdef\n"
		"source x\nrecorded 7\npusher \nend\n";
	struct queue_spool_file file = { .text = BUF_INIT(QUEUE_SPOOL_MAX) };
	struct queue_push push;
	struct err err = { 0 };
	bool last = false;

	must(buf_add(&file.text, text, size) == 0 && buf_adds(&file.text, block) == 0);
	while (queue_spool_next(&file, &push, &err) > 0) {
		last = push.recorded_ms == 7 && strcmp(push.uid, "0123456789abcdef0123456789abcdef") == 0;
		there_and_back(&push);
		queue_push_free(&push);
	}
	must(last && file.at == file.text.len);
	buf_free(&file.text);
}

static void lines(const uint8_t *data, size_t size)
{
	static struct queue_lines in;
	struct queue_update update;
	struct queue_push push;
	struct err err = { 0 };
	const char *line;
	bool malformed;

	in = (struct queue_lines){ .fd = memfd_create("push", MFD_CLOEXEC) };
	if (in.fd < 0 || write(in.fd, data, size) != (ssize_t)size || lseek(in.fd, 0, SEEK_SET) < 0)
		abort();
	queue_push_init(&push, "fuzz", 1234567890123);
	while (queue_push_line(&in, &line, &malformed, &err) > 0)
		if (!malformed && queue_push_split(line, &update))
			must(strs_add(&push.updates, line) == 0);
	there_and_back(&push);
	resolved(&push, QUEUE_PUSHED);
	resolved(&push, QUEUE_PREPARED);
	resolved(&push, QUEUE_ABORTED);
	queue_push_free(&push);
	close(in.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct queue_push push;
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	lines(data, size);
	texts(text);
	behind(text, size);
	queue_push_init(&push, "fuzz", 0);
	if (queue_spool_parse(text, size, &push))
		there_and_back(&push);
	queue_push_free(&push);
	free(text);
	return 0;
}
