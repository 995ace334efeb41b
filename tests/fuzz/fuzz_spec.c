/* The whole check of a spec, on any bytes: the first byte says of which operation. What is
 * told has a rule, a message of one line, and a place in the text. */
#include "lib/spec/json.h"
#include "lib/spec/json_text.h"
#include "lib/spec/shape.h"
#include "lib/spec/spec_rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LOCATED_MAX = 50 };	/* each is a walk over the text */

struct input {
	const char *text;
	size_t len;
	int told;
};

static void placed(const struct input *in, const char *pointer)
{
	int line = 0, column = 0;

	if (in->told <= LOCATED_MAX &&
	    (json_locate(in->text, in->len, pointer, &line, &column) < 0 || line < 1 || column < 1))
		abort();
}

static void told(void *arg, const struct shape_fault *fault)
{
	struct input *in = arg;

	in->told++;
	if (!fault->rule[0] || !fault->message[0] || strpbrk(fault->message, "\r\n"))
		abort();
	placed(in, fault->pointer);
}

static void twice(void *arg, const char *pointer, const char *name)
{
	struct input *in = arg;

	in->told++;
	if (!name)
		abort();
	placed(in, pointer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const operations[] = {
		"CreateTrainingJob", "CreateModel", "CreateHyperParameterTuningJob",
		"CreateProcessingJob", "CreateTransformJob",
	};
	const char *operation = operations[size ? data[0] % 5 : 0];
	struct input in = { size ? (const char *)data + 1 : "", size ? size - 1 : 0, 0 };
	struct shape_options shape = { .allow_templates = size && data[0] & 0x80 };
	struct spec_rules_options rules = { .allow_templates = shape.allow_templates,
					    .region = size && data[0] & 0x40 ? "us-east-2" : NULL };
	struct err err = { 0 };
	size_t bom = json_bom(in.text, in.len), offset;
	int line, column, before;
	const char *fault = json_text_fault(in.text + bom, in.len - bom, &offset);
	cJSON *tree = json_parse_twice(in.text, in.len, "fuzz", twice, &in, &err);

	if (!tree != !!fault)
		abort();	/* one reader takes what the other refuses */
	json_text_place(in.text + bom, offset, &line, &column);
	if (line < 1 || column < 1)
		abort();
	if (!tree)
		return 0;
	before = in.told;
	if (shape_validate(shape_for_operation(operation), tree, &shape, told, &in) != in.told - before)
		abort();
	before = in.told;
	if (spec_rules_check(operation, tree, &rules, told, &in) != in.told - before)
		abort();
	json_free(tree);
	return 0;
}
