/*
 * codetrain doctor's readers: lines of the AWS config files, git's
 * configuration, which of it counts for a URL, and what a helper's line means.
 */
#include "credhelper/doctor_config.h"
#include "credhelper/doctor_property.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* ---- lines of the config files ------------------------------------------------------ */

/* "rule:line rule:line" */
static void collect(void *arg, const struct doctor_flaw *flaw)
{
	struct buf *out = arg;

	buf_addf(out, "%s%s:%d", out->len ? " " : "", flaw->rule, flaw->line);
	assert_true(*flaw->message);
	assert_null(strstr(flaw->message, "SECRET"));
}

static const struct {
	const char *text;
	bool credentials;
	const char *want;
} lines[] = {
	/* what is right */
	{ "", false, "" },
	{ "[default]\nregion = us-east-2\n[profile a]\nregion=x\n", false, "" },
	{ "[default]\naws_access_key_id = AKIA\naws_secret_access_key = SECRET\n[a b]\n", true, "" },
	{ "# c\n\n ; c\n[profile a] # c\n# region = x\n[profile \"a b\"]\n[sso-session s]\n[services t]\n",
	  false, "" },
	{ "[profile a]\ns3 =\n  addressing_style = path\n  x = y\nregion = x\n", false, "" },
	{ "[preview]\ncloudsearch = true\n[plugins]\n", false, "" },
	/* comments */
	{ "[profile a]\nregion = x # c\n", false, "inline-comment:2" },
	{ "[profile a]\nregion = x ; c\n", false, "inline-comment:2" },
	{ "[profile a]\nregion = x\t#c\n", false, "inline-comment:2" },
	{ "[profile a]\nregion = # c\n", false, "inline-comment:2" },
	{ "[profile a]\nregion = x#c\n", false, "" },
	{ "[profile a]\ncredential_process = sh -c \"a # b\" 'c ; d'\n", false, "" },
	{ "[profile a]\ncredential_process = sh -c \"a \\\" # b\"\n", false, "" },
	{ "[profile a]\ncredential_process = sh 'x' # c\n", false, "inline-comment:2" },
	{ "[profile a]\ns3 =\n  x = y # c\n", false, "inline-comment:3" },
	{ "[a]\naws_secret_access_key = SECRET # c\n", true, "inline-comment:2" },
	/* sections */
	{ "[profile a]\nregion=x\n[profile b]\n[profile a]\n", false, "duplicate-section:4" },
	{ "[a]\n[b]\n[a]\n", true, "duplicate-section:3" },
	{ "[profile a]\n[profile \"a\"]\n", false, "duplicate-section:2" },
	{ "[profile a]\n[sso-session a]\n[services a]\n", false, "" },
	{ "[default]\n[profile default]\n", false, "two-defaults:2" },
	{ "[profile default]\n[default]\n", false, "two-defaults:2" },
	{ "[profile default]\n", false, "" },
	{ "[profile a]\n", true, "profile-in-credentials:1" },
	{ "[profilea]\n", true, "" },
	{ "[sso-session a]\n", true, "section-in-credentials:1" },
	{ "[a]\nregion = x\n", false, "profile-word-missing:1" },
	{ "[Profile a]\n", false, "profile-word-missing:1" },
	{ "[profilea]\n", false, "profile-word-missing:1" },
	{ "[ default ]\n", false, "section-spaces:1" },
	{ "[ a]\n[b ]\n", true, "section-spaces:1 section-spaces:2" },
	{ "[ profile a]\n", false, "section-spaces:1" },
	{ "[profile a ]\n[profile   b]\n[profile\tc]\n", false, "" },
	{ "[profile a b]\n", false, "section-spaces:1" },
	{ "[profile a] SECRET\n", false, "text-behind-section:1" },
	{ "[profile a\n", false, "broken-line:1" },
	{ "[]\n", false, "broken-line:1" },
	{ "[profile ]\n", false, "section-without-name:1" },
	{ "[profile]\n", true, "" },
	{ "[profile \"\"]\n", false, "broken-line:1" },
	/* properties */
	{ "[profile a]\nregion=x\nregion=y\n", false, "duplicate-key:3" },
	{ "[profile a]\nregion=x\nRegion=y\n", false, "upper-case:3 duplicate-key:3" },
	{ "[profile a]\nregion=x\n[profile b]\nregion=y\n", false, "" },
	{ "[profile a]\ns3 =\n  x = 1\n  x = 2\n", false, "" },
	{ "[profile a]\nregion=x\n  output=y\n", false, "swallowed:3" },
	{ "[profile a]\nregion=x\n\n  output=y\n", false, "swallowed:4" },
	{ "[profile a]\nregion=x\n [profile b]\noutput=y\n", false, "swallowed:3" },
	{ "[profile a]\nregion=x\n  # c\noutput=y\n", false, "" },
	{ "[profile a]\n  region=x\n  output=y\n", false, "indented:2" },
	{ "[profile a]\nregion: x\n", false, "colon:2" },
	{ "[profile a]\nREGION = x\n", false, "upper-case:2" },
	{ "[profile a]\nMine = x\n", false, "" },
	{ "[profile a]\nregoin = x\n", false, "unknown-property:2" },
	{ "[a]\naws_acess_key_id = AKIA\n", true, "unknown-property:2" },
	{ "[profile a]\nmy_own = x\n", false, "" },
	{ "[profile a]\nSECRET\n", false, "broken-line:2" },
	{ "[profile a]\n= SECRET\n", false, "broken-line:2" },
	{ "region = x\n[profile a]\n", false, "broken-line:1" },
	{ "[profile a]\ns3 =\n  SECRET\n", false, "broken-line:3" },
	/* values */
	{ "[a]\naws_secret_access_key = \"SECRET\"\n", true, "quoted-value:2" },
	{ "[a]\naws_secret_access_key = SEC RET\n", true, "value-spaces:2" },
	{ "[a]\naws_access_key_id = \xe2\x80\x9c" "AKIA\xe2\x80\x9d\n", true, "non-ascii:2" },
	{ "[profile a]\nregion = us-east-2\xc2\xa0\n", false, "non-ascii:2" },
	{ "[profile a]\nsso_role_name = Ma\xc3\xafs x\n", false, "" },
	{ "[profile a]\nsource_profile = a b\n", false, "" },
	/* the file */
	{ "\xef\xbb\xbf[profile a]\nregion=x\n", false, "byte-order-mark:1" },
	{ "[profile a]\r\nregion=x\r\n", false, "crlf:1" },
	{ "[profile a]", false, "" },
};

static void scanned_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct buf found = BUF_INIT(4096);

		doctor_config_scan(lines[i].text, strlen(lines[i].text), lines[i].credentials,
				   collect, &found);
		if (strcmp(buf_str(&found), lines[i].want) != 0)
			print_error("row %zu: %s\n", i, lines[i].text);
		assert_string_equal(buf_str(&found), lines[i].want);
		buf_free(&found);
	}
}

static void binary_file(void **state)
{
	static const char text[] = "[profile a]\nre\0gion = x\n[profile a]\n";
	struct buf found = BUF_INIT(4096);

	(void)state;
	doctor_config_scan(text, sizeof(text) - 1, false, collect, &found);
	assert_string_equal(buf_str(&found), "broken-line:2");
	buf_free(&found);
}

static void many_sections(void **state)
{
	struct buf text = BUF_INIT(1 << 20), found = BUF_INIT(4096);

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_addf(&text, "[p%d]\n", i);
	for (int i = 0; i < 600; i++)
		buf_addf(&text, "own_%d = %d\n", i, i);
	doctor_config_scan(buf_str(&text), text.len, true, collect, &found);
	assert_string_equal(buf_str(&found), "");
	buf_free(&text);
	buf_free(&found);
}

static void properties_have_a_name(void **state)
{
	(void)state;
	assert_non_null(doctor_property_find("Region", 6));
	assert_null(doctor_property_find("regio", 5));
	assert_string_equal(doctor_property_near("regio", 5), "region");
	assert_null(doctor_property_near("zzzzzzzz", 8));
}

/* ---- URLs --------------------------------------------------------------------------- */

static void urls_in_parts(void **state)
{
	struct doctor_url u;
	char text[1200];

	(void)state;
	assert_true(doctor_url_parse("HTTPS://me:SECRET@Git-CodeCommit.us-east-2.amazonaws.com:443/v1/repos/x/",
				     &u));
	assert_string_equal(u.user, "me");
	assert_true(u.password);
	assert_string_equal(u.port, "");
	doctor_url_print(&u, text, sizeof(text));
	assert_string_equal(text, "https://git-codecommit.us-east-2.amazonaws.com/v1/repos/x");
	assert_true(doctor_url_parse("https://AKIA%25tok@h:8443/p?q", &u));
	assert_false(u.password);
	assert_string_equal(u.port, "8443");
	assert_string_equal(u.path, "p");
	assert_true(doctor_url_parse("https://[::1]:8443/p", &u));
	assert_string_equal(u.host, "[::1]");
	assert_true(doctor_url_parse("https://[::1]/p", &u));
	assert_string_equal(u.port, "");
	assert_false(doctor_url_parse("host:path", &u));
	assert_false(doctor_url_parse("https://", &u));
	assert_false(doctor_url_parse("://h", &u));
}

/* Each as git 2.39 decides (credential.c, urlmatch.c); doctor.t asks git. */
static const struct {
	const char *pattern;
	bool matches, has_host;
} patterns[] = {
	{ "https://git-codecommit.us-east-2.amazonaws.com", true, true },
	{ "https://git-codecommit.us-east-2.amazonaws.com/", true, true },
	{ "https://git-codecommit.us-east-2.amazonaws.com:443", true, true },
	{ "https://GIT-codecommit.us-east-2.amazonaws.com", true, true },
	{ "https://git-codecommit.*.amazonaws.com", true, true },
	{ "https://*.amazonaws.com", false, true },
	{ "https://*.*.*.com", true, true },
	{ "https://git-codecommit.us-east-2.amazonaws.com.cn", false, true },
	{ "https://git-codecommit.us-east-1.amazonaws.com", false, true },
	{ "http://git-codecommit.us-east-2.amazonaws.com", false, true },
	{ "https://git-codecommit.us-east-2.amazonaws.com:8443", false, true },
	{ "https://me@git-codecommit.us-east-2.amazonaws.com", false, true },
	{ "https://git-codecommit.us-east-2.amazonaws.com/v1", true, true },
	{ "https://git-codecommit.us-east-2.amazonaws.com/v1/repos/x", true, true },
	{ "https://git-codecommit.us-east-2.amazonaws.com/v1/repos/xy", false, true },
	{ "https://git-codecommit.us-east-2.amazonaws.com/v", false, true },
	{ "git-codecommit.us-east-2.amazonaws.com", true, true },
	{ "example.com", false, true },
	{ "https://", true, false },
	{ "http://", false, false },
	{ "*", false, false },
};

static void patterns_for_a_url(void **state)
{
	struct doctor_url u;

	(void)state;
	assert_true(doctor_url_parse("https://git-codecommit.us-east-2.amazonaws.com/v1/repos/x", &u));
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		if (doctor_url_matches(patterns[i].pattern, &u) != patterns[i].matches ||
		    doctor_url_has_host(patterns[i].pattern) != patterns[i].has_host)
			fail_msg("%s", patterns[i].pattern);
	}
}

/* ---- git's configuration ------------------------------------------------------------ */

static void load(struct doctor_git *g, const char *text, size_t len)
{
	struct err err = { 0 };

	*g = (struct doctor_git){ .text = BUF_INIT_SECRET(1 << 16) };
	buf_add(&g->text, text, len);
	assert_int_equal(doctor_git_parse(g, &err), 0);
}

#define LINE(scope, origin, key, value) scope "\0" origin "\0" key "\n" value "\0"

static void git_configuration(void **state)
{
	static const char text[] =
		LINE("system", "file:/etc/gitconfig", "credential.helper", "store")
		"global\0file:/home/x/.gitconfig\0credential.usehttppath\0"
		LINE("global", "file:/home/x/.gitconfig", "credential.helper", "")
		LINE("global", "file:/home/x/.gitconfig", "credential.https://h.helper", "a\nb")
		LINE("global", "file:/home/x/.gitconfig", "credential.https://other.helper", "no")
		LINE("local", "file:.git/config", "credential.https://h.x.usehttppath", "0")
		LINE("command", "command line:", "credential.https://h.helper", "codecommit --profile p")
		"local\0file:cut off";
	struct doctor_helper helpers[DOCTOR_HELPERS_MAX];
	char pattern[DOCTOR_PATTERN_MAX];
	struct doctor_url u;
	struct doctor_git g;

	(void)state;
	load(&g, text, sizeof(text) - 1);
	assert_int_equal(g.n, 7);
	assert_string_equal(g.entries[0].file, "/etc/gitconfig");
	assert_null(g.entries[6].file);
	assert_null(g.entries[1].value);
	assert_true(doctor_git_true(&g.entries[1]));
	assert_false(doctor_git_true(&g.entries[5]));
	assert_false(doctor_git_true(NULL));
	assert_true(doctor_url_parse("https://h/p", &u));
	assert_int_equal(doctor_git_helpers(&g, &u, helpers), 2);
	assert_string_equal(helpers[0].entry->value, "a\nb");
	assert_false(helpers[0].any_host);
	assert_int_equal(helpers[1].kind, DOCTOR_OURS);
	assert_string_equal(helpers[1].profile, "p");
	assert_ptr_equal(doctor_git_winner(&g, "credential", "usehttppath", &u, pattern), &g.entries[1]);
	assert_string_equal(pattern, "");
	assert_true(doctor_url_parse("https://h.x/p", &u));
	assert_ptr_equal(doctor_git_winner(&g, "credential", "usehttppath", &u, pattern), &g.entries[5]);
	assert_string_equal(pattern, "https://h.x");
	assert_null(doctor_git_winner(&g, "http", "sslverify", &u, pattern));
	doctor_git_free(&g);
	load(&g, "", 0);
	assert_int_equal(g.n, 0);
	doctor_git_free(&g);
}

static const struct {
	const char *value;
	enum doctor_helper_kind kind;
	const char *profile, *label;
} helpers[] = {
	{ "codecommit", DOCTOR_OURS, "", "codecommit" },
	{ "codecommit --profile a", DOCTOR_OURS, "a", "codecommit --profile a" },
	{ "codecommit --profile='a b'", DOCTOR_OURS, "a b", "codecommit --profile=a b" },
	{ "/opt/bin/git-credential-codecommit --profile a", DOCTOR_OURS, "a",
	  "/opt/bin/git-credential-codecommit --profile a" },
	{ "!/opt/bin/git-credential-codecommit", DOCTOR_OURS, "", "/opt/bin/git-credential-codecommit" },
	{ "!AWS_PROFILE=a AWS_SECRET_ACCESS_KEY=SECRET git-credential-codecommit", DOCTOR_OURS, "a",
	  "git-credential-codecommit" },
	{ "!aws codecommit credential-helper $@", DOCTOR_AWS_CLI, "",
	  "aws codecommit credential-helper $@" },
	{ "!aws --profile a codecommit credential-helper $@", DOCTOR_AWS_CLI, "a",
	  "aws --profile a codecommit credential-helper $@" },
	{ "store --file /x", DOCTOR_KEEPS, "", "store --file /x" },
	{ "cache --timeout=3600", DOCTOR_KEEPS, "", "cache --timeout=3600" },
	{ "/usr/lib/git-core/git-credential-libsecret", DOCTOR_KEEPS, "",
	  "/usr/lib/git-core/git-credential-libsecret" },
	{ "!f() { echo password=SECRET; }; f", DOCTOR_OTHER, "", "a shell command" },
	{ "mine --token SECRET", DOCTOR_OTHER, "", "mine" },
	{ "", DOCTOR_OTHER, "", "" },
	{ "!", DOCTOR_OTHER, "", "a shell command" },
};

static void helper_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(helpers) / sizeof(*helpers); i++) {
		struct doctor_helper h = { 0 };

		doctor_helper_read(helpers[i].value, &h);
		assert_int_equal(h.kind, helpers[i].kind);
		assert_string_equal(h.profile, helpers[i].profile);
		assert_string_equal(h.label, helpers[i].label);
	}
}

static void short_keys(void **state)
{
	char out[16];

	(void)state;
	doctor_short_key("AKIAIOSFODNN7EXAMPLE", out);
	assert_string_equal(out, "AKIA…MPLE");
	doctor_short_key("SECRET", out);
	assert_string_equal(out, "(odd)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scanned_lines),    cmocka_unit_test(binary_file),
		cmocka_unit_test(many_sections),    cmocka_unit_test(properties_have_a_name),
		cmocka_unit_test(urls_in_parts),    cmocka_unit_test(patterns_for_a_url),
		cmocka_unit_test(git_configuration), cmocka_unit_test(helper_lines),
		cmocka_unit_test(short_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
