/*
 * What the remote has already: a push does not make it public.
 */
#include "check.h"

#include <string.h>

enum { COMMITS_MAX = 256 };	/* where the walk stopped; in a push they are few */

struct search {
	const char *sha256;
	bool found;
};

static int compare(void *arg, const struct scan_hit *hit, struct err *err)
{
	struct search *s = arg;

	(void)err;
	s->found |= strcmp(s->sha256, hit->sha256) == 0;
	return 0;
}

/* Looks for the value in a commit's file of that path. */
static int search_file(struct check_run *run, const git_oid *commit, const char *path,
		       struct search *search, struct err *err)
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
		rc = scan_bytes(run->redactor, &text, compare, search, err);
	}
	git_odb_object_free(object);
	git_tree_entry_free(entry);
	git_tree_free(tree);
	git_commit_free(c);
	return rc;
}

static int search_commits(struct check_run *run, const char *path, struct search *search,
			  struct err *err)
{
	const struct range_list *commits = &run->range.boundary;
	size_t n = commits->n < COMMITS_MAX ? commits->n : COMMITS_MAX;

	if (!run->redactor && scan_open(run->rules, &run->redactor, err) < 0)
		return -1;
	for (size_t i = 0; i < n && !search->found; i++)
		if (search_file(run, &commits->v[i], path, search, err) < 0)
			return -1;
	return 0;
}

int check_published(struct check_run *run, const struct check_item *item, const char *sha256,
		    enum check_published *out, struct err *err)
{
	struct search search = { .sha256 = sha256 };
	bool blob = false;
	int rc;

	*out = CHECK_NEW;
	if (!run->repo || !item->blob || !item->path)
		return 0;
	pthread_mutex_lock(&run->lock);
	rc = range_is_published(&run->range, item->blob, &blob, err);
	if (rc == 0 && !blob)
		rc = search_commits(run, item->path, &search, err);
	pthread_mutex_unlock(&run->lock);
	if (blob)
		*out = CHECK_SAME_FILE;
	else if (search.found)
		*out = CHECK_SAME_VALUE;
	return rc;
}
