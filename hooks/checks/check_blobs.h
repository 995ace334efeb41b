/*
 * The new blobs of a push: each is read once and given to the rows. A few are
 * read by one thread and libgit2; many by one for each processor, in the order
 * of the packs, and what changed since a blob in which there was nothing is all
 * that is looked at of the next.
 */
#ifndef CODETRAIN_CHECK_BLOBS_H
#define CODETRAIN_CHECK_BLOBS_H

#include "check.h"

/* A blob that waits to be read: the walk finds them, then they are scanned. */
struct check_todo {
	git_oid blob, commit;
	char **paths;		/* the first is that of the commit */
	size_t n_paths;
	unsigned mode;
};

struct check_todos {
	struct check_todo *v;
	size_t n, cap;
};

/* Copies the path, the only one so far. */
int check_blobs_add(struct check_todos *todos, const git_oid *blob, const git_oid *commit,
		    const char *path, unsigned mode, struct err *err);

/* Another path of a blob. */
int check_blobs_add_path(struct check_todo *todo, const char *path, struct err *err);
void check_blobs_free(struct check_todos *todos);

/* Runs the rows of CHECK_SIZE and CHECK_BLOB over all. The order of the
 * findings is that of the list, however many threads there were. */
int check_blobs(struct check_run *run, const struct check_todos *todos, struct err *err);

/* Reads one. *out stays NULL for a promised blob that is not here (the remote
 * has it), which is counted; any other missing blob is an error. */
int check_blobs_read(const struct check_run *run, const git_oid *oid, const char *path,
		     git_odb_object **out, size_t *missing, struct err *err);

#endif
