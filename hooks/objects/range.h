/*
 * What a push makes public: the commits, tags, names and blobs that can be
 * reached from what is pushed and that the remote does not have.
 *
 * The rule is git's `rev-list --objects NEW --not OLD --not --remotes=NAME`,
 * over all refs of the push at once. A commit is compared with all its
 * parents, so what only a merge brings in is seen too. Blobs are not read here.
 */
#ifndef CODETRAIN_RANGE_H
#define CODETRAIN_RANGE_H

#include "range_set.h"
#include "range_store.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"

#include <git2.h>
#include <stdbool.h>
#include <stddef.h>

#define RANGE_DEPTH_MAX 2048	/* folders in folders; as git's core.maxTreeDepth */

/* One line of what git gives pre-push on standard input. */
struct range_ref {
	char *local_name;	/* as given: "refs/heads/main", "HEAD~1", "(delete)" */
	char *remote_name;	/* "refs/heads/main" */
	git_oid local, remote;	/* zero: a deletion, a creation */
};

struct range {
	git_repository *repo;	/* borrowed */
	struct range_ref *refs;
	size_t n_refs;
	struct range_list tips;		/* objects of any type */
	struct range_list hidden;	/* commits; those that are not here are left out */
	deadline_t deadline;		/* 0: none */
	bool promised;			/* a partial clone: what is missing is on a remote */
	bool elsewhere;			/* and it is not the one that is pushed to */
	/* what a walk leaves behind */
	struct range_store *store;
	struct range_list boundary;	/* parents of new commits that are not new */
	struct range_set commits, blobs, trees;
	struct range_set published;
	bool published_known;
	size_t missing;			/* promised objects that are not here */
};

/* What a walk tells, in the order of history. Each returns 0, or -1 with err
 * set, which ends the walk. */
struct range_visitor {
	void *arg;
	int (*commit)(void *arg, const git_oid *commit, const char *data, size_t len,
		      struct err *err);
	int (*tag)(void *arg, const git_oid *tag, const char *data, size_t len, struct err *err);
	/* A file that no parent has like this. `first` is false when the blob
	 * was told before, `named` when a parent has something of that path.
	 * `blob` is NULL for a submodule and an empty folder: they have a name alone.
	 * `commit` is the commit or the tag or ref's object that brings it. */
	int (*file)(void *arg, const git_oid *commit, const char *path, unsigned mode,
		    const git_oid *blob, bool first, bool named, struct err *err);
};

/* Reads the lines that git gives pre-push. ERR_USAGE when they are none of
 * git's, or in SHA-256. */
int range_read(struct range *range, const char *text, size_t len, struct err *err);

/* Sets tips and hidden for a push to the remote: `name` is a remote's name, or
 * its URL when it has none; `url` where the push goes. */
int range_of_push(struct range *range, const char *name, const char *url, struct err *err);

int range_walk(struct range *range, const struct range_visitor *visitor, struct err *err);

/* Whether a blob stands in a commit that the walk stopped at: then the remote
 * has it, under another name perhaps. */
int range_is_published(struct range *range, const git_oid *blob, bool *out, struct err *err);

void range_free(struct range *range);

#endif
