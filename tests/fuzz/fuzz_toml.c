/*
 * TOML: whatever the bytes, a tree or a message, and no more than its bounds.
 */
#include "lib/spec/json.h"
#include "lib/spec/toml.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	cJSON *tree = toml_parse((const char *)data, size, "fuzz", &err);

	if (!tree && (err.class != ERR_USAGE || err.message[0] == '\0'))
		abort();
	json_free(tree);
	return 0;
}
