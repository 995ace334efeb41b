/* lib/net: what the AWS CLI and we keep of sessions, with the other side scripted.
 * That botocore agrees is tested in tests/cli/aws-caches.t, sso.t and login.t. */
#include "tests/unit/aws_world.h"

#include "lib/net/cache_file.h"
#include "lib/net/cli_cache.h"

#include <sys/stat.h>

#define ASSUMED "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIANEWNEWNEWNEWNEWN"	\
	"</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>newToken</SessionToken>"		\
	"<Expiration>2024-02-29T13:34:56Z</Expiration></Credentials><AssumedRoleUser><Arn>"			\
	"arn:aws:sts::333333333333:assumed-role/r/x</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"

static void no_keys(void)
{
	world_setenv("AWS_ACCESS_KEY_ID", NULL);
	world_setenv("AWS_SECRET_ACCESS_KEY", NULL);
	world_setenv("AWS_SESSION_TOKEN", NULL);
}

static void answers(size_t i, long status, const char *body)
{
	world.answers[i] = (struct canned){ .status = status, .body = body };
}

/* The path below the world's home; its folder is made. */
static const char *below(const char *name)
{
	static char path[256];
	char folder[256];
	struct err err;

	snprintf(path, sizeof(path), "%s/%s", world.folder, name);
	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	assert_int_equal(file_make_dirs(folder, 0700, &err), 0);
	return path;
}

/* A file as it is now; a member of it. */
static void kept(const char *name, const char *member, const char *want)
{
	struct cache_file file;
	struct err err = { 0 };

	assert_int_equal(cache_file_read(below(name), CACHE_FILE_PRIVATE, &file, &err), 0);
	assert_non_null(file.tree);
	assert_string_equal(json_string(file.tree, member, "(none)"), want);
	json_free(file.tree);
}

static void gives(const char *profile, const char *token)
{
	struct aws *a = world_open(profile);
	struct err err = { 0 };
	const struct creds *c = aws_credentials(a, &err);

	if (!c)
		print_message("# %s\n", err.message);
	assert_non_null(c);
	assert_string_equal(c->session_token, token);
	assert_int_equal(err.class, ERR_NONE);
	aws_close(a);
}

static void fails(const char *profile, enum err_class class, const char *says)
{
	struct aws *a = world_open(profile);
	struct err err = { 0 };

	assert_null(aws_credentials(a, &err));
	assert_contains(err.message, says);
	assert_int_equal(err.class, class);
	aws_close(a);
}

/* ---- keys ------------------------------------------------------------------------ */

/* By Python's json.dumps and hashlib. */
static void keys_are_python_s(void **state)
{
	const struct cli_cache_argument role[] = {
		{ "DurationSeconds", NULL, 0 }, { "RoleArn", "arn:aws:iam::222222222222:role/deploy", 0 },
	};
	const struct cli_cache_argument odd[] = {
		{ "DurationSeconds", NULL, 900 },
		{ "ExternalId", "a\"b\\c\b\f\n\r\t\x01\x1f\x7f/\u00e9\u07ff\u0800\ud7ff\ue000\uffff\U00010000"
		  "\U0001f600\U0010ffff", 0 },
		{ "RoleArn", "r", 0 },
	};
	const struct cli_cache_argument sso[] = {
		{ "accountId", "111111111111", 0 }, { "roleName", "\u00c4dmin", 0 }, { "sessionName", "corp", 0 },
	};
	char key[CLI_CACHE_KEY_LEN];

	(void)state;
	assert_int_equal(cli_cache_key(role, 2, true, key), 0);
	assert_string_equal(key, "2ab024cb7ff7defaf8b79f175aa42fa1c835e53e");
	assert_int_equal(cli_cache_key(odd, 3, true, key), 0);
	assert_string_equal(key, "14e4813fd06f1d85f8b295d3ce16c3268b0a600b");
	assert_int_equal(cli_cache_key(sso, 3, false, key), 0);
	assert_string_equal(key, "482ad322c8e397da42b62ddf25d19697c7dc9295");
	assert_int_equal(cli_cache_key(role, 0, true, key), 0);
	assert_string_equal(key, "bf21a9e8fbc5a3846fb05b4fa0859e0917b2202f");	/* {} */
}

static void what_is_no_utf8_has_no_key(void **state)
{
	static const char *const bad[] = { "\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
					   "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "a\xc3(" };
	char key[CLI_CACHE_KEY_LEN];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct cli_cache_argument a = { "RoleArn", bad[i], 0 };

		assert_int_equal(cli_cache_key(&a, 1, true, key), -1);
		assert_string_equal(key, "");
	}
}

static void times_in_caches(void **state)
{
	static const struct { const char *text; int64_t want; } cases[] = {
		{ "2024-02-29T12:34:56Z", NOW }, { "2024-02-29T12:34:56UTC", NOW }, { "2024-02-29T12:34:56+00:00", NOW },
		{ "2024-02-29T13:34:56+01:00", NOW }, { "2024-02-29T12:34:56.789Z", NOW }, { "", -1 }, { "UTC", -1 },
		{ "soon", -1 }, { "soonUTC", -1 }, { "2024-02-29T12:34:56ZUTC", -1 },
		{ "2024-02-29T12:34:56 and then some more of itUTC", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t t = -1;

		assert_int_equal(cache_file_time(cases[i].text, &t), cases[i].want < 0 ? -1 : 0);
		if (cases[i].want >= 0)
			assert_int_equal(t, cases[i].want);
	}
}

/* ---- roles ----------------------------------------------------------------------- */

static const char role_config[] = "[profile r]\nrole_arn = arn:aws:iam::222222222222:role/deploy\n"
	"credential_source = Environment\n";
static const char role_file[] = ".aws/cli/cache/2ab024cb7ff7defaf8b79f175aa42fa1c835e53e.json";

static void entry(const char *end)
{
	char text[400];

	snprintf(text, sizeof(text), "{\"Credentials\":{\"AccessKeyId\":\"ASIAOLDOLDOLDOLDOLDO\",\"SecretAccessKey\":\"s\","
		 "\"SessionToken\":\"oldToken\",\"Expiration\":\"%s\",\"AccountId\":\"222222222222\"}}", end);
	world_write(below(role_file), text);
}

static void a_role_is_kept_for_both_tools(void **state)
{
	struct stat st;

	(void)state;
	world_write(world.config, role_config);
	answers(0, 200, ASSUMED);
	gives("r", "newToken");
	gives("r", "newToken");
	assert_int_equal(world.answered, 1);
	kept(role_file, "Credentials.SessionToken", "newToken");
	kept(role_file, "Credentials.AccountId", "333333333333");
	kept(role_file, "Credentials.Expiration", "2024-02-29T13:34:56Z");
	assert_int_equal(stat(below(role_file), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void an_entry_serves_while_it_may(void **state)
{
	(void)state;
	world_write(world.config, role_config);
	entry("2024-02-29T12:50:00UTC");	/* 904 seconds */
	gives("r", "oldToken");
	assert_int_equal(world.answered, 0);
	entry("2024-02-29T12:49:00UTC");	/* 844: a better one is looked for */
	answers(0, 403, "");
	gives("r", "oldToken");
	assert_int_equal(world.answered, 1);
	answers(1, 200, ASSUMED);
	gives("r", "newToken");
	entry("2024-02-29T12:35:30UTC");	/* 34: of no use to anybody */
	answers(2, 403, "");
	fails("r", ERR_ACCESS, "role/deploy");
	assert_int_equal(world.answered, 3);
}

static void what_is_open_to_others_is_no_entry(void **state)
{
	(void)state;
	world_write(world.config, role_config);
	entry("2024-02-29T13:34:56Z");
	assert_int_equal(chmod(below(role_file), 0640), 0);
	answers(0, 200, ASSUMED);
	gives("r", "newToken");
	assert_int_equal(world.answered, 1);
}

static void one_sts_for_all_regions(void **state)
{
	static const struct { const char *mode, *region, *url, *signed_for; } cases[] = {
		{ NULL, "us-east-2", "https://sts.us-east-2.amazonaws.com/", "/us-east-2/sts/" },
		{ "regional", "us-east-2", "https://sts.us-east-2.amazonaws.com/", "/us-east-2/sts/" },
		{ "legacy", "us-east-2", "https://sts.amazonaws.com/", "/us-east-1/sts/" },
		{ "legacy", "eu-south-1", "https://sts.eu-south-1.amazonaws.com/", "/eu-south-1/sts/" },
		{ "legacy", "cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn/", "/cn-north-1/sts/" },
	};

	(void)state;
	world_write(world.config, role_config);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unlink(below(role_file));
		world_setenv("AWS_STS_REGIONAL_ENDPOINTS", cases[i].mode);
		world_setenv("AWS_REGION", cases[i].region);
		world.answered = 0;
		answers(0, 200, ASSUMED);
		gives("r", "newToken");
		assert_string_equal(world.seen[0].url, cases[i].url);
		assert_contains(world.seen[0].headers, cases[i].signed_for);
	}
	unlink(below(role_file));
	world_setenv("AWS_STS_REGIONAL_ENDPOINTS", "global");
	fails("r", ERR_USAGE, "it takes regional or legacy");
}

/* ---- MFA ------------------------------------------------------------------------- */

static void a_code_by_askpass(void **state)
{
	(void)state;
	world_write(world.config, "[profile m]\nrole_arn = arn:aws:iam::222222222222:role/deploy\n"
		    "credential_source = Environment\nmfa_serial = arn:aws:iam::1:mfa/me\n");
	world_setenv("GIT_TERMINAL_PROMPT", "0");
	fails("m", ERR_ACCESS, "GIT_TERMINAL_PROMPT forbids to ask on the terminal; run codetrain credentials "
	      "--profile m -- true in a terminal");
	world_setenv("SSH_ASKPASS", "/bin/true");
	fails("m", ERR_ACCESS, "six digits");
	world_write(below("askpass"), "#!/bin/sh\n[ \"$1\" = 'MFA code of arn:aws:iam::1:mfa/me: ' ] && echo 012345\n");
	assert_int_equal(chmod(below("askpass"), 0700), 0);
	world_setenv("GIT_ASKPASS", below("askpass"));
	answers(0, 200, ASSUMED);
	gives("m", "newToken");
	assert_contains(world.seen[0].body, "SerialNumber=arn%3Aaws%3Aiam%3A%3A1%3Amfa%2Fme&TokenCode=012345");
	world_setenv("GIT_ASKPASS", "/bin/false");
	gives("m", "newToken");		/* nobody is asked again */
	assert_int_equal(world.answered, 1);
}

/* ---- SSO ------------------------------------------------------------------------- */

/* the SHA-1 of "corp" */
static const char token_file[] = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
#define GOT_ROLE "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSOSSOSSOSSOSSOS\",\"secretAccessKey\":\"s\","	\
	"\"sessionToken\":\"ssoToken\",\"expiration\":1709213696000}}"

static void sso_token(const char *end, const char *registered)
{
	char text[600];

	snprintf(text, sizeof(text), "{\"accessToken\":\"bearer\",\"expiresAt\":\"%s\",\"refreshToken\":\"ref\","
		 "\"clientId\":\"id\",\"clientSecret\":\"sec\",\"registrationExpiresAt\":\"%s\",\"more\":[1]}", end, registered);
	world_write(below(token_file), text);
}

static void sso_config(void)
{
	no_keys();
	world_write(world.config, "[profile s]\nsso_session = corp\nsso_account_id = 111111111111\n"
		    "sso_role_name = Admin\n[sso-session corp]\nsso_region = eu-west-1\n"
		    "sso_start_url = https://corp.awsapps.com/start\n");
}

static void an_sso_token_is_renewed(void **state)
{
	(void)state;
	sso_config();
	sso_token("2024-02-29T12:40:00Z", "2024-03-29T12:40:00Z");
	answers(0, 200, "{\"accessToken\":\"next\",\"expiresIn\":28800,\"refreshToken\":\"ref2\"}");
	answers(1, 200, GOT_ROLE);
	gives("s", "ssoToken");
	assert_string_equal(world.seen[0].url, "https://oidc.eu-west-1.amazonaws.com/token");
	assert_string_equal(world.seen[0].method, "POST");
	assert_true(world.seen[0].once);
	assert_string_equal(world.seen[0].body, "{\"grantType\":\"refresh_token\",\"clientId\":\"id\",\"clientSecret\":"
			    "\"sec\",\"refreshToken\":\"ref\"}");
	assert_null(strstr(world.seen[0].headers, "authorization"));
	assert_contains(world.seen[1].headers, "x-amz-sso_bearer_token: next\n");
	kept(token_file, "accessToken", "next");
	kept(token_file, "refreshToken", "ref2");
	kept(token_file, "expiresAt", "2024-02-29T20:34:56Z");
	kept(token_file, "clientSecret", "sec");
	kept(token_file, "region", "eu-west-1");
}

static void an_sso_token_that_is_not_renewed(void **state)
{
	static const char refused[] = "{\"error\":\"invalid_grant\",\"error_description\":\"no\"}";

	(void)state;
	sso_config();
	sso_token("2024-02-29T12:40:00Z", "2024-02-29T12:00:00Z");	/* the registration has ended */
	answers(0, 200, GOT_ROLE);
	gives("s", "ssoToken");
	assert_contains(world.seen[0].headers, "x-amz-sso_bearer_token: bearer\n");
	sso_token("2024-02-29T12:40:00Z", "2024-03-29T12:40:00Z");
	file_remove_tree(below(".aws/cli"), &(struct err){ 0 });
	world.answered = 0;
	answers(0, 400, refused);
	answers(1, 200, GOT_ROLE);
	gives("s", "ssoToken");		/* it lives */
	file_remove_tree(below(".aws/cli"), &(struct err){ 0 });
	sso_token("2024-02-29T12:30:00Z", "2024-03-29T12:40:00Z");
	world.answered = 0;
	fails("s", ERR_ACCESS, "the SSO session \"corp\" has ended; run aws sso login --sso-session corp (CreateToken in s "
	      "(eu-west-1): invalid_grant: no)");
	sso_token("2024-02-29T12:30:00Z", "2024-02-29T12:00:00Z");
	world.answered = 0;
	fails("s", ERR_ACCESS, "so has the registration");
	assert_int_equal(world.answered, 0);
}

/* ---- aws login ------------------------------------------------------------------- */

/* RFC 9500, section 2.3: a key for tests */
#define PEM "-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEIObLW92AqkWunJXowVR2Z5/+yVPBaFHnEedDk5WJxk/BoAoGCCqGSM49\\n"	\
	"AwEHoUQDQgAEQiVI+I+3gv+17KN0RFLHKh5Vj71vc75eSOkyMsxFxbFsTNEMTLjV\\nuKFxOelIgsiZJXKZNCX0FBmrfpCkKklCcg==\\n"	\
	"-----END EC PRIVATE KEY-----\\n"
/* the SHA-256 of "me" */
static const char login_file[] =
	".aws/login/cache/2744ccd10c7533bd736ad890f9dd5cab2adb27b07d500b9493f29cdc420cb2e0.json";

static void login(const char *end)
{
	char text[1000];

	snprintf(text, sizeof(text), "{\"accessToken\":{\"accessKeyId\":\"ASIAKEPTKEPTKEPTKEPT\",\"secretAccessKey\":\"s\","
		 "\"sessionToken\":\"keptToken\",\"accountId\":\"111111111111\",\"expiresAt\":\"%s\"},\"refreshToken\":\"ref\","
		 "\"clientId\":\"id\",\"idToken\":\"x\",\"dpopKey\":\"" PEM "\"}", end);
	world_write(below(login_file), text);
}

static void a_login_is_renewed(void **state)
{
	(void)state;
	no_keys();
	world_write(world.config, "[profile l]\nlogin_session = me\n");
	login("2024-02-29T12:40:00Z");		/* 304 seconds */
	gives("l", "keptToken");
	assert_int_equal(world.answered, 0);
	login("2024-02-29T12:39:00Z");
	answers(0, 200, "{\"accessToken\":{\"accessKeyId\":\"ASIANEXTNEXTNEXTNEXT\",\"secretAccessKey\":\"s2\","
		"\"sessionToken\":\"nextToken\"},\"tokenType\":\"aws_sigv4\",\"expiresIn\":900,\"refreshToken\":\"ref2\"}");
	gives("l", "nextToken");
	assert_string_equal(world.seen[0].url, "https://us-east-2.signin.aws.amazon.com/v1/token");
	assert_string_equal(world.seen[0].body, "{\"clientId\":\"id\",\"refreshToken\":\"ref\",\"grantType\":\"refresh_token\"}");
	assert_contains(world.seen[0].headers, "dpop: eyJ");
	assert_true(world.seen[0].once);
	kept(login_file, "accessToken.sessionToken", "nextToken");
	kept(login_file, "accessToken.accountId", "111111111111");
	kept(login_file, "accessToken.expiresAt", "2024-02-29T12:49:56Z");
	kept(login_file, "refreshToken", "ref2");
	kept(login_file, "idToken", "x");
}

static void a_login_that_is_not_renewed(void **state)
{
	static const char ended[] = "{\"__type\":\"AccessDeniedException\",\"error\":\"TOKEN_EXPIRED\",\"message\":\"m\"}";

	(void)state;
	no_keys();
	world_write(world.config, "[profile l]\nlogin_session = me\n");
	login("2024-02-29T12:39:00Z");
	answers(0, 400, ended);
	gives("l", "keptToken");
	login("2024-02-29T12:34:00Z");
	answers(1, 400, ended);
	fails("l", ERR_ACCESS, "the session of aws login has ended; run aws login --profile l");
	answers(2, 200, "{\"accessToken\":{}}");
	fails("l", ERR_UNAVAILABLE, "CreateOAuth2Token gave no credentials");
	kept(login_file, "refreshToken", "ref");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keys_are_python_s),
		CASE(what_is_no_utf8_has_no_key),
		CASE(times_in_caches),
		CASE(a_role_is_kept_for_both_tools),
		CASE(an_entry_serves_while_it_may),
		CASE(what_is_open_to_others_is_no_entry),
		CASE(one_sts_for_all_regions),
		CASE(a_code_by_askpass),
		CASE(an_sso_token_is_renewed),
		CASE(an_sso_token_that_is_not_renewed),
		CASE(a_login_is_renewed),
		CASE(a_login_that_is_not_renewed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
