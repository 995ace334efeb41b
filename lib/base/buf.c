#include "buf.h"
#include "secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 256 };

void buf_free(struct buf *b)
{
	if (b->secret)
		secret_free(b->data, b->cap);
	else
		free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
	b->failed = false;
}

void buf_clear(struct buf *b)
{
	if (b->secret && b->data)
		secret_wipe(b->data, b->cap);
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

static int grow(struct buf *b, size_t cap)
{
	char *p;

	if (!b->secret) {
		p = realloc(b->data, cap);
		if (!p)
			return -1;
	} else {	/* realloc would leave a copy behind */
		p = secret_alloc(cap);
		if (!p)
			return -1;
		if (b->data)
			memcpy(p, b->data, b->len);
		secret_free(b->data, b->cap);
	}
	b->data = p;
	b->cap = cap;
	return 0;
}

char *buf_room(struct buf *b, size_t len)
{
	size_t need, cap;

	if (b->failed)
		return NULL;
	if (len > b->max - b->len)
		goto fail;
	need = b->len + len + 1;
	if (need > b->cap) {
		cap = b->cap ? b->cap : FIRST_CAP;
		while (cap < need)
			cap *= 2;
		if (cap > b->max + 1)
			cap = b->max + 1;
		if (grow(b, cap) < 0)
			goto fail;
	}
	return b->data + b->len;
fail:
	b->failed = true;
	return NULL;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
	char *p = buf_room(b, len);

	if (!p)
		return -1;
	if (len)
		memcpy(p, data, len);
	p[len] = '\0';
	b->len += len;
	return 0;
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int len;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = len < 0 ? NULL : buf_room(b, (size_t)len);
	if (p) {
		vsnprintf(p, (size_t)len + 1, fmt, again);
		b->len += (size_t)len;
	} else {
		b->failed = true;
	}
	va_end(again);
	return p ? 0 : -1;
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

int buf_check(const struct buf *b, const char *what, struct err *err)
{
	if (!b->failed)
		return 0;
	return err_set(err, ERR_USAGE, "%s is too large (the maximum is %zu bytes)", what, b->max);
}
