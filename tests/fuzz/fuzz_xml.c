/* XML answers: any bytes give a tree or an error. */
#include "lib/net/xml.h"
#include "lib/spec/json.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };

	json_free(xml_parse((const char *)data, size, "fuzz", &err));
	return 0;
}
