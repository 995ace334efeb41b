/* ${VAR} in a JSON document: the first line is a value, the rest the document. */
#include "lib/spec/json.h"
#include "lib/spec/template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup(void *arg, const char *name)
{
	return strlen(name) % 2 ? arg : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	size_t len = line ? (size_t)(line - data) : 0;
	char *value = strndup((const char *)data, len);
	char pointer[TEMPLATE_POINTER_MAX];
	struct err err = { 0 };
	cJSON *tree = json_parse((const char *)data + len, size - len, "fuzz", &err);

	if (tree && value && template_expand(tree, lookup, value, pointer, &err) < 0 &&
	    (err.class != ERR_USAGE || strlen(pointer) >= sizeof(pointer)))
		abort();
	json_free(tree);
	free(value);
	return 0;
}
