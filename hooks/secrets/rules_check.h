/*
 * What a value must be beyond its length and alphabet: a checksum that holds,
 * a structure that decodes, a password that no manual uses.
 */
#ifndef CODETRAIN_RULES_CHECK_H
#define CODETRAIN_RULES_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum rules_check {
	RULES_CHECK_NONE,
	RULES_CHECK_CRC_BASE62,		/* after the last _: body, CRC-32 of it in six base62 digits */
	RULES_CHECK_CRC_BASE36,		/* all but the last seven characters, CRC-32 of it in base36 */
	RULES_CHECK_CRC_HEX,		/* all but the last eight characters, CRC-32 of it in capital hex */
	RULES_CHECK_JWT,		/* header.payload.signature, the first two JSON objects */
	RULES_CHECK_BASE64_JSON,	/* base64 of a JSON object */
	RULES_CHECK_PASSWORD,		/* a person's choice, not a placeholder, variable or sample */
	RULES_CHECK_URL_PASSWORD,	/* the same, in a URL with a host that is none of this machine's */
	RULES_CHECK_BASE64_LOGIN,	/* base64 of user:password */
	RULES_CHECK_WORDLESS,		/* chance made it: no words, sequences or repeats */
	RULES_CHECK_DIGIT,		/* a digit or + is in it: no long name */
	RULES_CHECK_NO_PATH,		/* the same, and kinds of characters change often: no path */
	RULES_CHECK_DIGITS,		/* the same, and it has digits among its letters */
	RULES_CHECK_CHANCE,		/* wordless, a digit, and kinds of characters change often */
	RULES_CHECK_ASSIGNED,		/* the same, and no path, name, URL, version or hash */
	RULES_CHECK_SETTLED,		/* assigned, and chance too, with several digits */
	RULES_CHECKS,
};

/* The name in a rule file: "crc-base62". */
extern const char *const rules_check_names[RULES_CHECKS];

/* `value` of `n` bytes, without white space and escapes, at data[at] of a text. */
bool rules_check(enum rules_check check, const char *value, size_t n, const char *data,
		 size_t len, size_t at);

#endif
