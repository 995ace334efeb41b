#include "scan_regex_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 250, PROPERTY_MAX = 40 };
enum { FOLD = 1, LINES = 2, DOT_ALL = 4, UNGREEDY = 8 };

struct parser {
	const char *text;
	size_t len, at;
	unsigned flags;
	unsigned depth;
	struct regex_tree *out;
	struct err *err;
};

static struct tree *choice(struct parser *p);

static void *bad(struct parser *p, const char *why)
{
	if (p->err->class == ERR_NONE)
		err_set(p->err, ERR_USAGE, "%s at byte %zu of the regular expression", why, p->at + 1);
	return NULL;
}

static struct tree *node(struct parser *p, enum tree_kind kind)
{
	struct tree *t = arena_alloc(&p->out->arena, sizeof(*t));

	if (!t)
		return bad(p, "no memory");
	t->kind = kind;
	return t;
}

static int push(struct parser *p, struct tree *parent, struct tree *child)
{
	struct tree **v = arena_grow(&p->out->arena, parent->child, parent->n, sizeof(*v));

	if (!v) {
		bad(p, "no memory");
		return -1;
	}
	parent->child = v;
	v[parent->n++] = child;
	return 0;
}

static int peek(const struct parser *p)
{
	return p->at < p->len ? (unsigned char)p->text[p->at] : -1;
}

static bool take(struct parser *p, const char *s)
{
	size_t n = strlen(s);

	if (p->len - p->at < n || memcmp(p->text + p->at, s, n) != 0)
		return false;
	p->at += n;
	return true;
}

/* The character at `at`, which may be of several bytes; invalid ones stand for themselves. */
static uint32_t rune(struct parser *p)
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
		bad(p, "no memory");
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

static int add_range(struct parser *p, struct tree_set *set, uint32_t from, uint32_t to)
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
	bool not = p->text[p->at] == 'P';
	char name[PROPERTY_MAX], members[PROPERTY_MAX + 8];
	size_t n = 0;

	p->at++;
	if (take(p, "{")) {
		if (take(p, "^"))
			not = !not;
		while (peek(p) >= 0 && peek(p) != '}' && n < sizeof(name) - 1)
			name[n++] = p->text[p->at++];
		if (!take(p, "}")) {
			bad(p, "} is missing");
			return -1;
		}
	} else if (peek(p) >= 0) {
		name[n++] = p->text[p->at++];
	}
	name[n] = '\0';
	if (n == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != n) {
		bad(p, "an unknown class of characters");
		return -1;
	}
	/* its part in ASCII stands there, too: PCRE2 unites the two */
	snprintf(members, sizeof(members), "\\%c{%s}", not ? 'P' : 'p', strcmp(name, "Any") ? name : "Any");
	return add_high(p, set, members);
}

static int hex(struct parser *p, uint32_t *c)
{
	bool braces = take(p, "{");
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
	if ((braces ? n == 0 || !take(p, "}") : n != 2) || *c > 0x10ffff) {
		bad(p, "\\x wants two hex digits or {}");
		return -1;
	}
	return 0;
}

/* The character of an escape; `at` is behind the backslash. */
static int escaped(struct parser *p, uint32_t *c)
{
	static const char from[] = "aftnrv", to[] = "\a\f\t\n\r\v";
	int e = peek(p);
	const char *s;

	if (e < 0) {
		bad(p, "\\ at the end");
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
		bad(p, "an unknown escape");
		return -1;
	}
	*c = (uint32_t)e;
	return 0;
}

/* \d and its like, or \p: 1 when it was one; -1 on a fault. */
static int class_escape(struct parser *p, struct tree_set *set)
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
	if (take(p, "\\"))
		return escaped(p, c);
	if (peek(p) < 0) {
		bad(p, "] is missing");
		return -1;
	}
	*c = rune(p);
	return 0;
}

static int class_member(struct parser *p, struct tree_set *set)
{
	uint32_t from, to;
	int rc;

	if (take(p, "[:")) {
		const char *name = p->text + p->at, *end = memmem(name, p->len - p->at, ":]", 2);

		if (!end || !scan_regex_set_named(set, name, (size_t)(end - name))) {
			bad(p, "an unknown class of characters");
			return -1;
		}
		p->at += (size_t)(end - name) + 2;
		return 0;
	}
	rc = class_escape(p, set);
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
		bad(p, "a range that ends before it begins");
		return -1;
	}
	return add_range(p, set, from, to);
}

static struct tree *class(struct parser *p)
{
	struct tree *t = node(p, TREE_SET);
	bool not, first = true;

	if (!t)
		return NULL;
	p->at++;
	not = take(p, "^");
	for (; first || peek(p) != ']'; first = false) {
		if (peek(p) < 0)
			return bad(p, "] is missing");
		if (class_member(p, &t->set) < 0)
			return NULL;
	}
	p->at++;
	if (p->flags & FOLD)
		scan_regex_set_fold(&t->set);
	if (not)
		scan_regex_set_negate(&t->set);
	return t;
}

static struct tree *literal(struct parser *p, uint32_t c)
{
	struct tree *t = node(p, TREE_SET);

	if (!t || add_range(p, &t->set, c, c) < 0)
		return NULL;
	if (p->flags & FOLD)
		scan_regex_set_fold(&t->set);
	return t;
}

/* "(?i-s)" or "(?i-s:"; true in *group for the latter. */
static int flags(struct parser *p, bool *group)
{
	static const char letters[] = "imsU";
	bool off = false;

	for (;;) {
		int c = peek(p);
		const char *s = c > 0 ? strchr(letters, c) : NULL;

		if (c < 0)
			break;
		p->at++;
		if (s && off)
			p->flags &= ~(1u << (s - letters));
		else if (s)
			p->flags |= 1u << (s - letters);
		else if (c == '-' && !off)
			off = true;
		else if (c == ':' || c == ')') {
			*group = c == ':';
			return 0;
		} else
			break;
	}
	bad(p, "an unknown kind of group");
	return -1;
}

static struct tree *group(struct parser *p)
{
	unsigned before = p->flags;
	struct tree *t = NULL, *inner;
	bool is_group = true;

	if (p->depth == DEPTH_MAX)
		return bad(p, "groups too deep");
	if (take(p, "?P<") || take(p, "?<")) {
		const char *end = memchr(p->text + p->at, '>', p->len - p->at);

		if (!end || end == p->text + p->at ||
		    strspn(p->text + p->at, "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") !=
			    (size_t)(end - p->text) - p->at)
			return bad(p, "a group's name that cannot be one (RE2 has no look-behind)");
		p->at = (size_t)(end - p->text) + 1;
		t = node(p, TREE_GROUP);
	} else if (take(p, "?")) {
		if (flags(p, &is_group) < 0)
			return NULL;
		if (!is_group)
			return node(p, TREE_EMPTY);	/* the flags stay until the group around ends */
	} else {
		t = node(p, TREE_GROUP);
	}
	if (t)
		p->out->groups++;
	p->depth++;
	inner = choice(p);
	p->depth--;
	p->flags = before;
	if (!inner)
		return NULL;
	if (!take(p, ")"))
		return bad(p, ") is missing");
	if (!t)
		return inner;
	return push(p, t, inner) < 0 ? NULL : t;
}

static struct tree *escape(struct parser *p)
{
	static const struct {
		char c;
		enum tree_kind kind;
	} edges[] = {
		{ 'A', TREE_TEXT_BEGIN }, { 'z', TREE_TEXT_END }, { 'b', TREE_WORD_EDGE },
		{ 'B', TREE_NO_WORD_EDGE },
	};
	struct tree *t;
	uint32_t c;
	int rc;

	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		if (p->at + 1 < p->len && p->text[p->at + 1] == edges[i].c) {
			p->at += 2;
			return node(p, edges[i].kind);
		}
	}
	t = node(p, TREE_SET);
	rc = t ? class_escape(p, &t->set) : -1;
	if (rc)
		return rc < 0 ? NULL : t;
	p->at++;
	return escaped(p, &c) < 0 ? NULL : literal(p, c);
}

static struct tree *atom(struct parser *p)
{
	struct tree *t;

	switch (peek(p)) {
	case '(':
		p->at++;
		return group(p);
	case '[':
		return class(p);
	case '.':
		p->at++;
		t = node(p, TREE_SET);
		if (t && !(p->flags & DOT_ALL))
			scan_regex_set_add(&t->set, '\n', '\n');
		if (t)
			scan_regex_set_negate(&t->set);
		return t;
	case '^':
		p->at++;
		return node(p, p->flags & LINES ? TREE_LINE_BEGIN : TREE_TEXT_BEGIN);
	case '$':
		p->at++;
		return node(p, p->flags & LINES ? TREE_LINE_END : TREE_TEXT_END);
	case '\\':
		return escape(p);
	case '*': case '+': case '?':
		return bad(p, "nothing to repeat");
	default:
		return literal(p, rune(p));
	}
}

/* "{n}", "{n,}", "{n,m}": anything else is a { as it stands. */
static bool counts(struct parser *p, uint32_t *min, uint32_t *max)
{
	size_t at = p->at + 1;
	uint32_t v[2] = { 0, 0 };
	bool digits[2] = { false, false }, comma = false;

	for (; at < p->len && p->text[at] != '}'; at++) {
		char c = p->text[at];

		if (c == ',' && !comma && digits[0]) {
			comma = true;
		} else if (c >= '0' && c <= '9' && v[comma] < 100000) {
			v[comma] = v[comma] * 10 + (uint32_t)(c - '0');
			digits[comma] = true;
		} else {
			return false;
		}
	}
	if (at >= p->len || !digits[0])
		return false;
	p->at = at + 1;
	*min = v[0];
	*max = !comma ? v[0] : digits[1] ? v[1] : TREE_FOREVER;
	return true;
}

static bool repeat(struct parser *p, uint32_t *min, uint32_t *max)
{
	*min = 0;
	*max = TREE_FOREVER;
	if (take(p, "*"))
		return true;
	if (take(p, "+")) {
		*min = 1;
		return true;
	}
	if (take(p, "?")) {
		*max = 1;
		return true;
	}
	return peek(p) == '{' && counts(p, min, max);
}

static struct tree *repeated(struct parser *p)
{
	struct tree *t = atom(p);
	uint32_t min, max;

	for (unsigned n = 0; t && repeat(p, &min, &max); n++) {
		struct tree *r = node(p, TREE_REPEAT);

		if (!r || push(p, r, t) < 0)
			return NULL;
		if (n > 0)
			return bad(p, "a repeat of a repeat");
		if (min > SCAN_REGEX_REPEAT_MAX || (max != TREE_FOREVER && (max > SCAN_REGEX_REPEAT_MAX || max < min)))
			return bad(p, "a repeat of more than 1000, or that ends before it begins");
		r->min = min;
		r->max = max;
		r->lazy = take(p, "?") != ((p->flags & UNGREEDY) != 0);
		t = r;
	}
	return t;
}

/* Text between \Q and \E stands for itself. */
static int quoted(struct parser *p, struct tree *row)
{
	while (p->at < p->len && !take(p, "\\E")) {
		struct tree *t = literal(p, rune(p));

		if (!t || push(p, row, t) < 0)
			return -1;
	}
	return 0;
}

static struct tree *row(struct parser *p)
{
	struct tree *t = node(p, TREE_ROW);

	while (t && peek(p) >= 0 && peek(p) != '|' && peek(p) != ')') {
		struct tree *next;

		if (take(p, "\\Q")) {
			if (quoted(p, t) < 0)
				return NULL;
			continue;
		}
		next = repeated(p);
		if (!next)
			return NULL;
		if (next->kind == TREE_ROW) {
			for (size_t i = 0; i < next->n; i++)
				if (push(p, t, next->child[i]) < 0)
					return NULL;
		} else if (next->kind != TREE_EMPTY && push(p, t, next) < 0) {
			return NULL;
		}
	}
	return t;
}

static struct tree *choice(struct parser *p)
{
	struct tree *first = row(p), *t;

	if (!first || peek(p) != '|')
		return first;
	t = node(p, TREE_CHOICE);
	if (!t || push(p, t, first) < 0)
		return NULL;
	while (take(p, "|")) {
		struct tree *next = row(p);

		if (!next || push(p, t, next) < 0)
			return NULL;
	}
	return t;
}

int scan_regex_parse(const char *text, size_t len, struct regex_tree *out, struct err *err)
{
	struct err fault = { 0 };
	struct parser p = { .text = text, .len = len, .out = out, .err = &fault };

	*out = (struct regex_tree){ .arena = ARENA_INIT };
	if (len > SCAN_REGEX_MAX)
		bad(&p, "too long");
	else
		out->root = choice(&p);
	if (out->root && p.at < len) {
		bad(&p, "a ) too many");
		out->root = NULL;
	}
	if (out->root)
		return 0;
	scan_regex_tree_free(out);
	*err = fault;
	return -1;
}

void scan_regex_tree_free(struct regex_tree *tree)
{
	arena_free(&tree->arena);
	*tree = (struct regex_tree){ .arena = ARENA_INIT };
}
