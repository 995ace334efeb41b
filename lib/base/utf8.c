#include "utf8.h"

size_t utf8_length(const char *text)
{
	static const struct {
		unsigned char from, to, second_from, second_to;
		size_t len;
	} kinds[] = {
		{ 0x01, 0x7f, 0, 0, 1 },	    { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },	    { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },	    { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },	    { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *s = (const unsigned char *)text;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t n = 1;

		if (*s < kinds[i].from || *s > kinds[i].to)
			continue;
		if (kinds[i].len > 1 && (s[1] < kinds[i].second_from || s[1] > kinds[i].second_to))
			return 0;
		while (n < kinds[i].len && (s[n] & 0xc0) == 0x80)
			n++;
		return n == kinds[i].len ? n : 0;
	}
	return 0;
}

int utf8_add(struct buf *out, const char *s)
{
	while (*s) {
		size_t n = utf8_length(s);

		buf_add(out, n ? s : "\xef\xbf\xbd", n ? n : 3);
		s += n ? n : 1;
	}
	return out->failed ? -1 : 0;
}
