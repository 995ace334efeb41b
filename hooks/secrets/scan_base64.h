/*
 * Text in base64, wherever it stands: standard and URL-safe, at any alignment, also
 * over lines (indented, in quotes, joined by + or by a written \n), and what decodes
 * to UTF-16.
 *
 * Nearly all that is long and looks like base64 is none, or holds an image. Looked
 * at are stretches of 24 characters and more that decode to bytes below 128, with
 * what stands on either side.
 */
#ifndef CODETRAIN_SCAN_BASE64_H
#define CODETRAIN_SCAN_BASE64_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan_base64_table {
	unsigned char value[256];	/* of a character; more than 63: of no base64 */
	bool between[256];		/* may stand between two lines of one value */
	/* Four lanes, one byte each: at a character whose number modulo 4 is the first
	 * index, lane n takes those n modulo 4 as the first of their four. 0xff where
	 * the character is one that four of which a text begin, go on or end with. */
	uint32_t keep[4][256];
};

void scan_base64_init(struct scan_base64_table *t);

/* Adds what the scanner's text holds in base64, where it touches one of the parts.
 * n 0: everywhere. */
struct scanner;
struct scan_part;
int scan_base64(struct scanner *s, const struct scan_part *parts, size_t n, struct err *err);

#endif
