/* lib/aws/hash.c, on the examples of FIPS 180-4 and RFC 4231. */
#include "lib/aws/hash.h"
#include "lib/base/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void known_digests(void **state)
{
	static const struct {
		const char *text, *digest;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	char hex[HASH_HEX_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		hash_sha256_hex(rows[i].text, strlen(rows[i].text), hex);
		assert_string_equal(hex, rows[i].digest);
	}
	hash_sha256_hex("abd", 3, hex);
	assert_string_not_equal(hex, rows[1].digest);
}

static void names_of_the_aws_cli_s_caches(void **state)
{
	char hex[HASH_SHA1_HEX_LEN];

	(void)state;
	hash_sha1_hex("abc", 3, hex);
	assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
	hash_sha1_hex("", 0, hex);
	assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void in_pieces_as_in_one(void **state)
{
	unsigned char whole[HASH_LEN], pieces[HASH_LEN];
	char hex[HASH_HEX_LEN];
	size_t len = 1000000;
	char *a = malloc(len);
	struct hash h;

	(void)state;
	assert_non_null(a);
	memset(a, 'a', len);
	hash_sha256(a, len, whole);
	encode_hex(whole, sizeof(whole), hex);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	hash_init(&h);
	for (size_t at = 0, n = 1; at < len; at += n, n = n * 3 % 4093) {
		if (n > len - at)
			n = len - at;
		hash_update(&h, a + at, n);
	}
	hash_final(&h, pieces);
	assert_memory_equal(whole, pieces, HASH_LEN);
	a[len / 2] = 'b';
	hash_sha256(a, len, pieces);
	assert_memory_not_equal(whole, pieces, HASH_LEN);
	free(a);
}

static void final_leaves_nothing(void **state)
{
	static const struct hash zero;
	unsigned char out[HASH_LEN];
	struct hash h;

	(void)state;
	hash_init(&h);
	hash_update(&h, "secret", 6);
	hash_final(&h, out);
	assert_memory_equal(&h, &zero, sizeof(h));
}

static void known_macs(void **state)
{
	static const struct {
		size_t key_len;
		int key_byte;
		const char *key, *data;
		size_t repeat;
		int data_byte;
		const char *mac;
	} rows[] = {
		{ 20, 0x0b, NULL, "Hi There", 0, 0,
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ 4, 0, "Jefe", "what do ya want for nothing?", 0, 0,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ 20, 0xaa, NULL, NULL, 50, 0xdd,
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ 131, 0xaa, NULL, "Test Using Larger Than Block-Size Key - Hash Key First", 0, 0,
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ 131, 0xaa, NULL, "This is a test using a larger than block-size key and a larger "
		  "than block-size data. The key needs to be hashed before being used by the HMAC "
		  "algorithm.", 0, 0,
		  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
	};
	unsigned char key[131], data[200], mac[HASH_LEN];
	char hex[HASH_HEX_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = rows[i].data ? strlen(rows[i].data) : rows[i].repeat;

		memset(key, rows[i].key_byte, sizeof(key));
		if (rows[i].key)
			memcpy(key, rows[i].key, rows[i].key_len);
		memset(data, rows[i].data_byte, sizeof(data));
		if (rows[i].data)
			memcpy(data, rows[i].data, len);
		hash_hmac(key, rows[i].key_len, data, len, mac);
		encode_hex(mac, sizeof(mac), hex);
		assert_string_equal(hex, rows[i].mac);
		key[rows[i].key_len - 1] ^= 1;
		hash_hmac(key, rows[i].key_len, data, len, mac);
		encode_hex(mac, sizeof(mac), hex);
		assert_string_not_equal(hex, rows[i].mac);
	}
}

/* At the block's edge: 64 bytes are the key itself, 65 are hashed first. */
static void keys_around_a_block(void **state)
{
	unsigned char key[65], a[HASH_LEN], b[HASH_LEN], digest[HASH_LEN];

	(void)state;
	memset(key, 'k', sizeof(key));
	hash_sha256(key, 65, digest);
	hash_hmac(key, 65, "x", 1, a);
	hash_hmac(digest, sizeof(digest), "x", 1, b);
	assert_memory_equal(a, b, HASH_LEN);
	hash_sha256(key, 64, digest);
	hash_hmac(key, 64, "x", 1, a);
	hash_hmac(digest, sizeof(digest), "x", 1, b);
	assert_memory_not_equal(a, b, HASH_LEN);
	hash_hmac("", 0, "", 0, a);
	assert_memory_equal(a, "\xb6\x13\x67\x9a\x08\x14\xd9\xec", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_digests),
		cmocka_unit_test(names_of_the_aws_cli_s_caches),
		cmocka_unit_test(in_pieces_as_in_one),
		cmocka_unit_test(final_leaves_nothing),
		cmocka_unit_test(known_macs),
		cmocka_unit_test(keys_around_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
