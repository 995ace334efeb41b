/*
 * UTF-8 (RFC 3629), for what may be in any encoding and goes where only that may be.
 */
#ifndef CODETRAIN_UTF8_H
#define CODETRAIN_UTF8_H

#include "buf.h"

#include <stddef.h>

/* Bytes of the character at `s`, which ends with a NUL; 0 when it is none (or the NUL). */
size_t utf8_length(const char *s);

/* Appends a string, with U+FFFD for each byte that is in no character. */
int utf8_add(struct buf *out, const char *s);

#endif
