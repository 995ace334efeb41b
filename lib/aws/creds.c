#include "creds.h"
#include "lib/base/buf.h"
#include "lib/base/secret.h"

#include <stdio.h>
#include <string.h>

static const char header[] = "codetrain-credentials 1";

struct creds *creds_new(struct err *err)
{
	struct creds *c = secret_alloc(sizeof(*c));

	if (!c)
		err_set(err, ERR_INTERNAL, "no memory for credentials");
	return c;
}

void creds_free(struct creds *c)
{
	secret_free(c, sizeof(*c));
}

/* What is in none of AWS's keys and tokens would break a header, a line of
 * git's protocol or a line of ours: spaces, control characters, non-ASCII. */
static int check_part(const char *part, const char *value, size_t max, const char *source,
		      struct err *err)
{
	size_t len = strlen(value);

	if (len > max)
		return err_set(err, ERR_USAGE, "the %s from %s is too long (%zu bytes, at most %zu)",
			       part, source, len, max);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] <= 0x20 || (unsigned char)value[i] >= 0x7f)
			return err_set(err, ERR_USAGE,
				       "the %s from %s holds a space, a line break or another "
				       "character that no AWS key has", part, source);
	return 0;
}

int creds_set(struct creds *c, const char *key, const char *secret, const char *token,
	      const char *source, struct err *err)
{
	if (!token)
		token = "";
	if (!*key)
		return err_set(err, ERR_USAGE, "the access key id from %s is empty", source);
	if (!*secret)
		return err_set(err, ERR_USAGE, "the secret access key from %s is empty", source);
	if (check_part("access key id", key, CREDS_KEY_MAX, source, err) < 0 ||
	    check_part("secret access key", secret, CREDS_SECRET_MAX, source, err) < 0 ||
	    check_part("session token", token, CREDS_TOKEN_MAX, source, err) < 0)
		return -1;
	secret_wipe(c, sizeof(*c));
	memcpy(c->access_key_id, key, strlen(key));
	memcpy(c->secret_access_key, secret, strlen(secret));
	memcpy(c->session_token, token, strlen(token));
	snprintf(c->source, sizeof(c->source), "%s", source);
	return 0;
}

bool creds_expires_within(const struct creds *c, int64_t now, int64_t seconds)
{
	return c->expiration && c->expiration - now < seconds;
}

int creds_write_lines(const struct creds *c, struct buf *out, struct err *err)
{
	buf_addf(out, "%s\naccess_key_id=%s\nsecret_access_key=%s\n", header, c->access_key_id,
		 c->secret_access_key);
	if (c->session_token[0])
		buf_addf(out, "session_token=%s\n", c->session_token);
	if (c->expiration)
		buf_addf(out, "expiration=%lld\n", (long long)c->expiration);
	if (c->account_id[0])
		buf_addf(out, "account_id=%s\n", c->account_id);
	if (c->source[0] && !strchr(c->source, '\n'))
		buf_addf(out, "source=%s\n", c->source);
	return buf_check(out, "the credentials", err);
}

static int broken(struct err *err, const char *what)
{
	return err_set(err, ERR_INTERNAL, "the answer of codetrain-credentials %s", what);
}

static int parse_seconds(const char *s, size_t len, int64_t *out)
{
	int64_t v = 0;

	if (len == 0 || len > 15)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	*out = v;
	return 0;
}

/* One NAME=VALUE line into `c`. */
static int take_line(struct creds *c, const char *line, size_t len, struct err *err)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
	} texts[] = {
		{ "access_key_id", c->access_key_id, sizeof(c->access_key_id) },
		{ "secret_access_key", c->secret_access_key, sizeof(c->secret_access_key) },
		{ "session_token", c->session_token, sizeof(c->session_token) },
		{ "account_id", c->account_id, sizeof(c->account_id) },
		{ "source", c->source, sizeof(c->source) },
	};
	const char *equals = memchr(line, '=', len);
	size_t name_len, value_len;

	if (!equals)
		return broken(err, "has a line without '='");
	name_len = (size_t)(equals - line);
	value_len = len - name_len - 1;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (strlen(texts[i].name) != name_len || memcmp(texts[i].name, line, name_len))
			continue;
		if (value_len >= texts[i].size)
			return broken(err, "has a value that is too long");
		memcpy(texts[i].to, equals + 1, value_len);
		texts[i].to[value_len] = '\0';
		return 0;
	}
	if (name_len == strlen("expiration") && memcmp(line, "expiration", name_len) == 0 &&
	    parse_seconds(equals + 1, value_len, &c->expiration) < 0)
		return broken(err, "has an expiration that is no number");
	return 0;
}

int creds_read_lines(const char *text, struct creds *out, struct err *err)
{
	size_t len = strlen(header);
	struct creds *c;
	int rc = -1;

	if (strncmp(text, header, len) != 0 || text[len] != '\n')
		return broken(err, "does not begin as it should; are both programs of one release?");
	c = creds_new(err);
	if (!c)
		return -1;
	for (text += len + 1; *text; text += len + 1) {
		len = strcspn(text, "\n");
		if (text[len] == '\0') {	/* the writer died in the middle */
			broken(err, "ends in the middle of a line");
			goto out;
		}
		if (len && take_line(c, text, len, err) < 0)
			goto out;
	}
	if (creds_set(out, c->access_key_id, c->secret_access_key, c->session_token, c->source,
		      err) < 0)
		goto out;
	out->expiration = c->expiration;
	memcpy(out->account_id, c->account_id, sizeof(out->account_id));
	rc = 0;
out:
	creds_free(c);
	return rc;
}
