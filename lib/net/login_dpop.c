#include "login_dpop.h"

#include "lib/base/encode.h"
#include "lib/spec/json.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

enum {
	DER_MAX = 2048,
	COORDINATE = 32,		/* bytes, of P-256 */
	POINT = 1 + 2 * COORDINATE,	/* 0x04 X Y */
	UUID_LEN = 37,
};

/* URL-safe and without padding (RFC 4648, section 5). */
static int add_base64(const void *data, size_t len, struct buf *out)
{
	struct buf text = BUF_INIT_SECRET(LOGIN_DPOP_MAX);
	int result = encode_base64(data, len, &text);

	for (const char *s = buf_str(&text); *s && *s != '='; s++)
		buf_addc(out, (char)(*s == '+' ? '-' : *s == '/' ? '_' : *s));
	buf_free(&text);
	return out->failed ? -1 : result;
}

/* ---- the key --------------------------------------------------------------------- */

/* What is between the lines of dashes. */
static int from_pem(const char *pem, struct buf *der)
{
	struct buf text = BUF_INIT_SECRET(2 * DER_MAX);
	int result;

	while (*pem) {
		size_t len = strcspn(pem, "\r\n");

		if (strncmp(pem, "-----", 5) != 0)
			buf_add(&text, pem, len);
		pem += len;
		pem += strspn(pem, "\r\n");
	}
	result = text.failed ? -1 : decode_base64(buf_str(&text), text.len, der);
	buf_free(&text);
	return result;
}

static EVP_PKEY *read_key(const char *pem)
{
	struct buf der = BUF_INIT_SECRET(DER_MAX);
	EVP_PKEY *key = NULL;
	char group[32] = "";
	size_t len;

	if (from_pem(pem, &der) == 0 && der.len) {
		const unsigned char *p = (const unsigned char *)der.data;

		key = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
	}
	buf_free(&der);
	if (key && (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
		    EVP_PKEY_get_group_name(key, group, sizeof(group), &len) != 1 ||
		    strcmp(group, "prime256v1") != 0)) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

static int public_point(EVP_PKEY *key, unsigned char out[static POINT])
{
	unsigned char *point = NULL;
	size_t len = EVP_PKEY_get1_encoded_public_key(key, &point);
	int result = len == POINT && point[0] == 4 ? 0 : -1;

	if (result == 0)
		memcpy(out, point, POINT);
	OPENSSL_free(point);
	return result;
}

/* ---- the three parts ------------------------------------------------------------- */

static int add_json(cJSON *tree, struct buf *out, struct err *err)
{
	struct buf text = BUF_INIT(LOGIN_DPOP_MAX);
	int result = json_print(tree, false, &text, err);

	if (result == 0)
		result = add_base64(buf_str(&text), text.len, out);
	buf_free(&text);
	json_free(tree);
	return result;
}

static int add_header(EVP_PKEY *key, struct buf *out, struct err *err)
{
	struct buf x = BUF_INIT(64), y = BUF_INIT(64);
	unsigned char point[POINT];
	cJSON *h = cJSON_CreateObject();
	int result = -1;

	if (public_point(key, point) == 0 && add_base64(point + 1, COORDINATE, &x) == 0 &&
	    add_base64(point + 1 + COORDINATE, COORDINATE, &y) == 0 &&
	    json_set_string(h, "typ", "dpop+jwt") == 0 && json_set_string(h, "alg", "ES256") == 0 &&
	    json_set_string(h, "jwk.kty", "EC") == 0 && json_set_string(h, "jwk.x", buf_str(&x)) == 0 &&
	    json_set_string(h, "jwk.y", buf_str(&y)) == 0 && json_set_string(h, "jwk.crv", "P-256") == 0)
		result = add_json(h, out, err);
	else
		json_free(h);
	buf_free(&x);
	buf_free(&y);
	return result;
}

/* RFC 9562, version 4. */
static int random_uuid(char out[static UUID_LEN])
{
	unsigned char b[16];
	char hex[33];

	if (RAND_bytes(b, sizeof(b)) != 1)
		return -1;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	encode_hex(b, sizeof(b), hex);
	snprintf(out, UUID_LEN, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	return 0;
}

static int add_payload(const char *url, int64_t now, struct buf *out, struct err *err)
{
	cJSON *p = cJSON_CreateObject();
	char id[UUID_LEN];

	if (random_uuid(id) == 0 && json_set_string(p, "htm", "POST") == 0 &&
	    json_set_string(p, "htu", url) == 0 && json_set_integer(p, "iat", now) == 0 &&
	    json_set_string(p, "jti", id) == 0)
		return add_json(p, out, err);
	json_free(p);
	return -1;
}

/* libcrypto signs in DER; a JWT has the two numbers side by side (RFC 7518, 3.4). */
static int raw_signature(const unsigned char *der, size_t len, unsigned char out[static 2 * COORDINATE])
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
	int result = -1;

	if (pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, COORDINATE) == COORDINATE &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + COORDINATE, COORDINATE) == COORDINATE)
		result = 0;
	ECDSA_SIG_free(pair);
	return result;
}

static int add_signature(EVP_PKEY *key, struct buf *out)
{
	unsigned char der[128], raw[2 * COORDINATE];
	size_t len = sizeof(der);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int result = -1;

	if (c && EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(c, der, &len, (const unsigned char *)buf_str(out), out->len) == 1 &&
	    raw_signature(der, len, raw) == 0 && buf_addc(out, '.') == 0)
		result = add_base64(raw, sizeof(raw), out);
	EVP_MD_CTX_free(c);
	return result;
}

int login_dpop(const char *pem, const char *url, int64_t now, struct buf *out, struct err *err)
{
	EVP_PKEY *key = read_key(pem);
	int result = -1;

	if (!key)
		return err_set(err, ERR_ACCESS, "the key of the session is no P-256 key");
	err_set(err, ERR_INTERNAL, "cannot make a DPoP proof");
	if (add_header(key, out, err) == 0 && buf_addc(out, '.') == 0 &&
	    add_payload(url, now, out, err) == 0 && add_signature(key, out) == 0) {
		*err = (struct err){ 0 };
		result = 0;
	}
	EVP_PKEY_free(key);
	return result;
}
