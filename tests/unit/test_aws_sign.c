/* lib/net: the requests are those that botocore sends, byte for byte. */
#include "tests/unit/aws_world.h"
#include "tests/unit/aws_vectors.h"

static void check_signature(const struct seen *s, const char *signature)
{
	char want[96];

	snprintf(want, sizeof(want), "Signature=%s\n", signature);
	assert_contains(s->headers, want);
	assert_contains(s->headers, "x-amz-security-token: " TOKEN "\n");
	assert_null(strstr(s->headers, SECRET));
}

static void objects_are_named_and_signed_as_botocore_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(object_vectors) / sizeof(*object_vectors); i++) {
		cJSON *input = cJSON_CreateObject();
		struct err err = { 0 };
		struct aws *a;

		world_setenv("AWS_ENDPOINT_URL_S3", object_vectors[i].endpoint);
		world.answered = 0;
		world.answers[0] = (struct canned){ .status = 200, .body = "content" };
		a = world_open(NULL);
		json_set_string(input, "Bucket", object_vectors[i].bucket);
		json_set_string(input, "Key", object_vectors[i].key);
		assert_int_equal(aws_call(a, "s3:GetObject", input, NULL, &err), 0);
		assert_string_equal(world.seen[0].method, "GET");
		assert_string_equal(world.seen[0].url, object_vectors[i].url);
		check_signature(&world.seen[0], object_vectors[i].signature);
		json_free(input);
		aws_close(a);
	}
}

static void calls_are_signed_as_botocore_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(call_vectors) / sizeof(*call_vectors); i++) {
		cJSON *input = world_input(call_vectors[i].input);
		struct aws *a = world_open(NULL);
		struct err err = { 0 };

		world.answered = 0;
		world.answers[0] = (struct canned){ .status = 403, .body = "" };
		assert_int_equal(aws_call(a, call_vectors[i].operation, input, NULL, &err), -1);
		assert_string_equal(world.seen[0].method, "POST");
		assert_string_equal(world.seen[0].url, call_vectors[i].url);
		assert_string_equal(world.seen[0].body, call_vectors[i].body);
		check_signature(&world.seen[0], call_vectors[i].signature);
		json_free(input);
		aws_close(a);
	}
}

static void a_list_and_a_policy_of_a_bucket(void **state)
{
	/* botocore, with the same query but its own encoding-type */
	static const char policy[] =
		"4a20cab7eeb778b0116d5e0fa73d551ee0840b055987746a67960da1d4a56afb";
	cJSON *input = world_input("{\"Bucket\":\"my-bucket\",\"prefix\":\"a b+c/\\u00fc\","
				   "\"max-keys\":3,\"continuation-token\":\"x/y+z==\"}");
	struct aws *a = world_open(NULL);
	struct err err = { 0 };

	(void)state;
	world.answers[0] = (struct canned){ .status = 200, .body = "<ListBucketResult/>" };
	assert_int_equal(aws_call(a, "s3:ListObjectsV2", input, NULL, &err), 0);
	assert_string_equal(world.seen[0].url,
			    "https://my-bucket.s3.us-east-2.amazonaws.com/?list-type=2&prefix="
			    "a%20b%2Bc%2F%C3%BC&max-keys=3&continuation-token=x%2Fy%2Bz%3D%3D");
	json_free(input);
	input = world_input("{\"Bucket\":\"my-bucket\"}");
	world.answers[1] = (struct canned){ .status = 200, .body = "{}" };
	assert_int_equal(aws_call(a, "s3:GetBucketPolicy", input, NULL, &err), 0);
	assert_string_equal(world.seen[1].url,
			    "https://my-bucket.s3.us-east-2.amazonaws.com/?policy");
	check_signature(&world.seen[1], policy);
	json_free(input);
	aws_close(a);
}

static void a_payload_has_its_checksum(void **state)
{
	cJSON *input = world_input("{\"Bucket\":\"b-b\",\"Body\":\"{}\",\"x-amz-acl\":\"private\"}");
	struct aws *a = world_open(NULL);
	struct err err = { 0 };

	(void)state;
	world.answers[0] = (struct canned){ .status = 204 };
	assert_int_equal(aws_call(a, "s3:PutBucketPolicy", input, NULL, &err), 0);
	assert_string_equal(world.seen[0].method, "PUT");
	assert_string_equal(world.seen[0].body, "{}");
	assert_contains(world.seen[0].headers, "x-amz-acl: private\n");
	assert_contains(world.seen[0].headers, "x-amz-checksum-sha256: "
			"RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=\n");
	assert_contains(world.seen[0].headers, "x-amz-content-sha256: "
			"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n");
	assert_contains(world.seen[0].headers, "x-amz-acl;x-amz-checksum-sha256;x-amz-content-sha256");
	json_free(input);
	aws_close(a);
}

static void what_cannot_be_sent_is_refused(void **state)
{
	static const struct { const char *operation, *input, *says; } cases[] = {
		{ "s3:GetObject", "{\"Bucket\":\"b-b\"}", "has no \"Key\"" },
		{ "s3:GetObject", "{\"Bucket\":\"../x\",\"Key\":\"k\"}", "no name of an S3 bucket" },
		{ "s3:GetObject", "{\"Bucket\":\"a/b\",\"Key\":\"k\"}", "no name of an S3 bucket" },
		{ "s3:HeadBucket", "{\"Bucket\":\"arn:aws:s3:::b\"}", "is an ARN" },
		{ "s3:HeadBucket", "{\"Bucket\":\"b-b\",\"x-amz-a\":\"b\\r\\nx: y\"}", "line break" },
		{ "s3:HeadBucket", "{\"Bucket\":\"b-b\",\"prefix\":[]}", "must be a string" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cJSON *input = world_input(cases[i].input);
		struct aws *a = world_open(NULL);
		struct err err = { 0 };

		assert_int_equal(aws_call(a, cases[i].operation, input, NULL, &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
		assert_contains(err.message, cases[i].says);
		assert_int_equal(world.answered, 0);
		json_free(input);
		aws_close(a);
	}
}

static void s3_uris(void **state)
{
	static const char *const bad[] = { "", "s3:/b/k", "https://b/k", "s3://", "s3:///k", "s3://ab/k",
		"s3://0123456789012345678901234567890123456789012345678901234567890123/k" };
	struct err err = { 0 };
	const char *key;
	char bucket[64];

	(void)state;
	assert_int_equal(aws_s3_split("s3://b-b/a//b", bucket, &key, &err), 0);
	assert_string_equal(bucket, "b-b");
	assert_string_equal(key, "a//b");
	assert_int_equal(aws_s3_split("s3://b-b", bucket, &key, &err), 0);
	assert_string_equal(key, "");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(aws_s3_split(bad[i], bucket, &key, &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
	}
}

/* A file with this content; the caller closes it. */
static int file_of(const char *content)
{
	char path[] = "/tmp/codetrain-unit.XXXXXX";
	int fd = mkstemp(path);
	struct err err;

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(file_write_fd(fd, content, strlen(content), "a test's file", &err), 0);
	return fd;
}

static void a_file_is_put_with_its_hash(void **state)
{
	struct aws *a = world_open(NULL);
	int fd = file_of("{}");
	struct err err = { 0 };

	(void)state;
	world.answers[0] = (struct canned){ .status = 503 };
	world.answers[1] = (struct canned){ .status = 200 };
	assert_int_equal(aws_s3_put_file(a, "s3://b-b/x y", fd, 2, &err), 0);
	for (int i = 0; i < 2; i++) {	/* whole at each attempt */
		assert_string_equal(world.seen[i].method, "PUT");
		assert_string_equal(world.seen[i].url,
				    "https://b-b.s3.us-east-2.amazonaws.com/x%20y");
		assert_string_equal(world.seen[i].body, "{}");
		assert_contains(world.seen[i].headers, "x-amz-content-sha256: "
				"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\n");
		assert_contains(world.seen[i].headers, "x-amz-checksum-sha256: "
				"RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=\n");
	}
	world.answered = 0;
	assert_int_equal(aws_s3_put_file(a, "s3://b-b/x", fd, 3, &err), -1);
	assert_contains(err.message, "shorter than 3 bytes");
	assert_int_equal(aws_s3_put_file(a, "s3://b-b/x", fd, (size_t)6 << 30, &err), -1);
	assert_int_equal(err.class, ERR_USAGE);
	assert_int_equal(aws_s3_put_file(a, "s3://b-b/", fd, 2, &err), -1);
	assert_contains(err.message, "names no object");
	assert_int_equal(world.answered, 0);
	close(fd);
	aws_close(a);
}

static void a_download_that_broke_off_begins_again(void **state)
{
	struct aws *a = world_open(NULL);
	int fd = file_of("what was there before and is longer");
	struct err err = { 0 };
	char data[64];

	(void)state;
	world.answers[0] = (struct canned){ .status = 0, .body = "first half", .sent = true };
	world.answers[1] = (struct canned){ .status = 200, .body = "all of it" };
	assert_int_equal(aws_s3_get_file(a, "s3://b-b/x", fd, &err), 0);
	assert_int_equal(pread(fd, data, sizeof(data), 0), 9);
	assert_memory_equal(data, "all of it", 9);
	world.answered = 0;
	world.answers[0] = (struct canned){ .status = 404, .body = "<Error><Code>NoSuchKey</Code></Error>" };
	assert_int_equal(aws_s3_get_file(a, "s3://b-b/x", fd, &err), -1);
	assert_int_equal(err.class, ERR_NO);
	assert_contains(err.message, "s3://b-b/x: ");
	assert_int_equal(pread(fd, data, sizeof(data), 0), 0);
	close(fd);
	aws_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(objects_are_named_and_signed_as_botocore_does),
		CASE(calls_are_signed_as_botocore_does),
		CASE(a_list_and_a_policy_of_a_bucket),
		CASE(a_payload_has_its_checksum),
		CASE(what_cannot_be_sent_is_refused),
		CASE(s3_uris),
		CASE(a_file_is_put_with_its_hash),
		CASE(a_download_that_broke_off_begins_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
