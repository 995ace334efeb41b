/*
 * Small texts about events, for tables and JSON. Names come from pushers: what
 * is printed holds no control character, and is UTF-8.
 */
#ifndef CODETRAIN_QUEUE_TEXT_H
#define CODETRAIN_QUEUE_TEXT_H

#include "lib/base/buf.h"

#include <stdint.h>

/* "40s", "3m", "2h", "5d"; rounded down. */
void queue_text_span(int64_t ms, char out[static 24]);

/* "412ms", "1.2s", then as the above. */
void queue_text_time(int64_t ms, char out[static 24]);

/* The text with '?' for what is no UTF-8, a character that turns the direction of
 * writing, or a control character but tab (a space) and newline (`newline`). At
 * most `most` characters, the last then an ellipsis; 0: all. */
int queue_text_clean(const char *s, char newline, size_t most, struct buf *out);

/* "main" for refs/heads/main, "tags/v1" for refs/tags/v1. */
const char *queue_text_ref(const char *ref);

/* Columns that the characters of cleaned text take. */
size_t queue_text_width(const char *s);

#endif
