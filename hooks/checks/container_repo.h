/*
 * The part of a commit that a container is built from.
 */
#ifndef CODETRAIN_CONTAINER_REPO_H
#define CODETRAIN_CONTAINER_REPO_H

#include "check.h"

struct container_repo {
	struct check_run *run;
	git_tree *root;
	const char *context;	/* the folder that docker build is given: "" or "container/" */
};

/* A file's blob; *out stays NULL when there is none, or it is promised and not
 * here. *mode is git's (0 when there is none). The caller frees with
 * git_odb_object_free. */
void container_repo_read(const struct container_repo *repo, const char *path, git_odb_object **out,
			 unsigned *mode);

/* Whether the path is a file. */
bool container_repo_has(const struct container_repo *repo, const char *path);

/* Paths, in the context, of the files called train and serve in it and in two
 * levels of folders; at most 32, those of the top first. 0 or -1 (no memory). */
int container_repo_programs(const struct container_repo *repo, struct strs *out);

/* The folder on the first level that has a Dockerfile, with a slash; NULL when
 * there is none. Borrowed from the tree into `name`. */
bool container_repo_docker_folder(git_repository *repo, git_tree *root, struct buf *name);

#endif
