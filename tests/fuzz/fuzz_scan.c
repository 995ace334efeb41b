/* Any bytes can be scanned; every hit lies inside them. */
#include "hooks/secrets/scan.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int hit(void *arg, const struct scan_hit *h, struct err *err)
{
	const size_t *size = arg;

	(void)err;
	if (h->offset + h->len > *size || h->line < 1 || h->column < 1)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scan_rules *rules;
	static struct scanner *scanner;
	struct err err = { 0 };

	if (!scanner && (scan_rules_open(&rules, NULL, NULL, &err) < 0 || scan_open(rules, &scanner, &err) < 0))
		abort();
	if (scan_bytes(scanner, &(struct scan_text){ .data = (const char *)data, .len = size }, hit, &size, &err) < 0)
		abort();
	return 0;
}
