/*
 * The answer of `codetrain-credentials values`: the length in decimal, LF, as many
 * bytes, LF for each value; or "!N" LF, N being the number of the one that could
 * not be had.
 */
#ifndef CODETRAIN_BUILD_VALUES_H
#define CODETRAIN_BUILD_VALUES_H

#include "lib/base/buf.h"

/* The value that begins at *at, which goes on to the next; it is borrowed, ends
 * with LF, and has no NUL in it. -1 when none is there. */
int build_values_next(const struct buf *answer, size_t *at, const char **value, size_t *len);

/* N of an answer "!N"; -1 when it is none. */
long build_values_failed(const struct buf *answer);

#endif
