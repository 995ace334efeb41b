// LIBS: spec base
/* Requests against the service model: a good one passes; each rule, broken once,
 * is told with its rule, pointer and suggestion. */
#include "lib/spec/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEN_MAX 64
#define TEXT_MAX 8192

static const char GOOD[] =
	"{\"TrainingJobName\":\"iris-1\",\"RoleArn\":\"arn:aws:iam::222222222222:role/Exec\","
	"\"AlgorithmSpecification\":{\"TrainingImage\":\"i:1\",\"TrainingInputMode\":\"File\"},"
	"\"HyperParameters\":{\"seed\":\"1\",\"a/b~c\":\"2\"},"
	"\"InputDataConfig\":[{\"ChannelName\":\"training\",\"DataSource\":{\"S3DataSource\":"
	"{\"S3DataType\":\"S3Prefix\",\"S3Uri\":\"s3://b/iris/\"}}}],"
	"\"OutputDataConfig\":{\"S3OutputPath\":\"s3://b/output/\"},"
	"\"ResourceConfig\":{\"InstanceType\":\"ml.c4.2xlarge\",\"InstanceCount\":1,"
	"\"VolumeSizeInGB\":30},\"EnableNetworkIsolation\":false,"
	"\"Tags\":[{\"Key\":\"k\xc3\xa9\",\"Value\":\"\"}],"
	"\"StoppingCondition\":{\"MaxRuntimeInSeconds\":3600}}";

struct seen {
	int n;
	struct {
		char pointer[SHAPE_POINTER_MAX];
		char rule[16];
		char message[SHAPE_MESSAGE_MAX];
		char suggestion[128];
	} fault[SEEN_MAX];
};

static void collect(void *arg, const struct shape_fault *f)
{
	struct seen *seen = arg;

	assert_in_range(seen->n, 0, SEEN_MAX - 1);
	snprintf(seen->fault[seen->n].pointer, SHAPE_POINTER_MAX, "%s", f->pointer);
	snprintf(seen->fault[seen->n].rule, 16, "%s", f->rule);
	snprintf(seen->fault[seen->n].message, SHAPE_MESSAGE_MAX, "%s", f->message);
	snprintf(seen->fault[seen->n].suggestion, 128, "%s", f->suggestion ? f->suggestion : "");
	seen->n++;
}

static void validate(const char *operation, const char *text, bool templates, struct seen *seen)
{
	struct shape_options options = {.allow_templates = templates};
	const struct shape *shape = shape_for_operation(operation);
	cJSON *tree = cJSON_Parse(text);
	int n;

	assert_non_null(shape);
	assert_non_null(tree);
	seen->n = 0;
	n = shape_validate(shape, tree, &options, collect, seen);
	cJSON_Delete(tree);
	assert_int_equal(n, seen->n);
}

/* GOOD with the value at `path` (names and list indices, with dots) replaced by
 * JSON text, or taken out (NULL), or added. The caller frees. */
static char *good_with(const char *path, const char *text)
{
	cJSON *tree = cJSON_Parse(GOOD), *at = tree, *value = text ? cJSON_Parse(text) : NULL;
	char name[64], *out;
	size_t len;

	assert_non_null(tree);
	for (;;) {
		len = strcspn(path, ".");
		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		if (!path[len])
			break;
		at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, (int)strtol(name, NULL, 10))
				       : cJSON_GetObjectItemCaseSensitive(at, name);
		assert_non_null(at);
		path += len + 1;
	}
	if (cJSON_IsArray(at))
		cJSON_AddItemToArray(at, value);
	else
		cJSON_DeleteItemFromObjectCaseSensitive(at, name);
	if (value && cJSON_IsObject(at))
		cJSON_AddItemToObject(at, name, value);
	out = cJSON_PrintUnformatted(tree);
	cJSON_Delete(tree);
	return out;
}

static void test_good(void **state)
{
	static struct seen seen;

	(void)state;
	validate("CreateTrainingJob", GOOD, false, &seen);
	if (seen.n)
		print_error("%s: %s\n", seen.fault[0].pointer, seen.fault[0].message);
	assert_int_equal(seen.n, 0);
}

/* Each is GOOD with one change, and the fault that the change must give. */
static const struct {
	const char *path, *value;		/* the change */
	const char *rule, *pointer;
	const char *words, *suggestion;		/* of the message; or NULL */
} BROKEN[] = {
	{"RoleArn", NULL, "required", "", "RoleArn", ""},
	{"OutputDataConfig.S3OutputPath", NULL, "required", "/OutputDataConfig", "S3OutputPath", NULL},
	{"InputDataConfig.0.DataSource", NULL, "required", "/InputDataConfig/0", "DataSource", NULL},
	{"trainingJobName", "1", "unknown", "/trainingJobName", "known: ", "TrainingJobName"},
	{"OutputDataConfig.S3OutputPth", "1", "unknown", "/OutputDataConfig/S3OutputPth", "known: ",
	 "S3OutputPath"},
	{"InstanceType", "\"ml.m5.large\"", "unknown", "/InstanceType",
	 "belongs at /ResourceConfig/InstanceType", ""},
	{"Zzzzzzzzz", "1", "unknown", "/Zzzzzzzzz", "known: ", ""},
	{"a/b~c", "1", "unknown", "/a~1b~0c", NULL, NULL},
	{"ResourceConfig.InstanceCount", "\"1\"", "type", "/ResourceConfig/InstanceCount",
	 "no quotes", NULL},
	{"ResourceConfig.InstanceCount", "1.5", "type", "/ResourceConfig/InstanceCount", "whole", NULL},
	{"ResourceConfig.InstanceCount", "3000000000", "type", "/ResourceConfig/InstanceCount",
	 "32 bits", NULL},
	{"HyperParameters.depth", "8", "type", "/HyperParameters/depth", "(\"8\")", NULL},
	{"HyperParameters.x~/y", "true", "type", "/HyperParameters/x~0~1y", "(\"true\")", NULL},
	{"InputDataConfig", "{}", "type", "/InputDataConfig", "a list", NULL},
	{"ResourceConfig", "[]", "type", "/ResourceConfig", "an object", NULL},
	{"EnableNetworkIsolation", "\"yes\"", "type", "/EnableNetworkIsolation", "true or false", NULL},
	{"VpcConfig", "null", "type", "/VpcConfig", "leave the member out", NULL},
	{"StoppingCondition.MaxRuntimeInSeconds", "0", "min", "/StoppingCondition/MaxRuntimeInSeconds",
	 "at least 1", NULL},
	{"StoppingCondition.MaxPendingTimeInSeconds", "2419201", "max",
	 "/StoppingCondition/MaxPendingTimeInSeconds", "2419200", NULL},
	{"Tags.x", "{\"Key\":\"\",\"Value\":\"\"}", "min", "/Tags/1/Key", "at least 1 is", NULL},
	{"ResourceConfig.InstanceType", "\"ml.c4.2xlrage\"", "enum", "/ResourceConfig/InstanceType",
	 "allowed: ", "ml.c4.2xlarge"},
	{"ResourceConfig.InstanceType", "\"a laptop on a desk\"", "enum", "/ResourceConfig/InstanceType",
	 "more", ""},
	{"AlgorithmSpecification.TrainingInputMode", "\"file\"", "enum",
	 "/AlgorithmSpecification/TrainingInputMode", "allowed: ", "File"},
	{"TrainingJobName", "\"my_job\"", "pattern", "/TrainingJobName", "character 3, '_'", NULL},
	{"TrainingJobName", "\"job-\"", "pattern", "/TrainingJobName", "ends too early", NULL},
	{"TrainingJobName", "\"a\\u00e9\"", "pattern", "/TrainingJobName", "character 2, ", NULL},
	{"TrainingJobName", "\"a b\"", "pattern", "/TrainingJobName", "a space", NULL},
	{"RoleArn", "\"arn:aws:iam::22222222222:role/Exec\"", "pattern", "/RoleArn",
	 "character 25, ':'", NULL},
	{"OutputDataConfig.S3OutputPath", "\"b/output\"", "pattern", "/OutputDataConfig/S3OutputPath",
	 "character 1, 'b'", NULL},
	{"Environment", "{\"1X\":\"\"}", "pattern", "/Environment/1X", "character 1, '1'", NULL},
};

static void test_each_rule(void **state)
{
	static struct seen seen;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
		char *text = good_with(BROKEN[i].path, BROKEN[i].value);

		validate("CreateTrainingJob", text, false, &seen);
		if (seen.n != 1 || strcmp(seen.fault[0].pointer, BROKEN[i].pointer) != 0)
			print_error("%s: %d faults, the first at %s: %s\n", BROKEN[i].path, seen.n,
				    seen.fault[0].pointer, seen.fault[0].message);
		assert_int_equal(seen.n, 1);
		assert_string_equal(seen.fault[0].rule, BROKEN[i].rule);
		assert_string_equal(seen.fault[0].pointer, BROKEN[i].pointer);
		if (BROKEN[i].words && !strstr(seen.fault[0].message, BROKEN[i].words))
			print_error("%s\n", seen.fault[0].message);
		if (BROKEN[i].words)
			assert_non_null(strstr(seen.fault[0].message, BROKEN[i].words));
		if (BROKEN[i].suggestion)
			assert_string_equal(seen.fault[0].suggestion, BROKEN[i].suggestion);
		free(text);
	}
}

__attribute__((format(printf, 2, 3)))
static void append(char text[static TEXT_MAX], const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + len, TEXT_MAX - len, fmt, ap);
	va_end(ap);
}

/* GOOD with `text` at a path has as many faults as said, all of the rule "max". */
static void assert_max(const char *path, const char *text, int faults)
{
	static struct seen seen;
	char *request = good_with(path, text);

	validate("CreateTrainingJob", request, false, &seen);
	free(request);
	assert_int_equal(seen.n, faults);
	if (faults)
		assert_string_equal(seen.fault[0].rule, "max");
}

/* A name of 63 characters is right and of 64 is not; 20 channels are, 21 are not;
 * 100 hyperparameters are, 101 are not. Lengths count characters, not bytes. */
static void test_bounds(void **state)
{
	static const char CHANNEL[] =
		"{\"ChannelName\":\"c\",\"DataSource\":{\"FileSystemDataSource\":{"
		"\"FileSystemId\":\"fs-12345678\",\"FileSystemAccessMode\":\"ro\","
		"\"FileSystemType\":\"EFS\",\"DirectoryPath\":\"/\"}}}";
	static char text[TEXT_MAX];
	int over, i;

	(void)state;
	for (over = 0; over < 2; over++) {
		snprintf(text, sizeof(text), "\"%0*d\"", 63 + over, 0);
		assert_max("TrainingJobName", text, over);

		text[0] = '\0';
		for (i = 0; i < 20 + over; i++)
			append(text, "%s%s", i ? "," : "[", CHANNEL);
		append(text, "]");
		assert_max("InputDataConfig", text, over);

		text[0] = '\0';
		for (i = 0; i < 100 + over; i++)
			append(text, "%s\"k%d\":\"\"", i ? "," : "{", i);
		append(text, "}");
		assert_max("HyperParameters", text, over);

		snprintf(text, sizeof(text), "[{\"Value\":\"v\",\"Key\":\"");
		for (i = 0; i < 128 + over; i++)
			append(text, "\xc3\xa9");
		append(text, "\"}]");
		assert_max("Tags", text, over);
	}
}

static void test_all_faults_in_one_pass(void **state)
{
	static struct seen seen;

	(void)state;
	validate("CreateTrainingJob",
		 "{\"TrainingJobName\":\"a_b\",\"RoleArn\":7,\"Extra\":1,"
		 "\"ResourceConfig\":{\"InstanceType\":\"big\",\"InstanceCount\":-1}}", false, &seen);
	assert_int_equal(seen.n, 6);
	validate("CreateTrainingJob", "[]", false, &seen);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.fault[0].pointer, "");
}

static void test_templates(void **state)
{
	static struct seen seen;
	char *text = good_with("TrainingJobName", "\"iris_${COMMIT}\"");

	(void)state;
	validate("CreateTrainingJob", text, true, &seen);
	assert_int_equal(seen.n, 0);
	validate("CreateTrainingJob", text, false, &seen);
	assert_int_equal(seen.n, 1);
	free(text);
	text = good_with("ResourceConfig.InstanceType", "\"${INSTANCE_TYPE}\"");
	validate("CreateTrainingJob", text, true, &seen);
	assert_int_equal(seen.n, 0);
	free(text);
	text = good_with("ResourceConfig.InstanceCount", "\"${COUNT}\"");
	validate("CreateTrainingJob", text, true, &seen);	/* a string stays a string */
	assert_int_equal(seen.n, 1);
	free(text);
}

static void test_operations(void **state)
{
	static const char *const KNOWN[] = {"CreateTrainingJob", "CreateModel", "CreateProcessingJob",
					    "CreateHyperParameterTuningJob", "CreateTransformJob"};
	static struct seen seen;
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_non_null(shape_for_operation(KNOWN[i]));
	assert_null(shape_for_operation("createTrainingJob"));
	assert_null(shape_for_operation(""));
	validate("CreateModel", "{\"ModelName\":\"m\",\"ExecutionRoleArn\":"
		 "\"arn:aws:iam::333333333333:role/SageMakerExecutionRole\",\"PrimaryContainer\":"
		 "{\"Image\":\"i\",\"ModelDataUrl\":\"s3://b/model.tar.gz\"}}", false, &seen);
	assert_int_equal(seen.n, 0);
	validate("CreateModel", "{\"ModelName\":\"m_\",\"PrimaryContainer\":{\"ImageX\":\"\"}}", false,
		 &seen);
	assert_int_equal(seen.n, 2);
}

/* A pointer that does not fit ends at an ancestor; the message is cut, one line. */
static void test_long_and_strange(void **state)
{
	static struct seen seen;
	static char text[2 * SHAPE_POINTER_MAX], key[SHAPE_POINTER_MAX];
	char *request;

	(void)state;
	memset(key, 'k', sizeof(key) - 1);
	snprintf(text, sizeof(text), "{\"%s\":1}", key);
	request = good_with("HyperParameters", text);
	validate("CreateTrainingJob", request, false, &seen);
	assert_int_equal(seen.n, 2);	/* the key is too long, the value no string */
	assert_string_equal(seen.fault[0].pointer, "/HyperParameters");
	free(request);
	request = good_with("A\nB\x1b[31m", "1");
	validate("CreateTrainingJob", request, false, &seen);
	assert_int_equal(seen.n, 1);
	assert_null(strpbrk(seen.fault[0].message, "\n\x1b"));
	free(request);
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		uint32_t point;
		size_t bytes;
	} ROWS[] = {
		{"", 0, 0}, {"a", 'a', 1}, {"\xc3\xa9", 0xe9, 2}, {"\xe2\x82\xac", 0x20ac, 3},
		{"\xf0\x9d\x92\xb3", 0x1d4b3, 4}, {"\xf4\x8f\xbf\xbf", 0x10ffff, 4},
		{"\x80", 0xfffd, 1}, {"\xc3", 0xfffd, 1}, {"\xc0\x80", 0xfffd, 1},
		{"\xe0\x80\x80", 0xfffd, 1}, {"\xed\xa0\x80", 0xfffd, 1},
		{"\xf4\x90\x80\x80", 0xfffd, 1}, {"\xff", 0xfffd, 1}, {"\xf0\x9d", 0xfffd, 1},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const char *text = ROWS[i].text;

		assert_int_equal(shape_pattern_next(&text), ROWS[i].point);
		assert_int_equal(text - ROWS[i].text, ROWS[i].bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_each_rule),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_all_faults_in_one_pass),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_long_and_strange),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
