/* lib/net: attempts, errors and their classes, endpoints, answers. */
#include "tests/unit/aws_world.h"

#define DENIED "{\"__type\":\"com.amazonaws.x#AccessDeniedException:http://x\",\"Message\":\"no\\nway\"}"
#define THROTTLED "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}"
#define ID "HTTP/1.1 400 Bad\r\nx-amzn-RequestId: id-1\r\n\r\n"

static int call(struct aws *a, const char *operation, struct err *err)
{
	world.answered = world.pauses = world.paused_ms = 0;
	err->class = ERR_NONE;
	return aws_call(a, operation, NULL, NULL, err);
}

/* What one answer means: class, code, and how often it is asked. */
static void failures_have_their_class(void **state)
{
	static const struct {
		const char *operation;
		struct canned answer;
		enum err_class class;
		const char *code, *message;
		int sends;
		bool maybe_done;
	} cases[] = {
		{ "sagemaker:DescribeModel", { 400, ID, DENIED, 0, 0 }, ERR_ACCESS,
		  "AccessDeniedException", "AccessDeniedException: no way [id-1]", 1, false },
		{ "sagemaker:CreateModel", { 400, "", "{\"__type\":\"ResourceInUse\"}", 0, 0 },
		  ERR_CONFLICT, "ResourceInUse", "ResourceInUse", 1, false },
		{ "sagemaker:DescribeModel", { 400, "", "{\"__type\":\"ValidationException\",\"message\":"
		  "\"Could not find model \\\"x\\\".\"}", 0, 0 }, ERR_NO, "ValidationException", "", 1, false },
		{ "sagemaker:CreateModel", { 400, "", "{\"__type\":\"ValidationException\",\"message\":"
		  "\"Could not find model data at s3://x\"}", 0, 0 }, ERR_USAGE, "ValidationException", "", 1,
		  false },
		{ "ecr:DescribeImages", { 400, "x-amzn-ErrorType: ImageNotFoundException:\r\n", "{}", 0, 0 },
		  ERR_NO, "ImageNotFoundException", "", 1, false },
		{ "iam:GetRole", { 404, "", "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no role"
		  "</Message></Error><RequestId>id-2</RequestId></ErrorResponse>", 0, 0 }, ERR_NO,
		  "NoSuchEntity", "NoSuchEntity: no role [id-2]", 1, false },
		{ "iam:CreateRole", { 409, "", "<ErrorResponse><Error><Code>LimitExceeded</Code></Error>"
		  "</ErrorResponse>", 0, 0 }, ERR_USAGE, "LimitExceeded", "", 1, false },
		{ "sagemaker:ListModels", { 400, "", THROTTLED, 0, 0 }, ERR_UNAVAILABLE,
		  "ThrottlingException", "(3 attempts)", 3, false },
		{ "codebuild:StartBuild", { 400, "", THROTTLED, 0, 0 }, ERR_UNAVAILABLE,
		  "ThrottlingException", "(3 attempts)", 3, false },
		{ "sagemaker:ListModels", { 500, "", "{\"__type\":\"InternalFailure\"}", 0, 0 },
		  ERR_UNAVAILABLE, "InternalFailure", "", 3, false },
		{ "codebuild:StartBuild", { 500, "", "{\"__type\":\"InternalFailure\"}", 0, 0 },
		  ERR_UNAVAILABLE, "InternalFailure", "", 1, true },
		{ "codebuild:StartBuild", { 502, "", "<html>", 0, 0 }, ERR_UNAVAILABLE, "",
		  "answered with HTML, not AWS JSON (status 502)", 1, true },
		{ "codebuild:StartBuild", { 503, "", "{\"__type\":\"ServiceUnavailable\"}", 0, 0 },
		  ERR_UNAVAILABLE, "ServiceUnavailable", "", 3, false },
		{ "codebuild:StartBuild", { 200, "", "{\"build\":", 0, 0 }, ERR_UNAVAILABLE, "",
		  "cannot be read", 1, true },
		{ "codebuild:StartBuild", { 200, "", "<!DOCTYPE HTML>", 0, 0 }, ERR_UNAVAILABLE, "",
		  "answered with HTML (status 200), not AWS JSON", 1, true },
		{ "sts:GetCallerIdentity", { 200, "", "{}", 0, 0 }, ERR_UNAVAILABLE, "",
		  "answered with JSON (status 200), not AWS XML", 1, false },
		{ "sagemaker:ListModels", { 301, "Location: http://x/\r\n", "", 0, 0 }, ERR_UNAVAILABLE, "",
		  "a redirect to http://x/ (status 301), which is not followed", 1, false },
		{ "codebuild:StartBuild", { 0, "", "", true, false }, ERR_UNAVAILABLE, "", "no connection", 1,
		  true },
		{ "codebuild:StartBuild", { 0, "", "", false, false }, ERR_UNAVAILABLE, "", "(3 attempts)", 3,
		  false },
		{ "sagemaker:ListModels", { 0, "", "", true, false }, ERR_UNAVAILABLE, "", "(3 attempts)", 3,
		  false },
		{ "sagemaker:ListModels", { 0, "", "", true, true }, ERR_UNAVAILABLE, "", "", 1, false },
		{ "sagemaker:ListModels", { 403, "", "", 0, 0 }, ERR_ACCESS, "", "answered with nothing", 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct aws *a = world_open(NULL);
		struct err err;

		for (size_t j = 0; j < 8; j++)
			world.answers[j] = cases[i].answer;
		assert_int_equal(call(a, cases[i].operation, &err), -1);
		if (world.answered != cases[i].sends || err.class != cases[i].class)
			print_message("# case %zu: %s\n", i, err.message);
		assert_int_equal(err.class, cases[i].class);
		assert_int_equal(world.answered, cases[i].sends);
		assert_string_equal(aws_error_code(a), cases[i].code);
		assert_contains(err.message, cases[i].message);
		assert_contains(err.message, " in default (us-east-");
		assert_int_equal(aws_maybe_done(a), cases[i].maybe_done);
		aws_close(a);
	}
}

static void a_second_attempt_may_succeed(void **state)
{
	struct aws *a = world_open(NULL);
	struct err err;

	(void)state;
	world.answers[0] = (struct canned){ .status = 503 };
	world.answers[1] = (struct canned){ .status = 400, .body = THROTTLED };
	world.answers[2] = (struct canned){ .status = 200, .body = "{}" };
	assert_int_equal(call(a, "sagemaker:ListModels", &err), 0);
	assert_int_equal(world.answered, 3);
	assert_int_equal(world.pauses, 2);
	assert_int_equal(world.paused_ms, 100 + 1000);	/* half of 200, half of 2,000 */
	aws_close(a);
}

static void a_server_may_ask_for_a_longer_pause(void **state)
{
	struct aws *a = world_open(NULL);
	struct err err;

	(void)state;
	world.answers[0] = (struct canned){ .status = 503, .headers = "Retry-After: 3\r\n" };
	world.answers[1] = (struct canned){ .status = 503, .headers = "Retry-After: 999999\r\n" };
	world.answers[2] = (struct canned){ .status = 200 };
	assert_int_equal(call(a, "sagemaker:ListModels", &err), 0);
	assert_int_equal(world.paused_ms, 3000 + 20000);
	aws_close(a);
}

static void the_quota_ends_a_storm_of_retries(void **state)
{
	struct aws *a;
	struct err err;
	int sends = 0;

	(void)state;
	world_setenv("AWS_MAX_ATTEMPTS", "20");
	a = world_open(NULL);
	for (size_t j = 0; j < 31; j++)
		world.answers[j] = (struct canned){ .status = 503 };
	for (int i = 0; i < 10; i++) {
		assert_int_equal(call(a, "sagemaker:ListModels", &err), -1);
		sends += world.answered;
	}
	assert_int_equal(sends, 100 + 10);	/* 500 tokens of 5, and ten first attempts */
	aws_close(a);
}

static void attempts_are_configured(void **state)
{
	static const struct { const char *mode, *attempts; int sends; } cases[] = {
		{ NULL, NULL, 3 }, { "legacy", NULL, 5 }, { "adaptive", "2", 2 }, { NULL, "1", 1 },
	};
	struct aws_settings settings = { 0 };
	struct err err;

	(void)state;
	for (size_t j = 0; j < 31; j++)
		world.answers[j] = (struct canned){ .status = 503 };
	for (size_t i = 0; i < 4; i++) {
		struct aws *a;

		world_setenv("AWS_RETRY_MODE", cases[i].mode);
		world_setenv("AWS_MAX_ATTEMPTS", cases[i].attempts);
		a = world_open(NULL);
		assert_int_equal(call(a, "sagemaker:ListModels", &err), -1);
		assert_int_equal(world.answered, cases[i].sends);
		aws_close(a);
	}
	world_setenv("AWS_MAX_ATTEMPTS", "none");
	assert_null(aws_open_in(&test_world, &settings, &err));
	assert_int_equal(err.class, ERR_USAGE);
	assert_contains(err.message, "AWS_MAX_ATTEMPTS");
	world_setenv("AWS_MAX_ATTEMPTS", NULL);
	world_setenv("AWS_RETRY_MODE", "hopeful");
	assert_null(aws_open_in(&test_world, &settings, &err));
	assert_contains(err.message, "hopeful");
}

static void a_wrong_clock_is_learnt_once(void **state)
{
	static const char late[] = "Date: Thu, 29 Feb 2024 14:34:56 GMT\r\n";
	static const char skewed[] = "{\"__type\":\"InvalidSignatureException\",\"message\":\"expired\"}";
	struct aws *a = world_open(NULL);
	struct err err;

	(void)state;
	world.answers[0] = (struct canned){ .status = 403, .headers = late, .body = skewed };
	world.answers[1] = (struct canned){ .status = 200, .headers = late };
	assert_int_equal(call(a, "sagemaker:ListModels", &err), 0);
	assert_int_equal(world.pauses, 0);
	assert_contains(world.seen[0].headers, "x-amz-date: 20240229T123456Z\n");
	assert_contains(world.seen[1].headers, "x-amz-date: 20240229T143456Z\n");
	assert_int_equal(aws_clock_skew(a), 7200);
	/* the same refusal under the right clock is a wrong key */
	assert_int_equal(call(a, "sagemaker:ListModels", &err), -1);
	assert_int_equal(world.answered, 1);
	assert_int_equal(err.class, ERR_ACCESS);
	aws_close(a);
}

static void expired_credentials_are_fetched_again_once(void **state)
{
	static const char expired[] = "{\"__type\":\"ExpiredTokenException\",\"message\":\"old\"}";
	struct aws *a = world_open(NULL);
	struct err err;

	(void)state;
	world.answers[0] = (struct canned){ .status = 400, .body = expired };
	world.answers[1] = (struct canned){ .status = 200 };
	assert_int_equal(call(a, "sagemaker:ListModels", &err), 0);
	assert_int_equal(world.answered, 2);
	world.answers[1] = world.answers[0];
	assert_int_equal(call(a, "sagemaker:ListModels", &err), -1);
	assert_int_equal(world.answered, 2);
	assert_int_equal(err.class, ERR_ACCESS);
	assert_contains(err.message, "called with the credentials of environment");
	aws_close(a);
}

/* AWS shows the canonical request, with the token, to who signs wrongly. */
static void a_message_holds_no_secret(void **state)
{
	static const char body[] = "{\"__type\":\"InvalidSignatureException\",\"message\":\"does not match "
		"\\n\\nThe Canonical String for this request should have been\\nx-amz-security-token:"
		TOKEN "\"}";
	static const char plain[] = "{\"__type\":\"X\",\"message\":\"given " TOKEN " and " SECRET "\"}";
	struct aws *a = world_open(NULL);
	struct err err;

	(void)state;
	world.answers[0] = (struct canned){ .status = 403, .body = body };
	assert_int_equal(call(a, "sagemaker:ListModels", &err), -1);
	assert_null(strstr(err.message, TOKEN));
	assert_contains(err.message, "does not match");
	world.answers[0].body = plain;
	assert_int_equal(call(a, "sagemaker:ListModels", &err), -1);
	assert_null(strstr(err.message, TOKEN));
	assert_null(strstr(err.message, SECRET));
	assert_null(strstr(aws_error_message(a), SECRET));
	aws_close(a);
}

static void creates_ask_not_to_be_sent_twice(void **state)
{
	struct aws *a = world_open(NULL);
	struct err err;

	(void)state;
	world.answers[0] = (struct canned){ .status = 200 };
	assert_int_equal(call(a, "codebuild:StartBuild", &err), 0);
	assert_true(world.seen[0].once);
	assert_int_equal(call(a, "codebuild:BatchGetBuilds", &err), 0);
	assert_false(world.seen[0].once);
	aws_close(a);
}

static void endpoints_in_their_order(void **state)
{
	static const char config[] = "[default]\nendpoint_url = http://profile:1\nservices = mine\n"
		"[services mine]\nsagemaker =\n  endpoint_url = http://section:2/\n";
	static const struct { const char *name, *value, *url; } steps[] = {
		{ "X", "", "http://section:2/" },
		{ "AWS_ENDPOINT_URL", "http://variable:3", "http://variable:3/" },
		{ "AWS_ENDPOINT_URL_SAGEMAKER", "http://own:4/base", "http://own:4/base/" },
		{ "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "TRUE",
		  "https://api.sagemaker.us-east-2.amazonaws.com/" },
		{ "AWS_USE_FIPS_ENDPOINT", "true", "https://api-fips.sagemaker.us-east-2.amazonaws.com/" },
	};
	struct err err;

	(void)state;
	world_write(world.config, config);
	world.answers[0] = (struct canned){ .status = 200 };
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct aws *a;

		world_setenv(steps[i].name, steps[i].value);
		a = world_open(NULL);
		assert_int_equal(call(a, "sagemaker:ListModels", &err), 0);
		assert_string_equal(world.seen[0].url, steps[i].url);
		aws_close(a);
	}
	world_setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", NULL);
	world_setenv("AWS_ENDPOINT_URL_SAGEMAKER", "ftp://x");
	struct aws *a = world_open(NULL);
	assert_int_equal(call(a, "sagemaker:ListModels", &err), -1);
	assert_int_equal(err.class, ERR_USAGE);
	aws_close(a);
}

static void opening_wants_a_region(void **state)
{
	static const struct { const char *profile, *region, *says; } cases[] = {
		{ NULL, NULL, "no region is set for profile default" },
		{ "nobody", NULL, "\"nobody\"" },
		{ NULL, "us-esat-2", "did you mean us-east-2" },
		{ NULL, "us east 2", "unknown region" },
	};
	struct err err;

	(void)state;
	world_setenv("AWS_REGION", NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct aws_settings settings = { .profile = cases[i].profile,
						       .region = cases[i].region };

		assert_null(aws_open_in(&test_world, &settings, &err));
		assert_int_equal(err.class, ERR_USAGE);
		assert_contains(err.message, cases[i].says);
	}
	world_setenv("CODETRAIN_HTTP_TIMEOUT", "soon");
	const struct aws_settings settings = { .region = "us-east-2" };
	assert_null(aws_open_in(&test_world, &settings, &err));
	assert_contains(err.message, "CODETRAIN_HTTP_TIMEOUT");
}

static void answers_become_trees(void **state)
{
	static const struct { const char *operation, *input, *headers, *body, *path, *want; } cases[] = {
		{ "sagemaker:ListModels", "{}", "", "{\"Models\":[{\"ModelName\":\"m\"}]}",
		  "Models[0].ModelName", "m" },
		{ "sagemaker:StopTrainingJob", "{}", "", "", "x", "-" },
		{ "iam:ListRolePolicies", "{}", "", "<ListRolePoliciesResponse><ListRolePoliciesResult>"
		  "<PolicyNames><member>p</member></PolicyNames></ListRolePoliciesResult>"
		  "</ListRolePoliciesResponse>", "PolicyNames[0]", "p" },
		{ "iam:PutRolePolicy", "{}", "", "<PutRolePolicyResponse><ResponseMetadata/>"
		  "</PutRolePolicyResponse>", "x", "-" },
		{ "s3:GetBucketLocation", "{\"Bucket\":\"b-b\"}", "", "<LocationConstraint xmlns='x'>eu-west-1"
		  "</LocationConstraint>", "LocationConstraint", "eu-west-1" },
		{ "s3:ListObjectsV2", "{\"Bucket\":\"b-b\"}", "", "<ListBucketResult><Contents><Key>a b</Key>"
		  "</Contents><Contents><Key>c</Key></Contents></ListBucketResult>", "Contents[1].Key", "c" },
		{ "s3:GetBucketPolicy", "{\"Bucket\":\"b-b\"}", "", "{\"Version\":\"x\"}", "Body",
		  "{\"Version\":\"x\"}" },
		{ "s3:HeadObject", "{\"Bucket\":\"b-b\",\"Key\":\"k\"}", "HTTP/1.1 200 OK\r\nETag: \"e\"\r\n"
		  "Content-Length: 12\r\n\r\n", "", "headers.etag", "\"e\"" },
		{ "s3:GetObject", "{\"Bucket\":\"b-b\",\"Key\":\"k\"}", "", "<no xml", "Body", "<no xml" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cJSON *input = world_input(cases[i].input), *output = NULL;
		struct aws *a = world_open(NULL);
		struct err err = { 0 };

		world.answered = 0;
		world.answers[0] = (struct canned){ .status = 200, .headers = cases[i].headers,
						    .body = cases[i].body };
		assert_int_equal(aws_call(a, cases[i].operation, input, &output, &err), 0);
		assert_string_equal(json_string(output, cases[i].path, "-"), cases[i].want);
		json_free(output);
		json_free(input);
		aws_close(a);
	}
}

static void s3_may_fail_behind_its_200(void **state)
{
	cJSON *input = world_input("{\"Bucket\":\"b-b\",\"Key\":\"k\",\"x-amz-copy-source\":\"/a/b\"}");
	struct aws *a = world_open(NULL);
	struct err err = { 0 };

	(void)state;
	world.answers[0] = (struct canned){ .status = 200, .body = "<Error><Code>InternalError</Code>"
		"</Error>" };
	world.answers[1] = (struct canned){ .status = 200, .body = "<CopyObjectResult/>" };
	assert_int_equal(aws_call(a, "s3:CopyObject", input, NULL, &err), 0);
	assert_int_equal(world.answered, 2);
	json_free(input);
	aws_close(a);
}

static void a_bucket_elsewhere_is_found(void **state)
{
	cJSON *input = world_input("{\"Bucket\":\"b-b\",\"Key\":\"k\"}");
	struct aws *a = world_open(NULL);
	struct err err = { 0 };

	(void)state;
	world.answers[0] = (struct canned){ .status = 301, .headers = "x-amz-bucket-region: eu-west-1\r\n"
		"Location: http://evil.example/\r\n", .body = "<Error><Code>PermanentRedirect</Code></Error>" };
	world.answers[1] = (struct canned){ .status = 200 };
	assert_int_equal(aws_call(a, "s3:GetObject", input, NULL, &err), 0);
	assert_string_equal(world.seen[0].url, "https://b-b.s3.us-east-2.amazonaws.com/k");
	assert_string_equal(world.seen[1].url, "https://b-b.s3.eu-west-1.amazonaws.com/k");
	assert_contains(world.seen[1].headers, "/eu-west-1/s3/aws4_request");
	/* only once, and only to a region that there is */
	world.answered = 0;
	world.answers[0].headers = "x-amz-bucket-region: evil.example/\r\n";
	assert_int_equal(aws_call(a, "s3:GetObject", input, NULL, &err), -1);
	assert_int_equal(world.answered, 1);
	json_free(input);
	aws_close(a);
}

static void pages_are_added_up(void **state)
{
	struct aws *a = world_open(NULL);
	struct err err = { 0 };
	cJSON *list = NULL;

	(void)state;
	world.answers[0] = (struct canned){ .status = 200, .body = "{\"NextToken\":\"t\",\"Models\":[1,2]}" };
	world.answers[1] = (struct canned){ .status = 200, .body = "{\"Models\":[3]}" };
	assert_int_equal(aws_call_all(a, "sagemaker:ListModels", NULL, "Models", 10, &list, &err), 0);
	assert_int_equal(cJSON_GetArraySize(list), 3);
	assert_string_equal(world.seen[1].body, "{\"NextToken\":\"t\"}");
	json_free(list);
	world.answered = 0;
	assert_int_equal(aws_call_all(a, "sagemaker:ListModels", NULL, "Models", 2, &list, &err), -1);
	assert_int_equal(err.class, ERR_USAGE);
	world.answered = 0;
	world.answers[1] = (struct canned){ .status = 403 };
	assert_int_equal(aws_call_all(a, "sagemaker:ListModels", NULL, "Models", 10, &list, &err), -1);
	aws_close(a);
}

static void the_account_is_asked_once(void **state)
{
	struct aws *a = world_open(NULL);
	struct err err = { 0 };
	const char *account;

	(void)state;
	world.answers[0] = (struct canned){ .status = 200, .body = "<GetCallerIdentityResponse>"
		"<GetCallerIdentityResult><Account>111111111111</Account></GetCallerIdentityResult>"
		"</GetCallerIdentityResponse>" };
	for (int i = 0; i < 2; i++) {
		assert_int_equal(aws_account(a, &account, &err), 0);
		assert_string_equal(account, "111111111111");
	}
	assert_int_equal(world.answered, 1);
	aws_close(a);
}

static void another_identity_beside(void **state)
{
	struct aws *a = world_open(NULL), *b;
	struct creds *c;
	struct err err = { 0 };

	(void)state;
	c = creds_new(&err);
	assert_int_equal(creds_set(c, "AKIAOTHEROTHEROTHER1", SECRET, NULL, "secret", &err), 0);
	const struct aws_settings settings = { .creds = c, .label = "beta", .region = "eu-west-1" };
	b = aws_open_beside(a, &settings, &err);
	aws_close(a);
	creds_free(c);
	world.answers[0] = (struct canned){ .status = 403, .body = DENIED };
	assert_int_equal(call(b, "sagemaker:CreateTrainingJob", &err), -1);
	assert_contains(err.message, "CreateTrainingJob in beta (eu-west-1): AccessDenied");
	assert_contains(world.seen[0].headers, "Credential=AKIAOTHEROTHEROTHER1/20240229/eu-west-1/");
	assert_null(strstr(world.seen[0].headers, "x-amz-security-token"));
	aws_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(failures_have_their_class),
		CASE(a_second_attempt_may_succeed),
		CASE(a_server_may_ask_for_a_longer_pause),
		CASE(the_quota_ends_a_storm_of_retries),
		CASE(attempts_are_configured),
		CASE(a_wrong_clock_is_learnt_once),
		CASE(expired_credentials_are_fetched_again_once),
		CASE(a_message_holds_no_secret),
		CASE(creates_ask_not_to_be_sent_twice),
		CASE(endpoints_in_their_order),
		CASE(opening_wants_a_region),
		CASE(answers_become_trees),
		CASE(s3_may_fail_behind_its_200),
		CASE(a_bucket_elsewhere_is_found),
		CASE(pages_are_added_up),
		CASE(the_account_is_asked_once),
		CASE(another_identity_beside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
