#include "rules_load.h"
#include "gitleaks.h"

#include <string.h>

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* A line that begins with what git's configuration syntax has no use for. */
static bool looks_like_toml(const char *text, size_t len)
{
	static const char mark[] = "[[rules]]";

	for (const char *p = text; (p = memmem(p, len - (size_t)(p - text), mark, sizeof(mark) - 1)); p++)
		if (p == text || p[-1] == '\n')
			return true;
	return false;
}

int rules_load_file(struct rules *rules, const char *name, const char *text, size_t len,
		    struct err *err)
{
	bool toml = ends_with(name, ".toml") || (!ends_with(name, ".rules") && looks_like_toml(text, len));

	return toml ? gitleaks_read(rules, name, text, len, err)
		    : rules_read(rules, text, len, name, err);
}
