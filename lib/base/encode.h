/*
 * Hex, base64 (RFC 4648), percent-encoding (RFC 3986), and a shell's words.
 */
#ifndef CODETRAIN_ENCODE_H
#define CODETRAIN_ENCODE_H

#include "buf.h"

#include <stddef.h>

/* Lower-case hex of n bytes; `out` holds 2 * n + 1 bytes. */
void encode_hex(const unsigned char *in, size_t n, char *out);

/* Padded, standard alphabet. */
int encode_base64(const void *in, size_t n, struct buf *out);

/* Standard or URL-safe alphabet, padding optional, white space skipped.
 * -1 on any other character; `out` may then hold a part. */
int decode_base64(const char *in, size_t n, struct buf *out);

/* Everything but A-Z a-z 0-9 - . _ ~ and the characters of `keep` becomes %XX
 * with upper-case digits, as AWS's signature wants it. */
int encode_percent(const void *in, size_t n, const char *keep, struct buf *out);

/* One word for a POSIX shell, and for Python's shlex: as it is when it needs no
 * quotes, otherwise in single ones. */
int encode_shell(const char *word, struct buf *out);

/* %XX to bytes; a % without two hex digits stays as it is. */
int decode_percent(const char *in, size_t n, struct buf *out);

#endif
