#include "rules_load.h"

int rules_load_file(struct rules *rules, const char *name, const char *text, size_t len,
		    struct err *err)
{
	return rules_read(rules, text, len, name, err);
}
