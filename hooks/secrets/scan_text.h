/*
 * Text in UTF-16, whole files (with a byte order mark or without) and strings
 * inside binary files.
 */
#ifndef CODETRAIN_SCAN_TEXT_H
#define CODETRAIN_SCAN_TEXT_H

#include "lib/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define SCAN_TEXT_MAX ((size_t)4 << 30)	/* bytes of a decoded text */

/* When the bytes hold text in UTF-16, of either byte order, `out` gets its runs
 * of Latin letters, digits and signs, and so every secret, as single bytes;
 * lines stay lines. True when there is something to scan; -1 in *failed when
 * there is no memory for it. */
bool scan_text_utf16(const char *data, size_t len, struct buf *out, int *failed);

/* From a part of what scan_text_utf16 made of the bytes to where it stands in them. */
void scan_text_locate(const char *data, size_t len, size_t *offset, size_t *n);

#endif
