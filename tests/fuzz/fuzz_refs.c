/* packed-refs and loose refs. What one reader of packed-refs finds, the other does. */
#include "hooks/queue/queue_refs.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *data;
	size_t len, seen;
	bool sorted;
	char before[4200];
};

static void must(bool condition)
{
	if (!condition)
		abort();
}

static int each(void *arg, const char *ref, const char *oid, struct err *err)
{
	struct input *in = arg;
	char found[QUEUE_REFS_OID];

	(void)err;
	must(queue_refs_good_name(ref));
	must(strlen(oid) == 40 || strlen(oid) == 64);
	in->sorted = in->sorted && strcmp(in->before, ref) < 0;
	must(strlen(ref) < sizeof(in->before));
	memcpy(in->before, ref, strlen(ref) + 1);
	/* a file whose lines are not in order may well say that they are */
	if (queue_refs_packed_find(in->data, in->len, ref, found))
		must(strlen(found) == 40 || strlen(found) == 64);
	return ++in->seen < 64 ? 0 : -1;
}

static int compare(void *arg, const char *ref, const char *oid, struct err *err)
{
	struct input *in = arg;
	char found[QUEUE_REFS_OID];

	(void)err;
	must(queue_refs_packed_find(in->data, in->len, ref, found));
	must(!in->sorted || strcmp(found, oid) == 0);
	return --in->seen ? 0 : -1;
}

static void loose(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), oid[QUEUE_REFS_OID];
	const char *to;

	must(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (queue_refs_loose(text, oid, &to)) {
		must(to ? !oid[0] && queue_refs_good_name(to) : strlen(oid) == 40 || strlen(oid) == 64);
		must(!to || (to >= text && to <= text + size));
	}
	(void)queue_refs_good_name(text);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of its own, so that reading behind its end is seen */
	char *copy = malloc(size ? size : 1);
	struct input in = { .data = copy, .len = size, .sorted = true };
	struct err err = { 0 };

	must(copy != NULL);
	if (size)
		memcpy(copy, data, size);
	queue_refs_packed_each(copy, size, each, &in, &err);
	if (in.seen && !memmem(copy, size, " sorted", 7))
		queue_refs_packed_each(copy, size, compare, &in, &err);
	loose(data, size);
	free(copy);
	return 0;
}
