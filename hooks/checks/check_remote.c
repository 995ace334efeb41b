/*
 * A remote that is pinned: git config codetrain.REMOTE.region, .branch, .force.
 * A push to another region, of another branch, or one that rewrites what the
 * remote has, is refused.
 */
#include "check.h"
#include "lib/aws/region.h"

#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

enum { HOST_MAX = 256, KEY_MAX = 1200 };

/* One pin of the remote; NULL when it is not set. Lives as long as the config. */
static const char *pin(git_config *config, const char *remote, const char *name)
{
	struct buf key = BUF_INIT(KEY_MAX);
	const char *value = NULL;

	buf_addf(&key, "codetrain.%s.%s", remote, name);
	if (key.failed || git_config_get_string(&value, config, buf_str(&key)) < 0)
		value = NULL;
	buf_free(&key);
	return value;
}

/* The region of a CodeCommit URL: https://HOST/..., ssh://[ID@]HOST/...,
 * codecommit::REGION://...; "" when it is none. */
static void region_of(const char *url, char region[static REGION_MAX])
{
	static const char helper[] = "codecommit::";
	const char *start = strstr(url, "://"), *at;
	char host[HOST_MAX];
	size_t n;

	region[0] = '\0';
	if (!start)
		return;
	if (strncmp(url, helper, strlen(helper)) == 0) {
		n = (size_t)(start - url) - strlen(helper);
		if (n < REGION_MAX) {
			memcpy(region, url + strlen(helper), n);
			region[n] = '\0';
		}
		return;
	}
	start += 3;
	n = strcspn(start, "/?#");
	at = memrchr(start, '@', n);
	if (at) {
		n -= (size_t)(at + 1 - start);
		start = at + 1;
	}
	if (n >= sizeof(host))
		return;
	for (size_t i = 0; i < n; i++)
		host[i] = (char)tolower((unsigned char)start[i]);
	host[n] = '\0';
	if (!region_codecommit_host(host, region))
		region[0] = '\0';
}

static int found(struct check_run *run, const struct check_item *item, const char *rule,
		 struct buf *message, const char *fix, struct err *err)
{
	struct report_finding f = { .check = "remote", .rule = rule, .message = buf_str(message),
				    .fix = fix };

	return check_found(run, item, &f, err);
}

static int check_region(struct check_run *run, const struct check_item *item, const char *want,
			struct err *err)
{
	struct buf message = BUF_INIT(1024), fix = BUF_INIT(1024);
	char region[REGION_MAX];
	int rc = 0;

	region_of(run->url, region);
	if (!want || strcmp(want, region) == 0)
		return 0;
	buf_addf(&message, "%s is pinned to region %s (codetrain.%s.region), and this push goes to %s",
		 run->remote, want, run->remote, *region ? region : "no CodeCommit");
	buf_addf(&fix, "git remote set-url %s https://git-codecommit.%s.amazonaws.com/v1/repos/NAME",
		 run->remote, want);
	rc = found(run, item, "remote-region", &message, buf_str(&fix), err);
	buf_free(&message);
	buf_free(&fix);
	return rc;
}

/* Whether the name is one of the words (patterns as of a shell). */
static bool listed(const char *words, const char *name)
{
	while (*words) {
		size_t n = strcspn(words, " \t,");
		char pattern[CHECK_BRANCH_MAX + 1];

		if (n > 0 && n < sizeof(pattern)) {
			memcpy(pattern, words, n);
			pattern[n] = '\0';
			if (fnmatch(pattern, name, 0) == 0)
				return true;
		}
		words += n + (words[n] != '\0');
	}
	return false;
}

static int check_branch(struct check_run *run, const struct check_item *item,
			const struct range_ref *ref, const char *branches, struct err *err)
{
	static const char prefix[] = "refs/heads/";
	const char *name = ref->remote_name;
	struct buf message = BUF_INIT(1024);
	int rc;

	if (!branches || strncmp(name, prefix, strlen(prefix)) != 0 ||
	    listed(branches, name + strlen(prefix)))
		return 0;
	buf_addf(&message, "%s takes the branches %s (codetrain.%s.branch), and not %.200s",
		 run->remote, branches, run->remote, name + strlen(prefix));
	rc = found(run, item, "remote-branch", &message, "git push REMOTE HEAD:BRANCH", err);
	buf_free(&message);
	return rc;
}

/* A deletion, or an update that leaves commits of the remote behind. */
static bool rewrites(struct check_run *run, const struct range_ref *ref)
{
	if (git_oid_is_zero(&ref->remote))
		return false;
	if (git_oid_is_zero(&ref->local))
		return true;
	return !git_oid_equal(&ref->local, &ref->remote) &&
	       git_graph_descendant_of(run->repo, &ref->local, &ref->remote) != 1;
}

static int check_force(struct check_run *run, const struct check_item *item,
		       const struct range_ref *ref, const char *force, struct err *err)
{
	struct buf message = BUF_INIT(1024);
	int rc;

	if (!force || strcmp(force, "false") != 0 || !rewrites(run, ref))
		return 0;
	buf_addf(&message, "%s takes no push that deletes or rewrites (codetrain.%s.force is false): "
			   "%.200s", run->remote, run->remote, ref->remote_name);
	rc = found(run, item, "remote-force", &message, "git pull --rebase, then git push", err);
	buf_free(&message);
	return rc;
}

int check_remote(struct check_run *run, const struct check_item *item, struct err *err)
{
	git_config *config = NULL;
	int rc;

	if (!run->remote || git_repository_config_snapshot(&config, run->repo) < 0)
		return 0;
	rc = check_region(run, item, pin(config, run->remote, "region"), err);
	for (size_t i = 0; i < run->range.n_refs && rc == 0; i++) {
		const struct range_ref *ref = &run->range.refs[i];

		rc = check_branch(run, item, ref, pin(config, run->remote, "branch"), err);
		if (rc == 0)
			rc = check_force(run, item, ref, pin(config, run->remote, "force"), err);
	}
	git_config_free(config);
	return rc;
}
