/*
 * What a Dockerfile puts where: which files of the repository are in the image
 * that it makes, under which path, and what the image runs.
 *
 * A model, not a build: a RUN may do anything. What it could do to a file that
 * is asked for (its name stands in the command) makes that file "uncertain".
 */
#ifndef CODETRAIN_CONTAINER_IMAGE_H
#define CODETRAIN_CONTAINER_IMAGE_H

#include "lib/base/err.h"
#include "lib/base/strs.h"
#include "lib/spec/dockerfile.h"

#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_FILES_MAX 64	/* files that are followed */

struct container_file {
	const char *path;	/* in the build's context; borrowed */
	const char *image;	/* its path in the image; NULL: it is not there */
	int line;		/* of the instruction that put it there */
	int ignored;		/* the line of .dockerignore that leaves it out; 0: none does */
	bool executable;	/* made so on the way */
};

struct container_image {
	struct container_file files[CONTAINER_FILES_MAX];
	size_t n_files;
	const char *base;		/* what the image is built on; "" when it is not said */
	const char *path;		/* PATH */
	const struct dockerfile_instruction *entrypoint;	/* NULL: none of its own */
	bool program;		/* SAGEMAKER_PROGRAM is set, or SageMaker's toolkit is installed */
	bool uncertain;		/* a RUN names train or serve, or files come from elsewhere */
	bool plain;		/* the base is known to bring neither train nor an ENTRYPOINT */
	void *memory;
};

/* `paths`: files of the context that are asked for, the first CONTAINER_FILES_MAX.
 * `ignore` may be NULL. Everything is borrowed until container_image_free. */
int container_image_build(const struct dockerfile *file, const struct strs *paths,
			  const char *ignore, size_t ignore_len, struct container_image *out,
			  struct err *err);
void container_image_free(struct container_image *image);

/* Whether the folder of a path of the image is in its PATH. */
bool container_image_finds(const struct container_image *image, const char *path);

#endif
