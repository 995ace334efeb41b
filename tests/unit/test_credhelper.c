/* credhelper/gitproto.c and codecommit.c: git's lines, and what is answered. */
#include "credhelper/codecommit.h"
#include "credhelper/gitproto.h"
#include "lib/aws/session.h"
#include "lib/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { NOW = 1440938160 };	/* 2015-08-30T12:36:00Z */

static const char signature[] =
	"088fec8c788f892e6cb940f22a736b224a5a5de18925fa5f02413a1bb215c389";
static const char host[] = "git-codecommit.us-east-1.amazonaws.com";

/* ---- the world of a test ------------------------------------------------------------- */

static struct {
	const char *token, *region, *profile, *metadata_disabled;
	bool no_keys;
	int fetched;		/* calls of fetch */
	int64_t expiration;	/* what it answers */
	int fail;		/* it fails with this class */
	char home[64];		/* "": there is none, and no session is kept */
	char home_line[80];
	const char *variables[2];
} world;

static const char *environment(const char *name)
{
	const struct {
		const char *name, *value;
	} table[] = {
		{ "AWS_ACCESS_KEY_ID", world.no_keys ? NULL : "AKIDEXAMPLE" },
		{ "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
		{ "AWS_SESSION_TOKEN", world.token },
		{ "AWS_REGION", world.region },
		{ "AWS_PROFILE", world.profile },
		{ "AWS_EC2_METADATA_DISABLED", world.metadata_disabled },
		{ "AWS_CONFIG_FILE", "/nonexistent/config" },
		{ "AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials" },
		{ "HOME", world.home[0] ? world.home : NULL },
		{ "CODETRAIN_SESSION_CACHE", "file" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].value;
	return NULL;
}

static int fetch(const struct chain_input *in, const struct chain_choice *choice,
		 struct creds *out, struct err *err)
{
	world.fetched++;
	assert_int_equal(choice->provider, CHAIN_IMDS);
	assert_int_equal(in->now, NOW);
	if (world.fail)
		return err_set(err, (enum err_class)world.fail, "the fetch failed");
	if (creds_set(out, "ASIAFETCHED", "fetched", "to/ken==", "fetch", err) < 0)
		return -1;
	out->expiration = world.expiration;
	return 0;
}

/* What the helper answers to a request; "" is silence. */
static int ask(const char *text, size_t len, const struct codecommit *given, struct buf *answer,
	       struct err *err)
{
	struct codecommit c = given ? *given : (struct codecommit){ 0 };
	struct buf request = BUF_INIT(GITPROTO_MAX);
	struct err warning = { 0 };
	int rc;

	c.now = NOW;
	c.getenv = environment;
	c.fetch = fetch;
	c.variables = world.home[0] ? world.variables : NULL;
	buf_add(&request, text, len);
	buf_clear(answer);
	rc = codecommit_get(&c, &request, answer, &warning, err);
	buf_free(&request);
	return rc;
}

static void answers(const char *text, const struct codecommit *c, const char *want)
{
	struct buf answer = BUF_INIT_SECRET(CODECOMMIT_ANSWER_MAX);
	struct err err = { 0 };

	if (ask(text, strlen(text), c, &answer, &err) < 0)
		fail_msg("%s", err.message);
	assert_string_equal(buf_str(&answer), want);
	buf_free(&answer);
}

static void refuses(const char *text, const struct codecommit *c, enum err_class class,
		    const char *part)
{
	struct buf answer = BUF_INIT_SECRET(CODECOMMIT_ANSWER_MAX);
	struct err err = { 0 };

	assert_int_equal(ask(text, strlen(text), c, &answer, &err), -1);
	if (err.class != class || !strstr(err.message, part))
		fail_msg("class %d: %s", (int)err.class, err.message);
	assert_string_equal(buf_str(&answer), "quit=1\n");
	buf_free(&answer);
}

static int clear_world(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	return 0;
}

#define HTTPS "protocol=https\n"
#define HOST "host=git-codecommit.us-east-1.amazonaws.com\n"
#define REPO "path=v1/repos/MyDemoRepo\n"

/* ---- git's lines --------------------------------------------------------------------- */

static void requests(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *protocol, *host, *path;
		bool authtype;
	} rows[] = {
#define TEXT(s) s, sizeof(s) - 1
		{ TEXT(""), "", "", "", false },
		{ TEXT("\n"), "", "", "", false },
		{ TEXT(HTTPS HOST REPO), "https", host, "v1/repos/MyDemoRepo", false },
		{ TEXT(HTTPS HOST "path=a=b\n"), "https", host, "a=b", false },
		{ TEXT("protocol=https\r\nhost=h\r\npath=p\r\n\r\n"), "https", "h", "p", false },
		{ TEXT("host=h"), "", "h", "", false },
		{ TEXT("host=a\nhost=b\n"), "", "b", "", false },
		{ TEXT("host=a\nhost=\n"), "", "", "", false },
		{ TEXT("host=a\n\nhost=b\n"), "", "a", "", false },
		{ TEXT("nonsense\n=x\nfuture[]=1\nhost=h\n"), "", "h", "", false },
		{ TEXT("capability[]=authtype\ncapability[]=state\nhost=h\n"), "", "h", "", true },
		{ TEXT("capability[]=state\nhost=h\n"), "", "h", "", false },
		{ TEXT("host=h\0evil\npath=p\n"), "", "", "p", false },
		{ TEXT("host\0=h\npath=p\n"), "", "", "p", false },
		{ TEXT("HOST=h\n"), "", "", "", false },
		{ TEXT("\0\0\0"), "", "", "", false },
		/* what git 2.46 and later say with a get; and a server that says it all */
		{ TEXT("capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=h\npath=p\n"
		       "username=u\noauth_refresh_token=r\npassword_expiry_utc=1\nntlm=suppressed\n"
		       "wwwauth[]=Basic realm=\"host=x\"\nwwwauth[]=Negotiate\ncontinue=1\n"
		       "state[]=codecommit:host=y\nurl=https://z/\n\n"), "https", "h", "p", true },
		{ TEXT("path=a//b/.git/%20 \303\251\n"), "", "", "a//b/.git/%20 \303\251", false },
		{ TEXT("capability[]=authtype \ncapability=authtype\nhost[]=x\n"), "", "", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf text = BUF_INIT(GITPROTO_MAX);
		struct gitproto git;

		buf_add(&text, rows[i].text, rows[i].len);
		gitproto_parse(&text, &git);
		assert_string_equal(git.protocol, rows[i].protocol);
		assert_string_equal(git.host, rows[i].host);
		assert_string_equal(git.path, rows[i].path);
		assert_int_equal(git.authtype, rows[i].authtype);
		buf_free(&text);
	}
}

static void reading_ends_at_the_empty_line(void **state)
{
	static const char text[] = "host=h\n\n";
	struct buf in = BUF_INIT(GITPROTO_MAX);
	struct err err = { 0 };
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], text, strlen(text)), (int)strlen(text));
	assert_int_equal(gitproto_read(fd[0], &in, &err), 0);	/* the writer is still there */
	assert_string_equal(buf_str(&in), text);
	buf_clear(&in);
	assert_int_equal(write(fd[1], "host=h\n", 7), 7);
	close(fd[1]);
	assert_int_equal(gitproto_read(fd[0], &in, &err), 0);	/* or at the end */
	assert_string_equal(buf_str(&in), "host=h\n");
	close(fd[0]);
	assert_int_equal(gitproto_read(fd[0], &in, &err), -1);
	buf_free(&in);
}

static void a_request_without_end_is_refused(void **state)
{
	struct buf in = BUF_INIT(GITPROTO_MAX);
	struct err err = { 0 };
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	for (int i = 0; i < GITPROTO_MAX; i++)
		putc('x', f);
	rewind(f);
	assert_int_equal(gitproto_read(fileno(f), &in, &err), 0);
	assert_int_equal(in.len, GITPROTO_MAX);
	buf_clear(&in);
	fseek(f, 0, SEEK_END);
	putc('x', f);
	rewind(f);
	assert_int_equal(gitproto_read(fileno(f), &in, &err), -1);
	assert_int_equal(err.class, ERR_USAGE);
	fclose(f);
	buf_free(&in);
}

static void a_value_is_one_line(void **state)
{
	struct buf out = BUF_INIT(64);
	struct err err = { 0 };

	(void)state;
	assert_int_equal(gitproto_add(&out, "username", GITPROTO_VALUE("a=", "b"), &err), 0);
	assert_string_equal(buf_str(&out), "username=a=b\n");
	assert_int_equal(gitproto_add(&out, "username", GITPROTO_VALUE("a\nhost=b"), &err), -1);
	assert_int_equal(err.class, ERR_INTERNAL);
	assert_null(strstr(err.message, "host=b"));
	assert_int_equal(gitproto_add(&out, "username", GITPROTO_VALUE("a", "\r"), &err), -1);
	assert_string_equal(buf_str(&out), "username=a=b\n");
	buf_free(&out);
}

/* ---- answers ------------------------------------------------------------------------- */

static void an_answer(void **state)
{
	char want[512];

	(void)state;
	snprintf(want, sizeof(want), "username=AKIDEXAMPLE\npassword=20150830T123600Z%s\n"
		 "password_expiry_utc=%d\n", signature, NOW + 900);
	answers(HTTPS HOST REPO, NULL, want);
	answers("future=1\nno equals\n" REPO HOST HTTPS "\n", NULL, want);
	snprintf(want, sizeof(want), "capability[]=authtype\nusername=AKIDEXAMPLE\n"
		 "password=20150830T123600Z%s\npassword_expiry_utc=%d\nephemeral=1\n", signature,
		 NOW + 900);
	answers("capability[]=authtype\n" HTTPS HOST REPO, NULL, want);
	world.token = "IQoJb3Jp//+=";
	snprintf(want, sizeof(want), "username=AKIDEXAMPLE%%IQoJb3Jp//+=\n"
		 "password=20150830T123600Z%s\npassword_expiry_utc=%d\n", signature, NOW + 900);
	answers(HTTPS HOST REPO, NULL, want);
	assert_int_equal(world.fetched, 0);
}

static void silence_for_others(void **state)
{
	static const char *const others[] = {
		"", "\n", HTTPS, HOST REPO, HTTPS REPO,
		"protocol=http\n" HOST REPO, "protocol=HTTPS\n" HOST REPO, "protocol=ssh\n" HOST REPO,
		"protocol=https \n" HOST REPO,
		HTTPS "host=github.com\n" REPO,
		HTTPS "host=git-codecommit.us-east-1.amazonaws.com.evil.example\n" REPO,
		HTTPS "host=git-codecommit.us-east-1.amazonaws.com@evil.example\n" REPO,
		HTTPS "host=GIT-CODECOMMIT.us-east-1.amazonaws.com\n" REPO,
		/* a URL with a line break in it (CVE-2020-5260) */
		HTTPS "host=evil.example\n" HOST REPO,
		HTTPS "host=evil.example\npath=x\n" HOST,
		HTTPS HOST "host=git-codecommit.us-east-2.amazonaws.com\n" REPO,
		"protocol=http\n" HOST HTTPS REPO,
		HTTPS "host=github.com\n",	/* no path: not our business either */
	};

	(void)state;
	world.no_keys = true;	/* nothing is looked for */
	world.fail = ERR_ACCESS;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		answers(others[i], NULL, "");
	assert_int_equal(world.fetched, 0);
}

static void any_host_when_asked_for(void **state)
{
	struct codecommit c = { .ignore_host_check = true, .region = "us-east-2" };
	struct buf a = BUF_INIT_SECRET(CODECOMMIT_ANSWER_MAX), b = a;
	static const char text[] = HTTPS "host=proxy.example\n" REPO;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(ask(text, strlen(text), &c, &a, &err), 0);
	c.region = NULL;
	world.region = "us-east-2";
	assert_int_equal(ask(text, strlen(text), &c, &b, &err), 0);
	assert_string_equal(a.data, b.data);
	c.region = "us-east-1";
	assert_int_equal(ask(text, strlen(text), &c, &b, &err), 0);
	assert_string_not_equal(a.data, b.data);
	buf_free(&a);
	buf_free(&b);
	answers("protocol=http\nhost=proxy.example\n" REPO, &c, "");
	answers(HTTPS "host=user@proxy.example\n" REPO, &c, "");
	answers(HTTPS "host=proxy.example:x\n" REPO, &c, "");
	answers(HTTPS REPO, &c, "");
	c.region = "Ohio";
	refuses(text, &c, ERR_USAGE, "unknown region \"Ohio\"");
	c.region = NULL;
	world.region = NULL;
	refuses(text, &c, ERR_USAGE, "--region");
	/* A host that tells its region is believed. */
	c.region = "eu-west-1";
	answers(HTTPS HOST REPO, &c, "username=AKIDEXAMPLE\npassword=20150830T123600Z"
		"088fec8c788f892e6cb940f22a736b224a5a5de18925fa5f02413a1bb215c389\n"
		"password_expiry_utc=1440939060\n");
}

static void a_missing_path_is_explained(void **state)
{
	(void)state;
	refuses(HTTPS HOST, NULL, ERR_USAGE, "run git config --global credential.https://"
		"git-codecommit.us-east-1.amazonaws.com.useHttpPath true");
	refuses(HTTPS HOST "path=\n", NULL, ERR_USAGE, "useHttpPath");
	refuses(HTTPS HOST "path=a\npath=\n", NULL, ERR_USAGE, "useHttpPath");
	assert_int_equal(world.fetched, 0);
}

static void missing_credentials_are_explained(void **state)
{
	(void)state;
	world.no_keys = true;
	world.metadata_disabled = "true";
	refuses(HTTPS HOST REPO, NULL, ERR_ACCESS, "profile \"default\" in /nonexistent/credentials");
	world.profile = "devops";
	refuses(HTTPS HOST REPO, NULL, ERR_USAGE, "aws configure --profile devops");
	assert_int_equal(world.fetched, 0);
}

static void what_needs_the_network_is_fetched(void **state)
{
	struct buf answer = BUF_INIT_SECRET(CODECOMMIT_ANSWER_MAX);
	static const char text[] = HTTPS HOST REPO;
	struct err err = { 0 };

	(void)state;
	world.no_keys = true;
	world.expiration = NOW + 3600;
	assert_int_equal(ask(text, strlen(text), NULL, &answer, &err), 0);
	assert_int_equal(world.fetched, 1);
	assert_non_null(strstr(answer.data, "username=ASIAFETCHED%to/ken==\n"));
	assert_non_null(strstr(answer.data, "password_expiry_utc=1440939060\n"));
	world.expiration = NOW + 60;	/* the password ends with the session */
	assert_int_equal(ask(text, strlen(text), NULL, &answer, &err), 0);
	assert_non_null(strstr(answer.data, "password_expiry_utc=1440938220\n"));
	world.expiration = NOW;
	refuses(text, NULL, ERR_ACCESS, "have ended");
	world.fail = ERR_UNAVAILABLE;
	refuses(text, NULL, ERR_UNAVAILABLE, "the fetch failed");
	buf_free(&answer);
}

/* ---- sessions that are kept -------------------------------------------------------------- */

static int make_home(void **state)
{
	clear_world(state);
	snprintf(world.home, sizeof(world.home), "/tmp/codetrain-helper.XXXXXX");
	assert_non_null(mkdtemp(world.home));
	snprintf(world.home_line, sizeof(world.home_line), "HOME=%s", world.home);
	world.variables[0] = world.home_line;
	world.no_keys = true;
	world.expiration = NOW + 7200;
	return 0;
}

static int remove_home(void **state)
{
	struct err err;

	(void)state;
	return file_remove_tree(world.home, &err);
}

/* As codetrain-credentials does it: IMDS's, to be found in a file here. */
static void keep_session(int64_t since, int64_t end)
{
	struct err err = { 0 };
	struct awsconfig *config = awsconfig_load("/nonexistent/config", "/nonexistent/credentials",
						  world.home, &err);
	struct chain_input in = { .getenv = environment, .config = config, .now = NOW };
	const struct chain_choice choice = { CHAIN_IMDS, "default", false };
	struct creds *c = creds_new(&err);
	struct session s;

	assert_non_null(c);
	assert_int_equal(session_open(&s, &(struct session_scope){ &in, &choice, world.variables, NULL },
				      SESSION_FILE, &err), 0);
	assert_int_equal(creds_set(c, "ASIAKEPT", "kept", "to/ken", "here", &err), 0);
	c->expiration = end;
	assert_true(session_store(&s, c, since, 0));
	creds_free(c);
	awsconfig_free(config);
}

static void erase(const char *text)
{
	struct codecommit c = { .now = NOW, .getenv = environment, .fetch = fetch,
				.variables = world.variables };
	struct buf request = BUF_INIT_SECRET(GITPROTO_MAX);

	buf_adds(&request, text);
	codecommit_erase(&c, &request);
	buf_free(&request);
}

/* Whose password is answered. */
static void answered_by(const char *key)
{
	struct buf answer = BUF_INIT_SECRET(CODECOMMIT_ANSWER_MAX);
	static const char text[] = HTTPS HOST REPO;
	struct err err = { 0 };

	if (ask(text, strlen(text), NULL, &answer, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(err.class, ERR_NONE);
	assert_non_null(strstr(buf_str(&answer), key));
	buf_free(&answer);
}

static void a_kept_session_needs_no_fetch(void **state)
{
	(void)state;
	answered_by("ASIAFETCHED%");
	assert_int_equal(world.fetched, 1);
	keep_session(NOW, NOW + 3600);
	answered_by("ASIAKEPT%to/ken");
	assert_int_equal(world.fetched, 1);
	world.variables[0] = "HOME=/elsewhere";
	answered_by("ASIAFETCHED%");
	assert_int_equal(world.fetched, 2);
}

static void one_that_ends_soon_is_second_best(void **state)
{
	static const char text[] = HTTPS HOST REPO;

	(void)state;
	keep_session(NOW - 3300, NOW + 300);
	answered_by("ASIAFETCHED%");
	assert_int_equal(world.fetched, 1);
	world.fail = ERR_UNAVAILABLE;
	answered_by("ASIAKEPT%");
	assert_int_equal(world.fetched, 2);
	erase(HTTPS HOST REPO "username=ASIAKEPT%t\n");
	refuses(text, NULL, ERR_UNAVAILABLE, "the fetch failed");
}

static void erase_drops_the_session_of_its_user(void **state)
{
	static const char *const others[] = {
		"", HTTPS REPO, HTTPS HOST REPO "username=ASIAKEPT\n",
		HTTPS HOST REPO "username=ASIAOTHER%t\n", HTTPS HOST REPO "username=%t\n",
		"protocol=http\n" HOST REPO "username=ASIAKEPT%t\n",
		HTTPS "host=github.com\n" REPO "username=ASIAKEPT%t\n",
	};

	(void)state;
	keep_session(NOW, NOW + 3600);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		erase(others[i]);
	answered_by("ASIAKEPT%");
	assert_int_equal(world.fetched, 0);
	erase(HTTPS HOST REPO "username=ASIAKEPT%t\npassword=x\n");
	answered_by("ASIAFETCHED%");
	assert_int_equal(world.fetched, 1);
	keep_session(NOW, NOW + 3600);
	answered_by("ASIAKEPT%");
	erase(HTTPS HOST REPO);		/* of whichever user */
	answered_by("ASIAFETCHED%");
}

static void paths_are_bounded(void **state)
{
	struct buf text = BUF_INIT(GITPROTO_MAX), answer = BUF_INIT_SECRET(CODECOMMIT_ANSWER_MAX);
	struct err err = { 0 };

	(void)state;
	buf_adds(&text, HTTPS HOST "path=");
	while (text.len < GITPROTO_MAX - 1)
		buf_addc(&text, '%');	/* three bytes each when encoded */
	buf_addc(&text, '\n');
	assert_int_equal(ask(text.data, text.len, NULL, &answer, &err), -1);
	assert_int_equal(err.class, ERR_USAGE);
	assert_string_equal(buf_str(&answer), "quit=1\n");
	buf_free(&text);
	buf_free(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(reading_ends_at_the_empty_line),
		cmocka_unit_test(a_request_without_end_is_refused),
		cmocka_unit_test(a_value_is_one_line),
		cmocka_unit_test_setup(an_answer, clear_world),
		cmocka_unit_test_setup(silence_for_others, clear_world),
		cmocka_unit_test_setup(any_host_when_asked_for, clear_world),
		cmocka_unit_test_setup(a_missing_path_is_explained, clear_world),
		cmocka_unit_test_setup(missing_credentials_are_explained, clear_world),
		cmocka_unit_test_setup(what_needs_the_network_is_fetched, clear_world),
		cmocka_unit_test_setup(paths_are_bounded, clear_world),
		cmocka_unit_test_setup_teardown(a_kept_session_needs_no_fetch, make_home, remove_home),
		cmocka_unit_test_setup_teardown(one_that_ends_soon_is_second_best, make_home, remove_home),
		cmocka_unit_test_setup_teardown(erase_drops_the_session_of_its_user, make_home, remove_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
