/*
 * A growing byte buffer that is created with its maximum.
 *
 * The bytes are followed by a NUL that does not count, so `data` is a string
 * when nothing in it is NUL. An append that does not fit sets `failed`, adds
 * nothing, and so does every append after it: check once, at the end, with
 * buf_check. A secret buffer lives in secret memory and leaves no copy behind
 * when it grows.
 */
#ifndef CODETRAIN_BUF_H
#define CODETRAIN_BUF_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;	/* NULL until the first byte; see buf_str */
	size_t len;
	size_t cap;
	size_t max;	/* most bytes that it may hold, without the NUL */
	bool secret;
	bool failed;
};

/* For declarations: struct buf b = BUF_INIT(64 << 10); */
#define BUF_INIT(maximum)	 { .max = (maximum) }
#define BUF_INIT_SECRET(maximum) { .max = (maximum), .secret = true }

/* Frees (a secret one is wiped first) and leaves an empty buffer of the same
 * kind and maximum. */
void buf_free(struct buf *b);

/* Empties and keeps the memory; a secret one is wiped. */
void buf_clear(struct buf *b);

/* All return 0 or -1 (and then `failed` is set). */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes room for `len` more bytes; the caller writes at data + len of the
 * buffer and adds to its len. NULL when it does not fit. */
char *buf_room(struct buf *b, size_t len);

/* The content as a string, never NULL; "" when empty. Borrowed. */
const char *buf_str(const struct buf *b);

/* 0, or -1 with a message that names `what` and the maximum. */
int buf_check(const struct buf *b, const char *what, struct err *err);

#endif
