/*
 * Inside the model of an image: the stages of a Dockerfile, their variables and
 * paths. Only container_image.c and container_stage.c include this.
 */
#ifndef CODETRAIN_CONTAINER_STAGE_H
#define CODETRAIN_CONTAINER_STAGE_H

#include "container_image.h"
#include "lib/spec/arena.h"

#define CONTAINER_STAGES_MAX 64
#define CONTAINER_VARIABLES_MAX 256
#define CONTAINER_TEXT_MAX 4096
#define CONTAINER_KEPT_MAX (16u << 20)	/* bytes of all words */

struct variable {
	const char *name, *value;
};

struct stage {
	const char *name, *base;
	const char *workdir;
	struct variable vars[CONTAINER_VARIABLES_MAX];
	size_t n_vars;
	struct container_file at[CONTAINER_FILES_MAX];
	const struct dockerfile_instruction *entrypoint;
	bool program, uncertain, plain;
};

struct builder {
	struct arena arena;
	struct stage *stages;
	size_t n;
	struct stage global;	/* ARG before the first FROM */
	const struct strs *paths;
	size_t n_files;
	size_t kept;
	bool full;		/* the rest was not read */
	bool no_memory;
};

/* A copy that lives as long as the builder; "" when there is no memory. */
const char *container_stage_keep(struct builder *b, const char *s);

/* The value of a variable; NULL when it is not set. */
const char *container_stage_get(const struct stage *s, const char *name, size_t len);
void container_stage_set(struct builder *b, struct stage *s, const char *name, const char *value);

/* A word with its variables, kept. */
const char *container_stage_expand(struct builder *b, const struct stage *s, const char *word);

/* An absolute path without ".", "..", double slashes and one at its end. */
const char *container_stage_path(struct builder *b, const char *workdir, const char *path);

#endif
