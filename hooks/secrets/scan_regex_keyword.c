#include "scan_regex_keyword.h"

#include <ctype.h>
#include <string.h>

static bool contains(const char *data, size_t len, const char *word)
{
	size_t n = strlen(word);
	const char both[2] = { word[0], (char)toupper((unsigned char)word[0]) };

	for (size_t k = 0; k < (both[0] == both[1] ? 1u : 2u); k++) {
		const char *p = data;

		while (n && len >= n && (p = memchr(p, both[k], len - (size_t)(p - data)))) {
			size_t i = 1;

			if (len - (size_t)(p - data) < n)
				break;
			while (i < n && tolower((unsigned char)p[i]) == (unsigned char)word[i])
				i++;
			if (i == n)
				return true;
			p++;
		}
	}
	return n == 0;
}

bool scan_regex_keyword(const char *data, size_t len, char *const *words)
{
	for (; *words; words++)
		if (contains(data, len, *words))
			return true;
	return false;
}
