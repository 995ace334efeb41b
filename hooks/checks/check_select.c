#include "check_select.h"
#include "check_tips.h"
#include "hooks/objects/range_repo.h"

#include <string.h>

enum { REVISION_MAX = 4096 };

/* The commit of a revision ("" is HEAD). */
static int resolve(struct check_run *run, const char *text, size_t len, git_oid *out,
		   struct err *err)
{
	git_object *object = NULL, *commit = NULL;
	char revision[REVISION_MAX];
	int rc = 0;

	if (len >= sizeof(revision))
		return err_set(err, ERR_USAGE, "a revision of %zu bytes", len);
	memcpy(revision, len ? text : "HEAD", len ? len : sizeof("HEAD"));
	revision[len ? len : sizeof("HEAD") - 1] = '\0';
	if (git_revparse_single(&object, run->repo, revision) < 0 ||
	    git_object_peel(&commit, object, GIT_OBJECT_COMMIT) < 0)
		rc = err_set(err, ERR_USAGE, "there is no commit \"%s\" here", revision);
	else
		*out = *git_object_id(commit);
	git_object_free(commit);
	git_object_free(object);
	return rc;
}

/* The branch that is checked out, when it is at this commit. */
static int add_tip(struct check_run *run, const git_oid *commit, struct err *err)
{
	if (range_set_append(&run->range.tips, commit, err) < 0)
		return -1;
	return check_add_tip(run, commit, NULL, err);
}

int check_select_range(struct check_run *run, const char *range, struct err *err)
{
	const char *dots = strstr(range, "..");
	git_oid from, to;

	if (dots && dots[2] == '.')
		return err_set(err, ERR_USAGE, "A...B has two sides; write A..B");
	if (dots && (resolve(run, range, (size_t)(dots - range), &from, err) < 0 ||
		     range_set_append(&run->range.hidden, &from, err) < 0))
		return -1;
	if (dots)
		range = dots + 2;
	if (resolve(run, range, strlen(range), &to, err) < 0)
		return -1;
	return add_tip(run, &to, err);
}

typedef int ref_fn(struct check_run *run, const char *name, const git_oid *oid, struct err *err);

static int each_ref(struct check_run *run, const char *glob, ref_fn *fn, struct err *err)
{
	git_reference_iterator *it = NULL;
	git_reference *ref;
	int rc = 0, next = 0;

	if ((glob ? git_reference_iterator_glob_new(&it, run->repo, glob)
		  : git_reference_iterator_new(&it, run->repo)) < 0)
		return range_repo_error(err, "cannot list the refs");
	while (rc == 0 && (next = git_reference_next(&ref, it)) == 0) {
		git_reference *direct = NULL;

		/* one that leads nowhere has nothing to look at */
		if (git_reference_resolve(&direct, ref) == 0)
			rc = fn(run, git_reference_name(ref), git_reference_target(direct), err);
		git_reference_free(direct);
		git_reference_free(ref);
	}
	if (rc == 0 && next != GIT_ITEROVER)
		rc = range_repo_error(err, "cannot list the refs");
	git_reference_iterator_free(it);
	return rc;
}

static int take(struct check_run *run, const char *name, const git_oid *oid, struct err *err)
{
	if (range_set_append(&run->range.tips, oid, err) < 0)
		return -1;
	/* the specs of an old tag are past mending */
	return strncmp(name, "refs/heads/", 11) == 0 ? check_add_tip(run, oid, name, err) : 0;
}

static int hide(struct check_run *run, const char *name, const git_oid *oid, struct err *err)
{
	git_object *object = NULL, *commit = NULL;
	int rc = 0;

	(void)name;
	if (git_object_lookup(&object, run->repo, oid, GIT_OBJECT_ANY) == 0 &&
	    git_object_peel(&commit, object, GIT_OBJECT_COMMIT) == 0)
		rc = range_set_append(&run->range.hidden, git_object_id(commit), err);
	git_object_free(commit);
	git_object_free(object);
	return rc;
}

int check_select_all(struct check_run *run, struct err *err)
{
	git_oid head;

	/* HEAD is no ref of the list when it is detached */
	if (git_reference_name_to_id(&head, run->repo, "HEAD") == 0 && add_tip(run, &head, err) < 0)
		return -1;
	return each_ref(run, NULL, take, err);
}

int check_select_unpushed(struct check_run *run, struct err *err)
{
	git_oid head;

	if (git_reference_name_to_id(&head, run->repo, "HEAD") < 0)
		return 0;	/* nothing is committed yet */
	if (add_tip(run, &head, err) < 0)
		return -1;
	return each_ref(run, "refs/remotes/*", hide, err);
}

static void get(git_config *config, const char *key, struct buf *out)
{
	const char *value;

	if (out->len == 0 && git_config_get_string(&value, config, key) == 0)
		buf_adds(out, value);
}

int check_select_remote(struct check_run *run, struct buf *name, struct buf *url,
			struct err *err)
{
	static const char branches[] = "refs/heads/";
	struct buf key = BUF_INIT(REVISION_MAX);
	git_reference *head = NULL;
	git_config *config = NULL;

	if (git_repository_config_snapshot(&config, run->repo) < 0)
		return range_repo_error(err, "cannot read git's configuration");
	if (git_repository_head(&head, run->repo) == 0 &&
	    strncmp(git_reference_name(head), branches, strlen(branches)) == 0) {
		const char *branch = git_reference_name(head) + strlen(branches);

		buf_addf(&key, "branch.%s.pushRemote", branch);
		get(config, buf_str(&key), name);
		get(config, "remote.pushDefault", name);
		buf_clear(&key);
		buf_addf(&key, "branch.%s.remote", branch);
		get(config, buf_str(&key), name);
	}
	if (name->len == 0)
		buf_adds(name, "origin");
	buf_clear(&key);
	buf_addf(&key, "remote.%s.pushurl", buf_str(name));
	get(config, buf_str(&key), url);
	buf_clear(&key);
	buf_addf(&key, "remote.%s.url", buf_str(name));
	get(config, buf_str(&key), url);
	if (url->len) {
		run->remote = buf_str(name);
		run->url = buf_str(url);
	}
	git_reference_free(head);
	git_config_free(config);
	buf_free(&key);
	return 0;
}
