#include "term.h"
#include "file.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { FOLD_AT = 80 };

bool term_colour(FILE *f)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if ((no && *no) || !term || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fileno(f));
}

const char *term_style(FILE *f, enum term_style style)
{
	static const char *const sequence[] = {
		[TERM_PLAIN] = "\033[0m",  [TERM_BOLD] = "\033[1m",   [TERM_DIM] = "\033[2m",
		[TERM_RED] = "\033[31m",   [TERM_GREEN] = "\033[32m", [TERM_YELLOW] = "\033[33m",
	};

	return term_colour(f) ? sequence[style] : "";
}

int term_columns(FILE *f)
{
	struct winsize size;

	if (isatty(fileno(f)) && ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

void term_safe(FILE *f, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		bool c1 = c == 0xc2 && i + 1 < n && (unsigned char)s[i + 1] < 0xa0;

		fputc(c < ' ' || c == 127 || c1 ? '?' : c, f);
		i += c1;	/* U+0080 to U+009F: ESC [ in one character */
	}
}

void term_folded(FILE *f, const char *s, size_t at)
{
	size_t column = at;

	while (*s) {
		size_t word = strcspn(s, " ");

		if (column > at && column + 1 + word > FOLD_AT) {
			fprintf(f, "\n%*s", (int)at, "");
			column = at;
		} else if (column > at) {
			fputc(' ', f);
			column++;
		}
		term_safe(f, s, word);
		column += word;
		s += word;
		s += strspn(s, " ");
	}
	fputc('\n', f);
}

static void labelled(const char *program, enum term_style style, const char *label,
		     const char *message)
{
	fprintf(stderr, "%s: %s%s%s%s\n", program, term_style(stderr, style), label,
		term_style(stderr, TERM_PLAIN), message);
}

void term_error(const char *program, const struct err *err)
{
	labelled(program, TERM_RED, "error: ", err->message);
}

void term_warning(const char *program, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	err_vset(&e, ERR_NONE, fmt, ap);
	va_end(ap);
	labelled(program, TERM_YELLOW, "warning: ", e.message);
}

void term_note(const char *program, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	err_vset(&e, ERR_NONE, fmt, ap);
	va_end(ap);
	labelled(program, TERM_PLAIN, "", e.message);
}

int term_finish(const char *program, struct err *err)
{
	struct err flush = { 0 };

	if (err->class != ERR_NONE && err->message[0])
		term_error(program, err);
	if (file_close_stdout(&flush) < 0) {
		term_error(program, &flush);
		if (err->class == ERR_NONE)
			return ERR_INTERNAL;
	}
	return (int)err->class;
}
