#include "rules_check.h"

const char *const rules_check_names[RULES_CHECKS] = {
	[RULES_CHECK_NONE] = "none",
	[RULES_CHECK_CRC_BASE62] = "crc-base62",
	[RULES_CHECK_CRC_BASE36] = "crc-base36",
	[RULES_CHECK_JWT] = "jwt",
	[RULES_CHECK_BASE64_JSON] = "base64-json",
	[RULES_CHECK_PASSWORD] = "password",
	[RULES_CHECK_URL_PASSWORD] = "url-password",
	[RULES_CHECK_WORDLESS] = "wordless",
};

bool rules_check(enum rules_check check, const char *value, size_t n, const char *data,
		 size_t len, size_t at)
{
	(void)value; (void)n; (void)data; (void)len; (void)at;
	return check != RULES_CHECKS;
}
