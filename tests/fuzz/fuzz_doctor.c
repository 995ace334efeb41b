/* codetrain doctor's readers. Of the AWS files: the doctor says that a line is
 * broken exactly when our parser refuses the file. Of git's configuration and
 * URLs: any text is taken. */
#include "credhelper/doctor_config.h"
#include "lib/aws/awsconfig_parse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void flaw_found(void *arg, const struct doctor_flaw *flaw)
{
	bool *broken = arg;

	if (strcmp(flaw->rule, "broken-line") == 0 || strcmp(flaw->rule, "text-behind-section") == 0)
		*broken = true;
	if (flaw->line < 1 || !*flaw->message)
		abort();
}

static void config_lines(const char *text, size_t size, bool credentials)
{
	enum awsconfig_file file = credentials ? AWSCONFIG_CREDENTIALS : AWSCONFIG_CONFIG;
	struct awsconfig_tables tables = { 0 };
	struct buf copy = BUF_INIT(1 << 20);
	bool broken = false, refused;
	struct err err;

	doctor_config_scan(text, size, credentials, flaw_found, &broken);
	buf_add(&copy, text, size);
	refused = awsconfig_parse(&tables, file, "f", &copy, &err) < 0;
	if (refused != broken)
		abort();
	free(tables.sections);
	free(tables.entries);
	buf_free(&copy);
}

static void git_configuration(const char *text, size_t size)
{
	struct doctor_git g = { .text = BUF_INIT(1 << 20) };
	static struct doctor_helper helpers[DOCTOR_HELPERS_MAX];
	char pattern[DOCTOR_PATTERN_MAX], shown[2048];
	struct doctor_url url;
	struct err err;

	buf_add(&g.text, text, size);
	if (doctor_url_parse(buf_str(&g.text), &url))
		doctor_url_print(&url, shown, sizeof(shown));
	else
		doctor_url_parse("https://git-codecommit.us-east-2.amazonaws.com/v1/repos/x", &url);
	doctor_url_matches(buf_str(&g.text), &url);
	if (doctor_git_parse(&g, &err) == 0) {
		doctor_git_helpers(&g, &url, helpers);
		doctor_git_winner(&g, "http", "sslverify", &url, pattern);
	}
	doctor_git_free(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size < 1)
		return 0;
	if (data[0] % 3 == 2)
		git_configuration(text, size - 1);
	else
		config_lines(text, size - 1, data[0] % 3 == 1);
	return 0;
}
