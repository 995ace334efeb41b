/*
 * What the remote has already: a push does not make it public.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { COMMITS_MAX = 256 };	/* where the walk stopped; in a push they are few */

/* The values that older versions of one file have: the findings of a file come one after
 * the other. */
struct check_known {
	char *path;
	struct check_allow values;
};

static int collect(void *arg, const struct scan_hit *hit, struct err *err)
{
	struct check_known *known = arg;

	/* what does not fit is not known to be there */
	return known->values.n < CHECK_ALLOW_MAX
		       ? check_allow_add(&known->values, hit->sha256, "", 0, err)
		       : 0;
}

/* Adds the values of a commit's file of that path. */
static int search_file(struct check_run *run, const git_oid *commit, const char *path,
		       struct check_known *known, struct err *err)
{
	git_commit *c = NULL;
	git_tree *tree = NULL;
	git_tree_entry *entry = NULL;
	git_odb_object *object = NULL;
	struct scan_text text = { 0 };
	int rc = 0;

	/* what cannot be read is not known to be there */
	if (git_commit_lookup(&c, run->repo, commit) == 0 && git_commit_tree(&tree, c) == 0 &&
	    git_tree_entry_bypath(&entry, tree, path) == 0 &&
	    git_odb_read(&object, run->odb, git_tree_entry_id(entry)) == 0 &&
	    git_odb_object_type(object) == GIT_OBJECT_BLOB) {
		text.data = git_odb_object_data(object);
		text.len = git_odb_object_size(object);
		rc = scan_bytes(run->redactor, &text, collect, known, err);
	}
	git_odb_object_free(object);
	git_tree_entry_free(entry);
	git_tree_free(tree);
	git_commit_free(c);
	return rc;
}

static int search_commits(struct check_run *run, const char *path, struct err *err)
{
	const struct range_list *commits = &run->range.boundary;
	size_t n = commits->n < COMMITS_MAX ? commits->n : COMMITS_MAX;

	if (!run->known)
		run->known = calloc(1, sizeof(*run->known));
	if (run->known && run->known->path && strcmp(run->known->path, path) == 0)
		return 0;
	if (run->known) {
		free(run->known->path);
		check_allow_free(&run->known->values);
		run->known->path = strdup(path);
	}
	if (!run->known || !run->known->path)
		return err_set(err, ERR_INTERNAL, "no memory for what the remote has");
	if (!run->redactor && scan_open(run->rules, &run->redactor, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (search_file(run, &commits->v[i], path, run->known, err) < 0)
			return -1;
	return 0;
}

void check_published_free(struct check_run *run)
{
	if (run->known) {
		free(run->known->path);
		check_allow_free(&run->known->values);
	}
	free(run->known);
	run->known = NULL;
}

int check_published(struct check_run *run, const struct check_item *item, const char *sha256,
		    enum check_published *out, struct err *err)
{
	bool blob = false;
	int rc;

	*out = CHECK_NEW;
	if (!run->repo || !item->blob || !item->path)
		return 0;
	pthread_mutex_lock(&run->lock);
	rc = range_is_published(&run->range, item->blob, &blob, err);
	if (rc == 0 && !blob)
		rc = search_commits(run, item->path, err);
	if (blob)
		*out = CHECK_SAME_FILE;
	else if (rc == 0 && check_allow_has(&run->known->values, sha256))
		*out = CHECK_SAME_VALUE;
	pthread_mutex_unlock(&run->lock);
	return rc;
}
