#include "encode.h"

#include <string.h>

void encode_hex(const unsigned char *in, size_t n, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digit[in[i] >> 4];
		out[2 * i + 1] = digit[in[i] & 15];
	}
	out[2 * n] = '\0';
}

int encode_base64(const void *in, size_t n, struct buf *out)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = in;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		unsigned v = (unsigned)p[i] << 16;
		char four[4];

		if (left > 1)
			v |= (unsigned)p[i + 1] << 8;
		if (left > 2)
			v |= p[i + 2];
		four[0] = digit[v >> 18];
		four[1] = digit[v >> 12 & 63];
		four[2] = left > 1 ? digit[v >> 6 & 63] : '=';
		four[3] = left > 2 ? digit[v & 63] : '=';
		if (buf_add(out, four, 4) < 0)
			return -1;
	}
	return out->failed ? -1 : 0;
}

static int base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

int decode_base64(const char *in, size_t n, struct buf *out)
{
	unsigned v = 0, bits = 0;
	size_t i;

	for (i = 0; i < n && in[i] != '='; i++) {
		int d;

		if (strchr(" \t\r\n", in[i]) && in[i])
			continue;
		d = base64_value((unsigned char)in[i]);
		if (d < 0)
			return -1;
		v = v << 6 | (unsigned)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			if (buf_addc(out, (char)(v >> bits & 255)) < 0)
				return -1;
		}
	}
	for (; i < n; i++)
		if (in[i] == '\0' || !strchr("= \t\r\n", in[i]))
			return -1;
	return bits >= 6 || out->failed ? -1 : 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int encode_percent(const void *in, size_t n, const char *keep, struct buf *out)
{
	static const char digit[] = "0123456789ABCDEF";
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789-._~";
	const unsigned char *p = in;

	for (size_t i = 0; i < n; i++) {
		char three[3] = { '%', digit[p[i] >> 4], digit[p[i] & 15] };

		if (p[i] && (strchr(plain, p[i]) || strchr(keep, p[i])))
			buf_addc(out, (char)p[i]);
		else
			buf_add(out, three, 3);
	}
	return out->failed ? -1 : 0;
}

int encode_shell(const char *word, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-./:@%+=,";

	if (*word && word[strspn(word, plain)] == '\0')
		return buf_adds(out, word);
	buf_addc(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *word);
	}
	return buf_addc(out, '\'');
}

int decode_percent(const char *in, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		int hi = n - i > 2 && in[i] == '%' ? hex_value(in[i + 1]) : -1;
		int lo = hi >= 0 ? hex_value(in[i + 2]) : -1;

		if (lo >= 0) {
			buf_addc(out, (char)(hi << 4 | lo));
			i += 2;
		} else {
			buf_addc(out, in[i]);
		}
	}
	return out->failed ? -1 : 0;
}
