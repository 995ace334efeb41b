#include "check_policy.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/spec/gitconfig.h"

#include <string.h>

enum { WORDS_MAX = 4096 };

struct reader {
	struct check_policy *policy;
	const char *name;
	struct buf builtin;	/* what it says of the built-in rules */
};

void check_policy_init(struct check_policy *policy)
{
	*policy = (struct check_policy){ .max_file_size = CHECK_POLICY_FILE_SIZE,
					 .seconds = CHECK_POLICY_SECONDS,
					 .bypass_log = BUF_INIT(PATH_MAX_BYTES),
					 .builtin = BUF_INIT(WORDS_MAX) };
}

static int max_file_size(struct reader *r, const struct gitconfig_entry *e, struct err *err)
{
	unsigned long long size;

	if (!e->value || gitconfig_size(e->value, &size) < 0)
		return err_set(err, ERR_USAGE, "%s:%d: max-file-size wants a size such as 50m",
			       r->name, e->line);
	if (!r->policy->sized || size > r->policy->max_file_size)
		r->policy->max_file_size = size;
	r->policy->sized = true;
	return 0;
}

static int inline_word(const char *value, enum check_inline *out)
{
	static const char *const words[] = {
		[CHECK_INLINE_IGNORED] = "false", [CHECK_INLINE_WARNS] = "warn",
		[CHECK_INLINE_ALLOWS] = "true",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (value && strcmp(value, words[i]) == 0) {
			*out = (enum check_inline)i;
			return 0;
		}
	return -1;
}

static int inline_allow(struct reader *r, const struct gitconfig_entry *e, struct err *err)
{
	enum check_inline how;

	if (inline_word(e->value, &how) < 0)
		return err_set(err, ERR_USAGE, "%s:%d: inline-allow is true, false or warn", r->name,
			       e->line);
	if (!r->policy->commented || how > r->policy->inline_allow)
		r->policy->inline_allow = how;
	r->policy->commented = true;
	return 0;
}

static int rule_file(struct reader *r, const struct gitconfig_entry *e, struct err *err)
{
	if (!e->value || !*e->value)
		return err_set(err, ERR_USAGE, "%s:%d: rules wants a file in the repository", r->name,
			       e->line);
	if (strs_add(&r->policy->rule_files, e->value) < 0)
		return err_set(err, ERR_USAGE, "%s:%d: more than %d rule files", r->name, e->line,
			       STRS_MAX);
	return 0;
}

static int builtin_rules(struct reader *r, const struct gitconfig_entry *e, struct err *err)
{
	struct rules probe = { 0 };
	int rc = rules_use_builtin(&probe, e->value ? e->value : "", err);

	rules_free(&probe);
	if (rc < 0)
		return err_prefix(err, "%s:%d: ", r->name, e->line);
	buf_clear(&r->builtin);
	buf_adds(&r->builtin, e->value);
	return buf_check(&r->builtin, "builtin-rules", err);
}

static int no_path(struct reader *r, const struct gitconfig_entry *e, struct err *err)
{
	return err_set(err, ERR_USAGE, "%s:%d: a file that everyone can push must not say where this "
		       "machine writes; git config codetrain.bypass-log PATH", r->name, e->line);
}

/* Keys of tomorrow's codetrain are left alone. */
static int entry(void *arg, const struct gitconfig_entry *e, struct err *err)
{
	static const struct {
		const char *key;
		int (*fn)(struct reader *, const struct gitconfig_entry *, struct err *);
	} keys[] = {
		{ "max-file-size", max_file_size }, { "inline-allow", inline_allow },
		{ "rules", rule_file },		    { "builtin-rules", builtin_rules },
		{ "bypass-log", no_path },
	};
	struct reader *r = arg;

	if (strcmp(e->section, "rule") == 0) {
		r->policy->own_rules = true;
		return rules_entry(&r->policy->rules, e, r->name, err);
	}
	if (strcmp(e->section, "codetrain") != 0)
		return 0;
	if (e->subsection && strcmp(e->subsection, "allow") == 0 && strcmp(e->key, "sha256") == 0)
		return check_allow_add(&r->policy->allow, e->value, r->name, e->line, err);
	if (e->subsection && strcmp(e->subsection, "allow") != 0)
		return remote_pins_add(&r->policy->pins, e->subsection, e->key, e->value, r->name,
				       e->line, err);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && !e->subsection; i++)
		if (strcmp(e->key, keys[i].key) == 0)
			return keys[i].fn(r, e, err);
	return 0;
}

static bool says_all(const char *words)
{
	for (size_t n; *(words += strspn(words, " \t,")); words += n) {
		n = strcspn(words, " \t,");
		if (n == 3 && strncmp(words, "all", n) == 0)
			return true;
	}
	return false;
}

int check_policy_read(struct check_policy *policy, const char *text, size_t len, const char *name,
		      struct err *err)
{
	struct reader r = { .policy = policy, .name = name, .builtin = BUF_INIT(WORDS_MAX) };
	int rc = gitconfig_parse(text, len, name, entry, &r, err);

	if (rc == 0 && (r.builtin.len == 0 || says_all(buf_str(&r.builtin))))
		policy->builtin_all = true;
	else if (rc == 0)
		buf_addf(&policy->builtin, " %s", buf_str(&r.builtin));
	buf_free(&r.builtin);
	return rc < 0 ? -1 : buf_check(&policy->builtin, "builtin-rules", err);
}

void check_policy_none(struct check_policy *policy)
{
	policy->builtin_all = true;
}

int check_policy_builtin(struct check_policy *policy, const char *words, struct err *err)
{
	policy->builtin_fixed = policy->own_rules = true;
	return rules_use_builtin(&policy->rules, words, err);
}

int check_policy_settle(struct check_policy *policy, struct err *err)
{
	if (policy->builtin_fixed || policy->builtin_all || policy->builtin.len == 0)
		return 0;
	policy->own_rules = true;
	return rules_use_builtin(&policy->rules, buf_str(&policy->builtin), err);
}

/* ---- git config --------------------------------------------------------------- */

static int config_path(struct check_policy *policy, git_config *config, struct err *err)
{
	git_buf path = { 0 };

	if (git_config_get_path(&path, config, "codetrain.bypass-log") == 0) {
		buf_clear(&policy->bypass_log);
		buf_add(&policy->bypass_log, path.ptr, path.size);
	}
	git_buf_dispose(&path);
	return buf_check(&policy->bypass_log, "git config codetrain.bypass-log", err);
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
	if (rc == 0 && git_config_get_string(&value, config, "codetrain.inline-allow") == 0 &&
	    inline_word(value, &policy->inline_allow) < 0)
		rc = err_set(err, ERR_USAGE,
			     "git config codetrain.inline-allow is true, false or warn, not \"%s\"",
			     value);
	if (rc == 0)
		rc = config_path(policy, config, err);
	git_config_free(config);
	return rc;
}

void check_policy_free(struct check_policy *policy)
{
	check_allow_free(&policy->allow);
	remote_pins_free(&policy->pins);
	rules_free(&policy->rules);
	strs_free(&policy->rule_files);
	buf_free(&policy->bypass_log);
	buf_free(&policy->builtin);
}
