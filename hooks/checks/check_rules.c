#include "check_rules.h"
#include "hooks/secrets/rules_load.h"
#include "lib/base/file.h"

#include <stdlib.h>
#include <string.h>

int check_rules_path(const char *path, struct err *err)
{
	bool outside = *path == '/' || *path == '\0';

	for (const char *at = path; *at && !outside; at += strspn(at, "/")) {
		size_t n = strcspn(at, "/");

		outside = n == 2 && strncmp(at, "..", 2) == 0;
		at += n;
	}
	return outside ? err_set(err, ERR_USAGE, "\"%s\" is no path inside the repository", path) : 0;
}

static int load(struct check_run *run, const char *name, const char *path, struct err *err)
{
	struct rules *rules = &run->policy.rules;
	struct buf text = BUF_INIT(CHECK_RULES_BYTES_MAX);
	int rc = rules->read(rules->arg, path, &text, err);

	if (rc < 0 && name)
		err_prefix(err, "%s: ", name);
	if (rc == 0)
		rc = rules_load_file(rules, path, buf_str(&text), text.len, err);
	buf_free(&text);
	run->policy.own_rules = true;
	return rc;
}

int check_rules_named(struct check_run *run, const char *name, rules_read_fn *read, void *arg,
		      struct err *err)
{
	struct check_policy *policy = &run->policy;
	int rc = 0;

	policy->rules.read = read;
	policy->rules.arg = arg;
	for (size_t i = 0; i < policy->rule_files.n && rc == 0; i++)
		rc = load(run, name, policy->rule_files.v[i], err);
	policy->rules.read = NULL;
	strs_free(&policy->rule_files);
	return rc;
}

static int read_plain(void *arg, const char *path, struct buf *out, struct err *err)
{
	int rc = file_read(path, out, NULL, err);

	(void)arg;
	if (rc < 0)
		err->class = ERR_USAGE;
	return rc;
}

int check_rules_file(struct check_run *run, const char *path, struct err *err)
{
	int rc;

	run->policy.rules.read = read_plain;
	rc = load(run, NULL, path, err);
	run->policy.rules.read = NULL;
	return rc;
}

/* Where compiled rules are kept: with the repository, or with the user. An empty
 * path when there is no such place. */
static void cache_folder(const struct check_run *run, struct buf *path)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	struct err ignored;

	if (run->repo)
		buf_addf(path, "%scodetrain", git_repository_commondir(run->repo));
	else if (cache && *cache == '/')
		buf_addf(path, "%s/codetrain", cache);
	else if (home && *home == '/')
		buf_addf(path, "%s/.cache/codetrain", home);
	if (path->len && file_make_dirs(buf_str(path), 0700, &ignored) < 0)
		buf_clear(path);
}

int check_rules_open(struct check_run *run, struct err *err)
{
	struct check_policy *policy = &run->policy;
	struct buf folder = BUF_INIT(PATH_MAX_BYTES);
	int rc = check_policy_settle(policy, err);

	if (rc == 0 && policy->own_rules)
		rc = rules_merge(rules_table, rules_count, &policy->rules, &run->merged, err);
	/* all left out: what is quoted is redacted by the built-in ones still */
	run->no_rules = policy->own_rules && run->merged.n == 0;
	if (rc == 0 && run->merged.n)
		cache_folder(run, &folder);
	if (rc == 0)
		rc = scan_rules_open(&run->rules, run->merged.n ? &run->merged : NULL,
				     folder.len ? buf_str(&folder) : NULL, err);
	buf_free(&folder);
	return rc < 0 ? -1 : scan_open(run->rules, &run->scanner, err);
}

void check_rules_close(struct check_run *run)
{
	scan_rules_close(run->rules);
	run->rules = NULL;
	rules_free(&run->merged);
}
