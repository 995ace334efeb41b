/* JSON text, positions, ${VAR} and the check against the service model. What
 * json_text accepts cJSON must read, and every pointer told must be found. */
#include "lib/spec/json.h"
#include "lib/spec/json_text.h"
#include "lib/spec/shape.h"
#include "lib/spec/template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *text;
	size_t len;
};

static void located(void *arg, const struct shape_fault *fault)
{
	const struct input *in = arg;
	int line, column;

	if (strlen(fault->pointer) < SHAPE_POINTER_MAX / 2)
		json_locate(in->text, in->len, fault->pointer, &line, &column);
}

static const char *variable(void *arg, const char *name)
{
	(void)arg;
	return strlen(name) % 2 ? NULL : "value";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { (const char *)data, size };
	char pointer[TEMPLATE_POINTER_MAX];
	struct err err = { 0 };
	cJSON *tree = json_parse(in.text, size, "fuzz", &err);

	if (!tree)
		return 0;
	shape_validate(shape_for_operation("CreateTrainingJob"), tree, NULL, located, &in);
	template_expand(tree, variable, NULL, pointer, &err);
	json_free(tree);
	return 0;
}
