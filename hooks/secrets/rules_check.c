#include "rules_check.h"
#include "rules_check_text.h"
#include "lib/base/buf.h"
#include "lib/base/encode.h"
#include "lib/spec/json.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

enum {
	BASE62_DIGITS = 6, BASE36_DIGITS = 7, HEX_DIGITS = 8,
	JSON_MAX = 16384, USER_MAX = 64, HOST_MAX = 253,
};

const char *const rules_check_names[RULES_CHECKS] = {
	[RULES_CHECK_NONE] = "none",
	[RULES_CHECK_CRC_BASE62] = "crc-base62",
	[RULES_CHECK_CRC_BASE36] = "crc-base36",
	[RULES_CHECK_CRC_HEX] = "crc-hex",
	[RULES_CHECK_JWT] = "jwt",
	[RULES_CHECK_BASE64_JSON] = "base64-json",
	[RULES_CHECK_BASE64_LOGIN] = "base64-login",
	[RULES_CHECK_PASSWORD] = "password",
	[RULES_CHECK_URL_PASSWORD] = "url-password",
	[RULES_CHECK_WORDLESS] = "wordless",
	[RULES_CHECK_DIGIT] = "digit",
	[RULES_CHECK_NO_PATH] = "no-path",
	[RULES_CHECK_DIGITS] = "digits",
	[RULES_CHECK_CHANCE] = "chance",
	[RULES_CHECK_SETTLED] = "settled",
	[RULES_CHECK_ASSIGNED] = "assigned",
};

/* `digits` digits of `base` (0-9A-Za-z, or 0-9a-z for 36) are this number. */
static bool is_number(const char *s, size_t digits, unsigned base, uint32_t number)
{
	static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char lower[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	const char *alphabet = base == 36 ? lower : all;

	for (size_t i = digits; i-- > 0; number /= base)
		if (s[i] != alphabet[number % base])
			return false;
	return number == 0;
}

static uint32_t crc(const char *s, size_t n)
{
	return (uint32_t)crc32(crc32(0, NULL, 0), (const unsigned char *)s, (unsigned)n);
}

static bool crc_base62(const char *s, size_t n)
{
	size_t from = n;

	while (from > 0 && s[from - 1] != '_')
		from--;
	if (n - from <= BASE62_DIGITS)
		return false;
	return is_number(s + n - BASE62_DIGITS, BASE62_DIGITS, 62,
			 crc(s + from, n - from - BASE62_DIGITS));
}

static bool crc_base36(const char *s, size_t n)
{
	return n > BASE36_DIGITS && is_number(s + n - BASE36_DIGITS, BASE36_DIGITS, 36,
					      crc(s, n - BASE36_DIGITS));
}

static bool crc_hex(const char *s, size_t n)
{
	return n > HEX_DIGITS && is_number(s + n - HEX_DIGITS, HEX_DIGITS, 16, crc(s, n - HEX_DIGITS));
}

/* A JSON object in base64. */
static bool base64_json(const char *s, size_t n)
{
	struct buf text = BUF_INIT_SECRET(JSON_MAX);
	struct err err = { 0 };
	cJSON *tree = NULL;
	bool good = false;

	if (decode_base64(s, n, &text) == 0)
		tree = json_parse(buf_str(&text), text.len, "", &err);
	good = cJSON_IsObject(tree);
	json_free(tree);
	buf_free(&text);
	return good;
}

static bool jwt(const char *s, size_t n)
{
	const char *first = memchr(s, '.', n), *second;

	second = first ? memchr(first + 1, '.', n - (size_t)(first + 1 - s)) : NULL;
	/* RFC 7515 wants "alg" in the header; not everyone who signs does */
	return second && base64_json(s, (size_t)(first - s)) &&
	       base64_json(first + 1, (size_t)(second - first - 1));
}

static bool base64_login(const char *s, size_t n)
{
	struct buf text = BUF_INIT_SECRET(JSON_MAX);
	bool good = false;
	const char *colon;

	if (n % 4 != 1 && decode_base64(s, n, &text) == 0) {
		colon = memchr(buf_str(&text), ':', text.len);
		good = colon && colon != text.data;
		for (size_t i = 0; i < text.len && good; i++)
			good = text.data[i] >= ' ' && text.data[i] <= '~';
		if (good)
			good = rules_check_password(colon + 1, text.len - (size_t)(colon + 1 - text.data));
	}
	buf_free(&text);
	return good;
}

/* The password in "scheme://user:password@host". */
static bool url_password(const char *s, size_t n, const char *data, size_t len, size_t at)
{
	size_t user = 0, host = 0, after = at + n + 1;

	if (at == 0 || after > len)
		return false;
	while (user < USER_MAX && user + 1 < at && data[at - 2 - user] != '/')
		user++;
	while (host < HOST_MAX && after + host < len && !strchr("/:?#\"'`\\ \t\r\n<>,;)(&@", data[after + host]))
		host++;
	if (user == n && memcmp(data + at - 1 - user, s, n) == 0)
		return false;
	return rules_check_host(data + after, host) && rules_check_password(s, n);
}

bool rules_check(enum rules_check check, const char *value, size_t n, const char *data,
		 size_t len, size_t at)
{
	switch (check) {
	case RULES_CHECK_CRC_BASE62:
		return crc_base62(value, n);
	case RULES_CHECK_CRC_BASE36:
		return crc_base36(value, n);
	case RULES_CHECK_CRC_HEX:
		return crc_hex(value, n);
	case RULES_CHECK_JWT:
		return jwt(value, n);
	case RULES_CHECK_BASE64_JSON:
		return base64_json(value, n);
	case RULES_CHECK_BASE64_LOGIN:
		return base64_login(value, n);
	case RULES_CHECK_PASSWORD:
		return rules_check_password(value, n);
	case RULES_CHECK_URL_PASSWORD:
		return url_password(value, n, data, len, at);
	case RULES_CHECK_WORDLESS:
		return rules_check_wordless(value, n);
	case RULES_CHECK_NO_PATH:
		return rules_check_chance(value, n);
	case RULES_CHECK_DIGIT:
		return rules_check_digit(value, n);
	case RULES_CHECK_DIGITS:
		return rules_check_wordless(value, n) && rules_check_mixed(value, n);
	case RULES_CHECK_CHANCE:
		return rules_check_wordless(value, n) && rules_check_chance(value, n);
	case RULES_CHECK_SETTLED:
		return rules_check_assigned(value, n) && rules_check_name(data, at) &&
		       rules_check_chance(value, n) && rules_check_digits(value, n);
	case RULES_CHECK_ASSIGNED:
		return rules_check_assigned(value, n) && rules_check_name(data, at);
	case RULES_CHECK_NONE:
	case RULES_CHECKS:
		break;
	}
	return true;
}
