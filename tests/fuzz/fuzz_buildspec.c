/* buildspec.yml: any bytes give findings or a model, in bounded time. */
#include "lib/spec/buildspec.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void placed(void *arg, const struct buildspec_finding *f)
{
	(void)arg;
	if (!f->rule || !f->message || f->line < 1 || f->column < 1)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buildspec *spec = NULL;
	struct err err = { 0 };

	buildspec_parse((const char *)data, size, "fuzz", placed, NULL, &spec, &err);
	buildspec_free(spec);
	return 0;
}
