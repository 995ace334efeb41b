/* hooks/queue/target_codebuild*.c: what answers mean, and when a build is looked for */
#include "queue_world.h"

#include "hooks/queue/target.h"
#include "hooks/queue/target_aws.h"
#include "hooks/queue/target_codebuild_parse.h"
#include "lib/base/clock.h"

#define ARN "arn:aws:codebuild:us-east-2:111111111111:build/iris:0a-1"
#define LINK "https://console.aws.amazon.com/codesuite/codebuild/111111111111/projects/iris/build/iris%3A0a-1/?region=us-east-2"

struct answer {
	struct buf id, outcome, link;
	int rc;
};

static struct answer started(const char *text, const char *region)
{
	struct answer a = { BUF_INIT(400), BUF_INIT(400), BUF_INIT(400), 0 };
	struct err e = { 0 };
	cJSON *tree = json_parse(text, strlen(text), "answer", &e);

	assert_non_null(tree);
	a.rc = target_codebuild_parse_started(tree, region, &a.id, &a.outcome, &a.link, &e);
	assert_true(a.rc == 0 || e.class == ERR_UNAVAILABLE);
	json_free(tree);
	return a;
}

static void answer_free(struct answer *a)
{
	buf_free(&a->id);
	buf_free(&a->outcome);
	buf_free(&a->link);
}

static void a_build_has_its_number_and_address(void **state)
{
	static const struct {
		const char *text, *region, *outcome, *link;
	} cases[] = {
		{ "{\"id\":\"iris:0a-1\",\"buildNumber\":12,\"arn\":\"" ARN "\"}", "us-east-2",
		  "build iris:12 started", LINK },
		{ "{\"id\":\"iris:0a-1\",\"arn\":\"" ARN "\"}", "us-east-2", "build iris:0a-1 started", LINK },
		{ "{\"id\":\"iris\",\"buildNumber\":12}", "us-east-2", "build iris started", "" },
		{ "{\"id\":\"p:u\",\"buildNumber\":1,"
		  "\"arn\":\"arn:aws-cn:codebuild:cn-north-1:111111111111:build/p:u\"}", "cn-north-1",
		  "build p:1 started", "https://console.amazonaws.cn/codesuite/codebuild/111111111111/projects/"
		  "p/build/p%3Au/?region=cn-north-1" },
		{ "{\"id\":\"p:u\",\"buildNumber\":1,"
		  "\"arn\":\"arn:aws-us-gov:codebuild:us-gov-west-1:111111111111:build/p:u\"}",
		  "us-gov-west-1", "build p:1 started", "https://console.amazonaws-us-gov.com/codesuite/"
		  "codebuild/111111111111/projects/p/build/p%3Au/?region=us-gov-west-1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct answer a = started(cases[i].text, cases[i].region);

		assert_int_equal(a.rc, 0);
		assert_string_equal(buf_str(&a.outcome), cases[i].outcome);
		assert_string_equal(buf_str(&a.link), cases[i].link);
		answer_free(&a);
	}
}

/* An address goes to the pusher's screen: it is CodeBuild's own, or there is none. */
static void a_strange_arn_gives_no_address(void **state)
{
	static const char *const arns[] = {
		"", "arn", "arn:aws:codebuild:us-east-2:111111111111", "arn:::::",
		"arn:aws:codebuild:us-east-2:111111111111:build/iris",
		"arn:aws:codebuild:us-east-2:11111111111:build/iris:u",
		"arn:aws:codebuild:us-east-2:1111111111a1:build/iris:u",
		"arn:aws:s3:us-east-2:111111111111:build/iris:u",
		"arn:aws:codebuild:us-east-1:111111111111:build/iris:u",
		"arn:mars:codebuild:us-east-2:111111111111:build/iris:u",
		"arn:aws:codebuild:us-east-2:111111111111:project/iris:u",
		"arn:aws:codebuild:us-east-2:111111111111:build/iris:u?x=1",
		"arn:aws:codebuild:us-east-2:111111111111:build/i/../x:u",
		"arn:aws:codebuild:us-east-2:111111111111:build/:u",
		"arn:aws:codebuild:us-east-2:111111111111:build/iris:",
		"arn:aws:codebuild:us-east-2:111111111111:build/iris:u\\u001b[31m",
		"nra:aws:codebuild:us-east-2:111111111111:build/iris:u",
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof(arns) / sizeof(*arns); i++) {
		struct answer a;

		snprintf(text, sizeof(text), "{\"id\":\"iris:u\",\"buildNumber\":3,\"arn\":\"%s\"}", arns[i]);
		a = started(text, "us-east-2");
		assert_int_equal(a.rc, 0);
		assert_string_equal(buf_str(&a.link), "");
		answer_free(&a);
	}
	struct answer a = started("{\"id\":\"i:u\",\"arn\":\"" ARN "\"}", "nowhere");

	assert_string_equal(buf_str(&a.link), "");
	answer_free(&a);
}

static void an_answer_without_a_build_is_none(void **state)
{
	static const char *const texts[] = { "{}", "[]", "[1]", "{\"id\":\"\"}", "{\"id\":7}", "7",
					     "{\"id\":null}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct answer a = started(texts[i], "us-east-2");

		assert_int_equal(a.rc, -1);
		answer_free(&a);
	}
}

static void an_answer_steers_no_terminal(void **state)
{
	struct answer a = started("{\"id\":\"a\\u001b[2J\\n:x\",\"buildNumber\":2}", "us-east-2");

	(void)state;
	assert_string_equal(buf_str(&a.outcome), "build a?[2J :2 started");
	answer_free(&a);
}

static bool ours(const char *variables, const char *marker)
{
	struct err e = { 0 };
	char text[400];
	cJSON *tree;
	bool is;

	snprintf(text, sizeof(text), "{\"environment\":{\"environmentVariables\":%s}}", variables);
	tree = json_parse(text, strlen(text), "build", &e);
	assert_non_null(tree);
	is = target_codebuild_parse_is_ours(tree, marker);
	json_free(tree);
	return is;
}

static void a_build_is_known_by_its_marker(void **state)
{
	(void)state;
	assert_true(ours("[{\"name\":\"X\",\"value\":\"u/1\"},{\"name\":\"CODETRAIN_EVENT\",\"value\":\"u/1\"}]",
			 "u/1"));
	assert_false(ours("[{\"name\":\"X\",\"value\":\"u/1\"}]", "u/1"));
	assert_false(ours("[{\"name\":\"CODETRAIN_EVENT\",\"value\":\"u/12\"}]", "u/1"));
	assert_false(ours("[{\"name\":\"CODETRAIN_EVENT\",\"value\":\"u/1/1\"}]", "u/1"));
	assert_false(ours("[{\"name\":\"CODETRAIN_EVENT\"}]", "u/1"));
	assert_false(ours("[]", "u/1"));
	assert_false(ours("7", "u/1"));
	assert_false(ours("null", ""));
}

static void the_state_of_a_build(void **state)
{
	static const char busy[] = "{\"builds\":[{\"buildStatus\":\"IN_PROGRESS\",\"currentPhase\":\"QUEUED\"}]}";
	static const char done[] = "{\"builds\":[{\"buildStatus\":\"FAILED\",\"buildComplete\":true,"
				   "\"logs\":{\"groupName\":\"g\",\"streamName\":\"s\"}}]}";
	struct target_codebuild_state s;
	struct err e = { 0 };
	cJSON *tree = json_parse(busy, strlen(busy), "a", &e);

	(void)state;
	assert_true(target_codebuild_parse_state(tree, &s));
	assert_false(s.ended);
	assert_string_equal(s.phase, "QUEUED");
	assert_string_equal(s.stream, "");
	json_free(tree);
	tree = json_parse(done, strlen(done), "a", &e);
	assert_true(target_codebuild_parse_state(tree, &s));
	assert_true(s.ended);
	assert_string_equal(s.status, "FAILED");
	assert_string_equal(s.stream, "s");
	json_free(tree);
	tree = json_parse("{\"builds\":[]}", 13, "a", &e);
	assert_false(target_codebuild_parse_state(tree, &s));
	json_free(tree);
}

static void a_log_is_read_to_its_end_and_cleaned(void **state)
{
	static const char page[] = "{\"events\":[{\"message\":\"one\\n\"},{\"message\":\"two\\r\\u001b[1m\\nthree\"},"
				   "{\"message\":7},{}],\"nextForwardToken\":\"f/2\"}";
	struct buf token = BUF_INIT(100), out = BUF_INIT(1000), narrow = BUF_INIT(5);
	struct err e = { 0 };
	cJSON *tree = json_parse(page, strlen(page), "a", &e);
	bool more = false;

	(void)state;
	assert_int_equal(target_codebuild_parse_log(tree, &token, &out, &more, &e), 0);
	assert_true(more);
	assert_string_equal(buf_str(&token), "f/2");
	assert_string_equal(buf_str(&out), "one\ntwo??[1m\nthree\n\n\n");
	assert_int_equal(target_codebuild_parse_log(tree, &token, &narrow, &more, &e), 0);
	assert_false(more);		/* the same token: that was the end */
	assert_string_equal(buf_str(&narrow), "one\n\n");	/* what does not fit is left out whole */
	json_free(tree);
	buf_free(&token);
	buf_free(&out);
	buf_free(&narrow);
}

/* ---- when a build is looked for --------------------------------------------------------- */

static enum target_verdict look_at(const char *external, int64_t age_ms, struct err *e)
{
	char target[] = "codebuild", text[] = "", ref[] = "refs/heads/main", other[100];
	struct queue_config config = QUEUE_CONFIG_INIT;
	struct queue_delivery d = { .event = 3, .uncertain_ms = 1000000, .target = target, .ref = ref,
				    .old = text, .new = text, .external = other };
	void *kept = NULL;
	struct target_job job = { .name = "codebuild", .uuid = "u", .config = &config, .delivery = &d,
				  .now_ms = 1000000 + age_ms, .state = &kept, .wait_fd = -1 };
	enum target_verdict verdict;

	snprintf(other, sizeof(other), "%s", external);
	write_file("config", "[codetrain]\nproject = iris\nregion = nowhere\n");
	assert_int_equal(queue_config_load(world, &config, e), 0);
	verdict = target_codebuild.look(&job, e);
	target_codebuild.close(kept);
	queue_config_free(&config);
	return verdict;
}

static void within_the_tokens_time_it_is_sent_again(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(look_at("", 0, &e), TARGET_ABSENT);
	assert_int_equal(look_at("asked of project iris", 179999, &e), TARGET_ABSENT);
	assert_int_equal(e.class, ERR_NONE);
	/* over it, or a clock that was set back: AWS is asked (in a region that is none) */
	assert_int_equal(look_at("", 180000, &e), TARGET_FAILED);
	assert_int_equal(look_at("", -1, &e), TARGET_FAILED);
}

static void another_project_is_not_started_before_the_first_was_looked_through(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(look_at("asked of project pear", 1000, &e), TARGET_FAILED);
	assert_int_equal(e.class, ERR_UNAVAILABLE);
	assert_non_null(strstr(e.message, "pear"));
}

/* The machine slept between the look and the request. */
static void a_token_that_ran_out_is_not_sent(void **state)
{
	char target[] = "codebuild", text[] = "", ref[] = "refs/heads/main", oid[] = OID_A;
	struct queue_config config = QUEUE_CONFIG_INIT;
	struct queue_delivery d = { .event = 3, .target = target, .ref = ref, .old = text, .new = oid,
				    .external = text };
	void *kept = NULL;
	struct target_job job = {
		.name = "codebuild", .uuid = "u", .config = &config, .delivery = &d, .state = &kept,
		.outcome = BUF_INIT(100), .external = BUF_INIT(100), .request = BUF_INIT(4096),
		.answer = BUF_INIT(4096), .link = BUF_INIT(100), .status = BUF_INIT(100), .wait_fd = -1,
	};
	struct err e = { 0 };

	(void)state;
	write_file("config", "[codetrain]\nproject = iris\nregion = us-east-2\n");
	assert_int_equal(queue_config_load(world, &config, &e), 0);
	setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1", 1);
	d.uncertain_ms = clock_now_ms() - 200000;
	job.now_ms = d.uncertain_ms + 100000;
	assert_int_equal(target_codebuild.look(&job, &e), TARGET_ABSENT);
	assert_int_equal(target_codebuild.start(&job, &e), TARGET_FAILED);
	assert_int_equal(e.class, ERR_UNAVAILABLE);
	assert_true(job.maybe_done);
	assert_non_null(strstr(e.message, "looked for first"));
	assert_string_equal(buf_str(&job.request), "");
	unsetenv("AWS_ENDPOINT_URL");
	target_codebuild.close(kept);
	queue_config_free(&config);
	buf_free(&job.external);
}

static void names_differ_for_every_delivery(void **state)
{
	struct queue_delivery d = { .event = 12 };
	struct target_job job = { .uuid = "u", .delivery = &d };
	char name[TARGET_AWS_NAME];

	(void)state;
	target_aws_name(&job, '/', name);
	assert_string_equal(name, "u/12");
	d.generation = 1;
	target_aws_name(&job, '-', name);
	assert_string_equal(name, "u-12-1");
}

#define IN_WORLD(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_build_has_its_number_and_address),
		cmocka_unit_test(a_strange_arn_gives_no_address),
		cmocka_unit_test(an_answer_without_a_build_is_none),
		cmocka_unit_test(an_answer_steers_no_terminal),
		cmocka_unit_test(a_build_is_known_by_its_marker),
		cmocka_unit_test(the_state_of_a_build),
		cmocka_unit_test(a_log_is_read_to_its_end_and_cleaned),
		IN_WORLD(within_the_tokens_time_it_is_sent_again),
		IN_WORLD(another_project_is_not_started_before_the_first_was_looked_through),
		IN_WORLD(a_token_that_ran_out_is_not_sent),
		cmocka_unit_test(names_differ_for_every_delivery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
