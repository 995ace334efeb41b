#include "range_tree.h"
#include "range_repo.h"
#include "lib/base/buf.h"

#include <stdlib.h>

enum { PATH_BYTES_MAX = 1 << 20 };

struct walk {
	struct range *range;
	const struct range_visitor *visitor;
	const git_oid *commit;
	struct buf path;
	int depth;
};

int range_tree_in_time(const struct range *range, struct err *err)
{
	if (range->deadline && deadline_over(range->deadline))
		return err_set(err, ERR_TIMEOUT, "the checks took too long");
	return 0;
}

/* NULL and 0: a promised tree that is not here. */
static int open_tree(struct range *range, const git_oid *oid, git_tree **out, struct err *err)
{
	int rc = git_tree_lookup(out, range->repo, oid);

	if (rc == GIT_ENOTFOUND && range->promised) {
		range->missing++;
		*out = NULL;
		return 0;
	}
	if (rc < 0)
		return range_repo_error(err, "tree %s cannot be read", git_oid_tostr_s(oid));
	return 0;
}

static int walk_tree(struct walk *w, git_tree *tree, git_tree *const *parents, size_t n,
		     struct err *err);

/* The folders of the same name in the parents; those that have none are left out. */
static size_t open_below(struct walk *w, const char *name, git_tree *const *parents, size_t n,
			 git_tree **below)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		const git_tree_entry *e = git_tree_entry_byname(parents[i], name);

		if (!e || git_tree_entry_type(e) != GIT_OBJECT_TREE)
			continue;
		/* one that cannot be read hides nothing: more is looked at */
		if (git_tree_lookup(&below[found], w->range->repo, git_tree_entry_id(e)) == 0)
			found++;
	}
	return found;
}

static int walk_folder(struct walk *w, const git_tree_entry *entry, git_tree *const *parents,
		       size_t n, struct err *err)
{
	git_tree *tree = NULL, **below = NULL;
	bool fresh = true;
	size_t found = 0;
	int rc = -1;

	if (n > 0) {
		below = calloc(n, sizeof(*below));
		if (!below)
			return err_set(err, ERR_INTERNAL, "no memory for %zu trees", n);
		found = open_below(w, git_tree_entry_name(entry), parents, n, below);
	}
	/* a folder that is new as a whole, and was new before: nothing to tell */
	if (found == 0 &&
	    range_set_add(&w->range->trees, git_tree_entry_id(entry), &fresh, err) < 0)
		goto out;
	rc = 0;
	if (fresh)
		rc = open_tree(w->range, git_tree_entry_id(entry), &tree, err);
	if (rc == 0 && tree)
		rc = walk_tree(w, tree, below, found, err);
out:
	for (size_t i = 0; i < found; i++)
		git_tree_free(below[i]);
	free(below);
	git_tree_free(tree);
	return rc;
}

static int tell(struct walk *w, const git_oid *blob, unsigned mode, bool named, struct err *err)
{
	bool first;

	if (range_set_add(&w->range->blobs, blob, &first, err) < 0)
		return -1;
	return w->visitor->file(w->visitor->arg, w->commit, buf_str(&w->path), mode, blob, first,
				named, err);
}

static int walk_entry(struct walk *w, const git_tree_entry *e, git_tree *const *parents, size_t n,
		      struct err *err)
{
	const char *name = git_tree_entry_name(e);
	size_t len = w->path.len;
	bool named = false;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		const git_tree_entry *old = git_tree_entry_byname(parents[i], name);

		if (!old)
			continue;
		if (git_oid_equal(git_tree_entry_id(old), git_tree_entry_id(e)))
			return 0;
		named = true;
	}
	if (len)
		buf_addc(&w->path, '/');
	buf_adds(&w->path, name);
	if (w->path.failed)
		return buf_check(&w->path, "a path", err);
	if (git_tree_entry_type(e) == GIT_OBJECT_TREE)
		rc = walk_folder(w, e, parents, n, err);
	else if (git_tree_entry_type(e) == GIT_OBJECT_BLOB)
		rc = tell(w, git_tree_entry_id(e), git_tree_entry_filemode_raw(e), named, err);
	w->path.len = len;
	w->path.data[len] = '\0';
	return rc;
}

static int walk_tree(struct walk *w, git_tree *tree, git_tree *const *parents, size_t n,
		     struct err *err)
{
	size_t entries = git_tree_entrycount(tree);

	if (w->depth >= RANGE_DEPTH_MAX)
		return err_set(err, ERR_USAGE, "folders are nested deeper than %d at %.60s...",
			       RANGE_DEPTH_MAX, buf_str(&w->path));
	if (range_tree_in_time(w->range, err) < 0)
		return -1;
	w->depth++;
	for (size_t i = 0; i < entries; i++)
		if (walk_entry(w, git_tree_entry_byindex(tree, i), parents, n, err) < 0)
			return -1;
	w->depth--;
	return 0;
}

int range_tree_walk(struct range *range, const struct range_visitor *visitor,
		    const git_oid *commit, const git_oid *oid, git_tree *const *parents,
		    size_t n_parents, struct err *err)
{
	struct walk w = { .range = range, .visitor = visitor, .commit = commit,
			  .path = BUF_INIT(PATH_BYTES_MAX) };
	git_tree *tree = NULL;
	int rc;

	for (size_t i = 0; i < n_parents; i++)
		if (git_oid_equal(git_tree_id(parents[i]), oid))
			return 0;
	rc = open_tree(range, oid, &tree, err);
	if (rc == 0 && tree)
		rc = walk_tree(&w, tree, parents, n_parents, err);
	git_tree_free(tree);
	buf_free(&w.path);
	return rc;
}

int range_tree_blob(struct range *range, const struct range_visitor *visitor,
		    const git_oid *commit, const char *path, const git_oid *blob, struct err *err)
{
	struct walk w = { .range = range, .visitor = visitor, .commit = commit,
			  .path = BUF_INIT(PATH_BYTES_MAX) };
	int rc;

	buf_adds(&w.path, path);
	rc = tell(&w, blob, GIT_FILEMODE_BLOB, true, err);
	buf_free(&w.path);
	return rc;
}

struct collect {
	struct range_set *set, trees;
	struct err *err;
};

static int collect_entry(const char *root, const git_tree_entry *e, void *arg)
{
	struct collect *c = arg;
	bool fresh;

	(void)root;
	if (git_tree_entry_type(e) == GIT_OBJECT_TREE) {
		if (range_set_add(&c->trees, git_tree_entry_id(e), &fresh, c->err) < 0)
			return -1;
		return !fresh;	/* 1: do not go in */
	}
	return range_set_add(c->set, git_tree_entry_id(e), NULL, c->err);
}

int range_tree_collect(struct range *range, const git_oid *oid, struct range_set *set,
		       struct err *err)
{
	struct collect c = { .set = set, .err = err };
	git_tree *tree = NULL;
	int rc = 0;

	if (git_tree_lookup(&tree, range->repo, oid) == 0 &&
	    git_tree_walk(tree, GIT_TREEWALK_PRE, collect_entry, &c) < 0 && err->class)
		rc = -1;
	git_tree_free(tree);
	range_set_free(&c.trees);
	return rc;
}
