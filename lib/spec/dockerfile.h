/*
 * A Dockerfile as a list of instructions. Syntax only, as
 * https://docs.docker.com/reference/dockerfile/ has it: continued lines, comments
 * among them, the escape directive, flags, JSON lists, here-documents.
 *
 * What cannot be read is left out: docker build tells of that better.
 */
#ifndef CODETRAIN_DOCKERFILE_H
#define CODETRAIN_DOCKERFILE_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define DOCKERFILE_BYTES_MAX (1u << 20)
#define DOCKERFILE_INSTRUCTIONS_MAX 10000

struct dockerfile_words {
	const char **v;
	size_t n;
};

struct dockerfile_instruction {
	const char *name;		/* in capitals: "COPY" */
	int line;			/* from 1 */
	struct dockerfile_words flags;	/* "--from=build" */
	struct dockerfile_words words;	/* the rest; the elements of a JSON list */
	bool json;
	const char *text;		/* the rest as one line; a here-document behind it */
};

struct dockerfile {
	struct dockerfile_instruction *v;
	size_t n;
	void *memory;			/* what holds all of the above */
};

/* 0, or -1 when there was no memory. The caller frees. A text beyond the limits
 * is read up to them. */
int dockerfile_parse(const char *text, size_t len, struct dockerfile **out, struct err *err);
void dockerfile_free(struct dockerfile *file);	/* NULL is nothing */

/* The value of the flag --NAME=VALUE; NULL when it is not there. */
const char *dockerfile_flag(const struct dockerfile_instruction *i, const char *name);

#endif
