/*
 * Patterns of .dockerignore and of COPY: as Go's filepath.Match, and ** for any
 * number of folders.
 */
#ifndef CODETRAIN_CONTAINER_IGNORE_H
#define CODETRAIN_CONTAINER_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a path has the pattern. */
bool container_match(const char *pattern, const char *path);

/* The line (from 1) of a .dockerignore that leaves the path out; 0: it stays. */
int container_ignored(const char *ignore, size_t len, const char *path);

#endif
