/* What a browser, or who pretends to be one, sends to the page of deliveries; and the
 * page's escaping of any text. */
#include "hooks/queue/queue_page.h"
#include "hooks/queue/queue_serve.h"
#include "hooks/queue/queue_serve_request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* A request is judged the same however it comes: nothing is whole before its last byte. */
static void requests(const uint8_t *data, size_t size)
{
	struct queue_serve_request request;
	struct queue_serve_form form;
	char *copy = malloc(size + 1);
	int whole;

	must(copy != NULL);
	memcpy(copy, data, size);
	copy[size] = '\0';
	whole = queue_serve_request(copy, size, &request);
	if (whole > 0) {
		must(request.path[0] == '/' && !strchr(request.path, '\n'));
		must(strlen(request.host) + strlen(request.site) + strlen(request.body) <= size);
		if (queue_serve_form(request.body, &form))
			must(form.event >= 0 && strlen(form.token) + strlen(form.target) <= size);
	} else if (whole == 0) {
		must(memcmp(copy, data, size) == 0);
	}
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (queue_serve_form(copy, &form))
		must(strlen(form.token) + strlen(form.target) <= size);
	free(copy);
}

static void texts(const uint8_t *data, size_t size)
{
	struct buf out = BUF_INIT(1 << 20);
	char *copy = malloc(size + 1);

	must(copy != NULL);
	memcpy(copy, data, size);
	copy[size] = '\0';
	must(queue_page_escape(copy, &out) == 0);
	must(!strpbrk(buf_str(&out), "<>\"'\x1b\r\t\x7f"));
	buf_free(&out);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > QUEUE_SERVE_REQUEST)
		return 0;
	requests(data, size);
	texts(data, size);
	return 0;
}
