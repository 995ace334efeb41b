#include "scan_regex_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROPERTY_MAX = 40 };

static int peek(const struct parser *p)
{
	return p->at < p->len ? (unsigned char)p->text[p->at] : -1;
}

/* The character at `at`, which may be of several bytes; invalid ones stand for themselves. */
uint32_t scan_regex_parse_rune(struct parser *p)
{
	const unsigned char *s = (const unsigned char *)p->text + p->at;
	size_t left = p->len - p->at, n = *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : *s >= 0xc2 ? 2 : 1;
	uint32_t c = n == 1 ? *s : *s & (0xff >> (n + 1));

	if (n > left)
		n = 1;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (s[i] & 0x3f);
	p->at += n;
	return c;
}

/* Members above ASCII, as PCRE2 writes them. */
static int add_high(struct parser *p, struct tree_set *set, const char *members)
{
	const char *old = set->some ? set->some : "";
	size_t n = strlen(old), m = strlen(members);
	char *all = arena_alloc(&p->out->arena, n + m + 1);

	if (!all) {
		scan_regex_parse_bad(p, "no memory");
		return -1;
	}
	memcpy(all, old, n);
	memcpy(all + n, members, m);
	set->some = all;
	p->out->unicode = true;
	if (set->high != HIGH_ALL)
		set->high = HIGH_SOME;
	return 0;
}

int scan_regex_parse_range(struct parser *p, struct tree_set *set, uint32_t from, uint32_t to)
{
	char members[64];

	scan_regex_set_add(set, from, to);
	if (to < 0x80)
		return 0;
	if (from <= 0x80 && to >= 0x10ffff) {
		set->high = HIGH_ALL;
		return 0;
	}
	snprintf(members, sizeof(members), "\\x{%x}-\\x{%x}", from < 0x80 ? 0x80 : from, to);
	return add_high(p, set, members);
}

/* \pL, \p{Greek}, \P{^Lu} */
static int property(struct parser *p, struct tree_set *set)
{
	bool negated = p->text[p->at] == 'P';
	char name[PROPERTY_MAX], members[PROPERTY_MAX + 8];
	size_t n = 0;

	p->at++;
	if (scan_regex_parse_take(p, "{")) {
		if (scan_regex_parse_take(p, "^"))
			negated = !negated;
		while (peek(p) >= 0 && peek(p) != '}' && n < sizeof(name) - 1)
			name[n++] = p->text[p->at++];
		if (!scan_regex_parse_take(p, "}")) {
			scan_regex_parse_bad(p, "} is missing");
			return -1;
		}
	} else if (peek(p) >= 0) {
		name[n++] = p->text[p->at++];
	}
	name[n] = '\0';
	if (n == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != n) {
		scan_regex_parse_bad(p, "an unknown class of characters");
		return -1;
	}
	/* its part in ASCII stands there, too: PCRE2 unites the two */
	snprintf(members, sizeof(members), "\\%c{%s}", negated ? 'P' : 'p', strcmp(name, "Any") ? name : "Any");
	return add_high(p, set, members);
}

static int hex(struct parser *p, uint32_t *c)
{
	bool braces = scan_regex_parse_take(p, "{");
	size_t n = 0;

	*c = 0;
	for (; peek(p) >= 0 && (braces || n < 2); n++) {
		char digit[2] = { p->text[p->at], '\0' }, *end;
		unsigned long v = strtoul(digit, &end, 16);

		if (*end || *c > 0x10ffff)
			break;
		*c = *c << 4 | (uint32_t)v;
		p->at++;
	}
	if ((braces ? n == 0 || !scan_regex_parse_take(p, "}") : n != 2) || *c > 0x10ffff) {
		scan_regex_parse_bad(p, "\\x wants two hex digits or {}");
		return -1;
	}
	return 0;
}

/* The character of an escape; `at` is behind the backslash. */
int scan_regex_parse_escape(struct parser *p, uint32_t *c)
{
	static const char from[] = "aftnrv", to[] = "\a\f\t\n\r\v";
	int e = peek(p);
	const char *s;

	if (e < 0) {
		scan_regex_parse_bad(p, "\\ at the end");
		return -1;
	}
	p->at++;
	s = strchr(from, e);
	if (s && e) {
		*c = (unsigned char)to[s - from];
		return 0;
	}
	if (e == 'x')
		return hex(p, c);
	if (e == '0' || (e >= '1' && e <= '7' && peek(p) >= '0' && peek(p) <= '7')) {
		*c = (uint32_t)(e - '0');
		for (int i = 0; i < 2 && peek(p) >= '0' && peek(p) <= '7'; i++)
			*c = *c * 8 + (uint32_t)(p->text[p->at++] - '0');
		return 0;
	}
	if (e >= 0x80 || (e >= '0' && e <= '9') || (e >= 'a' && e <= 'z') || (e >= 'A' && e <= 'Z')) {
		p->at--;
		scan_regex_parse_bad(p, "an unknown escape");
		return -1;
	}
	*c = (uint32_t)e;
	return 0;
}

/* \d and its like, or \p: 1 when it was one; -1 on a fault. */
int scan_regex_parse_class_escape(struct parser *p, struct tree_set *set)
{
	char c = p->at + 1 < p->len && p->text[p->at] == '\\' ? p->text[p->at + 1] : '\0';
	char name[3] = { '^', (char)(c | 0x20), '\0' };

	if (c == 'p' || c == 'P') {
		p->at++;
		return property(p, set) < 0 ? -1 : 1;
	}
	if (c == '\0' || !strchr("dswDSW", c))
		return 0;
	p->at += 2;
	scan_regex_set_named(set, c & 0x20 ? name + 1 : name, strlen(c & 0x20 ? name + 1 : name));
	return 1;
}

static int class_char(struct parser *p, uint32_t *c)
{
	if (scan_regex_parse_take(p, "\\"))
		return scan_regex_parse_escape(p, c);
	if (peek(p) < 0) {
		scan_regex_parse_bad(p, "] is missing");
		return -1;
	}
	*c = scan_regex_parse_rune(p);
	return 0;
}

static int class_member(struct parser *p, struct tree_set *set)
{
	uint32_t from, to;
	int rc;

	if (scan_regex_parse_take(p, "[:")) {
		const char *name = p->text + p->at, *end = memmem(name, p->len - p->at, ":]", 2);

		if (!end || !scan_regex_set_named(set, name, (size_t)(end - name))) {
			scan_regex_parse_bad(p, "an unknown class of characters");
			return -1;
		}
		p->at += (size_t)(end - name) + 2;
		return 0;
	}
	rc = scan_regex_parse_class_escape(p, set);
	if (rc)
		return rc < 0 ? -1 : 0;
	if (class_char(p, &from) < 0)
		return -1;
	to = from;
	if (p->at + 1 < p->len && p->text[p->at] == '-' && p->text[p->at + 1] != ']') {
		p->at++;
		if (class_char(p, &to) < 0)
			return -1;
	}
	if (to < from) {
		scan_regex_parse_bad(p, "a range that ends before it begins");
		return -1;
	}
	return scan_regex_parse_range(p, set, from, to);
}

int scan_regex_parse_class(struct parser *p, struct tree_set *set)
{
	bool negated, first = true;

	p->at++;
	negated = scan_regex_parse_take(p, "^");
	for (; first || peek(p) != ']'; first = false) {
		if (peek(p) < 0) {
			scan_regex_parse_bad(p, "] is missing");
			return -1;
		}
		if (class_member(p, set) < 0)
			return -1;
	}
	p->at++;
	if (p->flags & FOLD)
		scan_regex_set_fold(set);
	if (negated)
		scan_regex_set_negate(set);
	return 0;
}
