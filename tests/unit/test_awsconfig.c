/* lib/aws/awsconfig.c and its parser. */
#include "lib/aws/awsconfig.h"
#include "lib/base/file.h"

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

static char home[] = "/tmp/codetrain-awsconfig.XXXXXX";
static char config_path[64], credentials_path[64];

static void put(const char *path, const char *text, size_t len)
{
	struct err err = { 0 };

	if (!text)
		unlink(path);
	else if (file_replace(path, text, len, 0600, &err) < 0)
		fail_msg("%s", err.message);
}

static struct awsconfig *load(const char *config, const char *credentials, struct err *err)
{
	put(config_path, config, config ? strlen(config) : 0);
	put(credentials_path, credentials, credentials ? strlen(credentials) : 0);
	return awsconfig_load(NULL, NULL, home, err);
}

static struct awsconfig *must_load(const char *config, const char *credentials)
{
	struct err err = { 0 };
	struct awsconfig *c = load(config, credentials, &err);

	if (!c)
		fail_msg("%s", err.message);
	return c;
}

static const char *get(const struct awsconfig *c, const char *profile, const char *name)
{
	struct awsconfig_value v;

	return awsconfig_get(c, profile, name, &v) ? v.value : NULL;
}

static int make_home(void **state)
{
	(void)state;
	if (!mkdtemp(home))
		return -1;
	snprintf(config_path, sizeof(config_path), "%s/.aws", home);
	mkdir(config_path, 0700);
	snprintf(config_path, sizeof(config_path), "%s/.aws/config", home);
	snprintf(credentials_path, sizeof(credentials_path), "%s/.aws/credentials", home);
	return 0;
}

static int remove_home(void **state)
{
	(void)state;
	return file_remove_tree(home, &(struct err){ 0 });
}

static void missing_files_are_empty(void **state)
{
	struct awsconfig *c = must_load(NULL, NULL);

	(void)state;
	assert_null(awsconfig_profiles(c)[0]);
	assert_false(awsconfig_has_profile(c, "default"));
	assert_string_equal(awsconfig_config_path(c), config_path);
	assert_string_equal(awsconfig_credentials_path(c), credentials_path);
	awsconfig_free(c);
	c = awsconfig_load("/nonexistent/a", "/nonexistent/b", NULL, &(struct err){ 0 });
	assert_non_null(c);
	assert_string_equal(awsconfig_config_path(c), "/nonexistent/a");
	awsconfig_free(c);
	c = awsconfig_load(NULL, NULL, NULL, &(struct err){ 0 });
	assert_non_null(c);
	awsconfig_free(c);
	awsconfig_free(NULL);
}

static void sections_and_values(void **state)
{
	struct awsconfig *c = must_load(
		"# comment\n; comment\n"
		"[default]\nregion = us-east-1\n"
		"[profile  one ] # trailing\nregion=us-east-2\noutput =\tjson  \n"
		"[profile \"two words\"]\nregion = eu-west-1\n"
		"[plugins]\nregion = nowhere\n"
		"[one]\nregion = ignored\n"
		"[sso-session my]\nsso_region = us-west-2\n"
		"[services dev]\nsagemaker =\n  endpoint_url = http://127.0.0.1:1\ns3 = \n"
		"\tendpoint_url=http://127.0.0.1:2\n\taddressing_style = path\n",
		"[one]\naws_access_key_id = AKID\naws_secret_access_key = a/b+c=d\n"
		"[three]\naws_access_key_id=AKID3\n");
	static const char *const profiles[] = { "default", "one", "two words", "three" };
	struct awsconfig_value v;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(awsconfig_profiles(c)[i], profiles[i]);
		assert_true(awsconfig_has_profile(c, profiles[i]));
	}
	assert_null(awsconfig_profiles(c)[4]);
	assert_false(awsconfig_has_profile(c, "plugins"));
	assert_string_equal(get(c, "default", "region"), "us-east-1");
	assert_string_equal(get(c, "one", "region"), "us-east-2");
	assert_string_equal(get(c, "one", "output"), "json");
	assert_string_equal(get(c, "one", "aws_secret_access_key"), "a/b+c=d");
	assert_string_equal(get(c, "two words", "region"), "eu-west-1");
	assert_null(get(c, "three", "region"));
	assert_null(get(c, "four", "region"));
	assert_true(awsconfig_get(c, "one", "region", &v));
	assert_string_equal(v.file, config_path);
	assert_int_equal(v.line, 6);
	assert_false(awsconfig_get_credentials(c, "one", "region", &v));
	assert_false(awsconfig_get_config(c, "one", "aws_access_key_id", &v));
	assert_true(awsconfig_get_section(c, "sso-session", "my", "sso_region", &v));
	assert_string_equal(v.value, "us-west-2");
	assert_true(awsconfig_has_section(c, "sso-session", "my"));
	assert_false(awsconfig_has_section(c, "sso-session", "other"));
	assert_false(awsconfig_has_section(c, "services", "my"));
	assert_true(awsconfig_get_section(c, "services", "dev", "sagemaker.endpoint_url", &v));
	assert_string_equal(v.value, "http://127.0.0.1:1");
	assert_int_equal(v.line, 18);
	assert_true(awsconfig_get_section(c, "services", "dev", "s3.addressing_style", &v));
	assert_false(awsconfig_get_section(c, "services", "dev", "sagemaker.addressing_style", &v));
	assert_false(awsconfig_get_section(c, "services", "dev", "endpoint_url", &v));
	awsconfig_free(c);
}

static void kinds_of_value(void **state)
{
	static const struct {
		const char *line, *value;
	} rows[] = {
		{ "x = 1", "1" }, { "x=1", "1" }, { "\tx\t=\t1\t", NULL /* see below */ },
		{ "X = 1", "1" }, { "x: 1", "1" }, { "x = 1 # comment", "1" },
		{ "x = 1\t; comment", "1" }, { "x = 1# no comment", "1# no comment" },
		{ "x = #1", "" }, { "x = a=b", "a=b" }, { "x = https://h/#/", "https://h/#/" },
		{ "x =", "" }, { "x = \"quoted\"", "\"quoted\"" }, { "x = 1\r", "1" },
		{ "x = a\n  b", "a\nb" }, { "x = a\n\n  # c\n\tb", "a\nb" },
		{ "x = first\nx = second", "second" },
		{ "x = caf\xc3\xa9", "caf\xc3\xa9" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct awsconfig *c;

		snprintf(text, sizeof(text), "[default]\n%s\ny = 2\n", rows[i].line);
		c = must_load(text, NULL);
		assert_string_equal(get(c, "default", "x"), rows[i].value ? rows[i].value : "1");
		assert_string_equal(get(c, "default", "y"), "2");
		awsconfig_free(c);
	}
}

static void comments_and_quotes_of_a_process(void **state)
{
	struct awsconfig *c = must_load(
		"[default]\n"
		"credential_process = sh -c 'a ; b # c' \"d \\\" ; e\" # comment\n"
		"other = 'a ; b'\n", NULL);

	(void)state;
	assert_string_equal(get(c, "default", "credential_process"),
			    "sh -c 'a ; b # c' \"d \\\" ; e\"");
	assert_string_equal(get(c, "default", "other"), "'a");
	awsconfig_free(c);
}

static void line_ends_and_marks(void **state)
{
	struct awsconfig *c = must_load("\xef\xbb\xbf[default]\r\nregion = a\r\n\r\n"
					"s3 =\r\n  k = v\r\n[profile b]\r\nregion = b", NULL);

	(void)state;
	assert_string_equal(get(c, "default", "region"), "a");
	assert_string_equal(get(c, "default", "s3.k"), "v");
	assert_string_equal(get(c, "b", "region"), "b");
	awsconfig_free(c);

	/* A section that is indented as a whole, as configparser takes it. */
	c = must_load("[default]\n  region = a\n  output = json\n    more\n  s3 =\n    k = v\n", NULL);
	assert_string_equal(get(c, "default", "region"), "a");
	assert_string_equal(get(c, "default", "output"), "json\nmore");
	assert_string_equal(get(c, "default", "s3.k"), "v");
	awsconfig_free(c);
}

static void merging(void **state)
{
	struct awsconfig *c = must_load(
		"[profile a]\nregion = 1\noutput = x\n[profile b]\n[profile a]\nregion = 2\n"
		"[default]\nregion = plain\nonly_plain = 1\n"
		"[profile default]\nregion = full\n",
		"[a]\nregion = 3\naws_session_token = T\n[a]\naws_session_token = U\n");

	(void)state;
	assert_string_equal(get(c, "a", "region"), "3");	/* credentials win */
	assert_string_equal(get(c, "a", "output"), "x");
	assert_string_equal(get(c, "a", "aws_session_token"), "U");
	assert_string_equal(get(c, "default", "region"), "full");
	assert_null(get(c, "default", "only_plain"));
	assert_true(awsconfig_has_profile(c, "b"));
	awsconfig_free(c);
}

static void broken_lines(void **state)
{
	static const struct {
		const char *text;
		int line;
	} rows[] = {
		{ "region = x\n", 1 },
		{ "\n\n[default\nregion = x\n", 3 },
		{ "[default] CANARY\n", 1 },
		{ "[]\n", 1 }, { "[ ]\n", 1 }, { "[profile ]\nCANARY\n", 2 },
		{ "[profile \"\"]\n", 1 },
		{ "[default]\nCANARY\n", 2 },
		{ "[default]\nregion = x\n\nCANARY CANARY\n", 4 },
		{ "[default]\n= CANARY\n", 2 },
		{ "[default]\ns3 =\n  CANARY\n", 3 },
		{ "[default]\ns3 =\n  = CANARY\n", 3 },
		{ "CANARY\n[default]\n", 1 },
	};
	char where[128];

	(void)state;
	for (int credentials = 0; credentials < 2; credentials++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			struct err err = { 0 };

			if (credentials && strstr(rows[i].text, "[profile"))
				continue;
			if (load(credentials ? NULL : rows[i].text,
				 credentials ? rows[i].text : NULL, &err))
				fail_msg("accepted: %s", rows[i].text);
			assert_int_equal(err.class, ERR_USAGE);
			snprintf(where, sizeof(where), "%s:%d: ",
				 credentials ? credentials_path : config_path, rows[i].line);
			assert_int_equal(strncmp(err.message, where, strlen(where)), 0);
			assert_null(strstr(err.message, "CANARY"));
		}
	}
}

static void bytes_that_are_no_text(void **state)
{
	static const char nul[] = "[default]\nregion = a\0b\n";
	static const char utf16[] = "\xff\xfe[\0d\0]\0\n\0";
	struct err err = { 0 };

	(void)state;
	put(credentials_path, NULL, 0);
	put(config_path, nul, sizeof(nul) - 1);
	assert_null(awsconfig_load(NULL, NULL, home, &err));
	assert_non_null(strstr(err.message, "config:2: "));
	put(config_path, utf16, sizeof(utf16) - 1);
	assert_null(awsconfig_load(NULL, NULL, home, &err));
	assert_non_null(strstr(err.message, "config:1: "));
}

static void sizes(void **state)
{
	size_t len = AWSCONFIG_FILE_MAX + 1;
	char *text = malloc(len + 1);
	struct awsconfig *c;
	struct err err = { 0 };

	(void)state;
	assert_non_null(text);
	memset(text, '#', len);
	text[len] = '\0';
	assert_null(load(text, NULL, &err));
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, "too large"));
	text[len - 1] = '\0';
	c = must_load(text, NULL);
	awsconfig_free(c);
	for (size_t i = 0; i + 4 < len; i += 4)
		memcpy(text + i, "[a]\n", 4);
	text[AWSCONFIG_SECTIONS_MAX * 4 + 4] = '\0';
	assert_null(load(text, NULL, &err));
	assert_non_null(strstr(err.message, "too many sections"));
	text[AWSCONFIG_SECTIONS_MAX * 4] = '\0';
	c = must_load(text, NULL);
	awsconfig_free(c);
	free(text);
}

static void paths(void **state)
{
	struct err err = { 0 };
	struct awsconfig *c;
	char directory[64];

	(void)state;
	put(config_path, "[default]\nregion = here\n", 24);
	c = awsconfig_load("~/.aws/config", "~/.aws/none", home, &err);
	assert_non_null(c);
	assert_string_equal(get(c, "default", "region"), "here");
	assert_string_equal(awsconfig_config_path(c), config_path);
	awsconfig_free(c);
	snprintf(directory, sizeof(directory), "%s/.aws", home);
	assert_null(awsconfig_load(directory, NULL, home, &err));
	assert_int_equal(err.class, ERR_USAGE);
}

static void who_can_read(void **state)
{
	struct awsconfig *c = must_load("", "[a]\n");

	(void)state;
	assert_false(awsconfig_credentials_open(c));
	awsconfig_free(c);
	chmod(credentials_path, 0640);
	c = awsconfig_load(NULL, NULL, home, &(struct err){ 0 });
	assert_non_null(c);
	assert_true(awsconfig_credentials_open(c));
	awsconfig_free(c);
}

/* The warning for these modes; "" is none. NULL: the files are refused. */
static const char *judged(mode_t config, mode_t credentials, mode_t folder)
{
	static struct err err;
	struct awsconfig *c;
	char directory[64];
	bool said;

	err = (struct err){ 0 };
	snprintf(directory, sizeof(directory), "%s/.aws", home);
	assert_int_equal(chmod(config_path, config), 0);
	assert_int_equal(chmod(credentials_path, credentials), 0);
	assert_int_equal(chmod(directory, folder), 0);
	c = awsconfig_load(NULL, NULL, home, &err);
	assert_int_equal(chmod(directory, 0700), 0);
	if (!c) {
		assert_int_equal(err.class, ERR_USAGE);
		assert_non_null(strstr(err.message, "; run chmod go-w "));
		return NULL;
	}
	said = awsconfig_warning(c, &err);
	assert_int_equal(said, err.message[0] != '\0');
	awsconfig_free(c);
	return err.message;
}

static void files_open_to_others(void **state)
{
	static const char keys[] = "[a]\naws_access_key_id = AKID\naws_secret_access_key = secret\n";

	(void)state;
	awsconfig_free(must_load("[default]\nregion = x\n", keys));
	assert_string_equal(judged(0644, 0600, 0755), "");
	assert_string_equal(judged(0600, 0400, 0700), "");
	assert_non_null(strstr(judged(0644, 0640, 0755), "credentials can be read by others; run chmod 600 "));
	assert_non_null(strstr(judged(0644, 0604, 0755), "credentials can be read by others"));
	assert_null(judged(0646, 0600, 0755));
	assert_null(judged(0644, 0602, 0755));
	assert_non_null(strstr(judged(0644, 0600, 0777), "every user can replace "));
	assert_string_equal(judged(0644, 0600, 01777), "");
	awsconfig_free(must_load(keys, "[b]\n"));	/* keys in the other file */
	assert_non_null(strstr(judged(0644, 0644, 0755), "config can be read by others"));
	awsconfig_free(must_load("[default]\nregion = x\n", "[b]\n"));	/* no keys */
	assert_string_equal(judged(0644, 0644, 0755), "");
}

/* A group of the owner's own number is the owner's alone. */
static void files_of_a_group(void **state)
{
	uid_t owner = getuid();

	(void)state;
	awsconfig_free(must_load("[default]\nregion = x\n", ""));
	if (chown(config_path, (uid_t)-1, owner + 1) < 0)
		skip();		/* not root, and not in such a group */
	assert_non_null(strstr(judged(0664, 0600, 0755), "a group can write "));
	assert_int_equal(chown(config_path, owner + 1, owner + 1), 0);
	assert_string_equal(judged(0664, 0600, 0755), "");	/* and the owner is not judged */
	assert_int_equal(chown(config_path, owner, owner), 0);
	assert_int_equal(chmod(config_path, 0600), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_files_are_empty),
		cmocka_unit_test(sections_and_values),
		cmocka_unit_test(kinds_of_value),
		cmocka_unit_test(comments_and_quotes_of_a_process),
		cmocka_unit_test(line_ends_and_marks),
		cmocka_unit_test(merging),
		cmocka_unit_test(broken_lines),
		cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(sizes),
		cmocka_unit_test(paths),
		cmocka_unit_test(who_can_read),
		cmocka_unit_test(files_open_to_others),
		cmocka_unit_test(files_of_a_group),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
