/* buildstep/request.c, request_options.c, request_check.c */
#include "buildstep/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char spec[] =
	"{\n"
	" \"AlgorithmSpecification\": {\"TrainingImage\": \"${IMAGE}\", \"TrainingInputMode\": \"Pipe\"},\n"
	" \"RoleArn\": \"arn:aws:iam::222222222222:role/R\",\n"
	" \"InputDataConfig\": [{\"ChannelName\": \"training\", \"ContentType\": \"text/csv\",\n"
	"   \"DataSource\": {\"S3DataSource\": {\"S3DataType\": \"S3Prefix\", \"S3Uri\": \"s3://bucket/a\"}}}],\n"
	" \"OutputDataConfig\": {\"S3OutputPath\": \"s3://bucket/out\"},\n"
	" \"ResourceConfig\": {\"InstanceType\": \"ml.c4.2xlarge\", \"InstanceCount\": 1, \"VolumeSizeInGB\": 10},\n"
	" \"StoppingCondition\": {\"MaxRuntimeInSeconds\": 60}\n"
	"}\n";

static char path[] = "/tmp/test_request.XXXXXX";

static const char *lookup(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "IMAGE") == 0 ? "111111111111.dkr.ecr.us-east-2.amazonaws.com/iris:1" : NULL;
}

static int write_spec(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0 || write(fd, spec, strlen(spec)) != (ssize_t)strlen(spec))
		return -1;
	return close(fd);
}

static int remove_spec(void **state)
{
	(void)state;
	return unlink(path);
}

static struct request_options options_of(const char *set)
{
	struct request_options o = { .file = path, .instance_count = -1 };

	if (set)
		strs_add(&o.sets, set);
	return o;
}

static void made_from_a_file(void **state)
{
	struct request_options o = options_of(NULL);
	struct request r = REQUEST_INIT;
	struct buf report = BUF_INIT(8192);
	struct err err = { 0 };
	int faults;

	(void)state;
	assert_int_equal(request_make(&o, lookup, NULL, &r, &err), 0);
	assert_string_equal(json_string(r.tree, "AlgorithmSpecification.TrainingImage", ""),
			    "111111111111.dkr.ecr.us-east-2.amazonaws.com/iris:1");
	/* what stands there is not replaced by a default */
	assert_string_equal(json_string(r.tree, "AlgorithmSpecification.TrainingInputMode", ""), "Pipe");
	assert_int_equal(json_integer(r.tree, "ResourceConfig.VolumeSizeInGB", 0), 10);
	assert_int_equal(request_validate(&r, "us-east-2", &report, &faults, &err), 0);
	assert_int_equal(faults, 0);
	buf_free(&report);
	request_free(&r);
}

static void options_override(void **state)
{
	struct request_options o = options_of("InputDataConfig[0].ContentType=text/plain");
	struct request r = REQUEST_INIT;
	struct err err = { 0 };

	(void)state;
	o.image = "i:2";
	o.role = "Named";
	o.instance_count = 3;
	strs_add(&o.inputs, "s3://bucket/b");
	strs_add(&o.inputs, "test=s3://bucket/c");
	strs_add(&o.hyperparameters, "a.b=1=2");
	strs_add(&o.sets, "StoppingCondition.MaxRuntimeInSeconds=90");
	strs_add(&o.sets, "VpcConfig={\"Subnets\": [\"s\"]}");
	strs_add(&o.sets, "HyperParameters.n=7");
	assert_int_equal(request_make(&o, lookup, NULL, &r, &err), 0);
	assert_string_equal(json_string(r.tree, "AlgorithmSpecification.TrainingImage", ""), "i:2");
	assert_string_equal(request_role(&r), "Named");
	assert_int_equal(json_integer(r.tree, "ResourceConfig.InstanceCount", 0), 3);
	assert_int_equal(json_count(r.tree, "InputDataConfig"), 2);
	/* a channel that was there keeps its other members */
	assert_string_equal(json_string(r.tree, "InputDataConfig[0].ContentType", ""), "text/plain");
	assert_string_equal(json_string(r.tree, "InputDataConfig[0].DataSource.S3DataSource.S3Uri", ""),
			    "s3://bucket/b");
	assert_string_equal(json_string(r.tree, "InputDataConfig[1].ChannelName", ""), "test");
	assert_string_equal(json_string(cJSON_GetObjectItem(r.tree, "HyperParameters")->child, "", ""),
			    "1=2");
	assert_string_equal(json_string(r.tree, "HyperParameters.n", ""), "7");
	assert_int_equal(json_integer(r.tree, "StoppingCondition.MaxRuntimeInSeconds", 0), 90);
	assert_string_equal(json_string(r.tree, "VpcConfig.Subnets[0]", ""), "s");
	request_free(&r);
	strs_free(&o.inputs);
	strs_free(&o.sets);
	strs_free(&o.hyperparameters);
}

static void refused_options(void **state)
{
	static const char *const sets[] = { "x", "=1", "A[0].B=1", "InputDataConfig[5].ChannelName=x",
		"InputDataConfig[0]=1", "InputDataConfig[x].A=1", "A..B=1", "A.=1" };

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		struct request_options o = options_of(sets[i]);
		struct request r = REQUEST_INIT;
		struct err err = { 0 };
		int made = request_make(&o, lookup, NULL, &r, &err);

		if (made == 0) {	/* a member that nobody knows is found when it is checked */
			struct buf report = BUF_INIT(8192);
			int faults;

			assert_int_equal(request_validate(&r, NULL, &report, &faults, &err), -1);
			buf_free(&report);
		}
		assert_int_equal(err.class, ERR_USAGE);
		request_free(&r);
		strs_free(&o.sets);
	}
}

static void faults_have_places(void **state)
{
	static const struct { const char *set, *told; } cases[] = {
		/* in the file */
		{ "OutputDataConfig={}", "OutputDataConfig: the member S3OutputPath is missing" },
		/* from an option: no line */
		{ "ResourceConfig.InstanceCount=x", "/ResourceConfig/InstanceCount: " },
		{ "StoppingCondition.MaxRuntimeInSeconds=0", "/StoppingCondition/MaxRuntimeInSeconds: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct request_options o = options_of(cases[i].set);
		struct request r = REQUEST_INIT;
		struct buf report = BUF_INIT(8192);
		struct err err = { 0 };
		int faults;

		assert_int_equal(request_make(&o, lookup, NULL, &r, &err), 0);
		assert_int_equal(request_validate(&r, NULL, &report, &faults, &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
		if (!strstr(buf_str(&report), cases[i].told))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].told, buf_str(&report));
		if (i > 0)
			assert_memory_equal(report.data, cases[i].told, strlen(cases[i].told));
		buf_free(&report);
		request_free(&r);
		strs_free(&o.sets);
	}
}

static void defaults_of_the_estimator(void **state)
{
	struct request_options o = { .image = "i", .role = "R", .instance_type = "ml.c4.2xlarge",
				     .instance_count = -1, .output_path = "s3://bucket/o" };
	struct request r = REQUEST_INIT;
	struct buf text = BUF_INIT(8192);
	struct err err = { 0 };

	(void)state;
	assert_int_equal(request_make(&o, lookup, NULL, &r, &err), 0);
	assert_int_equal(json_print(r.tree, false, &text, &err), 0);
	assert_string_equal(buf_str(&text),
		"{\"AlgorithmSpecification\":{\"TrainingImage\":\"i\",\"TrainingInputMode\":\"File\"},"
		"\"RoleArn\":\"R\",\"OutputDataConfig\":{\"S3OutputPath\":\"s3://bucket/o\"},"
		"\"ResourceConfig\":{\"InstanceType\":\"ml.c4.2xlarge\",\"InstanceCount\":1,\"VolumeSizeInGB\":30},"
		"\"StoppingCondition\":{\"MaxRuntimeInSeconds\":86400}}");
	buf_free(&text);
	request_free(&r);
}

static void tags(void **state)
{
	cJSON *tree = cJSON_CreateObject();
	struct err err = { 0 };
	char big[400];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(request_tag(tree, "a", "", &err), 0);
	assert_null(json_get(tree, "Tags"));
	assert_int_equal(request_tag(tree, "a", "1#2\n", &err), 0);
	assert_int_equal(request_tag(tree, "a", "other", &err), 0);
	assert_int_equal(request_tag(tree, "b", big, &err), 0);
	assert_int_equal(json_count(tree, "Tags"), 2);
	assert_string_equal(json_string(tree, "Tags[0].Value", ""), "1_2_");
	assert_int_equal(strlen(json_string(tree, "Tags[1].Value", "")), 256);
	json_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_from_a_file),
		cmocka_unit_test(options_override),
		cmocka_unit_test(refused_options),
		cmocka_unit_test(faults_have_places),
		cmocka_unit_test(defaults_of_the_estimator),
		cmocka_unit_test(tags),
	};

	return cmocka_run_group_tests(tests, write_spec, remove_spec);
}
