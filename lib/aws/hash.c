#include "hash.h"
#include "lib/base/encode.h"
#include "lib/base/secret.h"

#include <openssl/sha.h>
#include <string.h>

enum { BLOCK = 64 };	/* bytes that SHA-256 takes at a time */

_Static_assert(sizeof(struct hash) >= sizeof(SHA256_CTX), "struct hash holds libcrypto's state");
_Static_assert(_Alignof(struct hash) >= _Alignof(SHA256_CTX), "and is aligned for it");
_Static_assert(HASH_LEN == SHA256_DIGEST_LENGTH, "SHA-256 has 32 bytes");

static SHA256_CTX *context(struct hash *h)
{
	return (SHA256_CTX *)(void *)h->state;
}

void hash_init(struct hash *h)
{
	SHA256_Init(context(h));
}

void hash_update(struct hash *h, const void *data, size_t len)
{
	if (len)
		SHA256_Update(context(h), data, len);
}

void hash_final(struct hash *h, unsigned char out[static HASH_LEN])
{
	SHA256_Final(out, context(h));
	secret_wipe(h, sizeof(*h));
}

void hash_sha256(const void *data, size_t len, unsigned char out[static HASH_LEN])
{
	struct hash h;

	hash_init(&h);
	hash_update(&h, data, len);
	hash_final(&h, out);
}

void hash_sha256_hex(const void *data, size_t len, char out[static HASH_HEX_LEN])
{
	unsigned char digest[HASH_LEN];

	hash_sha256(data, len, digest);
	encode_hex(digest, sizeof(digest), out);
	secret_wipe(digest, sizeof(digest));
}

void hash_sha1_hex(const void *data, size_t len, char out[static HASH_SHA1_HEX_LEN])
{
	unsigned char digest[SHA_DIGEST_LENGTH];
	SHA_CTX h;

	SHA1_Init(&h);
	SHA1_Update(&h, data, len);
	SHA1_Final(digest, &h);
	encode_hex(digest, sizeof(digest), out);
}

static void keyed(struct hash *h, const unsigned char block[static BLOCK], unsigned char pad)
{
	unsigned char padded[BLOCK];

	for (size_t i = 0; i < BLOCK; i++)
		padded[i] = block[i] ^ pad;
	hash_init(h);
	hash_update(h, padded, BLOCK);
	secret_wipe(padded, sizeof(padded));
}

void hash_hmac(const void *key, size_t key_len, const void *data, size_t len,
	       unsigned char out[static HASH_LEN])
{
	unsigned char block[BLOCK] = { 0 }, inner[HASH_LEN];
	struct hash h;

	if (key_len > BLOCK)
		hash_sha256(key, key_len, block);
	else if (key_len)
		memcpy(block, key, key_len);
	keyed(&h, block, 0x36);
	hash_update(&h, data, len);
	hash_final(&h, inner);
	keyed(&h, block, 0x5c);
	hash_update(&h, inner, sizeof(inner));
	hash_final(&h, out);
	secret_wipe(block, sizeof(block));
	secret_wipe(inner, sizeof(inner));
}
