#include "json_text.h"
#include "json.h"

#include <stdbool.h>
#include <string.h>

struct scan {
	const char *text;
	size_t len, at;
	int depth;
	const char *fault;	/* the first one; scanning stops there */
	/* What is looked for: the rest of a JSON pointer; NULL: nothing. */
	const char *want;
	bool found;
	size_t found_at;
};

static void value(struct scan *s);

static bool fail(struct scan *s, const char *why)
{
	if (!s->fault)
		s->fault = why;
	return false;
}

static char peek(const struct scan *s)
{
	return s->at < s->len ? s->text[s->at] : '\0';
}

static void spaces(struct scan *s)
{
	while (s->at < s->len && strchr(" \t\r\n", s->text[s->at]) && s->text[s->at])
		s->at++;
}

static bool hex4(struct scan *s)
{
	for (int i = 0; i < 4; i++, s->at++) {
		char c = peek(s);

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return fail(s, "\\u wants four hex digits");
	}
	return true;
}

static bool string(struct scan *s)
{
	if (peek(s) != '"')
		return fail(s, "a string in double quotes is expected");
	for (s->at++; s->at < s->len; ) {
		unsigned char c = (unsigned char)s->text[s->at];

		if (c < 0x20)
			return fail(s, "a line break or control character inside a string");
		s->at++;
		if (c == '"')
			return true;
		if (c != '\\')
			continue;
		c = (unsigned char)peek(s);
		if (c == '\0' || !strchr("\"\\/bfnrtu", c))
			return fail(s, "an unknown escape after \\");
		s->at++;
		if (c == 'u' && !hex4(s))
			return false;
	}
	return fail(s, "the string is not closed");
}

static void digits(struct scan *s)
{
	if (peek(s) < '0' || peek(s) > '9')
		fail(s, "a digit is expected");
	while (peek(s) >= '0' && peek(s) <= '9')
		s->at++;
}

static void number(struct scan *s)
{
	if (peek(s) == '-')
		s->at++;
	if (peek(s) == '0')
		s->at++;
	else
		digits(s);
	if (peek(s) == '.') {
		s->at++;
		digits(s);
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		digits(s);
	}
}

static void word(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i]);

		if (s->len - s->at >= n && memcmp(s->text + s->at, words[i], n) == 0) {
			s->at += n;
			return;
		}
	}
	fail(s, s->at < s->len ? "a value is expected" : "the text ends too early");
}

/* Does the pointer's next token name this member? Text between quotes may have
 * escapes; names with escapes are compared as they are written. */
static const char *step(const char *want, const char *name, size_t len)
{
	size_t i = 0;

	if (*want != '/')
		return NULL;
	for (want++; *want && *want != '/'; want++, i++) {
		char c = *want;

		if (c == '~' && (want[1] == '0' || want[1] == '1'))
			c = *++want == '0' ? '~' : '/';
		if (i >= len || name[i] != c)
			return NULL;
	}
	return i == len ? want : NULL;
}

/* The value of a member or element, with the pointer narrowed to it. */
static void child(struct scan *s, const char *rest)
{
	const char *want = s->want;

	s->want = rest;
	value(s);
	s->want = want;
}

static void object(struct scan *s)
{
	s->at++;
	for (spaces(s); peek(s) != '}'; ) {
		size_t name = s->at + 1;
		size_t len;

		if (!string(s))
			return;
		len = s->at - 1 - name;
		spaces(s);
		if (peek(s) != ':') {
			fail(s, "':' is expected after the member's name");
			return;
		}
		s->at++;
		child(s, s->want ? step(s->want, s->text + name, len) : NULL);
		if (s->fault)
			return;
		spaces(s);
		if (peek(s) == '}')
			continue;
		if (peek(s) != ',') {
			fail(s, "',' or '}' is expected");
			return;
		}
		s->at++;
		spaces(s);
		if (peek(s) == '}') {
			fail(s, "a comma before '}'");
			return;
		}
	}
	s->at++;
}

static void decimal(size_t n, char out[static 24])
{
	char reversed[24];
	size_t i = 0, k = 0;

	do {
		reversed[i++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (i)
		out[k++] = reversed[--i];
	out[k] = '\0';
}

static void array(struct scan *s)
{
	size_t index = 0;

	s->at++;
	for (spaces(s); peek(s) != ']'; index++) {
		char name[24];

		decimal(index, name);
		child(s, s->want ? step(s->want, name, strlen(name)) : NULL);
		if (s->fault)
			return;
		spaces(s);
		if (peek(s) == ']')
			continue;
		if (peek(s) != ',') {
			fail(s, "',' or ']' is expected");
			return;
		}
		s->at++;
		spaces(s);
		if (peek(s) == ']') {
			fail(s, "a comma before ']'");
			return;
		}
	}
	s->at++;
}

static void value(struct scan *s)
{
	char c;

	spaces(s);
	if (s->fault)
		return;
	if (s->want && !*s->want) {	/* the last of two members with one name counts */
		s->found = true;
		s->found_at = s->at;
	}
	if (++s->depth > JSON_DEPTH_MAX)
		fail(s, "nested too deeply");
	c = peek(s);
	if (s->fault)
		;
	else if (c == '{')
		object(s);
	else if (c == '[')
		array(s);
	else if (c == '"')
		string(s);
	else if (c == '-' || (c >= '0' && c <= '9'))
		number(s);
	else
		word(s);
	s->depth--;
}

const char *json_text_fault(const char *text, size_t len, size_t *offset)
{
	struct scan s = { .text = text, .len = len };

	value(&s);
	if (!s.fault)
		spaces(&s);
	if (!s.fault && s.at < s.len)
		s.fault = "something follows the end of the document";
	*offset = s.at < len ? s.at : len;
	return s.fault;
}

int json_text_find(const char *text, size_t len, const char *pointer, size_t *offset)
{
	struct scan s = { .text = text, .len = len, .want = pointer };

	value(&s);
	if (s.fault || !s.found)
		return -1;
	*offset = s.found_at;
	return 0;
}

void json_text_place(const char *text, size_t offset, int *line, int *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			(*line)++;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			(*column)++;
		}
	}
}
