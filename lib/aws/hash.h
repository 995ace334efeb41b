/*
 * SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104) on libcrypto's low-level
 * functions: they need no provider to be loaded, which is most of the start-up
 * of a program that signs once.
 */
#ifndef CODETRAIN_HASH_H
#define CODETRAIN_HASH_H

#include <stddef.h>

#define HASH_LEN 32
#define HASH_HEX_LEN 65		/* with the NUL */

void hash_sha256(const void *data, size_t len, unsigned char out[static HASH_LEN]);
void hash_sha256_hex(const void *data, size_t len, char out[static HASH_HEX_LEN]);

/* SHA-1, by which the AWS CLI names the files of its caches; good for nothing else. */
#define HASH_SHA1_HEX_LEN 41
void hash_sha1_hex(const void *data, size_t len, char out[static HASH_SHA1_HEX_LEN]);

/* Wipes what it derives from the key; `out` is the caller's to wipe. */
void hash_hmac(const void *key, size_t key_len, const void *data, size_t len,
	       unsigned char out[static HASH_LEN]);

/* In pieces, for files. Opaque: libcrypto's SHA256_CTX. */
struct hash {
	unsigned long long state[16];
};
void hash_init(struct hash *h);
void hash_update(struct hash *h, const void *data, size_t len);
void hash_final(struct hash *h, unsigned char out[static HASH_LEN]);

#endif
