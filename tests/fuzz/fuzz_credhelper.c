/* git's request to the credential helper: whatever it is, the answer is silence,
 * quit=1, or three lines (five for a git that knows ephemeral) of known names. */
#include "credhelper/codecommit.h"
#include "credhelper/gitproto.h"
#include "lib/aws/region.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *environment(const char *name)
{
	static const char *const set[][2] = {
		{ "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE" }, { "AWS_SECRET_ACCESS_KEY", "secret" },
		{ "AWS_SESSION_TOKEN", "token" },
		{ "AWS_CONFIG_FILE", "/nonexistent/a" }, { "AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/b" },
	};

	for (size_t i = 0; i < sizeof(set) / sizeof(*set); i++)
		if (strcmp(set[i][0], name) == 0)
			return set[i][1];
	return NULL;
}

static int no_fetch(const struct chain_input *in, const struct chain_choice *choice,
		    struct creds *out, struct err *err)
{
	(void)in;
	(void)choice;
	(void)out;
	(void)err;
	abort();	/* keys are in the environment */
}

static void check(const char *s, int rc)
{
	static const char *const names[] = {
		"capability[]=authtype\n", "username=AKIDEXAMPLE%token\n",
		"password=20150830T123600Z", "password_expiry_utc=1440939060\n", "ephemeral=1\n",
	};
	size_t lines = 0;

	if (rc < 0) {
		if (strcmp(s, "quit=1\n") != 0)
			abort();
		return;
	}
	while (*s) {
		size_t i = 0;

		while (i < sizeof(names) / sizeof(*names) && strncmp(s, names[i], strlen(names[i])))
			i++;
		if (i == sizeof(names) / sizeof(*names) || !strchr(s, '\n'))
			abort();
		s = strchr(s, '\n') + 1;
		lines++;
	}
	if (lines != 0 && lines != 3 && lines != 5)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct codecommit c = { .now = 1440938160, .getenv = environment, .fetch = no_fetch };
	struct buf request = BUF_INIT(GITPROTO_MAX), copy = request;
	struct buf answer = BUF_INIT_SECRET(CODECOMMIT_ANSWER_MAX);
	struct err err = { 0 }, warning = { 0 };
	char region[REGION_MAX];
	struct gitproto git;
	int rc;

	if (size > GITPROTO_MAX)
		return 0;
	buf_add(&request, data, size);
	buf_add(&copy, data, size);
	rc = codecommit_get(&c, &request, &answer, &warning, &err);
	check(buf_str(&answer), rc);
	gitproto_parse(&copy, &git);
	if (answer.len &&
	    (git.contradictory || strcmp(git.protocol, "https") != 0 || !region_codecommit_host(git.host, region)))
		abort();
	buf_free(&request);
	buf_free(&copy);
	buf_free(&answer);
	return 0;
}
