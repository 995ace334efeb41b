#include "cli_cache.h"

#include "cache_file.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "provider.h"

#include <stdio.h>
#include <string.h>

enum {
	ARGUMENTS_MAX = 16 << 10,
	LEAST_LEFT = 60,	/* seconds: less is not worth falling back on */
};

/* ---- the key --------------------------------------------------------------------- */

/* The code point at s and its length; 0 for what is no UTF-8 (RFC 3629). */
static size_t code_point(const unsigned char *s, unsigned *out)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : s[0] >> 3 == 30 ? 4 : 0;
	unsigned v;

	if (len <= 1) {
		*out = s[0];
		return len;
	}
	v = s[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (s[i] >> 6 != 2)
			return 0;
		v = v << 6 | (s[i] & 0x3f);
	}
	*out = v;
	return v < least[len] || v > 0x10ffff || v >> 11 == 0x1b ? 0 : len;
}

static void escape(unsigned c, struct buf *out)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	const char *at = c && c < 0x80 ? strchr(plain, (int)c) : NULL;

	if (at)
		buf_addf(out, "\\%c", letter[at - plain]);
	else if (c >= 0x20 && c < 0x7f)
		buf_addc(out, (char)c);
	else if (c < 0x10000)
		buf_addf(out, "\\u%04x", c);
	else
		buf_addf(out, "\\u%04x\\u%04x", 0xd800 | (c - 0x10000) >> 10, 0xdc00 | (c & 0x3ff));
}

static int quote(const char *text, struct buf *out)
{
	const unsigned char *s = (const unsigned char *)text;

	buf_addc(out, '"');
	while (*s) {
		unsigned c;
		size_t len = code_point(s, &c);

		if (!len)
			return -1;
		escape(c, out);
		s += len;
	}
	return buf_addc(out, '"');
}

int cli_cache_key(const struct cli_cache_argument *arguments, size_t n, bool spaced,
		  char out[static CLI_CACHE_KEY_LEN])
{
	struct buf text = BUF_INIT(ARGUMENTS_MAX);
	const char *between = "";
	int result = -1;

	out[0] = '\0';
	buf_addc(&text, '{');
	for (size_t i = 0; i < n; i++) {
		const struct cli_cache_argument *a = &arguments[i];

		if (!a->text && !a->number)
			continue;
		buf_adds(&text, between);
		between = spaced ? ", " : ",";
		quote(a->name, &text);
		buf_adds(&text, spaced ? ": " : ":");
		if (!a->text)
			buf_addf(&text, "%ld", a->number);
		else if (quote(a->text, &text) < 0)
			goto out;
	}
	if (buf_addc(&text, '}') < 0)
		goto out;
	hash_sha1_hex(buf_str(&text), text.len, out);
	result = 0;
out:
	buf_free(&text);
	return result;
}

/* ---- entries --------------------------------------------------------------------- */

static int entry_path(const struct aws *a, const char *key, struct buf *out)
{
	const char *home = aws_home(a);

	return home ? buf_addf(out, "%s/.aws/cli/cache/%s.json", home, key) : -1;
}

/* Another endpoint than AWS's own, of which the entry comes; no tool of AWS knows the member. */
static const char endpoint_member[] = "codetrainEndpoint";

static const char *configured_endpoint(const struct aws *a, const struct cli_cache_item *item)
{
	const char *endpoint = NULL;
	struct err ignored;

	return aws_endpoint_configured(a, item->service, &endpoint, &ignored) == 0 ? endpoint : NULL;
}

/* What is there and alive, and was not refused; what is wrong with it is no matter. */
static bool recall(const struct aws *a, const char *path, const struct cli_cache_item *item,
		   struct creds *out)
{
	struct cache_file file;
	struct err ignored;
	const cJSON *c;
	const char *key, *secret, *token;
	int64_t end = 0;
	bool good;

	if (cache_file_read(path, CACHE_FILE_PRIVATE, &file, &ignored) < 0 || file.missing)
		return false;
	c = json_get(file.tree, "Credentials");
	key = json_string(c, "AccessKeyId", NULL);
	secret = json_string(c, "SecretAccessKey", NULL);
	token = json_string(c, "SessionToken", NULL);
	good = key && secret && token && *token && strcmp(key, a->refused) != 0 &&
	       (!json_get(file.tree, endpoint_member) || configured_endpoint(a, item)) &&
	       cache_file_time(json_string(c, "Expiration", ""), &end) == 0 &&
	       end - aws_now(a) >= LEAST_LEFT &&
	       creds_set(out, key, secret, token, item->source, &ignored) == 0;
	if (good) {
		out->expiration = end;
		provider_take_account(json_string(c, "AccountId", NULL), out);
	}
	json_free(file.tree);
	return good;
}

static void keep(const struct aws *a, const char *path, const struct cli_cache_item *item,
		 const struct creds *c)
{
	const char *endpoint = configured_endpoint(a, item);
	cJSON *tree = cJSON_CreateObject();
	char end[CLOCK_EXTENDED_LEN];
	struct err ignored;

	clock_extended(c->expiration, end);
	if ((!endpoint || json_set_string(tree, endpoint_member, endpoint) == 0) &&
	    (!item->provider_type || json_set_string(tree, "ProviderType", item->provider_type) == 0) &&
	    json_set_string(tree, "Credentials.AccessKeyId", c->access_key_id) == 0 &&
	    json_set_string(tree, "Credentials.SecretAccessKey", c->secret_access_key) == 0 &&
	    json_set_string(tree, "Credentials.SessionToken", c->session_token) == 0 &&
	    json_set_string(tree, "Credentials.Expiration", end) == 0 &&
	    (!c->account_id[0] || json_set_string(tree, "Credentials.AccountId", c->account_id) == 0))
		cache_file_write(path, tree, &ignored);
	json_free(tree);
}

static int64_t window(const struct cli_cache_item *item)
{
	return item->duration && item->duration < 2 * CLI_CACHE_WINDOW ? item->duration / 2
								      : CLI_CACHE_WINDOW;
}

int cli_cache_through(struct aws *a, const struct cli_cache_item *item,
		      int (*fetch)(void *arg, struct creds *out, struct err *err), void *arg,
		      struct creds *out, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct creds *there;
	struct err why;
	bool alive;
	int result = 0;

	if (!item->key[0] || entry_path(a, item->key, &path) < 0) {
		buf_free(&path);
		return fetch(arg, out, err);
	}
	there = creds_new(err);
	if (!there) {
		buf_free(&path);
		return -1;
	}
	alive = recall(a, buf_str(&path), item, there);
	if (alive && !creds_expires_within(there, aws_now(a), window(item))) {
		*out = *there;
	} else if (fetch(arg, out, &why) == 0) {
		if (out->expiration && out->session_token[0] &&
		    cache_file_at_home(aws_home(a), buf_str(&path)))
			keep(a, buf_str(&path), item, out);
	} else if (alive && why.class != ERR_USAGE) {
		*out = *there;
	} else {
		*err = why;
		result = -1;
	}
	creds_free(there);
	buf_free(&path);
	return result;
}
