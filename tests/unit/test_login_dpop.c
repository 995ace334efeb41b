/* lib/net/login_dpop: the proof of `aws login`'s key. Whether others take it is
 * asked in tests/cli/login.t, which runs this program as --proofs. */
#include "lib/base/encode.h"
#include "lib/net/login_dpop.h"
#include "lib/spec/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* RFC 9500, section 2.3: a key for tests, in both of its forms */
static const char sec1[] =
	"-----BEGIN EC PRIVATE KEY-----\n"
	"MHcCAQEEIObLW92AqkWunJXowVR2Z5/+yVPBaFHnEedDk5WJxk/BoAoGCCqGSM49\n"
	"AwEHoUQDQgAEQiVI+I+3gv+17KN0RFLHKh5Vj71vc75eSOkyMsxFxbFsTNEMTLjV\n"
	"uKFxOelIgsiZJXKZNCX0FBmrfpCkKklCcg==\n"
	"-----END EC PRIVATE KEY-----\n";
static const char p384[] =
	"-----BEGIN EC PRIVATE KEY-----\n"
	"MIGkAgEBBDDiVjMo36v2gYhga5EyQoHB1YpEVkMbCdUQs1/syfMHyhgihG+iZxNx\n"
	"qagbrA41dJ2gBwYFK4EEACKhZANiAARbCQG4hSMpbrkZ1Q/6GpyzdLxNQJWGKCv+\n"
	"yhGx2VrbtUc0r1cL+CtyKM8ia89MJd28/jsaOtOUMO/3Y+HWjS4VHZFyC3eVtY2m\n"
	"s0Y5YTqPubWo2kjGdHEX+ZGehCTfRsg=\n"
	"-----END EC PRIVATE KEY-----\n";

/* The part of a proof from its `n`th dot to the next, decoded. */
static size_t part(const char *proof, int n, unsigned char *out, size_t cap)
{
	struct buf b = BUF_INIT(4096);
	size_t len;

	while (n--)
		proof = strchr(proof, '.') + 1;
	assert_int_equal(decode_base64(proof, strcspn(proof, "."), &b), 0);
	len = b.len;
	assert_true(len < cap);
	memcpy(out, buf_str(&b), len + 1);
	buf_free(&b);
	return len;
}

static void the_parts_of_a_proof(void **state)
{
	struct buf proof = BUF_INIT(LOGIN_DPOP_MAX), again = BUF_INIT(LOGIN_DPOP_MAX);
	unsigned char text[2048];
	struct err err = { 0 };
	cJSON *payload;

	(void)state;
	assert_int_equal(login_dpop(sec1, "https://us-east-2.signin.aws.amazon.com/v1/token", 1709210096, &proof,
				    &err), 0);
	assert_int_equal(err.class, ERR_NONE);
	assert_int_equal(strspn(buf_str(&proof), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
			 proof.len);
	part(buf_str(&proof), 0, text, sizeof(text));
	assert_string_equal((char *)text, "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\","
			    "\"x\":\"QiVI-I-3gv-17KN0RFLHKh5Vj71vc75eSOkyMsxFxbE\","
			    "\"y\":\"bEzRDEy41bihcTnpSILImSVymTQl9BQZq36QpCpJQnI\",\"crv\":\"P-256\"}}");
	part(buf_str(&proof), 1, text, sizeof(text));
	payload = json_parse((char *)text, strlen((char *)text), "payload", &err);
	assert_string_equal(json_string(payload, "htm", ""), "POST");
	assert_string_equal(json_string(payload, "htu", ""), "https://us-east-2.signin.aws.amazon.com/v1/token");
	assert_int_equal(json_integer(payload, "iat", 0), 1709210096);
	assert_int_equal(strlen(json_string(payload, "jti", "")), 36);
	assert_int_equal(json_string(payload, "jti", "")[14], '4');
	json_free(payload);
	assert_int_equal(part(buf_str(&proof), 2, text, sizeof(text)), 64);
	/* each is another */
	assert_int_equal(login_dpop(sec1, "https://x/", 1709210096, &again, &err), 0);
	assert_string_not_equal(strchr(buf_str(&proof), '.'), strchr(buf_str(&again), '.'));
	buf_free(&proof);
	buf_free(&again);
}

static void keys_that_are_none(void **state)
{
	char flipped[sizeof(sec1)];
	const char *const bad[] = { "", "-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n",
				    "no key", "AAAA", p384, flipped };

	(void)state;
	snprintf(flipped, sizeof(flipped), "%s", sec1);
	flipped[40] = '!';
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf proof = BUF_INIT(LOGIN_DPOP_MAX);
		struct err err = { 0 };

		assert_int_equal(login_dpop(bad[i], "https://x/", 1709210096, &proof, &err), -1);
		assert_int_equal(err.class, ERR_ACCESS);
		assert_non_null(strstr(err.message, "no P-256 key"));
		buf_free(&proof);
	}
}

static void a_url_that_is_too_long(void **state)
{
	struct buf proof = BUF_INIT(LOGIN_DPOP_MAX);
	struct err err = { 0 };
	char url[LOGIN_DPOP_MAX + 2];

	(void)state;
	memset(url, 'x', sizeof(url) - 1);
	url[sizeof(url) - 1] = '\0';
	assert_int_equal(login_dpop(sec1, url, 1709210096, &proof, &err), -1);
	assert_true(err.class != ERR_NONE);
	buf_free(&proof);
}

/* --proofs URL NOW COUNT: a proof a line, by the key on standard input. */
static int proofs(char **argv)
{
	char pem[4096];
	size_t n = fread(pem, 1, sizeof(pem) - 1, stdin);
	long long now = strtoll(argv[1], NULL, 10), count = strtoll(argv[2], NULL, 10);

	pem[n] = '\0';
	while (count--) {
		struct buf proof = BUF_INIT(LOGIN_DPOP_MAX);
		struct err err = { 0 };

		if (login_dpop(pem, argv[0], now, &proof, &err) < 0) {
			puts(err.message);
			return 1;
		}
		puts(buf_str(&proof));
		buf_free(&proof);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_of_a_proof),
		cmocka_unit_test(keys_that_are_none),
		cmocka_unit_test(a_url_that_is_too_long),
	};

	if (argc == 5 && strcmp(argv[1], "--proofs") == 0)
		return proofs(argv + 2);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
