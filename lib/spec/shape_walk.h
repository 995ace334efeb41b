/*
 * The parts of shape_validate that stand on their own.
 */
#ifndef CODETRAIN_SHAPE_WALK_H
#define CODETRAIN_SHAPE_WALK_H

#include "lib/spec/shape.h"

bool shape_kind_fits(enum shape_kind kind, const cJSON *value);
const char *shape_kind_wanted(enum shape_kind kind);	/* "a whole number" */
const char *shape_kind_found(const cJSON *value);	/* "a string" */

/* Append "/token", escaped, to a pointer of `len` bytes. Returns the new length;
 * a token that does not fit leaves the pointer at the ancestor. */
size_t shape_pointer_append(char pointer[static SHAPE_POINTER_MAX], size_t len,
			    const char *token);

/* Find a member of this name exactly `depth` structures below a structure, and
 * put where it belongs behind the `len` bytes of `place`. */
bool shape_pointer_find(const struct shape *shape, const char *name, int depth,
			char place[static SHAPE_POINTER_MAX], size_t len);

/* Make one line of a message, cut at the end of a character when it fills its
 * SHAPE_MESSAGE_MAX bytes. */
void shape_message_clean(char message[static SHAPE_MESSAGE_MAX]);

#endif
