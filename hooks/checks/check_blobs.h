/*
 * The new blobs of a push: each is read once and given to the rows, by one
 * thread when they are few and by one for each processor when they are many.
 */
#ifndef CODETRAIN_CHECK_BLOBS_H
#define CODETRAIN_CHECK_BLOBS_H

#include "check.h"

/* A blob that waits to be read: the walk finds them, then they are scanned. */
struct check_todo {
	git_oid blob, commit;
	char *path;
	unsigned mode;
};

struct check_todos {
	struct check_todo *v;
	size_t n, cap;
};

/* Copies the path. */
int check_blobs_add(struct check_todos *todos, const struct check_todo *todo, struct err *err);
void check_blobs_free(struct check_todos *todos);

/* Runs the rows of CHECK_SIZE and CHECK_BLOB over all. The order of the
 * findings is that of the list, however many threads there were. */
int check_blobs(struct check_run *run, const struct check_todos *todos, struct err *err);

/* Reads one. *out stays NULL for a promised blob that is not here (the remote
 * has it), which is counted; any other missing blob is an error. */
int check_blobs_read(const struct check_run *run, const git_oid *oid, const char *path,
		     git_odb_object **out, size_t *missing, struct err *err);

#endif
