#include "json_text.h"
#include "json.h"
#include "json_quoted.h"

#include <stdbool.h>
#include <string.h>

#define NUMBER_MAX 60	/* bytes; cJSON reads 63 and leaves the rest */

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

static bool string(struct scan *s)
{
	const char *fault = json_quoted_scan(s->text, s->len, &s->at);

	return fault ? fail(s, fault) : true;
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
	size_t start = s->at;

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
	if (!s->fault && s->at - start > NUMBER_MAX)
		fail(s, "a number of more than 60 characters");
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
	fail(s, s->at >= s->len ? "the text ends too early" : s->text[s->at] == '\0' ? "a NUL byte" :
		"a value is expected");
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
		child(s, s->want ? json_quoted_step(s->want, s->text + name, len) : NULL);
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
		child(s, s->want ? json_quoted_step(s->want, name, strlen(name)) : NULL);
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
