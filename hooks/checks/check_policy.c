#include "check_policy.h"
#include "lib/base/opt.h"
#include "lib/spec/gitconfig.h"

#include <ctype.h>
#include <string.h>

enum { HEX_LEN = 64 };

struct reader {
	struct check_policy *policy;
	const char *name;
	bool sized;	/* this file has named a size */
};

void check_policy_init(struct check_policy *policy)
{
	*policy = (struct check_policy){ .max_file_size = CHECK_POLICY_FILE_SIZE,
					 .seconds = CHECK_POLICY_SECONDS };
}

static int allow(struct reader *r, const struct gitconfig_entry *e, struct err *err)
{
	char hex[HEX_LEN + 1] = "";

	if (!e->value || strlen(e->value) != HEX_LEN ||
	    strspn(e->value, "0123456789abcdefABCDEF") != HEX_LEN)
		return err_set(err, ERR_USAGE, "%s:%d: sha256 wants 64 hex digits", r->name,
			       e->line);
	for (size_t i = 0; i < HEX_LEN; i++)
		hex[i] = (char)tolower((unsigned char)e->value[i]);
	if (strs_add(&r->policy->allow, hex) < 0)
		return err_set(err, ERR_USAGE, "%s:%d: more than %d allowances", r->name, e->line,
			       STRS_MAX);
	return 0;
}

static int max_file_size(struct reader *r, const struct gitconfig_entry *e, struct err *err)
{
	unsigned long long size;

	if (!e->value || gitconfig_size(e->value, &size) < 0)
		return err_set(err, ERR_USAGE, "%s:%d: max-file-size wants a size such as 50m",
			       r->name, e->line);
	if (!r->sized || size > r->policy->max_file_size)
		r->policy->max_file_size = size;
	r->sized = true;
	return 0;
}

/* Keys of tomorrow's codetrain are left alone. */
static int entry(void *arg, const struct gitconfig_entry *e, struct err *err)
{
	struct reader *r = arg;

	if (strcmp(e->section, "codetrain") != 0)
		return 0;
	if (e->subsection && strcmp(e->subsection, "allow") == 0 && strcmp(e->key, "sha256") == 0)
		return allow(r, e, err);
	if (!e->subsection && strcmp(e->key, "max-file-size") == 0)
		return max_file_size(r, e, err);
	return 0;
}

int check_policy_read(struct check_policy *policy, const char *text, size_t len, const char *name,
		      struct err *err)
{
	struct reader r = { .policy = policy, .name = name };

	return gitconfig_parse(text, len, name, entry, &r, err);
}

int check_policy_config(struct check_policy *policy, git_repository *repo, struct err *err)
{
	git_config *config = NULL;
	const char *value;
	int rc = 0;

	if (git_repository_config_snapshot(&config, repo) < 0)
		return 0;	/* a broken config is git's own to complain about */
	if (git_config_get_string(&value, config, "codetrain.max-file-size") == 0 &&
	    gitconfig_size(value, &policy->max_file_size) < 0)
		rc = err_set(err, ERR_USAGE,
			     "git config codetrain.max-file-size wants a size such as 50m, "
			     "not \"%s\"", value);
	if (rc == 0 && git_config_get_string(&value, config, "codetrain.deadline") == 0 &&
	    opt_seconds(value, &policy->seconds) < 0)
		rc = err_set(err, ERR_USAGE,
			     "git config codetrain.deadline wants a time such as 45s, not \"%s\"",
			     value);
	git_config_free(config);
	return rc;
}

bool check_policy_allows(const struct check_policy *policy, const char *sha256)
{
	for (size_t i = 0; i < policy->allow.n; i++)
		if (strcmp(policy->allow.v[i], sha256) == 0)
			return true;
	return false;
}

void check_policy_free(struct check_policy *policy)
{
	strs_free(&policy->allow);
}
