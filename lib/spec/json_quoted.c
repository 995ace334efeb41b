#include "json_quoted.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define UTF8_MAX 4	/* bytes of a code point */

static unsigned char byte_at(const char *text, size_t len, size_t at)
{
	return at < len ? (unsigned char)text[at] : 0;
}

/* The bytes of the code point that begins here; 0: not UTF-8. */
static size_t utf8_len(const char *text, size_t len, size_t at)
{
	unsigned char c = byte_at(text, len, at), next = byte_at(text, len, at + 1);
	size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	/* longer than needed, a surrogate, above U+10FFFF */
	if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) ||
	    (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((byte_at(text, len, at + i) & 0xc0) != 0x80)
			return 0;
	return n;
}

static int hex(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hex digits from *at, which moves behind those that are there. */
static bool hex4(const char *text, size_t len, size_t *at, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++, (*at)++) {
		int digit = hex(byte_at(text, len, *at));

		if (digit < 0)
			return false;
		*out = *out << 4 | (uint32_t)digit;
	}
	return true;
}

/* Behind "\u": one code point, of one escape or of two. */
static const char *unicode(const char *text, size_t len, size_t *at, uint32_t *point)
{
	size_t start = *at;
	uint32_t low;

	if (!hex4(text, len, at, point))
		return "\\u wants four hex digits";
	if (*point == 0) {
		*at = start;
		return "\\u0000 in a string: no request can hold it";
	}
	if (*point < 0xd800 || *point > 0xdfff)
		return NULL;
	if (*point < 0xdc00 && byte_at(text, len, *at) == '\\' &&
	    byte_at(text, len, *at + 1) == 'u') {
		*at += 2;
		if (!hex4(text, len, at, &low))
			return "\\u wants four hex digits";
		if (low >= 0xdc00 && low <= 0xdfff) {
			*point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
			return NULL;
		}
	}
	*at = start;
	return "half a surrogate pair: \\ud800 to \\udbff and \\udc00 to \\udfff stand together";
}

const char *json_quoted_scan(const char *text, size_t len, size_t *at)
{
	const char *fault = NULL;
	uint32_t point;

	if (byte_at(text, len, *at) != '"')
		return "a string in double quotes is expected";
	for ((*at)++; !fault && *at < len; ) {
		unsigned char c = (unsigned char)text[*at];
		size_t n = utf8_len(text, len, *at);

		if (c < 0x20)
			return "a line break or control character inside a string";
		if (n == 0)
			return "bytes that are no UTF-8";
		*at += n;
		if (c == '"')
			return NULL;
		if (c != '\\')
			continue;
		c = byte_at(text, len, *at);
		if (c == '\0' || !strchr("\"\\/bfnrtu", c))
			return "an unknown escape after \\";
		(*at)++;
		if (c == 'u')
			fault = unicode(text, len, at, &point);
	}
	return fault ? fault : "the string is not closed";
}

static size_t put_utf8(uint32_t point, char out[static UTF8_MAX])
{
	static const unsigned char heads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	for (size_t i = n; i > 1; i--, point >>= 6)
		out[i - 1] = (char)(0x80 | (point & 0x3f));
	out[0] = (char)(heads[n] | point);
	return n;
}

/* The next character, or what an escape stands for. */
static size_t unescape(const char *text, size_t len, size_t *at, char out[static UTF8_MAX])
{
	static const char names[] = "bfnrt", meant[] = "\b\f\n\r\t";
	const char *name;
	uint32_t point = 0;

	out[0] = text[(*at)++];
	if (out[0] != '\\' || *at >= len)
		return 1;
	out[0] = text[(*at)++];
	if (out[0] == 'u') {
		unicode(text, len, at, &point);
		return put_utf8(point, out);
	}
	name = strchr(names, out[0]);
	if (name)
		out[0] = meant[name - names];
	return 1;
}

const char *json_quoted_step(const char *pointer, const char *text, size_t len)
{
	size_t at = 0, n = 0, i = 0;
	char part[UTF8_MAX];

	if (*pointer != '/')
		return NULL;
	for (pointer++; *pointer && *pointer != '/'; pointer++, i++) {
		char c = *pointer;

		if (c == '~' && (pointer[1] == '0' || pointer[1] == '1'))
			c = *++pointer == '0' ? '~' : '/';
		if (i == n) {
			if (at >= len)
				return NULL;
			n = unescape(text, len, &at, part);
			i = 0;
		}
		if (part[i] != c)
			return NULL;
	}
	return at == len && i == n ? pointer : NULL;
}
