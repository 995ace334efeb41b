/* lib/aws/creds.c */
#include "lib/aws/creds.h"
#include "lib/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char canary[] = "CANARYSECRET0123456789";

static int open_creds(void **state)
{
	struct err err = { 0 };

	*state = creds_new(&err);
	return *state ? 0 : -1;
}

static int close_creds(void **state)
{
	creds_free(*state);
	creds_free(NULL);
	return 0;
}

static void good_parts(void **state)
{
	struct creds *c = *state;
	struct err err = { 0 };

	assert_int_equal(creds_set(c, "AKID", "s/+=", NULL, "here", &err), 0);
	assert_string_equal(c->access_key_id, "AKID");
	assert_string_equal(c->secret_access_key, "s/+=");
	assert_string_equal(c->session_token, "");
	assert_int_equal(c->expiration, 0);
	c->expiration = 5;
	memcpy(c->account_id, "1", 2);
	assert_int_equal(creds_set(c, "B", "t", "token==", "there", &err), 0);
	assert_string_equal(c->session_token, "token==");
	assert_string_equal(c->source, "there");
	assert_int_equal(c->expiration, 0);	/* nothing of the last ones stays */
	assert_string_equal(c->account_id, "");
}

static void bad_parts(void **state)
{
	static char long_key[CREDS_KEY_MAX + 2], long_secret[CREDS_SECRET_MAX + 2],
		long_token[CREDS_TOKEN_MAX + 2];
	const struct {
		const char *key, *secret, *token, *part;
	} rows[] = {
		{ "", canary, NULL, "access key id" },
		{ "AKID", "", NULL, "secret access key" },
		{ "AK ID", canary, NULL, "access key id" },
		{ "AKID", "CANARYSECRET 0", NULL, "secret access key" },
		{ "AKID", "CANARYSECRET\n0", NULL, "secret access key" },
		{ "AKID", "CANARYSECRET\r", NULL, "secret access key" },
		{ "AKID", "CANARYSECRET\xc3\xa9", NULL, "secret access key" },
		{ "AKID", "CANARYSECRET\x7f", NULL, "secret access key" },
		{ "AKID", canary, "CANARYSECRET\n", "session token" },
		{ long_key, canary, NULL, "access key id" },
		{ "AKID", long_secret, NULL, "secret access key" },
		{ "AKID", canary, long_token, "session token" },
	};
	struct creds *c = *state;

	memset(long_key, 'x', CREDS_KEY_MAX + 1);
	memset(long_secret, 'x', CREDS_SECRET_MAX + 1);
	memset(long_token, 'x', CREDS_TOKEN_MAX + 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = { 0 };

		assert_int_equal(creds_set(c, rows[i].key, rows[i].secret, rows[i].token, "SRC",
					   &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
		assert_non_null(strstr(err.message, rows[i].part));
		assert_non_null(strstr(err.message, "SRC"));
		assert_null(strstr(err.message, "CANARY"));
		assert_string_equal(c->access_key_id, "");	/* untouched */
	}
	long_key[CREDS_KEY_MAX] = long_secret[CREDS_SECRET_MAX] = long_token[CREDS_TOKEN_MAX] = '\0';
	assert_int_equal(creds_set(c, long_key, long_secret, long_token, "SRC", &(struct err){ 0 }),
			 0);
	assert_string_equal(c->session_token, long_token);
}

static void ends(void **state)
{
	struct creds *c = *state;

	assert_false(creds_expires_within(c, 1000, 900));	/* 0: never */
	c->expiration = 2000;
	assert_false(creds_expires_within(c, 1000, CREDS_ADVISORY_REFRESH));
	assert_false(creds_expires_within(c, 1100, CREDS_ADVISORY_REFRESH));
	assert_true(creds_expires_within(c, 1101, CREDS_ADVISORY_REFRESH));
	assert_false(creds_expires_within(c, 1101, CREDS_MANDATORY_REFRESH));
	assert_true(creds_expires_within(c, 3000, 0));
}

static void lines_there_and_back(void **state)
{
	struct buf lines = BUF_INIT_SECRET(CREDS_TOKEN_MAX + 4096);
	struct creds *c = *state, *back = creds_new(&(struct err){ 0 });
	struct err err = { 0 };

	assert_non_null(back);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(creds_set(c, "AKID", "se=cret", i ? "to=ken" : NULL,
					   "profile \"a b\" in /x", &err), 0);
		c->expiration = i ? 1440938160 : 0;
		if (i)
			memcpy(c->account_id, "111111111111", 13);
		buf_clear(&lines);
		assert_int_equal(creds_write_lines(c, &lines, &err), 0);
		assert_int_equal(creds_read_lines(buf_str(&lines), back, &err), 0);
		assert_memory_equal(c, back, sizeof(*c));
	}
	creds_free(back);
	buf_free(&lines);
}

#define HEAD "codetrain-credentials 1\n"
#define KEYS "access_key_id=AKID\nsecret_access_key=CANARY\n"

static void broken_lines(void **state)
{
	static const char *const bad[] = {
		"", "codetrain-credentials 2\n" KEYS, "codetrain-credentials 1", KEYS, HEAD,
		HEAD "access_key_id=AKID\n",
		HEAD KEYS "expiration=soon\n", HEAD KEYS "expiration=\n",
		HEAD KEYS "expiration=12345678901234567\n",
		HEAD KEYS "account_id=1111111111111\n",
		HEAD KEYS "no equals sign CANARY\n",
		HEAD KEYS "session_token=half",	/* the writer was killed */
		HEAD "access_key_id=AKID\nsecret_access_key=CANARY \n",
		"<html>CANARY</html>\n",
	};
	struct creds *c = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = { 0 };

		assert_int_equal(creds_read_lines(bad[i], c, &err), -1);
		assert_int_not_equal(err.class, ERR_NONE);
		assert_null(strstr(err.message, "CANARY"));
		assert_string_equal(c->secret_access_key, "");
	}
	assert_int_equal(creds_read_lines(HEAD KEYS "future=1\n\nexpiration=7\n", c,
					  &(struct err){ 0 }), 0);
	assert_int_equal(c->expiration, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(good_parts, open_creds, close_creds),
		cmocka_unit_test_setup_teardown(bad_parts, open_creds, close_creds),
		cmocka_unit_test_setup_teardown(ends, open_creds, close_creds),
		cmocka_unit_test_setup_teardown(lines_there_and_back, open_creds, close_creds),
		cmocka_unit_test_setup_teardown(broken_lines, open_creds, close_creds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
