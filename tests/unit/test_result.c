/* buildstep/report_junit.c, buildstep/result.c, buildstep/explain.c */
#include "buildstep/explain.h"
#include "buildstep/report_junit.h"
#include "buildstep/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static cJSON *parse(const char *text)
{
	struct err err = { 0 };
	cJSON *tree = json_parse(text, strlen(text), "t", &err);

	if (!tree)
		fail_msg("%s", err.message);
	return tree;
}

static void outcomes(void **state)
{
	static const struct { const char *described; enum err_class class; const char *told; } cases[] = {
		{ "{\"TrainingJobStatus\": \"Completed\"}", ERR_NONE, "" },
		{ "{\"TrainingJobStatus\": \"InProgress\"}", ERR_NONE, "" },
		{ "{\"TrainingJobStatus\": \"Failed\", \"FailureReason\": \"AlgorithmError: x\"}", ERR_NO,
		  "Failed: AlgorithmError: x" },
		{ "{\"TrainingJobStatus\": \"Failed\"}", ERR_NO, "no reason was given" },
		{ "{\"TrainingJobStatus\": \"Stopped\", \"SecondaryStatus\": \"Stopped\"}", ERR_STOPPED,
		  "was Stopped" },
		{ "{\"TrainingJobStatus\": \"Stopped\", \"SecondaryStatus\": \"MaxRuntimeExceeded\"}",
		  ERR_STOPPED, "MaxRuntimeInSeconds" },
		{ "{\"TrainingJobStatus\": \"Stopped\", \"SecondaryStatus\": \"MaxWaitTimeExceeded\"}",
		  ERR_STOPPED, "MaxWaitTimeInSeconds" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cJSON *d = parse(cases[i].described);
		struct err err = { 0 };

		assert_int_equal(result_outcome(d, &err), cases[i].class == ERR_NONE ? 0 : -1);
		assert_int_equal(err.class, cases[i].class);
		assert_non_null(strstr(err.message, cases[i].told));
		json_free(d);
	}
}

static void object(void **state)
{
	cJSON *d = parse("{\"TrainingJobName\": \"j\", \"TrainingJobStatus\": \"Completed\", \"TrainingJobArn\": "
			 "\"arn:aws:sagemaker:us-east-2:222222222222:training-job/j\", "
			 "\"AlgorithmSpecification\": {\"TrainingImage\": \"r/x@sha256:12\"}, "
			 "\"FinalMetricDataList\": [{\"MetricName\": \"a:b\", \"Value\": 0.5}]}");
	struct buf text = BUF_INIT(4096);
	struct err err = { 0 };
	cJSON *o = result_json(d, false);

	(void)state;
	assert_int_equal(json_print(o, false, &text, &err), 0);
	assert_string_equal(buf_str(&text),
		"{\"job\":\"j\",\"arn\":\"arn:aws:sagemaker:us-east-2:222222222222:training-job/j\","
		"\"status\":\"Completed\",\"image\":\"r/x@sha256:12\",\"digest\":\"sha256:12\","
		"\"account\":\"222222222222\",\"region\":\"us-east-2\",\"metrics\":{\"a:b\":0.5},"
		"\"attached\":false}");
	buf_free(&text);
	json_free(o);
	json_free(d);
}

static void reports(void **state)
{
	struct err none = { 0 }, failed = { 0 }, err = { 0 };
	struct report_junit r = { .name = "a<b>&\"c\"", .started = 1700000000, .seconds = 1.5,
				  .outcome = &none, .commit = "0123" };
	struct buf text = BUF_INIT(8192);

	(void)state;
	assert_int_equal(report_junit_make(&r, &text, &err), 0);
	assert_non_null(strstr(text.data, "tests=\"1\" failures=\"0\" errors=\"0\""));
	assert_non_null(strstr(text.data, "name=\"a&lt;b&gt;&amp;&quot;c&quot;\""));
	assert_non_null(strstr(text.data, "timestamp=\"2023-11-14T22:13:20\""));
	assert_null(strstr(text.data, "<failure"));
	buf_clear(&text);
	err_set(&failed, ERR_NO, "no <way>");
	r.outcome = &failed;
	assert_int_equal(report_junit_make(&r, &text, &err), 0);
	assert_non_null(strstr(text.data, "<failure type=\"Failed\" message=\"no &lt;way&gt;\"/>"));
	assert_non_null(strstr(text.data, "failures=\"1\" errors=\"0\""));
	buf_clear(&text);
	err_set(&failed, ERR_UNAVAILABLE, "x");
	assert_int_equal(report_junit_make(&r, &text, &err), 0);
	assert_non_null(strstr(text.data, "<error type=\"Unavailable\" message=\"x\"/>"));
	assert_non_null(strstr(text.data, "failures=\"0\" errors=\"1\""));
	buf_clear(&text);
	err_set(&failed, ERR_INTERNAL, "x");
	assert_int_equal(report_junit_make(&r, &text, &err), 0);
	assert_non_null(strstr(text.data, "<error type=\"Internal\""));
	buf_free(&text);
}

static void missing_grants(void **state)
{
	static const struct explain_about about = {
		.role = "arn:aws:iam::222222222222:role/service-role/R", .image = "IMG",
		.data = "s3://b/in", .output = "s3://b/out",
	};
	static const struct { const char *said, *told; } cases[] = {
		{ "Could not assume role arn:aws:iam::222222222222:role/R. Please ensure", "sagemaker.amazonaws.com in" },
		{ "Cannot find repository: x in registry ID: 1 Please check if your ECR repository exists and "
		  "role r has proper pull permissions for SageMaker: ecr:BatchGetImage", "the pull of IMG" },
		{ "No S3 objects found under S3 URL \"s3://b\" ... \"s3:ListBucket\" permissions on bucket \"b\". "
		  "Error message from S3: Access Denied", "reading s3://b/in" },
		{ "Could not access model data at s3://b/x. Please ensure that the role \"r\" exists and that its "
		  "trust relationship policy allows the action \"sts:AssumeRole\" ... \"s3:GetObject\"", "reading s3://b/in" },
		{ "ClientError: Failed to upload: Access denied", "writing s3://b/out" },
		{ "User: u is not authorized to perform: iam:PassRole on resource: r", "iam:PassRole on role R" },
		{ "User: u is not authorized to perform: secretsmanager:GetSecretValue on", "reading the secret" },
		{ "User: u is not authorized to perform: sts:AssumeRole on resource: r", "assuming that role" },
		{ "User: u is not authorized to perform: sagemaker:CreateModel", "that action" },
	};
	static const char *const others[] = {
		"AlgorithmError: ExecuteUserScriptError: exit code 1", "1 validation error detected",
		"No S3 objects found under S3 URL \"s3://b\" ... \"s3:ListBucket\" permissions on bucket \"b\".",
		"CapacityError: Unable to provision requested ML compute capacity",
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		err_set(&err, ERR_USAGE, "refused");
		explain_missing_grant(cases[i].said, &about, &err);
		if (!strstr(err.message, cases[i].told))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].told, err.message);
		assert_non_null(strstr(err.message, "codetrain grant apply -f accounts.json"));
		assert_int_equal(err.class, ERR_ACCESS);
	}
	err_set(&err, ERR_USAGE, "refused");
	explain_missing_grant("RoleArn: Cross-account pass role is not allowed.", &about, &err);
	assert_non_null(strstr(err.message, "role R of account 222222222222: give that account's --secret"));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		err_set(&err, ERR_USAGE, "refused");
		explain_missing_grant(others[i], &about, &err);
		assert_string_equal(err.message, "refused");
		assert_int_equal(err.class, ERR_USAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(object),
		cmocka_unit_test(reports),
		cmocka_unit_test(missing_grants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
