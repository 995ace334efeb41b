/* buildstep/same.c, buildstep/image.c (what needs no network) */
#include "buildstep/image.h"
#include "buildstep/same.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static int differences(const char *wanted, const char *live, struct buf *out)
{
	struct err err = { 0 };
	cJSON *a = json_parse(wanted, strlen(wanted), "a", &err);
	cJSON *b = json_parse(live, strlen(live), "b", &err);
	int n;

	assert_non_null(a);
	assert_non_null(b);
	n = same_differences(a, b, same_training_job, out);
	json_free(a);
	json_free(b);
	return n;
}

static void what_describe_adds_is_the_same(void **state)
{
	struct buf out = BUF_INIT(4096);

	(void)state;
	assert_int_equal(differences(
		"{\"RoleArn\": \"r\", \"OutputDataConfig\": {\"S3OutputPath\": \"s3://b/o\"}}",
		"{\"RoleArn\": \"r\", \"OutputDataConfig\": {\"S3OutputPath\": \"s3://b/o\", "
		"\"KmsKeyId\": \"\", \"CompressionType\": \"GZIP\"}, \"EnableNetworkIsolation\": false, "
		"\"AlgorithmSpecification\": {\"EnableSageMakerMetricsTimeSeries\": true}, "
		"\"SecondaryStatus\": \"Training\"}", &out), 0);
	assert_string_equal(buf_str(&out), "");
	buf_free(&out);
}

static void what_differs_is_told(void **state)
{
	static const struct { const char *wanted, *live, *told; } cases[] = {
		{ "{\"RoleArn\": \"a\"}", "{\"RoleArn\": \"b\"}", "RoleArn: \"b\" there, \"a\" here" },
		{ "{\"RoleArn\": \"a\"}", "{}", "RoleArn: nothing there, \"a\" here" },
		{ "{}", "{\"HyperParameters\": {\"x\": \"0\"}}",
		  "HyperParameters: {\"x\":\"0\"} there, nothing here" },
		{ "{\"HyperParameters\": {\"y\": \"1\"}}", "{\"HyperParameters\": {\"y\": \"1\", \"x\": \"\"}}",
		  "HyperParameters.x: \"\" there, nothing here" },
		{ "{\"InputDataConfig\": [{\"ChannelName\": \"a\"}]}",
		  "{\"InputDataConfig\": [{\"ChannelName\": \"b\"}]}",
		  "InputDataConfig[0].ChannelName: \"b\" there, \"a\" here" },
		{ "{\"InputDataConfig\": []}", "{\"InputDataConfig\": [{\"ChannelName\": \"b\"}]}",
		  "InputDataConfig: [{\"ChannelName\":\"b\"}] there, [] here" },
		{ "{\"ResourceConfig\": {\"InstanceCount\": 2}}", "{\"ResourceConfig\": {\"InstanceCount\": 1}}",
		  "ResourceConfig.InstanceCount: 1 there, 2 here" },
		{ "{\"EnableManagedSpotTraining\": true}", "{}",
		  "EnableManagedSpotTraining: nothing there, true here" },
		/* the values of an environment may be secrets */
		{ "{\"Environment\": {\"KEY\": \"canary1\"}}", "{\"Environment\": {\"KEY\": \"canary2\"}}",
		  "Environment.KEY: another value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = BUF_INIT(4096);

		assert_int_equal(differences(cases[i].wanted, cases[i].live, &out), 1);
		assert_string_equal(buf_str(&out), cases[i].told);
		buf_free(&out);
	}
}

static void two_differences_are_one_line(void **state)
{
	struct buf out = BUF_INIT(4096);

	(void)state;
	assert_int_equal(differences("{\"RoleArn\": \"a\", \"ResourceConfig\": {\"InstanceCount\": 2}}",
				     "{\"RoleArn\": \"b\"}", &out), 2);
	assert_string_equal(buf_str(&out), "RoleArn: \"b\" there, \"a\" here; "
			    "ResourceConfig: nothing there, {\"InstanceCount\":2} here");
	buf_free(&out);
}

static void images(void **state)
{
	static const char digest[] =
		"sha256:5555555555555555555555555555555555555555555555555555555555555555";
	static const char *const bad[] = { "", "a b", "x:", ":y", "a@sha256:12", "a@md5:12", "reg/:x" };
	struct err err = { 0 };
	struct image i;
	char text[512];

	(void)state;
	assert_int_equal(image_parse("111111111111.dkr.ecr.us-east-2.amazonaws.com/team/iris:abc", &i, &err), 0);
	assert_true(i.ecr);
	assert_string_equal(i.account, "111111111111");
	assert_string_equal(i.region, "us-east-2");
	assert_string_equal(i.repository, "team/iris");
	assert_string_equal(i.tag, "abc");
	assert_int_equal(image_parse("111111111111.dkr.ecr-fips.us-gov-west-1.amazonaws.com/x", &i, &err), 0);
	assert_true(i.ecr);
	assert_string_equal(i.region, "us-gov-west-1");
	assert_string_equal(i.tag, "");
	assert_int_equal(image_parse("docker.io/library/python:3.12", &i, &err), 0);
	assert_false(i.ecr);
	assert_string_equal(i.registry, "docker.io");
	assert_int_equal(image_parse("localhost:5000/x", &i, &err), 0);
	assert_string_equal(i.repository, "x");
	assert_string_equal(i.tag, "");
	assert_int_equal(image_parse("11111111111.dkr.ecr.us-east-2.amazonaws.com/x", &i, &err), 0);
	assert_false(i.ecr);
	snprintf(text, sizeof(text), "111111111111.dkr.ecr.us-east-2.amazonaws.com/x:tag@%s", digest);
	assert_int_equal(image_parse(text, &i, &err), 0);
	assert_string_equal(i.digest, digest);
	assert_int_equal(image_pinned(&i, text, &err), 0);
	assert_string_equal(text, "111111111111.dkr.ecr.us-east-2.amazonaws.com/x@sha256:"
		"5555555555555555555555555555555555555555555555555555555555555555");
	for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		assert_int_equal(image_parse(bad[n], &i, &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
	}
	memset(text, 'x', 300);
	text[300] = '\0';
	assert_int_equal(image_parse(text, &i, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_describe_adds_is_the_same),
		cmocka_unit_test(what_differs_is_told),
		cmocka_unit_test(two_differences_are_one_line),
		cmocka_unit_test(images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
