/* .codetrain files and rule files: any text is read or refused with its line. */
#include "hooks/checks/check_policy.h"
#include "hooks/secrets/rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rules rules = { 0 }, merged = { 0 };
	struct check_policy policy;
	struct err err = { 0 };

	check_policy_init(&policy);
	if (check_policy_read(&policy, (const char *)data, size, "f", &err) < 0 &&
	    strncmp(err.message, "f:", 2) != 0)
		abort();
	check_policy_free(&policy);
	if (rules_read(&rules, (const char *)data, size, "f", &err) == 0 &&
	    rules_merge(rules_table, rules_count, &rules, &merged, &err) == 0)
		rules_free(&merged);
	rules_free(&rules);
	return 0;
}
