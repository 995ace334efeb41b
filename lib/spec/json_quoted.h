/*
 * Strings of JSON as they are written, between their quotes.
 */
#ifndef CODETRAIN_JSON_QUOTED_H
#define CODETRAIN_JSON_QUOTED_H

#include <stddef.h>

/* The string whose opening quote is at *at: moves *at behind the closing one. A
 * reason (static text), with *at where it is, for what RFC 8259 does not allow
 * (a control character, an unknown escape, half a surrogate pair, bytes that are
 * no UTF-8), and for \u0000, which a C string cannot hold. */
const char *json_quoted_scan(const char *text, size_t len, size_t *at);

/* Does the next token of a JSON pointer (RFC 6901) name the string between these
 * quotes, its escapes resolved? The rest of the pointer, or NULL. The string is
 * one that json_quoted_scan took. */
const char *json_quoted_step(const char *pointer, const char *text, size_t len);

#endif
