/*
 * What an ENTRYPOINT does with the words "train" and "serve", which SageMaker
 * starts the container with.
 */
#ifndef CODETRAIN_CONTAINER_ENTRY_H
#define CODETRAIN_CONTAINER_ENTRY_H

#include "lib/spec/dockerfile.h"

#include <stdbool.h>
#include <stddef.h>

enum container_entry {
	CONTAINER_ENTRY_PASSES,		/* runs the word, or a program that gets it */
	CONTAINER_ENTRY_TRAIN,		/* always runs train */
	CONTAINER_ENTRY_SERVE,		/* always runs serve */
	CONTAINER_ENTRY_SHELL,		/* a line for a shell: the word is dropped */
	CONTAINER_ENTRY_SCRIPT,		/* runs *script, which may look at its arguments or not */
};

/* `script` is set for CONTAINER_ENTRY_SCRIPT: a word of the instruction. */
enum container_entry container_entry(const struct dockerfile_instruction *entrypoint,
				     const char **script);

/* Whether the source of a script looks at its arguments. */
bool container_entry_reads(const char *text, size_t len);

/* Whether an image, by its name, is one of SageMaker's that bring what is run: only
 * a script is the team's. */
bool container_entry_is_ready_made(const char *image);

#endif
