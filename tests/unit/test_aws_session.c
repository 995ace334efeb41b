/* lib/net/aws_session.c: credentials by way of the sessions that are kept. */
#include "tests/unit/aws_world.h"

#include "lib/net/provider.h"

#include "lib/aws/session.h"
#include "lib/base/clock.h"

#define STS(key, end) "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" key		\
	"</AccessKeyId><SecretAccessKey>roleSecret</SecretAccessKey><SessionToken>roleToken"		\
	"</SessionToken><Expiration>" end "</Expiration></Credentials></AssumeRoleResult>"		\
	"</AssumeRoleResponse>"
#define AN_HOUR "2024-02-29T13:34:56Z"
#define TWO_HOURS "2024-02-29T14:34:56Z"
#define A_QUARTER "2024-02-29T12:49:56Z"

/* A role, whose sessions are kept in files: the kernel has a clock of its own. */
static int setup(void **state)
{
	int rc = world_setup(state);

	world.keeps_sessions = true;
	world_setenv("CODETRAIN_SESSION_CACHE", "file");
	world_write(world.config,
		    "[profile r]\nrole_arn = arn:aws:iam::333333333333:role/r\nsource_profile = base\n"
		    "[profile p]\ncredential_process = /nonexistent/program\n");
	world_write(world.credentials,
		    "[base]\naws_access_key_id = AKIABASEBASEBASEBASE\naws_secret_access_key = s\n");
	return rc;
}

#undef CASE
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

static void answers(size_t i, long status, const char *body)
{
	world.answers[i] = (struct canned){ .status = status, .body = body };
}

/* What lib/net keeps beside ours, for the AWS CLI: here it is to know nothing. */
static void forget_the_cli_s(void)
{
	char path[128];
	struct err err;

	snprintf(path, sizeof(path), "%s/.aws/cli", world.folder);
	assert_int_equal(file_remove_tree(path, &err), 0);
}

/* The key that another process gets; NULL when it gets none. */
static const char *in_another(struct aws **a, struct err *err)
{
	const struct creds *c;

	aws_close(*a);
	forget_the_cli_s();
	*a = world_open("r");
	c = aws_credentials(*a, err);
	return c ? c->access_key_id : NULL;
}

static void one_asks_for_all(void **state)
{
	struct err err = { 0 };
	struct aws *a = NULL;

	(void)state;
	answers(0, 200, STS("ASIAFIRST", AN_HOUR));
	assert_string_equal(in_another(&a, &err), "ASIAFIRST");
	assert_string_equal(in_another(&a, &err), "ASIAFIRST");
	world.now = NOW + 3000;
	assert_string_equal(in_another(&a, &err), "ASIAFIRST");
	assert_int_equal(world.answered, 1);
	world.now = NOW + 3001;			/* under ten minutes */
	answers(1, 200, STS("ASIASECOND", TWO_HOURS));
	assert_string_equal(in_another(&a, &err), "ASIASECOND");
	assert_string_equal(in_another(&a, &err), "ASIASECOND");
	assert_int_equal(world.answered, 2);
	aws_close(a);
}

static void what_lives_serves_when_there_is_no_newer(void **state)
{
	struct err err = { 0 };
	struct aws *a = NULL;

	(void)state;
	answers(0, 200, STS("ASIAFIRST", AN_HOUR));
	in_another(&a, &err);
	world.now = NOW + 3500;
	answers(1, 403, "");
	assert_string_equal(in_another(&a, &err), "ASIAFIRST");
	assert_int_equal(world.answered, 2);
	world.now = NOW + 3600;
	answers(2, 403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
	assert_null(in_another(&a, &err));
	assert_int_equal(err.class, ERR_ACCESS);
	assert_contains(err.message, "credentials of profile r (assume role): ");
	aws_close(a);
}

/* Half of a quarter of an hour: not at each call, as ten minutes' margin would have it. */
static void a_short_session_is_not_fetched_again_and_again(void **state)
{
	struct err err = { 0 };
	struct aws *a = NULL;

	(void)state;
	answers(0, 200, STS("ASIAFIRST", A_QUARTER));
	in_another(&a, &err);
	for (int i = 0; i < 45; i++) {
		world.now += 10;
		assert_string_equal(in_another(&a, &err), "ASIAFIRST");
		assert_string_equal(aws_credentials(a, &err)->access_key_id, "ASIAFIRST");
	}
	assert_int_equal(world.answered, 1);
	world.now++;
	answers(1, 200, STS("ASIASECOND", AN_HOUR));
	assert_string_equal(in_another(&a, &err), "ASIASECOND");
	aws_close(a);
}

static void a_long_running_program_takes_what_another_got(void **state)
{
	struct err err = { 0 };
	struct aws *a = NULL, *other = NULL;

	(void)state;
	answers(0, 200, STS("ASIAFIRST", AN_HOUR));
	in_another(&a, &err);
	world.now = NOW + 3010;
	answers(1, 200, STS("ASIASECOND", TWO_HOURS));
	assert_string_equal(in_another(&other, &err), "ASIASECOND");
	forget_the_cli_s();
	assert_string_equal(aws_credentials(a, &err)->access_key_id, "ASIASECOND");
	assert_int_equal(world.answered, 2);
	aws_close(a);
	aws_close(other);
}

static void what_aws_calls_expired_is_dropped(void **state)
{
	struct err err = { 0 };
	struct aws *a = NULL, *other = NULL;

	(void)state;
	answers(0, 200, STS("ASIAFIRST", AN_HOUR));
	in_another(&a, &err);
	in_another(&other, &err);
	assert_true(aws_forget_credentials(a));
	answers(1, 200, STS("ASIASECOND", AN_HOUR));
	assert_string_equal(aws_credentials(a, &err)->access_key_id, "ASIASECOND");
	assert_true(aws_forget_credentials(other));	/* the first: the second stays */
	assert_string_equal(aws_credentials(other, &err)->access_key_id, "ASIASECOND");
	assert_int_equal(world.answered, 2);
	aws_close(a);
	aws_close(other);
}

/* The role was made anew, and its sessions with it. */
static void a_kept_session_that_aws_does_not_know_is_replaced(void **state)
{
	static const char unknown[] = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error>"
		"</ErrorResponse>";
	const char *account;
	struct err err = { 0 };
	struct aws *a = NULL;

	(void)state;
	answers(0, 200, STS("ASIAFIRST", AN_HOUR));
	in_another(&a, &err);
	answers(1, 403, unknown);		/* just made: another would be no better */
	assert_int_equal(aws_account(a, &account, &err), -1);
	assert_int_equal(world.answered, 2);
	world.now++;
	in_another(&a, &err);
	answers(2, 403, unknown);
	answers(3, 200, STS("ASIASECOND", AN_HOUR));
	answers(4, 200, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111111111111"
		"</Account></GetCallerIdentityResult></GetCallerIdentityResponse>");
	assert_int_equal(aws_account(a, &account, &err), 0);
	assert_int_equal(world.answered, 5);
	assert_string_equal(in_another(&a, &err), "ASIASECOND");
	aws_close(a);
}

static void regions_and_settings(void **state)
{
	const struct aws_settings there = { .profile = "r", .region = "eu-west-1" };
	const struct aws_settings here = { .profile = "r", .region = "us-east-2" };
	struct err err = { 0 };
	struct aws *a = NULL;

	(void)state;
	answers(0, 200, STS("ASIAFIRST", AN_HOUR));
	in_another(&a, &err);
	aws_close(a);
	forget_the_cli_s();
	a = aws_open_in(&test_world, &here, &err);	/* as the configuration has it */
	assert_string_equal(aws_credentials(a, &err)->access_key_id, "ASIAFIRST");
	aws_close(a);
	answers(1, 200, STS("ASIATHERE", AN_HOUR));
	a = aws_open_in(&test_world, &there, &err);
	assert_string_equal(aws_credentials(a, &err)->access_key_id, "ASIATHERE");
	world_setenv("CODETRAIN_SESSION_CACHE", "off");
	answers(2, 200, STS("ASIAOFF", AN_HOUR));
	assert_string_equal(in_another(&a, &err), "ASIAOFF");
	world_setenv("CODETRAIN_SESSION_CACHE", "on");
	assert_null(in_another(&a, &err));
	assert_int_equal(err.class, ERR_USAGE);
	aws_close(a);
}

static void where_and_how_long(void **state)
{
	int64_t most = -1;

	(void)state;
	assert_int_equal(provider_places(CHAIN_ASSUME_ROLE, &most), SESSION_ANYWHERE);
	assert_int_equal(most, 0);
	assert_int_equal(provider_places(CHAIN_IMDS, &most), SESSION_KERNEL);
	assert_int_equal(most, 900);
	assert_int_equal(provider_places(CHAIN_PROCESS, NULL), SESSION_KERNEL);
	assert_int_equal(provider_places(CHAIN_CONTAINER, NULL), SESSION_KERNEL);
	assert_int_equal(provider_places(CHAIN_CREDENTIALS_FILE, &most), 0);
	assert_int_equal(most, 0);
}

/* Another holds the lock: with a session that lives, nobody waits for it. */
static void no_wait_for_what_is_not_pressing(void **state)
{
	struct chain_input in;
	const struct chain_choice choice = { CHAIN_ASSUME_ROLE, "r", false };
	struct session_lock lock;
	struct err err = { 0 };
	struct aws *a = NULL;
	struct session s;
	int64_t began;

	(void)state;
	answers(0, 200, STS("ASIAFIRST", AN_HOUR));
	in_another(&a, &err);
	in = aws_chain_input(a);
	assert_int_equal(session_open(&s, &(struct session_scope){ &in, &choice, world_variables(), NULL },
				      SESSION_ANYWHERE, &err), 0);
	assert_int_equal(session_lock(&s, 0, NULL, &lock, &err), SESSION_MINE);
	world.now = NOW + 3400;
	began = clock_now_ms();
	assert_string_equal(in_another(&a, &err), "ASIAFIRST");
	assert_true(clock_now_ms() - began < 10000);
	assert_int_equal(world.answered, 1);
	session_unlock(&lock, NULL);
	aws_close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_asks_for_all),
		CASE(what_lives_serves_when_there_is_no_newer),
		CASE(a_short_session_is_not_fetched_again_and_again),
		CASE(a_long_running_program_takes_what_another_got),
		CASE(what_aws_calls_expired_is_dropped),
		CASE(a_kept_session_that_aws_does_not_know_is_replaced),
		CASE(regions_and_settings),
		CASE(where_and_how_long),
		CASE(no_wait_for_what_is_not_pressing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
