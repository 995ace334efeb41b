/* buildstep/build_values.c, lib/spec/reference.c, buildstep/build_gather.c: what texts of a buildspec mean */
#include "buildstep/build.h"
#include "buildstep/build_values.h"
#include "lib/spec/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define ARN "arn:aws:secretsmanager:us-east-2:111111111111:secret:app/db-AbCdEf"

static void references(void **state)
{
	static const struct {
		const char *text, *id, *key, *stage, *version;	/* id NULL: refused */
	} table[] = {
		{ "app/db", "app/db", "", "", "" },
		{ "app/db:key", "app/db", "key", "", "" },
		{ "app/db:key:AWSPREVIOUS", "app/db", "key", "AWSPREVIOUS", "" },
		{ "app/db:key::v-1", "app/db", "key", "", "v-1" },
		{ "app/db::AWSPREVIOUS:", "app/db", "", "AWSPREVIOUS", "" },
		{ "app/db:::", "app/db", "", "", "" },
		{ ARN, ARN, "", "", "" },
		{ ARN ":key", ARN, "key", "", "" },
		{ ARN ":key::v-1", ARN, "key", "", "v-1" },
		{ "", NULL, NULL, NULL, NULL },
		{ ":key", NULL, NULL, NULL, NULL },
		{ "a:k:stage:version", NULL, NULL, NULL, NULL },
		{ "a:k:s:v:w", NULL, NULL, NULL, NULL },
		{ "a:k::v:w", NULL, NULL, NULL, NULL },
		{ "a:k::v:", NULL, NULL, NULL, NULL },
		{ "a\nb", NULL, NULL, NULL, NULL },
		{ "arn:aws:s3:::bucket", NULL, NULL, NULL, NULL },
		{ "arn:aws:secretsmanager:us-east-2:111111111111:secret:", NULL, NULL, NULL, NULL },
		{ "arn:aws:secretsmanager:us-east-2:111111111111:other:x", NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct reference_secret r;

		if ((reference_secret(table[i].text, &r) == 0) != (table[i].id != NULL))
			fail_msg("\"%s\"", table[i].text);
		if (!table[i].id)
			continue;
		assert_string_equal(r.id, table[i].id);
		assert_string_equal(r.key, table[i].key);
		assert_string_equal(r.stage, table[i].stage);
		assert_string_equal(r.version, table[i].version);
	}
}

static void regions(void **state)
{
	char region[32];

	(void)state;
	reference_region(ARN, region);
	assert_string_equal(region, "us-east-2");
	reference_region("arn:aws:ssm:eu-west-1:1:parameter/x", region);
	assert_string_equal(region, "eu-west-1");
	reference_region("app/db:a:b:c", region);
	assert_string_equal(region, "");
	reference_region("arn:aws:ssm", region);
	assert_string_equal(region, "");
}

static void answers(void **state)
{
	struct buf b = BUF_INIT(1024);
	size_t at = 0, len;
	const char *value;

	(void)state;
	buf_adds(&b, "3\na\nc\n0\n\n");
	assert_int_equal(build_values_next(&b, &at, &value, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(value, "a\nc", 3);
	assert_int_equal(build_values_next(&b, &at, &value, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(build_values_next(&b, &at, &value, &len), -1);
	assert_int_equal(build_values_failed(&b), -1);
	buf_clear(&b);
	buf_adds(&b, "!17\n");
	assert_int_equal(build_values_failed(&b), 17);
	buf_free(&b);
}

static int value_of(void *arg, const char *name, struct buf *out, struct err *err)
{
	(void)arg;
	(void)err;
	if (strcmp(name, "UNSET") != 0)
		buf_addf(out, "<%s>", name);
	return 0;
}

static void paths(void **state)
{
	static const char *const table[][2] = {
		{ "a/b", "a/b" },
		{ "$A/b", "<A>/b" },
		{ "${A}b$C", "<A>b<C>" },
		{ "$UNSET/x", "/x" },
		{ "$", "$" },
		{ "a$/b", "a$/b" },
		{ "${A", "${A" },
		{ "${A:-b}", "${A:-b}" },
		{ "$1 $(id) `id`", "$1 $(id) `id`" },
		{ "$$A", "$<A>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct buf out = BUF_INIT(256);
		struct err err;

		assert_int_equal(build_end_paths(table[i][0], value_of, NULL, &out, &err), 0);
		assert_string_equal(buf_str(&out), table[i][1]);
		buf_free(&out);
	}
}

static void names(void **state)
{
	static const char *const good[] = { "a", "a/b", "a.b-c_1", "...", "a b" };
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/./b", "a\nb" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!build_gather_name(good[i]))
			fail_msg("\"%s\" is one", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (build_gather_name(bad[i]))
			fail_msg("\"%s\" is none", bad[i]);
}

/* What is hidden stays so wherever a write cuts it, and line by line. */
static void hidden(void **state)
{
	static const char key[] = "-----BEGIN-----\nline one of it\nshort\n-----END-----\n";
	static const char text[] = "a -----BEGIN-----\nline one of it\nshort\n-----END-----\n b line one of it c";

	(void)state;
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		struct build_output o = BUILD_OUTPUT_INIT(-1);
		char path[] = "/tmp/codetrain-unit.XXXXXX", got[256];
		struct err err = { 0 };
		ssize_t n;

		o.log = mkstemp(path);
		assert_true(o.log >= 0);
		assert_int_equal(build_output_hide(&o, key, &err), 0);
		assert_true(build_output_hides(&o, "x line one of it"));
		assert_false(build_output_hides(&o, "short"));
		build_output_raw(&o, text, cut);
		build_output_raw(&o, text + cut, strlen(text) - cut);
		build_output_flush(&o);
		n = pread(o.log, got, sizeof(got) - 1, 0);
		assert_true(n > 0);
		got[n] = '\0';
		unlink(path);
		assert_string_equal(got, "a *** b *** c");
		assert_int_equal(build_output_close(&o, &err), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references),
		cmocka_unit_test(regions),
		cmocka_unit_test(answers),
		cmocka_unit_test(paths),
		cmocka_unit_test(names),
		cmocka_unit_test(hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
