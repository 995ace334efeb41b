#include "git_keyring.h"
#include "lib/aws/creds_run.h"
#include "lib/aws/region.h"

#include <string.h>

struct stored {
	const char *name;	/* of the profile's credentials in the keyring */
	bool chain_too;		/* the chain's answer is in the keyring as well */
};

/* False when there are none, or when keys in the environment come before any
 * profile. */
static bool find(const struct chain_input *in, struct stored *out)
{
	struct awsconfig_value v;
	struct chain_choice choice;
	struct err ignored;

	if (!awsconfig_get(in->config, chain_profile(in), "codetrain_git_keyring", &v) || !*v.value)
		return false;
	*out = (struct stored){ .name = v.value };
	if (chain_choose(in, &choice, &ignored) < 0)
		return true;
	out->chain_too = choice.provider == CHAIN_KEYRING;
	return choice.provider != CHAIN_ENVIRONMENT;
}

/* The value of a NAME=VALUE line, which is ended in place; NULL without one. */
static const char *line_value(struct buf *text, const char *name)
{
	char *s = text->data, *end = s ? s + text->len : s;
	size_t len = strlen(name);

	while (s < end) {
		size_t line = strcspn(s, "\n");

		s[line] = '\0';
		if (strncmp(s, name, len) == 0 && s[len] == '=')
			return s + len + 1;
		s += line + 1;
	}
	return NULL;
}

static int add_answer(const struct gitproto *git, struct buf *text, struct buf *answer,
		      struct err *err)
{
	const char *username = line_value(text, "username");
	const char *password = line_value(text, "password");

	if (!username || !password)
		return err_set(err, ERR_INTERNAL, "codetrain-keyring answered something else than a user "
			       "name and a password");
	/* It does not end, and is not for another helper to store in a file. */
	return gitproto_answer(git, GITPROTO_VALUE(username), password, 0, answer, err);
}

static int ask(const char *profile, const char *name, const struct gitproto *git,
	       struct buf *answer, struct err *err)
{
	const char *const arguments[] = { "get", "--git", "--profile", name, NULL };
	const struct creds_run run = {
		.program = "codetrain-keyring",
		.arguments = arguments,
		.profile = profile,
		.provider = chain_name(CHAIN_KEYRING),
		.timeout_ms = CREDS_RUN_KEYRING_MS,
	};
	struct buf text = BUF_INIT_SECRET(CREDS_RUN_MAX);
	int rc = creds_run_text(&run, &text, err);

	if (rc == 0)
		rc = add_answer(git, &text, answer, err);
	buf_free(&text);
	return rc;
}

int git_keyring_answer(const struct chain_input *in, const struct gitproto *git,
		       struct buf *answer, struct err *warning, struct err *err)
{
	char region[REGION_MAX];
	struct stored stored;
	struct err why;

	if (!region_codecommit_host(git->host, region) || !find(in, &stored))
		return 0;
	if (ask(chain_profile(in), stored.name, git, answer, &why) == 0)
		return 1;
	buf_clear(answer);
	if (why.class == ERR_UNAVAILABLE && stored.chain_too) {
		*err = why;
		return -1;
	}
	err_set(warning, ERR_NONE, "%s; signing with the profile's AWS credentials instead",
		why.message);
	return 0;
}
