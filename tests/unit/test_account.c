/* lib/aws/account.c and helper.c: whose account it is, told from what is here */
#include "lib/aws/account.h"
#include "lib/aws/helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* An id that holds an account, as AWS lays it out: bit 1, 40 bits of the number,
 * then what differs from key to key. */
static void make(const char *prefix, unsigned long long account, unsigned long long rest, char out[21])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned long long high = 1ull << 49 | account << 9 | (rest & 0x1ff);

	snprintf(out, 21, "%s", prefix);
	for (int i = 0; i < 10; i++)
		out[4 + i] = alphabet[high >> (45 - 5 * i) & 31];
	for (int i = 0; i < 6; i++)
		out[14 + i] = alphabet[rest >> (9 + 5 * i) & 31];
	out[20] = '\0';
}

static void keys(void **state)
{
	static const unsigned long long accounts[] = { 0, 1, 29608264753, 111122223333, 581039954779,
						       609629065308, 999999999999 };
	char id[21], account[ACCOUNT_LEN + 1], want[32];

	(void)state;
	/* one of the old kind, which holds none; two that were published with their accounts */
	assert_true(account_of_key("AKIA" "IOSFODNN7EXAMPLE", account) == false);
	assert_true(account_of_key("ASIA" "QNZGKIQY56JQ7WML", account));
	assert_string_equal(account, "029608264753");
	assert_true(account_of_key("ASIA" "Y34FZKBOKMUTVV7A", account));
	assert_string_equal(account, "609629065308");
	for (size_t i = 0; i < sizeof(accounts) / sizeof(*accounts); i++)
		for (unsigned long long rest = 0; rest < 1ull << 39; rest = rest * 5 + 1) {
			make(i % 2 ? "AKIA" : "ASIA", accounts[i], rest, id);
			snprintf(want, sizeof(want), "%012llu", accounts[i]);
			assert_true(account_of_key(id, account));
			assert_string_equal(account, want);
		}
	make("AKIA", 1000000000000, 0, id);
	assert_false(account_of_key(id, account));
	assert_false(account_of_key("AKIA", account));
	assert_false(account_of_key("ASIA" "QNZGKIQY56JQ7WM1", account));
	assert_false(account_of_key("ASIA" "QNZGKIQY56JQ7WMLA", account));
	assert_false(account_of_key(NULL, account));
}

static void arns(void **state)
{
	char account[ACCOUNT_LEN + 1];

	(void)state;
	assert_true(account_of_arn("arn:aws:iam::111122223333:role/a:b", account));
	assert_string_equal(account, "111122223333");
	assert_true(account_of_arn("arn:aws-cn:sts::111122223334:assumed-role/a/b", account));
	assert_false(account_of_arn("arn:aws:s3:::bucket", account));
	assert_false(account_of_arn("arn:aws:iam::11112222333x:role/a", account));
	assert_false(account_of_arn("arn:aws:iam", account));
	assert_false(account_of_arn("", account));
	assert_false(account_of_arn(NULL, account));
}

static void helpers(void **state)
{
	static const struct {
		const char *line;
		bool is;
		const char *profile;
	} rows[] = {
		{ "codecommit", true, "" },
		{ "codecommit --profile a", true, "a" },
		{ "/usr/bin/git-credential-codecommit --profile='a b'", true, "a b" },
		{ "!aws codecommit credential-helper $@", true, "" },
		{ "!aws --profile x codecommit credential-helper $@", true, "x" },
		{ "!AWS_PROFILE=y aws codecommit credential-helper $@", true, "y" },
		{ "!AWS_PROFILE=y git-credential-codecommit --profile z", true, "z" },
		{ "store --file codecommit", false, "" },
		{ "cache", false, "" },
		{ "!aws s3 ls", false, "" },
		{ "", false, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char profile[64];

		assert_int_equal(helper_is_codecommit(rows[i].line, profile, sizeof(profile)), rows[i].is);
		assert_string_equal(profile, rows[i].profile);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(arns),
		cmocka_unit_test(helpers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
