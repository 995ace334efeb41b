/*
 * The lines that git gives pre-push, and the set of object ids. Walks are
 * tested with real repositories in tests/cli/pre-push.t.
 */
#include "hooks/objects/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define A "1111111111111111111111111111111111111111"
#define B "2222222222222222222222222222222222222222"
#define ZERO "0000000000000000000000000000000000000000"

static int read_text(struct range *range, const char *text)
{
	struct err err = { 0 };
	int rc = range_read(range, text, strlen(text), &err);

	if (rc < 0)
		assert_int_equal(err.class, ERR_USAGE);
	return rc;
}

static void reads_lines(void **state)
{
	struct range r = { 0 };

	(void)state;
	assert_int_equal(read_text(&r, "refs/heads/a " A " refs/heads/b " B "\n"
				       "(delete) " ZERO " refs/heads/c " A "\n"
				       "HEAD^{/some words} " A " refs/heads/d " ZERO "\n"
				       "HEAD~1 " A " refs/heads/e " ZERO), 0);
	assert_int_equal(r.n_refs, 4);
	assert_string_equal(r.refs[0].local_name, "refs/heads/a");
	assert_string_equal(r.refs[0].remote_name, "refs/heads/b");
	assert_true(git_oid_is_zero(&r.refs[1].local));
	assert_string_equal(r.refs[2].local_name, "HEAD^{/some words}");
	assert_string_equal(r.refs[2].remote_name, "refs/heads/d");
	assert_true(git_oid_is_zero(&r.refs[2].remote));
	assert_string_equal(r.refs[3].local_name, "HEAD~1");
	range_free(&r);
}

static void empty_input_is_no_ref(void **state)
{
	struct range r = { 0 };

	(void)state;
	assert_int_equal(read_text(&r, ""), 0);
	assert_int_equal(r.n_refs, 0);
	range_free(&r);
}

static void refuses_other_lines(void **state)
{
	static const char *const cases[] = {
		"nonsense\n",
		"refs/heads/a " A " refs/heads/b\n",
		"refs/heads/a " A " refs/heads/b " B "2\n",
		"refs/heads/a 111 refs/heads/b " B "\n",
		"refs/heads/a g111111111111111111111111111111111111111 refs/heads/b " B "\n",
		" " A " refs/heads/b " B " x\n",
		"refs/heads/a " A A A A " refs/heads/b " B "\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct range r = { 0 };

		assert_int_equal(read_text(&r, cases[i]), -1);
		range_free(&r);
	}
}

static void sha256_has_its_own_word(void **state)
{
	static const char line[] =
		"refs/heads/a 1111111111111111111111111111111111111111111111111111111111111111 "
		"refs/heads/a 0000000000000000000000000000000000000000000000000000000000000000\n";
	struct range r = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(range_read(&r, line, strlen(line), &err), -1);
	assert_non_null(strstr(err.message, "SHA-256"));
	range_free(&r);
}

static git_oid oid_of(unsigned n)
{
	git_oid oid = { { 0 } };

	/* many share their first bytes, so that slots collide */
	oid.id[0] = (unsigned char)(n % 3 + 1);
	oid.id[10] = (unsigned char)(n >> 8);
	oid.id[11] = (unsigned char)n;
	return oid;
}

static void a_set_holds_each_once(void **state)
{
	enum { N = 2000 };
	struct range_set set = { 0 };
	struct err err = { 0 };
	git_oid oid;
	bool fresh;

	(void)state;
	oid = oid_of(0);
	assert_false(range_set_has(&set, &oid));
	for (unsigned i = 0; i < N; i++) {
		oid = oid_of(i);
		assert_int_equal(range_set_add(&set, &oid, &fresh, &err), 0);
		assert_true(fresh);
	}
	for (unsigned i = 0; i < N; i++) {
		oid = oid_of(i);
		assert_true(range_set_has(&set, &oid));
		assert_int_equal(range_set_add(&set, &oid, &fresh, &err), 0);
		assert_false(fresh);
	}
	oid = oid_of(N);
	assert_false(range_set_has(&set, &oid));
	assert_int_equal(set.n, N);
	range_set_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lines), cmocka_unit_test(empty_input_is_no_ref),
		cmocka_unit_test(refuses_other_lines), cmocka_unit_test(sha256_has_its_own_word),
		cmocka_unit_test(a_set_holds_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
