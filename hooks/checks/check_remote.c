/*
 * A remote that is pinned (remote_pins.h): a push to another account or region, of
 * another branch, or one that rewrites what the remote keeps, is refused.
 */
#include "check.h"
#include "remote_account.h"
#include "hooks/objects/range_repo.h"

#include <string.h>

enum { KEY_MAX = 1200, VALUES_MAX = 32 };

struct pinned {
	struct check_run *run;
	const struct check_item *item;
	git_config *config;		/* a snapshot */
	const char *name;		/* the remote's */
};

static size_t of_files(const struct remote_pins *pins, const char *remote, const char *key,
		       const char *out[VALUES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < pins->n && n < VALUES_MAX; i++)
		if (strcmp(pins->v[i].key, key) == 0 && strcmp(pins->v[i].remote, remote) == 0)
			out[n++] = pins->v[i].value;
	return n;
}

/* All that the key is pinned to: by this machine's configuration, or by the files
 * for this remote, or for every one. */
static size_t values(const struct pinned *p, const char *key, const char *out[VALUES_MAX])
{
	const struct remote_pins *pins = &p->run->policy.pins;
	struct buf name = BUF_INIT(KEY_MAX);
	size_t n = 0;

	buf_addf(&name, "codetrain.%s.%s", p->name, key);
	if (!name.failed && git_config_get_string(&out[0], p->config, buf_str(&name)) == 0)
		n = 1;
	buf_free(&name);
	if (n == 0)
		n = of_files(pins, p->name, key, out);
	return n ? n : of_files(pins, "*", key, out);
}

static bool is_set(const struct pinned *p, const char *key, const char *word)
{
	const char *v[VALUES_MAX];
	size_t n = values(p, key, v);

	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i], word) == 0)
			return true;
	return false;
}

static int found(const struct pinned *p, const struct range_ref *ref, const char *rule, bool warning,
		 struct buf *message, const char *fix, struct err *err)
{
	struct report_finding f = { .check = "remote", .rule = rule, .warning = warning,
				    .message = buf_str(message), .fix = fix };
	struct check_item item = *p->item;

	item.ref = ref;
	return check_found(p->run, &item, &f, err);
}

static int check_region(const struct pinned *p, struct err *err)
{
	struct buf message = BUF_INIT(1024), fix = BUF_INIT(1024);
	const char *want[VALUES_MAX];
	char region[REGION_MAX];
	size_t n = values(p, "region", want);
	int rc = 0;

	if (n)
		remote_account_region(p->run->url, region);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (strcmp(want[i], region) == 0)
			continue;
		buf_addf(&message, "%s is pinned to region %s (codetrain.%s.region), and this push goes to %s",
			 p->name, want[i], p->name, *region ? region : "no CodeCommit");
		buf_addf(&fix, "git remote set-url %s https://git-codecommit.%s.amazonaws.com/v1/repos/NAME",
			 p->name, want[i]);
		rc = found(p, NULL, "remote-region", false, &message, buf_str(&fix), err);
		break;
	}
	buf_free(&message);
	buf_free(&fix);
	return rc;
}

/* The command that pushes with a profile of the account. */
static void mend_account(const struct pinned *p, const char *want, struct buf *fix)
{
	struct buf profile = BUF_INIT(512);

	if (!remote_account_find(want, &profile))
		buf_addf(fix, "# no profile of this machine is of account %s; codetrain doctor tells more",
			 want);
	else if (strncmp(p->run->url, "codecommit:", 11) == 0)
		buf_addf(fix, "git remote set-url %s codecommit::REGION://%s@NAME", p->name, buf_str(&profile));
	else
		buf_addf(fix, "git config credential.helper 'codecommit --profile %s'", buf_str(&profile));
	buf_free(&profile);
}

static int check_account(const struct pinned *p, struct err *err)
{
	struct buf message = BUF_INIT(2048), fix = BUF_INIT(1024), whose = BUF_INIT(1024);
	char account[ACCOUNT_LEN + 1] = "", region[REGION_MAX];
	const char *want[VALUES_MAX];
	size_t n = values(p, "account", want);
	bool told = false, aws = n && remote_account_region(p->run->url, region);
	int rc = 0;

	if (aws)
		told = remote_account(p->config, p->run->url, account, &whose);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (told && strcmp(want[i], account) == 0)
			continue;
		buf_addf(&message, "%s is pinned to account %s (codetrain.%s.account), and ", p->name, want[i],
			 p->name);
		if (!aws)
			buf_adds(&message, "this push goes to no CodeCommit");
		else if (told)
			buf_addf(&message, "%s is of account %s", buf_str(&whose), account);
		else
			buf_addf(&message, "which this push goes to cannot be told: %s", buf_str(&whose));
		if (told)
			mend_account(p, want[i], &fix);
		rc = found(p, NULL, "remote-account",
			   aws && !told && !is_set(p, REMOTE_PINS_REQUIRE, "true"), &message,
			   fix.len ? buf_str(&fix) : NULL, err);
		break;
	}
	buf_free(&message);
	buf_free(&fix);
	buf_free(&whose);
	return rc;
}

static const char *branch_of(const struct range_ref *ref)
{
	static const char prefix[] = "refs/heads/";

	return strncmp(ref->remote_name, prefix, strlen(prefix)) == 0
		       ? ref->remote_name + strlen(prefix) : NULL;
}

static int check_branch(const struct pinned *p, const struct range_ref *ref, struct err *err)
{
	const char *words[VALUES_MAX], *branch = branch_of(ref);
	struct buf message = BUF_INIT(1024);
	size_t n = branch ? values(p, "branch", words) : 0;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		if (remote_pins_lists(words[i], branch))
			continue;
		buf_addf(&message, "%s takes the branches %s (codetrain.%s.branch), and not %.200s", p->name,
			 words[i], p->name, branch);
		rc = found(p, ref, "remote-branch", false, &message, "git push REMOTE HEAD:BRANCH", err);
		break;
	}
	buf_free(&message);
	return rc;
}

/* An update that leaves behind what the remote has: commits, or a tag. */
static bool rewrites(struct check_run *run, const struct range_ref *ref)
{
	static const char tags[] = "refs/tags/";

	if (git_oid_is_zero(&ref->remote) || git_oid_equal(&ref->local, &ref->remote))
		return false;
	if (git_oid_is_zero(&ref->local) || strncmp(ref->remote_name, tags, strlen(tags)) == 0)
		return true;
	return git_graph_descendant_of(run->repo, &ref->local, &ref->remote) != 1;
}

/* Whether the ref, by its whole name or its branch's or tag's, is protected. */
static bool is_protected(const struct pinned *p, const struct range_ref *ref)
{
	const char *words[VALUES_MAX], *name = ref->remote_name, *last = name;
	size_t n = values(p, "protected", words);

	if (strncmp(name, "refs/heads/", 11) == 0)
		last = name + 11;
	else if (strncmp(name, "refs/tags/", 10) == 0)
		last = name + 10;
	for (size_t i = 0; i < n; i++)
		if (remote_pins_lists(words[i], name) || remote_pins_lists(words[i], last))
			return true;
	return false;
}

static int check_force(const struct pinned *p, const struct range_ref *ref, struct err *err)
{
	bool deletes = git_oid_is_zero(&ref->local), kept;
	struct buf message = BUF_INIT(1024);
	int rc;

	kept = is_protected(p, ref);
	if (!kept && !is_set(p, "force", "false"))
		return 0;
	if (!rewrites(p->run, ref))	/* a walk, for who asked */
		return 0;
	buf_addf(&message, kept ? "%.200s is protected at %s (codetrain.%s.protected), and this push %s it"
				: "%.200s: %s takes no push that rewrites (codetrain.%s.force is false), "
				  "and this one %s it",
		 ref->remote_name, p->name, p->name, deletes ? "deletes" : "rewrites");
	rc = found(p, ref, kept ? "remote-protected" : "remote-force", false, &message,
		   deletes ? "# leave it, or ask who keeps the repository"
			   : "git pull --rebase, then git push", err);
	buf_free(&message);
	return rc;
}

static int check_all(const struct pinned *p, struct err *err)
{
	int rc = check_account(p, err);

	if (rc == 0)
		rc = check_region(p, err);
	for (size_t i = 0; i < p->run->range.n_refs && rc == 0; i++) {
		rc = check_branch(p, &p->run->range.refs[i], err);
		if (rc == 0)
			rc = check_force(p, &p->run->range.refs[i], err);
	}
	return rc;
}

static bool is_url_of(git_repository *repo, const char *name, const char *url)
{
	git_remote *remote = NULL;
	bool same = false;

	if (git_remote_lookup(&remote, repo, name) == 0) {
		const char *fetch = git_remote_url(remote), *push = git_remote_pushurl(remote);

		same = (fetch && strcmp(fetch, url) == 0) || (push && strcmp(push, url) == 0);
	}
	git_remote_free(remote);
	return same;
}

/* A push to a URL is a push to the remotes that have it. */
static int check_url(struct pinned *p, struct err *err)
{
	git_strarray names = { 0 };
	int rc = 0;

	if (git_remote_list(&names, p->run->repo) < 0)
		return range_repo_error(err, "cannot list the remotes");
	for (size_t i = 0; i < names.count && rc == 0; i++) {
		if (!is_url_of(p->run->repo, names.strings[i], p->run->url))
			continue;
		p->name = names.strings[i];
		rc = check_all(p, err);
	}
	git_strarray_dispose(&names);
	return rc;
}

/* Whether the name is a URL as it was typed: url.*.insteadOf may have made another of it. */
static bool is_typed(const struct pinned *p)
{
	static const char *const keys[] = { "url", "pushurl" };
	bool typed = strpbrk(p->name, ":/") || strcmp(p->name, p->run->url) == 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && typed; i++) {
		struct buf key = BUF_INIT(KEY_MAX);
		const char *value;

		buf_addf(&key, "remote.%s.%s", p->name, keys[i]);
		typed = key.failed || git_config_get_string(&value, p->config, buf_str(&key)) < 0;
		buf_free(&key);
	}
	return typed;
}

int check_remote(struct check_run *run, const struct check_item *item, struct err *err)
{
	struct pinned p = { .run = run, .item = item, .name = run->remote };
	int rc;

	if (!run->remote)
		return 0;
	if (git_repository_config_snapshot(&p.config, run->repo) < 0)
		return range_repo_error(err, "cannot read git's configuration");
	rc = check_all(&p, err);
	if (rc == 0 && is_typed(&p))
		rc = check_url(&p, err);
	git_config_free(p.config);
	return rc;
}
