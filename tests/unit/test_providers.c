/* lib/net: credential providers and secrets, with the other side scripted. */
#include "tests/unit/aws_world.h"

#include "lib/net/provider.h"

#include <pty.h>
#include <sys/wait.h>

#define END "2024-02-29T13:34:56Z"	/* an hour from now */
#define STS(action, key) "<" action "Response><" action "Result><Credentials><AccessKeyId>" key	\
	"</AccessKeyId><SecretAccessKey>roleSecret/+roleSecret</SecretAccessKey><SessionToken>"	\
	"roleToken</SessionToken><Expiration>" END "</Expiration></Credentials></" action	\
	"Result></" action "Response>"
#define JSON_KEYS "\"AccessKeyId\":\"AKIAJSONJSONJSONJSON\",\"SecretAccessKey\":\"jsonSecret\","	\
	"\"Expiration\":\"" END "\""

/* No keys in the environment: the files and the rest of it decide. */
static void no_keys(void)
{
	world_setenv("AWS_ACCESS_KEY_ID", NULL);
	world_setenv("AWS_SECRET_ACCESS_KEY", NULL);
	world_setenv("AWS_SESSION_TOKEN", NULL);
}

/* What the AWS CLI and we keep of sessions. */
static void forget(void)
{
	char path[128];
	struct err err;

	snprintf(path, sizeof(path), "%s/.aws/cli", world.folder);
	file_remove_tree(path, &err);
}

static void answers(size_t i, long status, const char *body)
{
	world.answers[i] = (struct canned){ .status = status, .body = body };
}

static const struct creds *get(struct aws *a)
{
	struct err err = { 0 };
	const struct creds *c = aws_credentials(a, &err);

	if (!c)
		print_message("# %s\n", err.message);
	assert_non_null(c);
	return c;
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

static void roles_are_assumed_along_their_sources(void **state)
{
	struct aws *a;

	(void)state;
	world_write(world.config,
		    "[profile top]\nrole_arn = arn:aws:iam::333333333333:role/top\nsource_profile = mid\n"
		    "external_id = e-1\nduration_seconds = 1200\nrole_session_name = me\n"
		    "[profile mid]\nrole_arn = arn:aws:iam::222222222222:role/mid\nsource_profile = base\n");
	world_write(world.credentials,
		    "[base]\naws_access_key_id = AKIABASEBASEBASEBASE\naws_secret_access_key = baseSecret\n");
	answers(0, 200, STS("AssumeRole", "ASIAMIDMIDMIDMIDMIDM"));
	answers(1, 200, STS("AssumeRole", "ASIATOPTOPTOPTOPTOPT"));
	a = world_open("top");
	assert_string_equal(get(a)->access_key_id, "ASIATOPTOPTOPTOPTOPT");
	assert_string_equal(get(a)->session_token, "roleToken");
	assert_int_equal(get(a)->expiration, NOW + 3600);
	assert_int_equal(world.answered, 2);
	assert_contains(world.seen[0].headers, "Credential=AKIABASEBASEBASEBASE/");
	assert_contains(world.seen[0].body, "RoleArn=arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fmid");
	assert_contains(world.seen[0].body, "RoleSessionName=codetrain-1709210096");
	assert_contains(world.seen[1].headers, "Credential=ASIAMIDMIDMIDMIDMIDM/");
	assert_contains(world.seen[1].headers, "x-amz-security-token: roleToken\n");
	assert_contains(world.seen[1].body, "RoleSessionName=me&DurationSeconds=1200&ExternalId=e-1");
	aws_close(a);
}

static void a_refused_role_is_named(void **state)
{
	(void)state;
	world_write(world.config, "[profile r]\nrole_arn = arn:aws:iam::333333333333:role/r\n"
		    "credential_source = Environment\n");
	answers(0, 403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: x is not authorized"
		"</Message></Error></ErrorResponse>");
	fails("r", ERR_ACCESS, "credentials of profile r (assume role): AssumeRole in r (us-east-2): "
	      "AccessDenied: User: x is not authorized; called with the credentials of environment; "
	      "the role was arn:aws:iam::333333333333:role/r");
}

static void credentials_are_fetched_again_before_they_end(void **state)
{
	struct err err = { 0 };
	struct aws *a;

	(void)state;
	world_write(world.config, "[profile r]\nrole_arn = arn:aws:iam::333333333333:role/r\n"
		    "credential_source = Environment\n");
	answers(0, 200, STS("AssumeRole", "ASIAFIRSTFIRSTFIRST1"));
	a = world_open("r");
	get(a);
	world.now = NOW + 3600 - 1000;		/* more than the advisory time is left */
	get(a);
	assert_int_equal(world.answered, 1);
	world.now = NOW + 3600 - 800;		/* advisory: a failure is no failure */
	answers(1, 403, "");
	assert_string_equal(get(a)->access_key_id, "ASIAFIRSTFIRSTFIRST1");
	assert_int_equal(world.answered, 2);
	get(a);					/* and is not repeated at each call */
	assert_int_equal(world.answered, 2);
	world.now += 61;
	answers(2, 200, STS("AssumeRole", "ASIASECONDSECONDSEC2"));
	assert_string_equal(get(a)->access_key_id, "ASIASECONDSECONDSEC2");
	world.now = NOW + 2 * 3600;		/* over: a failure is one */
	answers(3, 403, "");
	assert_null(aws_credentials(a, &err));
	assert_int_equal(err.class, ERR_ACCESS);
	aws_close(a);
}

static void container_endpoints(void **state)
{
	struct aws *a;

	(void)state;
	no_keys();
	world_setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://[fd00:ec2:0::23]:80/x?y");
	world_setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "tok 1");
	answers(0, 200, "{" JSON_KEYS ",\"Token\":\"t\"}");
	a = world_open(NULL);
	assert_string_equal(get(a)->access_key_id, "AKIAJSONJSONJSONJSON");
	assert_string_equal(get(a)->session_token, "t");
	assert_string_equal(world.seen[0].url, "http://[fd00:ec2:0::23]:80/x?y");
	assert_contains(world.seen[0].headers, "authorization: tok 1\n");
	assert_true(world.seen[0].no_proxy);
	aws_close(a);
	/* the relative URI and the token's file come first; the file's last line end is no part */
	world_setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/creds?id=1");
	world_setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", world.credentials);
	world_write(world.credentials, "from-file\r\n");
	world.answered = 0;
	/* the AWS files are read too */
	world_setenv("AWS_SHARED_CREDENTIALS_FILE", world.config);
	a = world_open(NULL);
	get(a);
	assert_string_equal(world.seen[0].url, "http://169.254.170.2/v2/creds?id=1");
	assert_contains(world.seen[0].headers, "authorization: from-file\n");
	aws_close(a);
}

static void container_endpoints_elsewhere_are_refused(void **state)
{
	static const char *const bad[] = {
		"http://example.com/x", "http://127.0.0.1.example.com/", "http://169.254.170.3/",
		"http://user@127.0.0.1/", "http://[::2]/", "http://1127.0.0.1/", "ftp://127.0.0.1/", "x",
		"http://", "http://localhost.example/", "http://169.254.169.254/", "http://[127.0.0.1/",
	};

	(void)state;
	no_keys();
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		world_setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", bad[i]);
		fails(NULL, ERR_USAGE, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	}
	world_setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.9:1/");
	world_setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\nX-Evil: b");
	fails(NULL, ERR_USAGE, "line break");
	world_setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.com/x");
	fails(NULL, ERR_USAGE, "must begin with a slash");
	assert_int_equal(world.answered, 0);
}

static void container_answers_that_are_none(void **state)
{
	static const struct { long status; const char *body; enum err_class class; const char *says; } cases[] = {
		{ 200, "<html>", ERR_ACCESS, "answered with HTML, not with JSON credentials" },
		{ 200, "", ERR_ACCESS, "answered with nothing" },
		{ 200, "{\"AccessKeyId\":\"A", ERR_ACCESS, "JSON that breaks off" },
		{ 200, "{\"AccessKeyId\":\"AKIAXXXXXXXXXXXXXXXX\"}", ERR_ACCESS, "has no SecretAccessKey" },
		{ 200, "{" JSON_KEYS ",\"Token\":\"a\\nb\"}", ERR_ACCESS, "token" },
		{ 403, "{\"message\":\"not you\"}", ERR_ACCESS, "refused (status 403): not you" },
		{ 302, "", ERR_ACCESS, "refused (status 302)" },
	};

	(void)state;
	no_keys();
	world_setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		world.answered = 0;
		answers(0, cases[i].status, cases[i].body);
		fails(NULL, cases[i].class, cases[i].says);
		assert_int_equal(world.answered, 1);
	}
	/* a server's own fault and a lost connection are tried three times */
	for (size_t i = 0; i < 3; i++)
		answers(i, i == 2 ? 500 : 0, "");
	world.answered = 0;
	fails(NULL, ERR_UNAVAILABLE, "refused (status 500)");
	assert_int_equal(world.answered, 3);
}

static void instance_metadata(void **state)
{
	struct aws *a;

	(void)state;
	no_keys();
	answers(0, 200, "token==");
	answers(1, 200, "a-role\n");
	answers(2, 200, "{\"Code\":\"Success\"," JSON_KEYS ",\"Token\":\"t\"}");
	a = world_open(NULL);
	assert_string_equal(get(a)->session_token, "t");
	assert_string_equal(world.seen[0].method, "PUT");
	assert_string_equal(world.seen[0].url, "http://169.254.169.254/latest/api/token");
	assert_contains(world.seen[0].headers, "x-aws-ec2-metadata-token-ttl-seconds: 21600\n");
	assert_string_equal(world.seen[2].url,
			    "http://169.254.169.254/latest/meta-data/iam/security-credentials/a-role");
	assert_contains(world.seen[2].headers, "x-aws-ec2-metadata-token: token==\n");
	for (int i = 0; i < 3; i++)
		assert_true(world.seen[i].no_proxy);
	aws_close(a);
}

static void instance_metadata_of_version_1(void **state)
{
	struct aws *a;

	(void)state;
	no_keys();
	world_setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv6");
	answers(0, 404, "");
	answers(1, 200, "a-role");
	answers(2, 200, "{" JSON_KEYS "}");
	a = world_open(NULL);
	get(a);
	assert_string_equal(world.seen[1].url,
			    "http://[fd00:ec2::254]/latest/meta-data/iam/security-credentials/");
	assert_string_equal(world.seen[1].headers, "");
	aws_close(a);
	world_setenv("AWS_EC2_METADATA_V1_DISABLED", "true");
	world.answered = 0;
	fails(NULL, ERR_ACCESS, "no token from http://[fd00:ec2::254] (status 404)");
	assert_int_equal(world.answered, 1);
	world_setenv("AWS_EC2_METADATA_DISABLED", "true");
	world.answered = 0;
	fails(NULL, ERR_ACCESS, "no AWS credentials");
	assert_int_equal(world.answered, 0);
}

static void instance_metadata_that_is_none(void **state)
{
	(void)state;
	no_keys();
	fails(NULL, ERR_ACCESS, "nothing else is configured: run aws configure");
	assert_int_equal(world.answered, 1);	/* one try */
	world.answered = 0;
	answers(0, 200, "t");
	answers(1, 200, "<html>hotel</html>");
	fails(NULL, ERR_ACCESS, "answered with HTML, not with the name of a role");
}

static void web_identity(void **state)
{
	char path[128];
	struct aws *a;

	(void)state;
	no_keys();
	snprintf(path, sizeof(path), "%s/jwt", world.folder);
	world_write(path, "header.payload.signature\n");
	world_setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path);
	world_setenv("AWS_ROLE_ARN", "arn:aws:iam::111111111111:role/web");
	answers(0, 200, STS("AssumeRoleWithWebIdentity", "ASIAWEBWEBWEBWEBWEBW"));
	a = world_open(NULL);
	assert_string_equal(get(a)->access_key_id, "ASIAWEBWEBWEBWEBWEBW");
	assert_contains(world.seen[0].body, "WebIdentityToken=header.payload.signature");
	assert_null(strstr(world.seen[0].headers, "authorization"));	/* the token is the proof */
	aws_close(a);
	forget();
	world_write(path, "\n");
	fails(NULL, ERR_ACCESS, "is empty");
	unlink(path);
	fails(NULL, ERR_USAGE, "web identity");
}

static void sso(void **state)
{
	char path[200];
	struct aws *a;

	(void)state;
	no_keys();
	world_write(world.config, "[profile s]\nsso_session = corp\nsso_account_id = 111111111111\n"
		    "sso_role_name = Admin\n[sso-session corp]\nsso_region = eu-west-1\n"
		    "sso_start_url = https://corp.awsapps.com/start\n");
	fails("s", ERR_ACCESS, "the SSO session \"corp\" was never begun; run aws sso login --sso-session corp");
	snprintf(path, sizeof(path), "%s/.aws/sso/cache", world.folder);
	file_make_dirs(path, 0700, &(struct err){ 0 });
	/* the SHA-1 of "corp" */
	snprintf(path, sizeof(path), "%s/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
		 world.folder);
	world_write(path, "{\"accessToken\":\"bearer\",\"expiresAt\":\"2024-02-29T12:00:00Z\"}");
	fails("s", ERR_ACCESS, "the SSO session \"corp\" has expired; run aws sso login --sso-session corp");
	world_write(path, "{\"accessToken\":\"bearer\",\"expiresAt\":\"2024-02-29T13:00:00UTC\"}");
	answers(0, 200, "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSOSSOSSOSSOSSOS\","
		"\"secretAccessKey\":\"s\",\"sessionToken\":\"t\",\"expiration\":1709213696000}}");
	a = world_open("s");
	assert_string_equal(get(a)->access_key_id, "ASIASSOSSOSSOSSOSSOS");
	assert_int_equal(get(a)->expiration, 1709213696);
	assert_string_equal(get(a)->account_id, "111111111111");
	assert_string_equal(world.seen[0].url, "https://portal.sso.eu-west-1.amazonaws.com/federation/"
			    "credentials?role_name=Admin&account_id=111111111111");
	assert_contains(world.seen[0].headers, "x-amz-sso_bearer_token: bearer\n");
	assert_null(strstr(world.seen[0].headers, "authorization"));
	aws_close(a);
	forget();
	world.answered = 0;
	answers(0, 401, "{\"__type\":\"UnauthorizedException\",\"message\":\"Session token not found\"}");
	fails("s", ERR_ACCESS, "is no longer valid; run aws sso login --sso-session corp");
	world_write(path, "{");
	fails("s", ERR_ACCESS, "cannot be read");
}

static void process_profile(const char *command)
{
	char text[1024];

	snprintf(text, sizeof(text), "[profile p]\ncredential_process = %s\n", command);
	world_write(world.config, text);
}

static void credential_process(void **state)
{
	char path[128], command[300];
	struct aws *a;

	(void)state;
	no_keys();
	/* words as a shell splits them, and no shell: $HOME and ; are plain */
	snprintf(path, sizeof(path), "%s/a b.sh", world.folder);
	world_write(path, "#!/bin/sh\n[ \"$#|$1|$2|$3\" = '3|a  b|$HOME;x|c\"d' ] || exit 9\n"
		    "echo '{\"Version\":1," JSON_KEYS ",\"SessionToken\":\"t\",\"AccountId\":\"111111111111\"}'\n");
	snprintf(command, sizeof(command), "/bin/sh \"%s\" 'a  b' $HOME\\;x \"c\\\"d\"", path);
	process_profile(command);
	a = world_open("p");
	assert_string_equal(get(a)->access_key_id, "AKIAJSONJSONJSONJSON");
	assert_string_equal(get(a)->account_id, "111111111111");
	assert_int_equal(get(a)->expiration, NOW + 3600);
	aws_close(a);
}

static void credential_process_that_fails(void **state)
{
	static const struct { const char *command, *says; } cases[] = {
		{ "/bin/false", "/bin/false failed with exit code 1" },
		{ "/nonexistent/x", "/nonexistent/x" },
		{ "/bin/echo nothing", "did not write JSON" },
		{ "/bin/echo '{\"Version\": 2}'", "without \"Version\": 1" },
		{ "/bin/echo '{\"Version\": 1}'", "has no AccessKeyId" },
		{ "/usr/bin/head -c 100000 /dev/zero", "wrote more than" },
		{ "/bin/echo '{\"Version\":1,\"AccessKeyId\":\"AKIAXXXXXXXXXXXXXXXX\",\"SecretAccessKey\":\"s\","
		  "\"Expiration\":\"2024-02-29T12:00:00Z\"}'", "have expired" },
	};

	(void)state;
	no_keys();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		process_profile(cases[i].command);
		fails("p", ERR_ACCESS, cases[i].says);
	}
	process_profile("/bin/echo 'open");
	fails("p", ERR_USAGE, "quote that does not end");
}

/* A program that catches signals has a flag, and a terminal that nobody types on. */
static void an_interrupted_question_ends(void **state)
{
	volatile int stop = 1;
	const struct aws_settings settings = { .stop = &stop };
	int status, terminal;
	pid_t pid;

	(void)state;
	pid = forkpty(&terminal, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err = { 0 };
		struct aws *a = aws_open_in(&test_world, &settings, &err);
		char code[PROVIDER_MFA_LEN];

		alarm(10);
		_exit(a && provider_ask_mfa(a, "arn:me", code, &err) < 0 && err.class == ERR_ACCESS &&
		      strstr(err.message, "interrupted") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(terminal);
}

static void a_login_that_was_never_begun(void **state)
{
	(void)state;
	no_keys();
	world_write(world.config, "[profile l]\nlogin_session = arn:aws:iam::1:user/x\n");
	fails("l", ERR_ACCESS, "the session of aws login was never begun; run aws login --profile l");
}

/* The text of a secret, quoted for JSON, to credentials or to an error. */
static int secret(const char *id, const char *text, struct creds *out, struct err *err)
{
	static char body[4096];
	cJSON *answer = cJSON_CreateObject();
	struct buf b = BUF_INIT(4000);
	struct aws *a = world_open(NULL);
	int result;

	json_set_string(answer, "SecretString", text);
	json_print(answer, false, &b, err);
	snprintf(body, sizeof(body), "%s", buf_str(&b));
	buf_free(&b);
	json_free(answer);
	world.answered = 0;
	answers(0, 200, body);
	answers(1, 200, STS("AssumeRole", "ASIASECRETSECRETSECR"));
	err->class = ERR_NONE;
	result = aws_secret_credentials(a, id, out, err);
	aws_close(a);
	return result;
}

static void secrets_in_every_spelling(void **state)
{
	static const char *const texts[] = {
		"{\"aws_access_key_id\":\"" KEY "\",\"aws_secret_access_key\":\"" SECRET "\"}",
		"{\"AWS_ACCESS_KEY_ID\":\"" KEY "\",\"AWS_SECRET_ACCESS_KEY\":\"" SECRET "\"}",
		"{\"AccessKeyId\":\"" KEY "\",\"SecretAccessKey\":\"" SECRET "\"}",
		"{\"access-key-id\":\"" KEY "\",\"secret-access-key\":\"" SECRET "\",\"x\":{}}",
		"{\"accessKey\":\"" KEY "\",\"secretKey\":\"" SECRET "\"}",
		"{\"AccessKey\":{\"UserName\":\"u\",\"AccessKeyId\":\"" KEY "\",\"SecretAccessKey\":\"" SECRET "\"}}",
	};
	struct err err = { 0 };
	struct creds *c = creds_new(&err);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(secret("mlops/beta#AWSPREVIOUS", texts[i], c, &err), 0);
		assert_string_equal(c->access_key_id, KEY);
		assert_string_equal(c->secret_access_key, SECRET);
		assert_string_equal(c->session_token, "");
		assert_string_equal(world.seen[0].body,
				    "{\"SecretId\":\"mlops/beta\",\"VersionStage\":\"AWSPREVIOUS\"}");
	}
	assert_int_equal(secret("s", "{\"role_arn\":\"arn:aws:iam::2:role/r\",\"external_id\":\"e\"}", c, &err), 0);
	assert_string_equal(c->access_key_id, "ASIASECRETSECRETSECR");
	assert_contains(world.seen[1].body, "ExternalId=e");
	assert_contains(world.seen[1].headers, "Credential=" KEY "/");
	creds_free(c);
}

static void secrets_without_keys(void **state)
{
	static const struct { const char *text, *says; } cases[] = {
		{ "{\"user\":\"u\",\"password\":\"hunter2\"}", "there is \"user\", \"password\"" },
		{ "{}", "there is nothing" },
		{ "{\"aws_access_key_id\":\"" KEY "\"}", "there is \"aws_access_key_id\"" },
		{ "{\"aws_access_key_id\":1,\"aws_secret_access_key\":\"hunter2\"}", "no AWS credentials" },
		{ "hunter2", "no JSON object" },
		{ "[\"hunter2\"]", "no JSON object" },
		{ "{\"aws_access_key_id\":\"" KEY "\",\"aws_secret_access_key\":\"hunter2 x\"}", "secret" },
	};
	struct err err = { 0 };
	struct creds *c = creds_new(&err);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(secret("mlops/beta", cases[i].text, c, &err), -1);
		assert_int_equal(err.class, ERR_USAGE);
		assert_contains(err.message, "secret \"mlops/beta\": ");
		assert_contains(err.message, cases[i].says);
		assert_null(strstr(err.message, "hunter2"));
	}
	creds_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(roles_are_assumed_along_their_sources),
		CASE(a_refused_role_is_named),
		CASE(credentials_are_fetched_again_before_they_end),
		CASE(container_endpoints),
		CASE(container_endpoints_elsewhere_are_refused),
		CASE(container_answers_that_are_none),
		CASE(instance_metadata),
		CASE(instance_metadata_of_version_1),
		CASE(instance_metadata_that_is_none),
		CASE(web_identity),
		CASE(sso),
		CASE(credential_process),
		CASE(credential_process_that_fails),
		CASE(an_interrupted_question_ends),
		CASE(a_login_that_was_never_begun),
		CASE(secrets_in_every_spelling),
		CASE(secrets_without_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
