#include "toml_read.h"

#include <string.h>

/* Length of the UTF-8 sequence at s (RFC 3629), 0 when it is none. */
static size_t utf8_len(const unsigned char *s, size_t n)
{
	static const struct {
		unsigned char from, to, second_from, second_to, len;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },	{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (*s < rows[i].from || *s > rows[i].to)
			continue;
		if (rows[i].len > n)
			return 0;
		if (rows[i].len > 1 && (s[1] < rows[i].second_from || s[1] > rows[i].second_to))
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

int toml_check_text(struct toml *t, size_t from, size_t to)
{
	while (from < to) {
		unsigned char c = (unsigned char)t->text[from];
		size_t n = utf8_len((const unsigned char *)t->text + from, to - from);

		if (n == 0)
			return toml_bad(t, "the text is not UTF-8");
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return toml_bad(t, "a control character");
		from += n;
	}
	return 0;
}

static int add_rune(struct toml *t, unsigned long c)
{
	char s[4];
	size_t n = 0;

	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return toml_bad(t, "no such character");
	if (c < 0x80) {
		s[n++] = (char)c;
	} else if (c < 0x800) {
		s[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		s[n++] = (char)(0xe0 | c >> 12);
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		s[n++] = (char)(0xf0 | c >> 18);
		s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		s[n++] = (char)(0x80 | (c & 0x3f));
	buf_add(&t->buf, s, n);
	return 0;
}

static int hex_rune(struct toml *t, int digits)
{
	unsigned long c = 0;

	for (; digits > 0; digits--, t->at++) {
		static const char hex[] = "0123456789abcdef0123456789ABCDEF";
		char d = toml_peek(t);
		const char *p = d ? strchr(hex, d) : NULL;

		if (!p)
			return toml_bad(t, "\\u wants four hex digits, \\U eight");
		c = c << 4 | (unsigned long)((p - hex) & 15);
	}
	return add_rune(t, c);
}

/* A line break that a backslash hides, with the white space around it. */
static int hidden_break(struct toml *t)
{
	bool seen = false;

	for (;; t->at++) {
		char c = toml_peek(t);

		if (c == '\n') {
			seen = true;
			t->at++;
			toml_newline(t);
			t->at--;
		} else if (c == '\0' || !strchr(" \t\r", c)) {
			break;
		}
	}
	return seen ? 0 : toml_bad(t, "an unknown escape after \\");
}

static int escape(struct toml *t, bool multi)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	char c = toml_peek(t);
	const char *p = c ? strchr(from, c) : NULL;

	if (multi && c && strchr(" \t\r\n", c))
		return hidden_break(t);
	t->at++;
	if (p) {
		buf_addc(&t->buf, to[p - from]);
		return 0;
	}
	if (c == 'u')
		return hex_rune(t, 4);
	if (c == 'U')
		return hex_rune(t, 8);
	t->at--;
	return toml_bad(t, "an unknown escape after \\");
}

/* The end of a string in three quotes: up to two more may stand before it. */
static bool closed(struct toml *t, char quote, bool multi)
{
	size_t n = 0;

	while (t->at + n < t->len && t->text[t->at + n] == quote && n < 5)
		n++;
	if (!multi) {
		t->at += n > 0;
		return n > 0;
	}
	if (n < 3)
		return false;
	for (size_t i = 3; i < n; i++)
		buf_addc(&t->buf, quote);
	t->at += n;
	return true;
}

static int string_char(struct toml *t, bool literal, bool multi)
{
	unsigned char c = (unsigned char)t->text[t->at];
	size_t n = utf8_len((const unsigned char *)t->text + t->at, t->len - t->at);

	if (c == '\\' && !literal) {
		t->at++;
		return escape(t, multi);
	}
	if (multi && c == '\r' && t->at + 1 < t->len && t->text[t->at + 1] == '\n') {
		t->at++;
		return 0;
	}
	if (multi && c == '\n') {
		buf_addc(&t->buf, '\n');
		t->at++;
		toml_newline(t);
		return 0;
	}
	if (c == '\n')
		return toml_bad(t, "the string is not closed");
	if (toml_check_text(t, t->at, t->at + (n ? n : 1)) < 0)
		return -1;
	buf_add(&t->buf, t->text + t->at, n);
	t->at += n;
	return 0;
}

int toml_string(struct toml *t)
{
	char quote = toml_peek(t);
	bool literal = quote == '\'';
	bool multi = toml_starts(t, literal ? "'''" : "\"\"\"");

	buf_clear(&t->buf);
	t->at += multi ? 3 : 1;
	if (multi && toml_starts(t, "\r\n"))
		t->at++;
	if (multi && toml_peek(t) == '\n' && t->at < t->len) {
		t->at++;
		toml_newline(t);
	}
	while (t->at < t->len) {
		if (t->text[t->at] == quote && closed(t, quote, multi))
			return t->buf.failed ? toml_bad(t, "the string is too long") : 0;
		if (string_char(t, literal, multi) < 0)
			return -1;
	}
	return toml_bad(t, "the string is not closed");
}

int toml_bare_key(struct toml *t)
{
	size_t from = t->at;

	buf_clear(&t->buf);
	while (t->at < t->len) {
		char c = t->text[t->at];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_'))
			break;
		t->at++;
	}
	if (t->at == from)
		return toml_bad(t, "a key is expected");
	buf_add(&t->buf, t->text + from, t->at - from);
	return t->buf.failed ? toml_bad(t, "the key is too long") : 0;
}
