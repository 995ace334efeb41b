#include "range.h"
#include "range_repo.h"
#include "range_store.h"
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

static int open_commit(const struct walk *w, const git_oid *oid, struct range_text **text,
		       struct range_commit *out, struct err *err)
{
	if (range_store_get(w->range->store, oid, text, err) < 0)
		return -1;
	if (*text && range_store_commit(*text, out)) {
		if (range_set_has(&w->grafted, oid))
			out->n = 0;
		return 0;
	}
	range_store_drop(*text);
	return err_set(err, ERR_INTERNAL, "commit %s cannot be read; see git fsck",
		       git_oid_tostr_s(oid));
}

/* The trees of the parents that are here; a parent that is not new is where
 * the walk stopped. */
static int parent_trees(struct walk *w, const struct range_commit *commit, git_oid *trees,
			size_t *n, struct err *err)
{
	for (size_t i = 0; i < commit->n; i++) {
		struct range_text *text = NULL;
		struct range_commit parent;
		struct err ignored = { 0 };
		git_oid oid;

		range_store_parent(commit, i, &oid);
		if (!range_set_has(&w->range->commits, &oid) &&
		    range_set_append(&w->range->boundary, &oid, err) < 0)
			return -1;
		/* compared with fewer parents, more is looked at */
		if (range_store_get(w->range->store, &oid, &text, &ignored) < 0 || !text)
			continue;
		if (range_store_commit(text, &parent))
			trees[(*n)++] = parent.tree;
		range_store_drop(text);
	}
	return 0;
}

static int visit_files(struct walk *w, const git_oid *oid, const struct range_commit *commit,
		       struct err *err)
{
	git_oid *trees = calloc(commit->n + 1, sizeof(*trees));
	size_t n = 0;
	int rc;

	if (!trees)
		return err_set(err, ERR_INTERNAL, "no memory for a commit's parents");
	rc = parent_trees(w, commit, trees, &n, err);
	if (rc == 0)
		rc = range_tree_walk(w->range, w->visitor, oid, &commit->tree, trees, n, err);
	free(trees);
	return rc;
}

static int visit(struct walk *w, const git_oid *oid, struct err *err)
{
	struct range_text *text = NULL;
	struct range_commit commit;
	int rc;

	if (range_tree_in_time(w->range, err) < 0 ||
	    range_set_add(&w->range->commits, oid, NULL, err) < 0 ||
	    open_commit(w, oid, &text, &commit, err) < 0)
		return -1;
	rc = w->visitor->commit(w->visitor->arg, oid, text->data, text->len, err);
	if (rc == 0)
		rc = visit_files(w, oid, &commit, err);
	range_store_drop(text);
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

/* Puts the parents that are in neither set on the stack. `lenient`: a commit
 * that is not here has none. */
static int push_parents(struct walk *w, const git_oid *oid, const struct range_set *skip,
			const struct range_set *set, struct range_list *stack, bool lenient,
			struct err *err)
{
	struct range_text *text = NULL;
	struct range_commit commit;
	struct err ignored = { 0 };
	int rc = 0;

	if (open_commit(w, oid, &text, &commit, lenient ? &ignored : err) < 0)
		return lenient ? 0 : -1;
	/* the first parent is looked at first */
	for (size_t i = commit.n; rc == 0 && i-- > 0;) {
		git_oid parent;

		range_store_parent(&commit, i, &parent);
		if (!range_set_has(set, &parent) && !range_set_has(skip, &parent))
			rc = range_set_append(stack, &parent, err);
	}
	range_store_drop(text);
	return rc;
}

/* Adds all of a commit's history that is not in `skip` to `set`; to `order`
 * parents before their children. */
static int history(struct walk *w, const git_oid *start, const struct range_set *skip,
		   struct range_set *set, struct range_list *order, bool lenient, struct err *err)
{
	struct range_list stack = { 0 };
	int rc = range_set_append(&stack, start, err);

	while (rc == 0 && stack.n > 0) {
		git_oid oid = stack.v[stack.n - 1];
		size_t before = stack.n;
		bool fresh;

		rc = range_tree_in_time(w->range, err);
		if (rc == 0 && !range_set_has(set, &oid))
			rc = push_parents(w, &oid, skip, set, &stack, lenient, err);
		if (rc < 0 || stack.n != before)
			continue;
		stack.n--;	/* all its parents are done */
		rc = range_set_add(set, &oid, &fresh, err);
		if (rc == 0 && fresh && order)
			rc = range_set_append(order, &oid, err);
	}
	range_set_free_list(&stack);
	return rc;
}

/* All that the tips reach and the hidden commits do not, each from end to end.
 * Of a shallow clone the history is short, and libgit2 1.5 trips over the
 * missing parents; where nothing is hidden all of it is wanted. */
static int walk_history(struct walk *w, struct err *err)
{
	struct range_set hidden = { 0 }, found = { 0 }, none = { 0 };
	struct range_list order = { 0 };
	int rc = 0;

	for (size_t i = 0; i < w->range->hidden.n && rc == 0; i++)
		rc = history(w, &w->range->hidden.v[i], &none, &hidden, NULL, true, err);
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

static int tip(struct walk *w, const git_oid *oid, int depth, struct err *err);

static int tip_tag(struct walk *w, const git_oid *oid, int depth, struct err *err)
{
	static const char object[] = "object ";
	struct range_text *text = NULL;
	git_oid target;
	int rc = range_store_get(w->range->store, oid, &text, err);

	if (rc < 0)
		return -1;
	if (!text || strncmp(text->data, object, strlen(object)) != 0 ||
	    git_oid_fromstrn(&target, text->data + strlen(object), GIT_OID_HEXSZ) < 0)
		rc = err_set(err, ERR_INTERNAL, "tag %s cannot be read; see git fsck",
			     git_oid_tostr_s(oid));
	if (rc == 0)
		rc = w->visitor->tag(w->visitor->arg, oid, text->data, text->len, err);
	range_store_drop(text);
	return rc == 0 ? tip(w, &target, depth + 1, err) : -1;
}

/* A tip can be anything: tags are told and followed; a tree or a blob that a
 * ref points at is looked at as it is. */
static int tip(struct walk *w, const git_oid *oid, int depth, struct err *err)
{
	git_object_t type;
	git_odb *odb = NULL;
	size_t len;
	int rc;

	if (depth > TAGS_MAX)
		return err_set(err, ERR_USAGE, "more than %d tags of tags", TAGS_MAX);
	if (git_repository_odb(&odb, w->range->repo) < 0)
		return range_repo_error(err, "cannot open the objects");
	rc = git_odb_read_header(&len, &type, odb, oid);
	git_odb_free(odb);
	if (rc < 0)
		return range_repo_error(err, "object %s cannot be read", git_oid_tostr_s(oid));
	switch (type) {
	case GIT_OBJECT_COMMIT:
		return range_set_append(&w->starts, oid, err);
	case GIT_OBJECT_TAG:
		return tip_tag(w, oid, depth, err);
	case GIT_OBJECT_TREE:
		return range_tree_walk(w->range, w->visitor, oid, oid, NULL, 0, err);
	case GIT_OBJECT_BLOB:
		return range_tree_blob(w->range, w->visitor, oid, "", oid, err);
	default:
		return err_set(err, ERR_INTERNAL, "object %s is of no known kind",
			       git_oid_tostr_s(oid));
	}
}

static int walk_starts(struct walk *w, struct err *err)
{
	bool shallow = git_repository_is_shallow(w->range->repo) > 0;

	if (w->starts.n == 0)
		return 0;
	if (shallow && read_shallow(w, err) < 0)
		return -1;
	return shallow || w->range->hidden.n == 0 ? walk_history(w, err) : walk_commits(w, err);
}

int range_walk(struct range *range, const struct range_visitor *visitor, struct err *err)
{
	struct walk w = { .range = range, .visitor = visitor };
	int rc = 0;

	if (!range->store)
		rc = range_store_open(range->repo, &range->store, err);
	for (size_t i = 0; i < range->tips.n && rc == 0; i++)
		rc = tip(&w, &range->tips.v[i], 0, err);
	if (rc == 0)
		rc = walk_starts(&w, err);
	range_set_free_list(&w.starts);
	range_set_free(&w.grafted);
	return rc;
}

int range_is_published(struct range *range, const git_oid *blob, bool *out, struct err *err)
{
	struct range_set trees = { 0 };
	int rc = 0;

	for (size_t i = 0; !range->published_known && i < range->boundary.n && rc == 0; i++) {
		struct range_text *text = NULL;
		struct range_commit commit;
		struct err ignored = { 0 };

		/* what cannot be read is not known to be there */
		if (range_store_get(range->store, &range->boundary.v[i], &text, &ignored) == 0 &&
		    text && range_store_commit(text, &commit))
			rc = range_tree_collect(range, &commit.tree, &range->published, &trees,
						err);
		range_store_drop(text);
	}
	range_set_free(&trees);
	if (rc < 0)
		return -1;
	range->published_known = true;
	*out = range_set_has(&range->published, blob);
	return 0;
}
