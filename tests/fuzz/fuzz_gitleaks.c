/*
 * A rule file and a text, apart by a NUL: rules are read or refused with their line, every expression
 * that is taken is taken by PCRE2 too, and scanning ends.
 */
#include "hooks/secrets/rules_load.h"
#include "hooks/secrets/scan.h"
#include "hooks/secrets/scan_regex.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { EXPRESSION_MAX = 400 };	/* Hyperscan's time to compile is not what is looked for */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int nothing(void *arg, const struct scan_hit *hit, struct err *err)
{
	const struct scan_text *t = arg;

	(void)err;
	if (hit->offset > t->len || hit->len > t->len - hit->offset)
		abort();
	return 0;
}

static void scan(const struct rules *rules, const char *text, size_t len)
{
	static const char *const paths[] = { "a/b.yml" };
	const struct scan_text t = { .data = text, .len = len, .paths = paths, .n_paths = 1 };
	struct scan_rules *set;
	struct scanner *scanner;
	struct err err = { 0 };

	if (scan_rules_open(&set, rules, NULL, &err) < 0)
		return;
	if (scan_open(set, &scanner, &err) == 0) {
		scan_bytes(scanner, &t, nothing, (void *)&t, &err);
		scan_close(scanner);
	}
	scan_rules_close(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = memchr(data, '\0', size);
	size_t len = text ? (size_t)(text - (const char *)data) : size;
	struct rules rules = { 0 };
	struct err err = { 0 };

	if (rules_load_file(&rules, "f.toml", (const char *)data, len, &err) < 0) {
		if (err.class != ERR_USAGE || strncmp(err.message, "f.toml:", 7) != 0)
			abort();
	} else if (rules.n > 0 && len < EXPRESSION_MAX) {
		scan(&rules, text ? text + 1 : "", text ? size - len - 1 : 0);
	}
	rules_free(&rules);
	return 0;
}
