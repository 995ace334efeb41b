/* credhelper/remote_*.c: URLs, where they lead, and the command that fetches them. */
#include "credhelper/remote_command.h"
#include "credhelper/remote_parent.h"
#include "credhelper/remote_target.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* ---- URLs ---------------------------------------------------------------------------- */

static const struct {
	const char *url, *region, *profile, *repository, *https;
} urls[] = {
	/* what git hands over of codecommit://… */
	{ "codecommit://repo", "", "", "repo", "https://HOST/v1/repos/repo" },
	{ "codecommit://devops@repo", "", "devops", "repo", "https://HOST/v1/repos/repo" },
	{ "codecommit://devops@repo/", "", "devops", "repo", "https://HOST/v1/repos/repo" },
	{ "codecommit://devops@repo///", "", "devops", "repo", "https://HOST/v1/repos/repo" },
	{ "codecommit://devops@repo.git", "", "devops", "repo", "https://HOST/v1/repos/repo" },
	{ "codecommit://devops@repo.git/", "", "devops", "repo", "https://HOST/v1/repos/repo" },
	{ "codecommit://devops@repo.github", "", "devops", "repo.github", "https://HOST/v1/repos/repo.github" },
	{ "codecommit://devops@...", "", "devops", "...", "https://HOST/v1/repos/..." },
	{ "codecommit://d@A-Z_a.z-09", "", "d", "A-Z_a.z-09", "https://HOST/v1/repos/A-Z_a.z-09" },
	{ "CodeCommit://d@r", "", "d", "r", "https://HOST/v1/repos/r" },
	/* … and of codecommit::REGION://… */
	{ "us-east-1://repo", "us-east-1", "", "repo", "https://HOST/v1/repos/repo" },
	{ "us-east-1://devops@repo", "us-east-1", "devops", "repo", "https://HOST/v1/repos/repo" },
	{ "US-East-1://devops@repo", "us-east-1", "devops", "repo", "https://HOST/v1/repos/repo" },
	{ "us-gov-west-1://d@r", "us-gov-west-1", "d", "r", "https://HOST/v1/repos/r" },
	{ "us-isob-east-1://d@r", "us-isob-east-1", "d", "r", "https://HOST/v1/repos/r" },
	{ "xx-tomorrow-12://d@r", "xx-tomorrow-12", "d", "r", "https://HOST/v1/repos/r" },
	/* profiles are as they are written */
	{ "codecommit://my prof@r", "", "my prof", "r", "https://HOST/v1/repos/r" },
	{ "codecommit://my%20prof@r", "", "my%20prof", "r", "https://HOST/v1/repos/r" },
	{ "codecommit://me@example.com@r", "", "me@example.com", "r", "https://HOST/v1/repos/r" },
	{ "codecommit://org/account/role@r", "", "org/account/role", "r", "https://HOST/v1/repos/r" },
	{ "codecommit://a:b?c#d[e]@r", "", "a:b?c#d[e]", "r", "https://HOST/v1/repos/r" },
	{ "codecommit://x://y@r", "", "x://y", "r", "https://HOST/v1/repos/r" },
	{ "codecommit://a'; touch x; '@r", "", "a'; touch x; '", "r", "https://HOST/v1/repos/r" },
	{ "codecommit://--help@r", "", "--help", "r", "https://HOST/v1/repos/r" },
	{ "codecommit://profil\303\251@r", "", "profil\303\251", "r", "https://HOST/v1/repos/r" },
	/* repositories are decoded, and encoded again */
	{ "codecommit://my repo", "", "", "my repo", "https://HOST/v1/repos/my%20repo" },
	{ "codecommit://my%20repo", "", "", "my repo", "https://HOST/v1/repos/my%20repo" },
	{ "codecommit://r\303\251po", "", "", "r\303\251po", "https://HOST/v1/repos/r%C3%A9po" },
	{ "codecommit://r%c3%a9po", "", "", "r\303\251po", "https://HOST/v1/repos/r%C3%A9po" },
	{ "codecommit://%72epo", "", "", "repo", "https://HOST/v1/repos/repo" },
	{ "codecommit://" HUNDRED, "", "", HUNDRED, "https://HOST/v1/repos/" HUNDRED },
	{ "codecommit://" HUNDRED ".git", "", "", HUNDRED, "https://HOST/v1/repos/" HUNDRED },
	/* a hundred characters, 104 bytes */
	{ "codecommit://\303\251" "\303\251" "\303\251" "\303\251" TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345", "", "",
	  "\303\251" "\303\251" "\303\251" "\303\251" TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345",
	  "https://HOST/v1/repos/%C3%A9%C3%A9%C3%A9%C3%A9" TEN TEN TEN TEN TEN TEN TEN TEN TEN "012345" },
};

static void good_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		struct buf https = BUF_INIT(REMOTE_HTTPS_MAX);
		struct remote_url url;
		struct err err = { 0 };

		if (remote_url_parse(urls[i].url, &url, &err) < 0)
			fail_msg("%s: %s", urls[i].url, err.message);
		assert_string_equal(url.region, urls[i].region);
		assert_string_equal(url.profile, urls[i].profile);
		assert_string_equal(url.repository, urls[i].repository);
		assert_int_equal(remote_url_https("HOST", url.repository, &https, &err), 0);
		assert_string_equal(buf_str(&https), urls[i].https);
		buf_free(&https);
	}
}

static const struct {
	const char *url, *message;
} bad_urls_table[] = {
	{ "", "no \"://\"" },
	{ "repo", "no \"://\"" },
	{ "devops@repo", "no \"://\"" },
	{ "codecommit:devops@repo", "no \"://\"" },
	{ "//devops@repo", "no \"://\"" },	/* of codecommit:://… */
	{ "://devops@repo", "unknown region" },
	{ "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/x", "unknown region \"https\"" },
	{ "us-east://r", "unknown region \"us-east\"" },
	{ "us-east-1a://r", "did you mean us-east-1?" },
	{ "us east-1://r", "unknown region" },
	{ "us-east-1.evil.example://r", "region" },
	{ "us-east-1@evil://r", "region" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbb-1://r", "no region of AWS" },
	{ "codecommit://", "names no repository" },
	{ "codecommit:///", "names no repository" },
	{ "codecommit://devops@", "names no repository" },
	{ "codecommit://devops@/", "names no repository" },
	{ "codecommit://devops@.", "names no repository" },
	{ "codecommit://devops@..", "names no repository" },
	{ "codecommit://devops@%2e%2e", "names no repository" },
	{ "codecommit://@repo", "no profile before it" },
	{ "codecommit://de\nvops@repo", "control character in its profile" },
	{ "codecommit://re\npo", "control character in the repository" },
	{ "codecommit://re%0apo", "control character in the repository" },
	{ "codecommit://re%00po", "control character in the repository" },
	{ "codecommit://re\177po", "control character in the repository" },
	{ "codecommit://devops@a/b", "no folders" },
	{ "codecommit://a/b", "no folders" },
	{ "codecommit://a%2fb", "no folders" },
	{ "codecommit://repo?x", "a character that" }, { "codecommit://repo#x", "a character that" },
	{ "codecommit://repo:1", "a character that" }, { "codecommit://re'po", "a character that" },
	{ "codecommit://re%40po", "a character that" }, { "codecommit://re%zzpo", "a character that" },
	{ "codecommit://re\\po", "a character that" }, { "codecommit://re$po", "a character that" },
	{ "codecommit://repo.git.git", "ends in .git" },
	{ "codecommit://repo%2egit", "ends in .git" },
	{ "codecommit://devops@.git", "ends in .git" },
	{ "codecommit://" HUNDRED "x", "more than 100" },
	{ "codecommit://" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
	  HUNDRED HUNDRED HUNDRED, "more than 100" },
	{ "codecommit://" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED "@r", "more than 512" },
};

static void bad_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_urls_table) / sizeof(*bad_urls_table); i++) {
		const char *text = bad_urls_table[i].url;
		struct remote_url url = { .region = "before" };
		struct err err = { 0 };

		if (remote_url_parse(text, &url, &err) == 0)
			fail_msg("\"%s\" passed", text);
		if (err.class != ERR_USAGE || !strstr(err.message, bad_urls_table[i].message) ||
		    !strstr(err.message, "write codecommit://"))
			fail_msg("\"%s\": %s", text, err.message);
		assert_string_equal(url.region, "before");
	}
}

static void a_password_is_not_shown(void **state)
{
	struct err err = { 0 };
	struct remote_url url;

	(void)state;
	assert_int_equal(remote_url_parse("codecommit://AKID:CANARY@a/b", &url, &err), -1);
	assert_null(strstr(err.message, "CANARY"));
	assert_int_equal(remote_url_parse("CANARY@https:x", &url, &err), -1);
	assert_null(strstr(err.message, "CANARY"));
}

static void endpoints(void **state)
{
	static const struct {
		const char *text, *host, *message;
	} table[] = {
		{ "https://git.example", "git.example", NULL },
		{ "https://git.example/", "git.example", NULL },
		{ "https://Git.Example:8443", "git.example:8443", NULL },
		{ "git.example", "git.example", NULL },
		{ "127.0.0.1:8443", "127.0.0.1:8443", NULL },
		{ "http://git.example", NULL, "write https://" },
		{ "http://127.0.0.1", NULL, "write https://" },
		{ "ftp://git.example", NULL, "is no host" },
		{ "https://", NULL, "is no host" }, { "https:///", NULL, "is no host" },
		{ "https://git.example/codecommit", NULL, "without a path" },
		{ "https://git.example?x", NULL, "is no host" },
		{ "https://git.example:", NULL, "is no host" },
		{ "https://git.example:0", NULL, "is no host" },
		{ "https://git.example:123456", NULL, "is no host" },
		{ "https://git.example:1:2", NULL, "is no host" },
		{ "https://user:CANARY@git.example", NULL, "is no host" },
		{ "https://git example", NULL, "is no host" },
		{ "https://git.example.helper=x", NULL, "is no host" },
		{ "https://" HUNDRED HUNDRED HUNDRED, NULL, "too long" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char host[REMOTE_HOST_MAX + 1] = "before";
		struct err err = { 0 };
		int rc = remote_url_endpoint(table[i].text, host, &err);

		if ((rc == 0) != !!table[i].host)
			fail_msg("%s: %s", table[i].text, err.message);
		assert_string_equal(host, table[i].host ? table[i].host : "before");
		if (rc < 0 && (!strstr(err.message, table[i].message) || strstr(err.message, "CANARY")))
			fail_msg("%s: %s", table[i].text, err.message);
	}
}

/* ---- where they lead ----------------------------------------------------------------- */

static char home[] = "/tmp/codetrain-remote.XXXXXX";
static const char *const *variables;	/* "NAME=VALUE" …, NULL */

static const char *environment(const char *name)
{
	size_t len = strlen(name);

	for (const char *const *v = variables; v && *v; v++)
		if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
			return *v + len + 1;
	return NULL;
}

static void put(const char *name, const char *text)
{
	struct err err = { 0 };
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", home, name);
	if (file_replace(path, text, strlen(text), 0600, &err) < 0)
		fail_msg("%s", err.message);
}

static int make_home(void **state)
{
	char path[256];

	(void)state;
	if (!mkdtemp(home))
		return -1;
	snprintf(path, sizeof(path), "%s/.aws", home);
	if (mkdir(path, 0700) < 0)
		return -1;
	put(".aws/config", "[profile devops]\nregion = us-east-2\n"
	    "[profile my prof]\nregion = eu-west-1\n[profile a%20b]\n[profile a b]\n"
	    "[profile fips]\nregion = us-gov-west-1\nuse_fips_endpoint = true\n[profile nowhere]\n"
	    "[profile broken]\nregion = us-east\n"
	    "[profile vpc]\ncodetrain_codecommit_endpoint = "
	    "https://vpce-1-x.git-codecommit.us-east-1.vpce.amazonaws.com\n"
	    "[profile own]\nregion = us-east-2\ncodetrain_codecommit_endpoint = git.example:8443\n"
	    "[profile plain]\ncodetrain_codecommit_endpoint = http://git.example\n");
	put(".aws/credentials", "[keys]\naws_access_key_id = AKID\naws_secret_access_key = x\n");
	return 0;
}

static int remove_home(void **state)
{
	(void)state;
	return file_remove_tree(home, &(struct err){ 0 });
}

#define EAST2 "git-codecommit.us-east-2.amazonaws.com"
#define VPCE "vpce-1-x.git-codecommit.us-east-1.vpce.amazonaws.com"

static const struct {
	const char *url, *variable, *second;
	const char *profile, *region, *host;	/* a NULL host: `profile` is a part of the error */
	bool foreign;
} targets[] = {
	{ "codecommit://devops@r", NULL, NULL, "devops", "us-east-2", EAST2, false },
	{ "codecommit://my prof@r", NULL, NULL, "my prof", "eu-west-1", "git-codecommit.eu-west-1.amazonaws.com", false },
	{ "codecommit://my%20prof@r", NULL, NULL, "my prof", "eu-west-1", "git-codecommit.eu-west-1.amazonaws.com", false },
	/* a name that is there as written is that one */
	{ "us-east-2://a%20b@r", NULL, NULL, "a%20b", "us-east-2", EAST2, false },
	{ "us-east-2://keys@r", NULL, NULL, "keys", "us-east-2", EAST2, false },
	{ "us-east-2://r", NULL, NULL, "", "us-east-2", EAST2, false },
	{ "eu-west-1://devops@r", NULL, NULL, "devops", "eu-west-1", "git-codecommit.eu-west-1.amazonaws.com", false },
	{ "codecommit://r", "AWS_PROFILE=devops", NULL, "", "us-east-2", EAST2, false },
	{ "codecommit://r", "AWS_DEFAULT_PROFILE=devops", NULL, "", "us-east-2", EAST2, false },
	{ "codecommit://devops@r", "AWS_PROFILE=nobody", NULL, "devops", "us-east-2", EAST2, false },
	{ "codecommit://r", "AWS_PROFILE=nobody", NULL, "profile \"nobody\" (from AWS_PROFILE)", NULL, NULL, false },
	{ "us-east-2://r", "AWS_DEFAULT_PROFILE=nobody", NULL, "(from AWS_DEFAULT_PROFILE)", NULL, NULL, false },
	{ "codecommit://devosp@r", NULL, NULL, "\"devosp\" (from the URL) is neither in ", NULL, NULL, false },
	{ "codecommit://devosp@r", NULL, NULL, "; did you mean \"devops\"?", NULL, NULL, false },
	{ "codecommit://somebody@r", NULL, NULL, "; there are: devops, my prof, a%20b, a b, fips …", NULL, NULL, false },
	{ "codecommit://some%00body@r", NULL, NULL, "\"some%00body\"", NULL, NULL, false },
	{ "codecommit://AKID:SECRET@r", NULL, NULL, "the URL has \"AKID:...\" where", NULL, NULL, false },
	/* the region: the URL's, then the environment's, then the profile's */
	{ "codecommit://devops@r", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-2",
	  "devops", "eu-west-1", "git-codecommit.eu-west-1.amazonaws.com", false },
	{ "codecommit://devops@r", "AWS_DEFAULT_REGION=eu-west-2", NULL,
	  "devops", "eu-west-2", "git-codecommit.eu-west-2.amazonaws.com", false },
	{ "us-east-2://devops@r", "AWS_REGION=eu-west-1", NULL, "devops", "us-east-2", EAST2, false },
	{ "codecommit://nowhere@r", NULL, NULL, "profile \"nowhere\"", NULL, NULL, false },
	{ "codecommit://nowhere@r x", NULL, NULL, "write codecommit::us-east-2://nowhere@r x", NULL, NULL, false },
	{ "codecommit://r", NULL, NULL, "profile \"default\"", NULL, NULL, false },
	{ "codecommit://broken@r", NULL, NULL, "profile \"broken\": unknown region \"us-east\"", NULL, NULL, false },
	/* the partition's suffix */
	{ "cn-north-1://devops@r", NULL, NULL, "devops", "cn-north-1", "git-codecommit.cn-north-1.amazonaws.com.cn", false },
	{ "us-iso-east-1://devops@r", NULL, NULL, "devops", "us-iso-east-1", "git-codecommit.us-iso-east-1.c2s.ic.gov", false },
	{ "eusc-de-east-1://devops@r", NULL, NULL, "devops", "eusc-de-east-1", "git-codecommit.eusc-de-east-1.amazonaws.eu", false },
	/* FIPS */
	{ "codecommit://fips@r", NULL, NULL, "fips", "us-gov-west-1", "git-codecommit-fips.us-gov-west-1.amazonaws.com", false },
	{ "codecommit://fips@r", "AWS_USE_FIPS_ENDPOINT=false", NULL, "fips", "us-gov-west-1",
	  "git-codecommit.us-gov-west-1.amazonaws.com", false },
	{ "codecommit://devops@r", "AWS_USE_FIPS_ENDPOINT=True", NULL, "devops", "us-east-2",
	  "git-codecommit-fips.us-east-2.amazonaws.com", false },
	{ "us-east-2://r", "AWS_PROFILE=fips", NULL, "", "us-east-2", "git-codecommit-fips.us-east-2.amazonaws.com", false },
	/* endpoints */
	{ "codecommit://vpc@r", NULL, NULL, "vpc", "us-east-1", VPCE, false },
	{ "codecommit://vpc@r", "AWS_REGION=eu-west-1", NULL, "vpc", "us-east-1", VPCE, false },
	{ "us-east-1://vpc@r", "AWS_USE_FIPS_ENDPOINT=true", NULL, "vpc", "us-east-1", VPCE, false },
	{ "us-east-2://vpc@r", NULL, NULL, "is in us-east-1; change one", NULL, NULL, false },
	{ "codecommit://own@r", NULL, NULL, "own", "us-east-2", "git.example:8443", true },
	{ "eu-west-1://own@r", NULL, NULL, "own", "eu-west-1", "git.example:8443", true },
	{ "codecommit://own@r", "CODE_COMMIT_ENDPOINT=" EAST2, NULL, "own", "us-east-2", EAST2, false },
	{ "codecommit://own@r", "CODE_COMMIT_ENDPOINT=b.example", "CODETRAIN_CODECOMMIT_ENDPOINT=a.example",
	  "own", "us-east-2", "a.example", true },
	{ "codecommit://nowhere@r", "CODE_COMMIT_ENDPOINT=b.example", NULL, "profile \"nowhere\"", NULL, NULL, false },
	{ "codecommit://devops@r", "CODE_COMMIT_ENDPOINT=", NULL, "devops", "us-east-2", EAST2, false },
	{ "codecommit://devops@r", "CODE_COMMIT_ENDPOINT=a b", NULL,
	  "CODE_COMMIT_ENDPOINT, for profile \"devops\": ", NULL, NULL, false },
	{ "codecommit://plain@r", NULL, NULL, "/.aws/config:19: codetrain_codecommit_endpoint of profile \"plain\": http://",
	  NULL, NULL, false },
	{ "codecommit://devops@r", "AWS_ENDPOINT_URL_CODECOMMIT=https://b.example", "AWS_ENDPOINT_URL=https://c.example",
	  "devops", "us-east-2", EAST2, false },
};

static void targets_of_urls(void **state)
{
	struct err err = { 0 };
	struct awsconfig *config = awsconfig_load(NULL, NULL, home, &err);
	const struct chain_input in = { .getenv = environment, .config = config };

	(void)state;
	assert_non_null(config);
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		const char *set[] = { targets[i].variable, targets[i].second, NULL };
		struct remote_target t = { .region = "before" };
		struct remote_url url;
		int rc;

		variables = set;
		assert_int_equal(remote_url_parse(targets[i].url, &url, &err), 0);
		rc = remote_target_choose(&in, &url, &t, &err);
		if ((rc == 0) != !!targets[i].host)
			fail_msg("%s: %s", targets[i].url, rc ? err.message : t.host);
		if (rc < 0) {
			if (err.class != ERR_USAGE || !strstr(err.message, targets[i].profile) ||
			    strstr(err.message, "SECRET"))
				fail_msg("%s: %s", targets[i].url, err.message);
			assert_string_equal(t.region, "before");
			continue;
		}
		assert_string_equal(t.profile, targets[i].profile);
		assert_string_equal(t.region, targets[i].region);
		assert_string_equal(t.host, targets[i].host);
		assert_int_equal(t.foreign, targets[i].foreign);
	}
	variables = NULL;
	awsconfig_free(config);
}

/* ---- the command --------------------------------------------------------------------- */

static void the_command(void **state)
{
	struct remote_target t = { .profile = "it's", .region = "us-east-2", .host = "h.example:1", .foreign = true };
	struct strs argv = STRS_INIT;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(remote_command(&t, "/a b/c", "origin", "r p", &argv, &err), 0);
	assert_int_equal(argv.n, 10);
	assert_string_equal(argv.v[0], "git");
	assert_string_equal(argv.v[2], "credential.https://h.example:1.helper=");
	assert_string_equal(argv.v[4], "credential.https://h.example:1.helper=!exec '/a b/c' "
			    "--profile='it'\\''s' --ignore-host-check --region=us-east-2");
	assert_string_equal(argv.v[6], "credential.https://h.example:1.useHttpPath=true");
	assert_string_equal(argv.v[7], "remote-https");
	assert_string_equal(argv.v[8], "origin");
	assert_string_equal(argv.v[9], "https://h.example:1/v1/repos/r%20p");
	strs_free(&argv);
	t.profile[0] = '\0';
	t.foreign = false;
	assert_int_equal(remote_command(&t, "/c", "origin", "r", &argv, &err), 0);
	assert_string_equal(argv.v[4], "credential.https://h.example:1.helper=!exec /c");
	strs_free(&argv);
}

/* What sh makes of the helper's words is the profile again, whatever is in it. */
static void quoted_for_sh(void **state)
{
	struct remote_target t = { .region = "us-east-2", .host = "h" };
	struct buf out = BUF_INIT(4096);
	struct strs argv = STRS_INIT;
	struct err err = { 0 };
	struct proc_result result;
	char want[REMOTE_PROFILE_MAX + 32];
	size_t n = 0;

	(void)state;
	for (int c = 0x20; c < 0x100; c++)
		if (c != 0x7f)
			t.profile[n++] = (char)c;
	snprintf(t.profile + n, sizeof(t.profile) - n, "'; exit 3; '$(exit 4)`exit 5`''\\'\"");
	assert_int_equal(remote_command(&t, "/bin/echo", "o", "r", &argv, &err), 0);
	{
		const char *script = strchr(argv.v[4], '!') + 1;
		const char *const sh[] = { "sh", "-c", script, NULL };
		const struct proc p = { .argv = sh, .out = &out, .timeout_ms = 10000 };

		assert_int_equal(proc_run(&p, &result, &err), 0);
	}
	assert_int_equal(result.exit_code, 0);
	snprintf(want, sizeof(want), "--profile=%s\n", t.profile);
	assert_string_equal(buf_str(&out), want);
	strs_free(&argv);
	buf_free(&out);
}

static void git_is_there(void **state)
{
	const char *none[] = { "PATH=/nonexistent", NULL };
	const char *here[] = { "PATH=/nonexistent:", NULL };
	const char *empty[] = { NULL };
	const char *real[] = { "PATH=/nonexistent:/usr/local/bin:/usr/bin:/bin", NULL };
	int back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err err = { 0 };

	(void)state;
	variables = none;
	assert_int_equal(remote_command_check(environment, &err), -1);
	assert_int_equal(err.class, ERR_INTERNAL);
	assert_non_null(strstr(err.message, "no git on PATH"));
	variables = empty;
	assert_int_equal(remote_command_check(environment, &err), -1);
	variables = real;
	assert_int_equal(remote_command_check(environment, &err), 0);
	variables = here;	/* an empty name is the folder that we are in */
	assert_int_equal(chdir("/usr/bin"), 0);
	assert_int_equal(remote_command_check(environment, &err), 0);
	assert_int_equal(fchdir(back), 0);
	close(back);
	variables = NULL;
}

/* ---- submodules ---------------------------------------------------------------------- */

static void folders_around(void **state)
{
	static const struct {
		const char *git_dir, *around;
	} table[] = {
		{ "/super/.git/modules/lib", "/super/.git" },
		{ "/super/.git/modules/a/b", "/super/.git" },
		{ "/super/.git/modules/x/modules/y", "/super/.git" },	/* x is no repository */
		{ "/super/.git/modules/lib/modules/deep", "/super/.git/modules/lib" },
		{ "/super/.git", NULL },
		{ "/modules/lib", NULL },
		{ "/other/modules/lib", NULL },
		{ "/super/.git/modules", NULL },
	};
	struct err err = { 0 };
	char path[512];

	(void)state;
	snprintf(path, sizeof(path), "%s/super/.git/modules/lib", home);
	assert_int_equal(file_make_dirs(path, 0700, &err), 0);
	put("super/.git/HEAD", "ref: refs/heads/main\n");
	put("super/.git/modules/lib/HEAD", "ref: refs/heads/main\n");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char found[512] = "before", git_dir[512];

		snprintf(git_dir, sizeof(git_dir), "%s%s", home, table[i].git_dir);
		snprintf(path, sizeof(path), "%s%s", home, table[i].around ? table[i].around : "");
		if (remote_parent_folder(git_dir, found, sizeof(found)) != !!table[i].around)
			fail_msg("%s: %s", git_dir, found);
		assert_string_equal(found, table[i].around ? path : "before");
	}
	snprintf(path, sizeof(path), "%s/super/.git/modules/lib", home);
	assert_false(remote_parent_folder(path, path, 8));	/* no room */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_urls),
		cmocka_unit_test(bad_urls),
		cmocka_unit_test(a_password_is_not_shown),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(targets_of_urls),
		cmocka_unit_test(the_command),
		cmocka_unit_test(quoted_for_sh),
		cmocka_unit_test(git_is_there),
		cmocka_unit_test(folders_around),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
