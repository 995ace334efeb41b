/*
 * Commits, trees and tags as bytes, the last ones kept: a walk through history
 * wants most trees twice, as a commit's and as its children's parent's.
 *
 * A few are read by libgit2. Who reads many has them from the packs, and from
 * libgit2 what is not there.
 */
#ifndef CODETRAIN_RANGE_STORE_H
#define CODETRAIN_RANGE_STORE_H

#include "pack.h"
#include "lib/base/err.h"

#include <git2.h>
#include <stdbool.h>
#include <stddef.h>

#define RANGE_STORE_MAX ((size_t)64 << 20)	/* bytes that are kept */

struct range_text {
	git_oid oid;
	git_object_t type;
	unsigned holders;
	struct range_text *chain, *later;
	size_t len;
	char data[];	/* a NUL follows that does not count */
};

struct range_store;
int range_store_open(git_repository *repo, struct range_store **out, struct err *err);
void range_store_free(struct range_store *store);

/* The object; *out is NULL when it is not here. To be given back with drop. */
int range_store_get(struct range_store *store, const git_oid *oid, struct range_text **out,
		    struct err *err);
void range_store_drop(struct range_text *text);

/* Opens the packs, if that was not done; the store keeps them. */
int range_store_packs(struct range_store *store, struct packs **out, struct err *err);

/* A commit's tree and parents; false when it is none. */
struct range_commit {
	git_oid tree;
	const char *parents;
	size_t n;
};
bool range_store_commit(const struct range_text *text, struct range_commit *out);
void range_store_parent(const struct range_commit *commit, size_t i, git_oid *out);

#endif
