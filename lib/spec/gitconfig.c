#include "gitconfig.h"
#include "lib/base/buf.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { NAME_LEN_MAX = 1024 };

struct parser {
	const char *p, *end;
	const char *name;
	int line;
	struct buf section, subsection, key, value;
	bool in_section, has_subsection;
};

/* `c`: what was read last; a line end belongs to the line that it ends. */
static int bad_at(const struct parser *ps, int c, struct err *err, const char *what)
{
	return err_set(err, ERR_USAGE, "%s:%d: %s", ps->name, ps->line - (c == '\n'), what);
}

static int bad(const struct parser *ps, struct err *err, const char *what)
{
	return bad_at(ps, 0, err, what);
}

/* The next character with CRLF read as LF; -1 at the end. */
static int next(struct parser *ps)
{
	if (ps->p == ps->end)
		return -1;
	if (*ps->p == '\r' && ps->p + 1 < ps->end && ps->p[1] == '\n')
		ps->p++;
	if (*ps->p == '\n')
		ps->line++;
	return (unsigned char)*ps->p++;
}

static int peek(const struct parser *ps)
{
	return ps->p == ps->end ? -1 : (unsigned char)*ps->p;
}

static void skip_line(struct parser *ps)
{
	int c;

	do
		c = next(ps);
	while (c != -1 && c != '\n');
}

static void skip_blanks(struct parser *ps)
{
	while (peek(ps) == ' ' || peek(ps) == '\t')
		next(ps);
}

/* `"name"]`, after the opening quote. */
static int quoted_subsection(struct parser *ps, struct err *err)
{
	for (;;) {
		int c = next(ps);

		if (c == '"')
			break;
		if (c == '\\')
			c = next(ps);
		if (c == -1 || c == '\n' || c == 0)
			return bad_at(ps, c, err, "a section name is not closed");
		buf_addc(&ps->subsection, (char)c);
	}
	ps->has_subsection = true;
	if (next(ps) != ']')
		return bad(ps, err, "] is missing after the section name");
	return 0;
}

static int header(struct parser *ps, struct err *err)
{
	buf_clear(&ps->section);
	buf_clear(&ps->subsection);
	ps->has_subsection = false;
	ps->in_section = true;
	for (;;) {
		int c = next(ps);

		if (c == ']')
			return ps->section.len ? 0 : bad(ps, err, "a section without a name");
		if (c == ' ' || c == '\t') {
			skip_blanks(ps);
			if (next(ps) != '"')
				return bad(ps, err, "a quoted subsection is expected");
			return quoted_subsection(ps, err);
		}
		if (c == -1 || !(isalnum(c) || c == '-' || c == '.'))
			return bad_at(ps, c, err, "a character that a section name cannot have");
		buf_addc(&ps->section, (char)tolower(c));
	}
}

/* After a backslash. */
static int escape(struct parser *ps, struct err *err)
{
	static const char from[] = "tbn\"\\", to[] = "\t\b\n\"\\";
	int c = next(ps);
	const char *at;

	if (c == '\n')
		return 0;
	at = c > 0 ? strchr(from, c) : NULL;
	if (!at)
		return bad(ps, err, "a backslash before a character that needs none "
				    "(write \\\\ for one backslash)");
	buf_addc(&ps->value, to[at - from]);
	return 0;
}

static int value(struct parser *ps, struct err *err)
{
	bool quoted = false;
	size_t kept = 0;	/* trailing blanks that no quote protects are dropped */

	skip_blanks(ps);
	for (;;) {
		int c = next(ps);

		if (c == -1 || c == '\n') {
			if (quoted)
				return bad_at(ps, c, err, "a quote is not closed");
			break;
		}
		if (!quoted && (c == '#' || c == ';')) {
			skip_line(ps);
			break;
		}
		if (c == '"')
			quoted = !quoted;
		else if (c == '\\') {
			if (escape(ps, err) < 0)
				return -1;
		} else if (c == 0) {
			return bad(ps, err, "a NUL byte");
		} else {
			buf_addc(&ps->value, (char)c);
			if (!quoted && (c == ' ' || c == '\t'))
				continue;
		}
		kept = ps->value.len;
	}
	if (ps->value.failed)
		return bad(ps, err, "a value is too long");
	ps->value.len = kept;
	if (ps->value.data)
		ps->value.data[kept] = '\0';
	return 0;
}

static int variable(struct parser *ps, gitconfig_fn *fn, void *arg, struct err *err)
{
	struct gitconfig_entry e = { .line = ps->line };
	bool bare = true;

	if (!ps->in_section)
		return bad(ps, err, "a variable before the first [section]");
	buf_clear(&ps->key);
	buf_clear(&ps->value);
	while (isalnum(peek(ps)) || peek(ps) == '-')
		buf_addc(&ps->key, (char)tolower(next(ps)));
	skip_blanks(ps);
	if (peek(ps) == '=') {
		next(ps);
		bare = false;
		if (value(ps, err) < 0)
			return -1;
	} else if (peek(ps) == '#' || peek(ps) == ';') {
		skip_line(ps);
	} else if (peek(ps) != -1 && peek(ps) != '\n' && peek(ps) != '\r') {
		return bad(ps, err, "a character that the name of a variable cannot have");
	}
	if (ps->section.failed || ps->subsection.failed || ps->key.failed)
		return bad(ps, err, "a name is too long");
	e.section = buf_str(&ps->section);
	e.subsection = ps->has_subsection ? buf_str(&ps->subsection) : NULL;
	e.key = buf_str(&ps->key);
	e.value = bare ? NULL : buf_str(&ps->value);
	return fn(arg, &e, err);
}

static int parse(struct parser *ps, gitconfig_fn *fn, void *arg, struct err *err)
{
	for (;;) {
		int c = peek(ps);
		int rc = 0;

		if (c == -1)
			return 0;
		if (isspace(c))
			next(ps);
		else if (c == '#' || c == ';')
			skip_line(ps);
		else if (c == '[') {
			next(ps);
			rc = header(ps, err);
		} else if (isalpha(c)) {
			rc = variable(ps, fn, arg, err);
		} else {
			rc = bad(ps, err, "neither a [section] nor a variable");
		}
		if (rc < 0)
			return -1;
	}
}

int gitconfig_parse(const char *text, size_t len, const char *name, gitconfig_fn *fn, void *arg,
		    struct err *err)
{
	struct parser ps = {
		.p = text, .end = text + len, .name = name, .line = 1,
		.section = BUF_INIT(NAME_LEN_MAX), .subsection = BUF_INIT(NAME_LEN_MAX),
		.key = BUF_INIT(NAME_LEN_MAX), .value = BUF_INIT(GITCONFIG_VALUE_MAX),
	};
	int rc;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		ps.p += 3;
	rc = parse(&ps, fn, arg, err);
	buf_free(&ps.section);
	buf_free(&ps.subsection);
	buf_free(&ps.key);
	buf_free(&ps.value);
	return rc;
}

int gitconfig_size(const char *v, unsigned long long *out)
{
	static const char units[] = "kmg";
	unsigned long long n = 0, limit = ULLONG_MAX / 10 - 1;
	const char *unit;

	if (!isdigit((unsigned char)*v))
		return -1;
	for (; isdigit((unsigned char)*v); v++) {
		if (n > limit)
			return -1;
		n = n * 10 + (unsigned long long)(*v - '0');
	}
	if (*v) {
		unit = strchr(units, tolower((unsigned char)*v));
		if (!unit || v[1])
			return -1;
		for (const char *u = units; u <= unit; u++) {
			if (n > ULLONG_MAX / 1024)
				return -1;
			n *= 1024;
		}
	}
	*out = n;
	return 0;
}
