#include "signin_file.h"
#include "hash.h"

#include <string.h>

static int add_home(const char *home, struct buf *out, struct err *err)
{
	if (!home || !*home)
		return err_set(err, ERR_USAGE, "HOME is not set");
	buf_adds(out, home);
	return 0;
}

int signin_file_sso(const char *home, const char *key, struct buf *out, struct err *err)
{
	char hex[HASH_SHA1_HEX_LEN];

	if (add_home(home, out, err) < 0)
		return -1;
	hash_sha1_hex(key, strlen(key), hex);
	buf_addf(out, "/.aws/sso/cache/%s.json", hex);
	return buf_check(out, "the path of the SSO session", err);
}

int signin_file_login(const char *home, const char *folder, const char *session, struct buf *out,
		      struct err *err)
{
	bool own = folder && *folder, below_home = own && strncmp(folder, "~/", 2) == 0;
	char hex[HASH_HEX_LEN];

	if ((!own || below_home) && add_home(home, out, err) < 0)
		return -1;
	hash_sha256_hex(session, strlen(session), hex);
	buf_addf(out, "%s/%s.json", !own ? "/.aws/login/cache" : below_home ? folder + 1 : folder, hex);
	return buf_check(out, own ? "AWS_LOGIN_CACHE_DIRECTORY" : "the path of the session", err);
}
