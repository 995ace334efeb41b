#include "range.h"
#include "range_repo.h"
#include "range_tree.h"
#include "lib/base/buf.h"
#include "lib/base/file.h"

#include <stdlib.h>
#include <string.h>

enum { SHALLOW_BYTES_MAX = 16 << 20, TAGS_MAX = 64 };

struct walk {
	struct range *range;
	const struct range_visitor *visitor;
	struct range_list starts;	/* the commits among the tips */
	struct range_set grafted;	/* a shallow clone's: history ends there */
};

static int open_commit(const struct walk *w, const git_oid *oid, git_commit **out,
		       struct err *err)
{
	if (git_commit_lookup(out, w->range->repo, oid) < 0)
		return range_repo_error(err, "commit %s cannot be read", git_oid_tostr_s(oid));
	return 0;
}

static unsigned parents_of(const struct walk *w, const git_commit *commit)
{
	return range_set_has(&w->grafted, git_commit_id(commit)) ? 0
								  : git_commit_parentcount(commit);
}

/* The trees of the parents that are here; a parent that is not new is where
 * the walk stopped. */
static int parent_trees(struct walk *w, git_commit *commit, git_tree **trees, size_t *n,
			struct err *err)
{
	unsigned parents = parents_of(w, commit);

	for (unsigned i = 0; i < parents; i++) {
		const git_oid *oid = git_commit_parent_id(commit, i);
		git_commit *parent = NULL;

		if (!range_set_has(&w->range->commits, oid) &&
		    range_set_append(&w->range->boundary, oid, err) < 0)
			return -1;
		if (git_commit_lookup(&parent, w->range->repo, oid) < 0)
			continue;	/* compared with fewer parents, more is looked at */
		if (git_commit_tree(&trees[*n], parent) == 0)
			(*n)++;
		git_commit_free(parent);
	}
	return 0;
}

static int visit_files(struct walk *w, git_commit *commit, struct err *err)
{
	git_tree **trees = calloc(git_commit_parentcount(commit) + 1, sizeof(git_tree *));
	size_t n = 0;
	int rc = -1;

	if (!trees)
		return err_set(err, ERR_INTERNAL, "no memory for a commit's parents");
	if (parent_trees(w, commit, trees, &n, err) == 0)
		rc = range_tree_walk(w->range, w->visitor, git_commit_id(commit),
				     git_commit_tree_id(commit), trees, n, err);
	for (size_t i = 0; i < n; i++)
		git_tree_free(trees[i]);
	free(trees);
	return rc;
}

static int visit(struct walk *w, const git_oid *oid, struct err *err)
{
	git_commit *commit = NULL;
	int rc;

	if (range_tree_in_time(w->range, err) < 0 ||
	    range_set_add(&w->range->commits, oid, NULL, err) < 0 ||
	    open_commit(w, oid, &commit, err) < 0)
		return -1;
	rc = w->visitor->commit(w->visitor->arg, commit, err);
	if (rc == 0)
		rc = visit_files(w, commit, err);
	git_commit_free(commit);
	return rc;
}

/* The usual way: libgit2 finds the commits, oldest first. */
static int walk_commits(struct walk *w, struct err *err)
{
	git_revwalk *rev = NULL;
	git_oid oid;
	int rc = 0;

	if (git_revwalk_new(&rev, w->range->repo) < 0)
		return range_repo_error(err, "cannot walk the commits");
	git_revwalk_sorting(rev, GIT_SORT_TOPOLOGICAL | GIT_SORT_REVERSE);
	for (size_t i = 0; i < w->starts.n && rc == 0; i++)
		if (git_revwalk_push(rev, &w->starts.v[i]) < 0)
			rc = range_repo_error(err, "cannot walk the commits");
	/* what is not here (the remote is ahead of us) hides nothing */
	for (size_t i = 0; i < w->range->hidden.n && rc == 0; i++)
		git_revwalk_hide(rev, &w->range->hidden.v[i]);
	while (rc == 0) {
		int next = git_revwalk_next(&oid, rev);

		if (next == GIT_ITEROVER)
			break;
		rc = next < 0 ? range_repo_error(err, "cannot walk the commits")
			      : visit(w, &oid, err);
	}
	git_revwalk_free(rev);
	return rc;
}

/* Adds all of a commit's history that is not in `skip` to `set`; to `order`
 * parents before their children. Missing commits are left out if `lenient`. */
static int history(struct walk *w, const git_oid *start, const struct range_set *skip,
		   struct range_set *set, struct range_list *order, bool lenient, struct err *err)
{
	struct range_list stack = { 0 };
	int rc = range_set_append(&stack, start, err);

	while (rc == 0 && stack.n > 0) {
		git_oid oid = stack.v[stack.n - 1];
		git_commit *commit = NULL;
		size_t before = stack.n;

		rc = range_tree_in_time(w->range, err);
		if (rc == 0 && lenient && git_commit_lookup(&commit, w->range->repo, &oid) < 0) {
			stack.n--;
			continue;
		}
		if (rc == 0 && !commit)
			rc = open_commit(w, &oid, &commit, err);
		for (unsigned i = 0; rc == 0 && i < parents_of(w, commit); i++) {
			const git_oid *parent = git_commit_parent_id(commit, i);

			if (!range_set_has(set, parent) && !(skip && range_set_has(skip, parent)))
				rc = range_set_append(&stack, parent, err);
		}
		git_commit_free(commit);
		if (rc == 0 && stack.n == before) {	/* all its parents are done */
			bool fresh;

			stack.n--;
			rc = range_set_add(set, &oid, &fresh, err);
			if (rc == 0 && fresh && order)
				rc = range_set_append(order, &oid, err);
		}
	}
	range_set_free_list(&stack);
	return rc;
}

/* A shallow clone: libgit2 1.5 trips over the missing parents. Its history is
 * short, so all of it is walked. */
static int walk_shallow(struct walk *w, struct err *err)
{
	struct range_set hidden = { 0 }, found = { 0 };
	struct range_list order = { 0 };
	int rc = 0;

	for (size_t i = 0; i < w->range->hidden.n && rc == 0; i++)
		rc = history(w, &w->range->hidden.v[i], NULL, &hidden, NULL, true, err);
	for (size_t i = 0; i < w->starts.n && rc == 0; i++)
		if (!range_set_has(&hidden, &w->starts.v[i]))
			rc = history(w, &w->starts.v[i], &hidden, &found, &order, false, err);
	for (size_t i = 0; i < order.n && rc == 0; i++)
		rc = visit(w, &order.v[i], err);
	range_set_free(&hidden);
	range_set_free(&found);
	range_set_free_list(&order);
	return rc;
}

static int read_shallow(struct walk *w, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), text = BUF_INIT(SHALLOW_BYTES_MAX);
	struct file_info info;
	const char *line;
	int rc;

	buf_addf(&path, "%sshallow", git_repository_commondir(w->range->repo));
	rc = file_read(buf_str(&path), &text, &info, err);
	for (line = buf_str(&text); rc == 0 && *line; line += strcspn(line, "\n") + 1) {
		git_oid oid;

		if (git_oid_fromstrn(&oid, line, GIT_OID_HEXSZ) == 0)
			rc = range_set_add(&w->grafted, &oid, NULL, err);
		if (!line[strcspn(line, "\n")])
			break;
	}
	buf_free(&path);
	buf_free(&text);
	return rc;
}

/* A tip can be anything: tags are told and followed; a tree or a blob that a
 * ref points at is looked at as it is. */
static int tip(struct walk *w, const git_oid *oid, int depth, struct err *err)
{
	git_object *object = NULL;
	int rc = 0;

	if (depth > TAGS_MAX)
		return err_set(err, ERR_USAGE, "more than %d tags of tags", TAGS_MAX);
	if (git_object_lookup(&object, w->range->repo, oid, GIT_OBJECT_ANY) < 0)
		return range_repo_error(err, "object %s cannot be read", git_oid_tostr_s(oid));
	switch (git_object_type(object)) {
	case GIT_OBJECT_COMMIT:
		rc = range_set_append(&w->starts, oid, err);
		break;
	case GIT_OBJECT_TAG:
		rc = w->visitor->tag(w->visitor->arg, (git_tag *)object, err);
		if (rc == 0)
			rc = tip(w, git_tag_target_id((git_tag *)object), depth + 1, err);
		break;
	case GIT_OBJECT_TREE:
		rc = range_tree_walk(w->range, w->visitor, oid, oid, NULL, 0, err);
		break;
	case GIT_OBJECT_BLOB:
		rc = range_tree_blob(w->range, w->visitor, oid, "", oid, err);
		break;
	default:
		break;
	}
	git_object_free(object);
	return rc;
}

int range_walk(struct range *range, const struct range_visitor *visitor, struct err *err)
{
	struct walk w = { .range = range, .visitor = visitor };
	int rc = 0;

	for (size_t i = 0; i < range->tips.n && rc == 0; i++)
		rc = tip(&w, &range->tips.v[i], 0, err);
	if (rc == 0 && w.starts.n > 0) {
		if (git_repository_is_shallow(range->repo) > 0) {
			rc = read_shallow(&w, err);
			if (rc == 0)
				rc = walk_shallow(&w, err);
		} else {
			rc = walk_commits(&w, err);
		}
	}
	range_set_free_list(&w.starts);
	range_set_free(&w.grafted);
	return rc;
}

int range_is_published(struct range *range, const git_oid *blob, bool *out, struct err *err)
{
	for (size_t i = 0; !range->published_known && i < range->boundary.n; i++) {
		git_commit *commit = NULL;
		int rc = 0;

		if (git_commit_lookup(&commit, range->repo, &range->boundary.v[i]) == 0)
			rc = range_tree_collect(range, git_commit_tree_id(commit),
						&range->published, err);
		git_commit_free(commit);
		if (rc < 0)
			return -1;
	}
	range->published_known = true;
	*out = range_set_has(&range->published, blob);
	return 0;
}
