#include "check_tips.h"
#include "check_blobs.h"
#include "check_rules.h"
#include "hooks/objects/range_repo.h"

#include <stdlib.h>
#include <string.h>

static const char branches[] = "refs/heads/";

const char *check_tips_branch(const struct check_tip *tip)
{
	bool is_branch = tip->ref && strncmp(tip->ref, branches, strlen(branches)) == 0;

	return is_branch ? tip->ref + strlen(branches) : NULL;
}

/* HEAD and the branch that is checked out are one tip. */
static bool known(const struct check_run *run, const git_oid *object, const char *ref)
{
	for (size_t i = 0; i < run->n_tips; i++) {
		const struct check_tip *t = &run->tips[i];

		if (git_oid_equal(&t->object, object) &&
		    (ref == t->ref || (ref && t->ref && strcmp(ref, t->ref) == 0)))
			return true;
	}
	return false;
}

int check_add_tip(struct check_run *run, const git_oid *object, const char *ref,
		  struct err *err)
{
	git_object *any = NULL, *commit = NULL;
	struct check_tip *tips;
	int rc = 0;

	/* a ref at a tree or a blob has no tip to look at */
	if (known(run, object, ref) ||
	    git_object_lookup(&any, run->repo, object, GIT_OBJECT_ANY) < 0 ||
	    git_object_peel(&commit, any, GIT_OBJECT_COMMIT) < 0)
		goto out;
	tips = realloc(run->tips, (run->n_tips + 1) * sizeof(*tips));
	if (tips)
		run->tips = tips;
	if (tips) {
		tips += run->n_tips;
		*tips = (struct check_tip){ .object = *object, .commit = *git_object_id(commit),
					    .ref = ref ? strdup(ref) : NULL };
	}
	if (tips && (tips->ref || !ref))
		run->n_tips++;
	else
		rc = err_set(err, ERR_INTERNAL, "no memory for the refs");
out:
	git_object_free(commit);
	git_object_free(any);
	return rc;
}

int check_tips_of_push(struct check_run *run, struct err *err)
{
	for (size_t i = 0; i < run->range.n_refs; i++) {
		const struct range_ref *r = &run->range.refs[i];
		bool is_ref = strncmp(r->local_name, "refs/", 5) == 0;

		if (!git_oid_is_zero(&r->local) &&
		    check_add_tip(run, &r->local, is_ref ? r->local_name : NULL, err) < 0)
			return -1;
	}
	return 0;
}

int check_tips_read(struct check_run *run, const git_oid *commit, const char *path,
		    git_oid *blob, git_odb_object **out, struct err *err)
{
	git_commit *c = NULL;
	git_tree *tree = NULL;
	git_tree_entry *entry = NULL;
	int rc = 0;

	if (git_commit_lookup(&c, run->repo, commit) < 0 || git_commit_tree(&tree, c) < 0)
		rc = range_repo_error(err, "commit %s cannot be read", git_oid_tostr_s(commit));
	else if (git_tree_entry_bypath(&entry, tree, path) == 0 &&
		 git_tree_entry_type(entry) == GIT_OBJECT_BLOB) {
		*blob = *git_tree_entry_id(entry);
		rc = check_blobs_read(run, blob, path, out, &run->report->missing, err);
	}
	git_tree_entry_free(entry);
	git_tree_free(tree);
	git_commit_free(c);
	return rc;
}

/* ---- the policy --------------------------------------------------------------- */

struct place {
	struct check_run *run;
	const struct check_tip *tip;
};

/* A file that .codetrain names, as it is at the same commit. */
static int read_beside(void *arg, const char *path, struct buf *out, struct err *err)
{
	const struct place *p = arg;
	git_odb_object *object = NULL;
	git_oid blob;
	int rc = check_rules_path(path, err);

	if (rc == 0)
		rc = check_tips_read(p->run, &p->tip->commit, path, &blob, &object, err);
	if (rc == 0 && !object)
		rc = err_set(err, ERR_USAGE, "there is no %s in commit %.12s; git add %s", path,
			     git_oid_tostr_s(&p->tip->commit), path);
	if (rc == 0) {
		buf_add(out, git_odb_object_data(object), git_odb_object_size(object));
		rc = buf_check(out, path, err);
	}
	git_odb_object_free(object);
	return rc;
}

static int read_policy(struct check_run *run, const struct check_tip *tip,
		       const git_odb_object *object, struct err *err)
{
	struct place place = { run, tip };
	struct buf name = BUF_INIT(128);
	int rc;

	buf_addf(&name, "%.12s:%s", git_oid_tostr_s(&tip->commit), CHECK_POLICY_FILE);
	if (git_odb_object_size((git_odb_object *)object) > CHECK_POLICY_BYTES_MAX)
		rc = err_set(err, ERR_USAGE, "%s is larger than %d bytes", buf_str(&name),
			     CHECK_POLICY_BYTES_MAX);
	else
		rc = check_policy_read(&run->policy, git_odb_object_data((git_odb_object *)object),
				       git_odb_object_size((git_odb_object *)object), buf_str(&name),
				       err);
	if (rc == 0)
		rc = check_rules_named(run, buf_str(&name), read_beside, &place, err);
	buf_free(&name);
	return rc;
}

int check_tips_policy(struct check_run *run, struct err *err)
{
	struct range_set done = { 0 };
	int rc = 0;

	for (size_t i = 0; i < run->n_tips && rc == 0; i++) {
		git_odb_object *object = NULL;
		bool fresh = true;
		git_oid blob;

		rc = check_tips_read(run, &run->tips[i].commit, CHECK_POLICY_FILE, &blob, &object,
				     err);
		if (rc == 0 && object)
			rc = range_set_add(&done, &blob, &fresh, err);
		if (rc == 0 && object && fresh)
			rc = read_policy(run, &run->tips[i], object, err);
		else if (rc == 0 && !object)
			check_policy_none(&run->policy);
		git_odb_object_free(object);
	}
	range_set_free(&done);
	/* what this machine says goes over what is committed */
	if (rc == 0)
		rc = check_policy_config(&run->policy, run->repo, err);
	return rc < 0 ? -1 : check_rules_open(run, err);
}

void check_tips_free(struct check_run *run)
{
	for (size_t i = 0; i < run->n_tips; i++)
		free(run->tips[i].ref);
	free(run->tips);
	run->tips = NULL;
	run->n_tips = 0;
}
