/*
 * JSON as text: where something stands. cJSON gives trees without positions,
 * and is kinder than RFC 8259; people need the line and the column.
 */
#ifndef CODETRAIN_JSON_TEXT_H
#define CODETRAIN_JSON_TEXT_H

#include <stddef.h>

/* The first fault of a document: a reason (static text) and its offset.
 * NULL when the text is one value of strict JSON and nothing else. */
const char *json_text_fault(const char *text, size_t len, size_t *offset);

/* The offset of the value that a JSON pointer (RFC 6901) names.
 * 0, or -1 when it is not there. The text must be without fault. */
int json_text_find(const char *text, size_t len, const char *pointer, size_t *offset);

/* Offset to line and column, both from 1; columns count characters of UTF-8. */
void json_text_place(const char *text, size_t offset, int *line, int *column);

#endif
