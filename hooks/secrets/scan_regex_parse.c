#include "scan_regex_parse.h"

#include <string.h>

enum { DEPTH_MAX = 250 };

static struct tree *choice(struct parser *p);

void *scan_regex_parse_bad(struct parser *p, const char *why)
{
	if (p->err->class == ERR_NONE)
		err_set(p->err, ERR_USAGE, "%s at byte %zu of the regular expression", why, p->at + 1);
	return NULL;
}

static struct tree *node(struct parser *p, enum tree_kind kind)
{
	struct tree *t = arena_alloc(&p->out->arena, sizeof(*t));

	if (!t)
		return scan_regex_parse_bad(p, "no memory");
	t->kind = kind;
	return t;
}

static int push(struct parser *p, struct tree *parent, struct tree *child)
{
	struct tree **v = arena_grow(&p->out->arena, parent->child, parent->n, sizeof(*v));

	if (!v) {
		scan_regex_parse_bad(p, "no memory");
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

bool scan_regex_parse_take(struct parser *p, const char *s)
{
	size_t n = strlen(s);

	if (p->len - p->at < n || memcmp(p->text + p->at, s, n) != 0)
		return false;
	p->at += n;
	return true;
}

static struct tree *literal(struct parser *p, uint32_t c)
{
	struct tree *t = node(p, TREE_SET);

	if (!t || scan_regex_parse_range(p, &t->set, c, c) < 0)
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
	scan_regex_parse_bad(p, "an unknown kind of group");
	return -1;
}

static struct tree *group(struct parser *p)
{
	unsigned before = p->flags;
	struct tree *t = NULL, *inner;
	bool is_group = true;

	if (p->depth == DEPTH_MAX)
		return scan_regex_parse_bad(p, "groups too deep");
	if (scan_regex_parse_take(p, "?P<") || scan_regex_parse_take(p, "?<")) {
		const char *end = memchr(p->text + p->at, '>', p->len - p->at);

		if (!end || end == p->text + p->at ||
		    strspn(p->text + p->at, "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") !=
			    (size_t)(end - p->text) - p->at)
			return scan_regex_parse_bad(p, "a group's name that cannot be one (RE2 has no look-behind)");
		p->at = (size_t)(end - p->text) + 1;
		t = node(p, TREE_GROUP);
	} else if (scan_regex_parse_take(p, "?")) {
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
	if (!scan_regex_parse_take(p, ")"))
		return scan_regex_parse_bad(p, ") is missing");
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
	rc = t ? scan_regex_parse_class_escape(p, &t->set) : -1;
	if (rc)
		return rc < 0 ? NULL : t;
	p->at++;
	return scan_regex_parse_escape(p, &c) < 0 ? NULL : literal(p, c);
}

static struct tree *atom(struct parser *p)
{
	struct tree *t;

	switch (peek(p)) {
	case '(':
		p->at++;
		return group(p);
	case '[':
		t = node(p, TREE_SET);
		return t && scan_regex_parse_class(p, &t->set) == 0 ? t : NULL;
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
		return scan_regex_parse_bad(p, "nothing to repeat");
	default:
		return literal(p, scan_regex_parse_rune(p));
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
	if (scan_regex_parse_take(p, "*"))
		return true;
	if (scan_regex_parse_take(p, "+")) {
		*min = 1;
		return true;
	}
	if (scan_regex_parse_take(p, "?")) {
		*max = 1;
		return true;
	}
	return peek(p) == '{' && counts(p, min, max);
}

static struct tree *repeated(struct parser *p)
{
	struct tree *t = p->quoted ? literal(p, scan_regex_parse_rune(p)) : atom(p);
	uint32_t min, max;

	if (p->quoted && scan_regex_parse_take(p, "\\E"))
		p->quoted = false;	/* and what stands behind it repeats the last character */
	if (!t)
		return NULL;
	for (unsigned n = 0; !p->quoted && repeat(p, &min, &max); n++) {
		struct tree *r = node(p, TREE_REPEAT);

		if (!r || push(p, r, t) < 0)
			return NULL;
		if (n > 0)
			return scan_regex_parse_bad(p, "a repeat of a repeat");
		if (min > SCAN_REGEX_REPEAT_MAX || (max != TREE_FOREVER && (max > SCAN_REGEX_REPEAT_MAX || max < min)))
			return scan_regex_parse_bad(p, "a repeat of more than 1000, or that ends before it begins");
		r->min = min;
		r->max = max;
		r->lazy = scan_regex_parse_take(p, "?") != ((p->flags & UNGREEDY) != 0);
		t = r;
	}
	return t;
}

static struct tree *row(struct parser *p)
{
	struct tree *t = node(p, TREE_ROW);

	while (t && peek(p) >= 0 && (p->quoted || (peek(p) != '|' && peek(p) != ')'))) {
		struct tree *next;

		if (scan_regex_parse_take(p, p->quoted ? "\\E" : "\\Q")) {
			p->quoted = !p->quoted;
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
	while (scan_regex_parse_take(p, "|")) {
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
		scan_regex_parse_bad(&p, "too long");
	else
		out->root = choice(&p);
	if (out->root && p.at < len) {
		scan_regex_parse_bad(&p, "a ) too many");
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
