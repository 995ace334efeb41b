#include "err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void err_tidy(char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = (*s == '\n' || *s == '\t') ? ' ' : '?';
		if ((unsigned char)s[0] == 0xc2 && s[1] && (unsigned char)s[1] < 0xa0)
			s[0] = s[1] = '?';	/* U+0080 to U+009F: ESC [ in one character */
	}
}

/* Text from servers and files reaches terminals and logs through here. */
static void tidy(char *s, size_t cap)
{
	size_t len = strlen(s);

	if (len == cap - 1) {	/* perhaps cut: end at a whole character */
		while (len > 0 && ((unsigned char)s[len - 1] & 0xc0) == 0x80)
			len--;
		if (len > 0 && (unsigned char)s[len - 1] >= 0xc0)
			len--;
		s[len] = '\0';
	}
	err_tidy(s);
}

int err_vset(struct err *err, enum err_class class, const char *fmt, va_list ap)
{
	err->class = class;
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
	tidy(err->message, sizeof(err->message));
	return -1;
}

int err_set(struct err *err, enum err_class class, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(err, class, fmt, ap);
	va_end(ap);
	return -1;
}

int err_errno(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	err_vset(err, ERR_INTERNAL, fmt, ap);
	va_end(ap);
	err_suffix(err, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

int err_prefix(struct err *err, const char *fmt, ...)
{
	char old[ERR_MESSAGE_MAX];
	size_t len;
	va_list ap;

	memcpy(old, err->message, sizeof(old));
	va_start(ap, fmt);
	err_vset(err, err->class, fmt, ap);
	va_end(ap);
	len = strlen(err->message);
	snprintf(err->message + len, sizeof(err->message) - len, "%s", old);
	tidy(err->message, sizeof(err->message));
	return -1;
}

int err_suffix(struct err *err, const char *fmt, ...)
{
	size_t len = strlen(err->message);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->message + len, sizeof(err->message) - len, fmt, ap);
	va_end(ap);
	tidy(err->message, sizeof(err->message));
	return -1;
}
