#include "sigv4.h"
#include "lib/base/encode.h"
#include "lib/base/secret.h"

#include <string.h>

static const char algorithm[] = "AWS4-HMAC-SHA256";
static const char terminator[] = "aws4_request";

/* ---- the stages ---------------------------------------------------------------------- */

static void add_scope(struct buf *out, const struct sigv4_scope *s)
{
	char time[CLOCK_BASIC_LEN];

	clock_basic(s->time, time);
	buf_addf(out, "%.8s/%s/%s/%s", time, s->region, s->service, terminator);
}

/* `digits` of "20150830T123600Z": CodeCommit signs the time without its Z. */
static int string_to_sign(const struct sigv4_scope *s, int digits, const char *canonical_request,
			  size_t len, struct buf *out, struct err *err)
{
	char time[CLOCK_BASIC_LEN], hash[HASH_HEX_LEN];

	clock_basic(s->time, time);
	hash_sha256_hex(canonical_request, len, hash);
	buf_addf(out, "%s\n%.*s\n", algorithm, digits, time);
	add_scope(out, s);
	buf_addf(out, "\n%s", hash);
	return buf_check(out, "the string to sign", err);
}

int sigv4_string_to_sign(const struct sigv4_scope *s, const char *canonical_request, size_t len,
			 struct buf *out, struct err *err)
{
	return string_to_sign(s, CLOCK_BASIC_LEN - 1, canonical_request, len, out, err);
}

void sigv4_signing_key(const struct sigv4_scope *s, const char *secret,
		       unsigned char key[static HASH_LEN])
{
	char first[CREDS_SECRET_MAX + sizeof("AWS4")] = "AWS4", time[CLOCK_BASIC_LEN];
	unsigned char a[HASH_LEN], b[HASH_LEN];
	size_t len = strnlen(secret, CREDS_SECRET_MAX);

	memcpy(first + 4, secret, len);
	clock_basic(s->time, time);
	hash_hmac(first, len + 4, time, 8, a);
	hash_hmac(a, sizeof(a), s->region, strlen(s->region), b);
	hash_hmac(b, sizeof(b), s->service, strlen(s->service), a);
	hash_hmac(a, sizeof(a), terminator, strlen(terminator), key);
	secret_wipe(first, sizeof(first));
	secret_wipe(a, sizeof(a));
	secret_wipe(b, sizeof(b));
}

void sigv4_signature(const unsigned char key[static HASH_LEN], const char *text, size_t len,
		     char out[static HASH_HEX_LEN])
{
	unsigned char mac[HASH_LEN];

	hash_hmac(key, HASH_LEN, text, len, mac);
	encode_hex(mac, sizeof(mac), out);
	secret_wipe(mac, sizeof(mac));
}

static void sign(const struct sigv4_scope *s, const char *secret, const struct buf *text,
		 char out[static HASH_HEX_LEN])
{
	unsigned char key[HASH_LEN];

	sigv4_signing_key(s, secret, key);
	sigv4_signature(key, buf_str(text), text->len, out);
	secret_wipe(key, sizeof(key));
}

/* From the request to its signature. */
static int sign_request(const struct sigv4_request *r, const struct sigv4_scope *s,
			const char *secret, char out[static HASH_HEX_LEN], struct err *err)
{
	struct buf request = BUF_INIT_SECRET(SIGV4_REQUEST_MAX);	/* a token is in it */
	struct buf text = BUF_INIT(SIGV4_REQUEST_MAX);
	int rc = -1;

	if (sigv4_canonical_request(r, &request, err) < 0)
		goto out;
	if (sigv4_string_to_sign(s, buf_str(&request), request.len, &text, err) < 0)
		goto out;
	sign(s, secret, &text, out);
	rc = 0;
out:
	buf_free(&request);
	buf_free(&text);
	return rc;
}

int sigv4_authorization(const struct sigv4_request *r, const struct sigv4_scope *s,
			const struct creds *creds, struct buf *out, struct err *err)
{
	char signature[HASH_HEX_LEN];

	if (sign_request(r, s, creds->secret_access_key, signature, err) < 0)
		return -1;
	buf_addf(out, "%s Credential=%s/", algorithm, creds->access_key_id);
	add_scope(out, s);
	buf_adds(out, ", SignedHeaders=");
	if (sigv4_signed_headers(r, out, err) < 0)
		return -1;
	buf_addf(out, ", Signature=%s", signature);
	return buf_check(out, "the authorization", err);
}

/* ---- query signing ------------------------------------------------------------------- */

static void add_parameter(struct buf *out, const char *name, const char *value)
{
	buf_adds(out, out->len ? "&" : "");
	buf_adds(out, name);
	buf_addc(out, '=');
	encode_percent(value, strlen(value), "", out);
}

/* All parameters but the token and the signature. */
static int presign_query(const struct sigv4_request *r, const struct sigv4_scope *s,
			 const char *key, long expires, struct buf *out, struct err *err)
{
	struct buf text = BUF_INIT(SIGV4_REQUEST_MAX);
	char time[CLOCK_BASIC_LEN];
	int rc;

	buf_adds(out, r->query);
	add_parameter(out, "X-Amz-Algorithm", algorithm);
	buf_addf(&text, "%s/", key);
	add_scope(&text, s);
	add_parameter(out, "X-Amz-Credential", buf_str(&text));
	clock_basic(s->time, time);
	add_parameter(out, "X-Amz-Date", time);
	buf_clear(&text);
	rc = sigv4_signed_headers(r, &text, err);
	add_parameter(out, "X-Amz-SignedHeaders", buf_str(&text));
	buf_addf(out, "&X-Amz-Expires=%ld", expires);
	buf_free(&text);
	return rc;
}

int sigv4_presign(const struct sigv4_request *r, const struct sigv4_scope *s,
		  const struct creds *creds, long expires, bool token_after, struct buf *out,
		  struct err *err)
{
	struct buf query = BUF_INIT_SECRET(SIGV4_REQUEST_MAX);
	struct sigv4_request with_query = *r;
	char signature[HASH_HEX_LEN];
	int rc = -1;

	if (presign_query(r, s, creds->access_key_id, expires, &query, err) < 0)
		goto out;
	if (creds->session_token[0] && !token_after)
		add_parameter(&query, "X-Amz-Security-Token", creds->session_token);
	if (buf_check(&query, "the query to sign", err) < 0)
		goto out;
	with_query.query = buf_str(&query);
	if (sign_request(&with_query, s, creds->secret_access_key, signature, err) < 0)
		goto out;
	if (creds->session_token[0] && token_after)
		add_parameter(&query, "X-Amz-Security-Token", creds->session_token);
	add_parameter(&query, "X-Amz-Signature", signature);
	buf_add(out, buf_str(&query), query.len);
	out->failed |= query.failed;
	rc = buf_check(out, "the signed query", err);
out:
	buf_free(&query);
	return rc;
}

/* ---- CodeCommit ---------------------------------------------------------------------- */

int sigv4_codecommit_password(const char *host, const char *path, const struct sigv4_scope *s,
			      const char *secret, struct buf *out, struct err *err)
{
	struct buf request = BUF_INIT(SIGV4_REQUEST_MAX), text = BUF_INIT(SIGV4_REQUEST_MAX);
	char time[CLOCK_BASIC_LEN], signature[HASH_HEX_LEN];
	int rc = -1;

	path += strspn(path, "/");
	buf_adds(&request, "GIT\n/");
	encode_percent(path, strlen(path), "/", &request);
	buf_addf(&request, "\n\nhost:%.*s\n\nhost\n", (int)strcspn(host, ":"), host);
	if (buf_check(&request, "the host and path", err) < 0)
		goto out;
	if (string_to_sign(s, CLOCK_BASIC_LEN - 2, buf_str(&request), request.len, &text, err) < 0)
		goto out;
	sign(s, secret, &text, signature);
	clock_basic(s->time, time);
	buf_addf(out, "%s%s", time, signature);
	secret_wipe(signature, sizeof(signature));
	rc = buf_check(out, "the password", err);
out:
	buf_free(&request);
	buf_free(&text);
	return rc;
}
