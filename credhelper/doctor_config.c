#include "doctor_config.h"
#include "doctor_property.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEYS_MAX = 512, SECTIONS_MAX = 4096, SUBJECT_MAX = 160, SED_MAX = 160 };

struct piece {
	const char *s;
	size_t n;
};

struct section {
	struct piece raw;	/* between the brackets */
	struct piece name;	/* of what: without the word, spaces and quotes */
	char word;		/* 'p'rofile, 's'so-session, s'e'rvices, or 0 for another */
	int line;
};

struct scan {
	bool credentials;
	doctor_flaw_fn *fn;
	void *arg;
	int line;
	struct section *sections;
	size_t section_count;
	struct piece keys[KEYS_MAX];	/* of this section */
	int key_lines[KEYS_MAX];
	size_t key_count;
	bool in_section, in_property, nested, told_indent, told_cr;
	size_t indent;			/* of the last property */
	int property_line;
	char property[SUBJECT_MAX];
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static struct piece trimmed(const char *s, size_t n)
{
	while (n > 0 && blank(*s)) {
		s++;
		n--;
	}
	while (n > 0 && blank(s[n - 1]))
		n--;
	return (struct piece){ s, n };
}

static bool equal(struct piece a, struct piece b)
{
	return a.n == b.n && memcmp(a.s, b.s, a.n) == 0;
}

static bool is_word(struct piece p, const char *word)
{
	return p.n == strlen(word) && memcmp(p.s, word, p.n) == 0;
}

/* ---- telling --------------------------------------------------------------------- */

__attribute__((format(printf, 5, 6)))
static void tell(struct scan *s, enum doctor_severity severity, const char *rule, const char *sed,
		 const char *fmt, ...)
{
	char script[SED_MAX];
	struct doctor_flaw flaw = { .line = s->line, .severity = severity, .rule = rule };
	struct err text;
	va_list ap;

	va_start(ap, fmt);
	err_vset(&text, ERR_NONE, fmt, ap);
	va_end(ap);
	flaw.message = text.message;
	if (sed) {
		snprintf(script, sizeof(script), "%d%s", s->line, sed);
		flaw.sed = script;
	}
	s->fn(s->arg, &flaw);
}

/* ---- sections -------------------------------------------------------------------- */

/* "profile NAME" and its like in the config file: the word and what follows. */
static void take_word(struct section *x)
{
	static const struct {
		const char *word;
		char letter;
	} words[] = { { "profile", 'p' }, { "sso-session", 's' }, { "services", 'e' } };
	struct piece t = trimmed(x->raw.s, x->raw.n);

	x->name = t;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i].word);

		if (t.n < n || memcmp(t.s, words[i].word, n) != 0 || (t.n > n && !blank(t.s[n])))
			continue;
		x->word = words[i].letter;
		x->name = trimmed(t.s + n, t.n - n);
		return;
	}
}

static bool is_quoted(struct piece p)
{
	return p.n >= 2 && (p.s[0] == '"' || p.s[0] == '\'') && p.s[p.n - 1] == p.s[0];
}

static bool has_blank(struct piece p)
{
	for (size_t i = 0; i < p.n; i++)
		if (blank(p.s[i]))
			return true;
	return false;
}

static void check_credentials_section(struct scan *s, struct section *x)
{
	struct piece t = trimmed(x->raw.s, x->raw.n);

	if (x->word == 'p') {
		tell(s, DOCTOR_ERROR, "profile-in-credentials", "s/\\[[[:blank:]]*profile[[:blank:]]*/[/",
		     "[%.*s] in the credentials file is a profile with the word \"profile\" in its "
		     "name to every tool; here it is [%.*s]", (int)t.n, t.s, (int)x->name.n, x->name.s);
	} else if (x->word) {
		tell(s, DOCTOR_ERROR, "section-in-credentials", NULL,
		     "[%.*s] belongs into the config file; no tool reads it here", (int)t.n, t.s);
	} else if (t.n != x->raw.n) {
		tell(s, DOCTOR_ERROR, "section-spaces",
		     "s/\\[[[:blank:]]*\\([^]]*[^] \\t]\\)[[:blank:]]*\\]/[\\1]/",
		     "[%.*s]: the AWS CLI and boto3 take the spaces beside the name for a part of it",
		     (int)x->raw.n, x->raw.s);
	}
	x->word = 'p';
	x->name = t;
}

static void check_config_section(struct scan *s, struct section *x)
{
	/* of the AWS CLI */
	static const char *const others[] = { "preview", "plugins", "toolkit" };
	struct piece t = trimmed(x->raw.s, x->raw.n);
	bool standard = x->word || is_word(t, "default");

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (is_word(t, others[i]))
			return;
	if (!standard) {
		tell(s, DOCTOR_WARNING, "profile-word-missing",
		     has_blank(t) ? NULL : "s/\\[[[:blank:]]*/[profile /",
		     "[%.*s]: no tool reads this as a profile; in the config file it is "
		     "[profile %.*s]", (int)t.n, t.s, (int)t.n, t.s);
	} else if (blank(x->raw.s[0]) || (is_word(t, "default") && t.n != x->raw.n)) {
		tell(s, DOCTOR_ERROR, "section-spaces",
		     "s/\\[[[:blank:]]*\\([^]]*[^] \\t]\\)[[:blank:]]*\\]/[\\1]/",
		     "[%.*s]: with spaces beside the name the AWS CLI and boto3 do not read it",
		     (int)x->raw.n, x->raw.s);
	} else if (x->word && !is_quoted(x->name) && has_blank(x->name)) {
		tell(s, DOCTOR_ERROR, "section-spaces", NULL,
		     "[%.*s]: the AWS CLI and boto3 read a name with spaces in quotes only",
		     (int)x->raw.n, x->raw.s);
	}
	if (is_quoted(x->name))
		x->name = (struct piece){ x->name.s + 1, x->name.n - 2 };
	if (is_word(t, "default"))
		x->word = 'd';
}

static void check_duplicates(struct scan *s, const struct section *x)
{
	for (size_t i = 0; i < s->section_count; i++) {
		const struct section *y = &s->sections[i];
		bool defaults = (x->word == 'd' && y->word == 'p') || (x->word == 'p' && y->word == 'd');

		if (equal(x->raw, y->raw)) {
			tell(s, DOCTOR_ERROR, "duplicate-section", NULL,
			     "[%.*s] is there a second time (line %d): the AWS CLI and boto3 refuse "
			     "the whole file, codetrain and the SDKs merge the two", (int)x->raw.n,
			     x->raw.s, y->line);
			return;
		}
		if (defaults && equal(x->name, y->name)) {
			tell(s, DOCTOR_WARNING, "two-defaults", NULL,
			     "both [default] and [profile default] are there (line %d): what is in "
			     "[default] is not read", y->line);
			return;
		}
		if (x->word == y->word && equal(x->name, y->name)) {
			tell(s, DOCTOR_ERROR, "duplicate-section", NULL,
			     "[%.*s] is the same as line %d: the AWS CLI and boto3 read the later "
			     "alone, codetrain and the SDKs merge the two", (int)x->raw.n, x->raw.s,
			     y->line);
			return;
		}
	}
}

static void section_line(struct scan *s, struct piece t)
{
	const char *end = memchr(t.s, ']', t.n);
	struct section x = { .line = s->line };
	struct piece rest;

	s->in_section = true;
	s->in_property = s->told_indent = false;
	s->key_count = 0;
	if (!end) {
		tell(s, DOCTOR_ERROR, "broken-line", NULL, "the ']' of the section is missing: no tool "
		     "reads the file");
		return;
	}
	x.raw = (struct piece){ t.s + 1, (size_t)(end - t.s) - 1 };
	if (trimmed(x.raw.s, x.raw.n).n == 0) {
		tell(s, DOCTOR_ERROR, "broken-line", NULL, "the section has no name");
		return;
	}
	rest = trimmed(end + 1, t.n - (size_t)(end + 1 - t.s));
	if (rest.n && *rest.s != '#' && *rest.s != ';')
		tell(s, DOCTOR_ERROR, "text-behind-section", "s/\\].*/]/",
		     "there is text behind the ']': the AWS CLI and boto3 drop it, codetrain and the "
		     "SDKs refuse the file");
	take_word(&x);
	if (s->credentials)
		check_credentials_section(s, &x);
	else
		check_config_section(s, &x);
	check_duplicates(s, &x);
	if (s->section_count < SECTIONS_MAX)
		s->sections[s->section_count++] = x;
}

/* ---- properties ------------------------------------------------------------------ */

static void check_key(struct scan *s, struct piece key, const struct doctor_property *known)
{
	const char *near = known ? NULL : doctor_property_near(key.s, key.n);
	bool upper = false;

	for (size_t i = 0; i < key.n; i++)
		upper |= key.s[i] >= 'A' && key.s[i] <= 'Z';
	if (known && upper)
		tell(s, DOCTOR_WARNING, "upper-case", "s/^[^=:]*/\\L&/",
		     "%s is written in capitals: the AWS CLI, boto3 and codetrain read it so, SDKs by "
		     "AWS's reference do not", known->name);
	if (near)
		tell(s, DOCTOR_WARNING, "unknown-property", NULL,
		     "no tool knows this property; is %s meant?", near);
	for (size_t i = 0; i < s->key_count; i++) {
		if (s->keys[i].n != key.n || strncasecmp(s->keys[i].s, key.s, key.n) != 0)
			continue;
		tell(s, DOCTOR_ERROR, "duplicate-key", NULL, "%s is there a second time in its section "
		     "(line %d): the AWS CLI and boto3 refuse the whole file, codetrain and the SDKs "
		     "take the later", s->property, s->key_lines[i]);
		return;
	}
	if (s->key_count < KEYS_MAX) {
		s->keys[s->key_count] = key;
		s->key_lines[s->key_count++] = s->line;
	}
}

/* Behind white space, and for a command line not in quotes. Length without it. */
static size_t comment_at(struct piece v, bool quoting)
{
	char quote = '\0';

	for (size_t i = 0; i < v.n; i++) {
		if (quote) {
			if (v.s[i] == '\\' && quote == '"')
				i++;
			else if (v.s[i] == quote)
				quote = '\0';
		} else if (quoting && (v.s[i] == '"' || v.s[i] == '\'')) {
			quote = v.s[i];
		} else if (i > 0 && (v.s[i] == '#' || v.s[i] == ';') && blank(v.s[i - 1])) {
			return i;
		}
	}
	return v.n;
}

/* What a copy from a web page or a word processor brings. */
static bool has_foreign(struct piece v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.s[i] >= 0x80)
			return true;
	return false;
}

/* `v` begins behind the delimiter, with its blanks. */
static void check_value(struct scan *s, struct piece v, const struct doctor_property *known)
{
	size_t end = comment_at(v, known && known->command);
	struct piece t = trimmed(v.s, end);
	bool plain = known && known->plain;

	if (end < v.n)
		tell(s, known && known->secret ? DOCTOR_ERROR : DOCTOR_WARNING, "inline-comment",
		     "s/[[:blank:]]\\{1,\\}[#;].*$//",
		     "the comment behind the value of %s: the AWS CLI and boto3 read it as a part of the "
		     "value; codetrain and the SDKs leave it out", s->property);
	if (plain && t.n && (*t.s == '"' || *t.s == '\''))
		tell(s, DOCTOR_ERROR, "quoted-value", "s/[\"']//g",
		     "the quotes around the value of %s are a part of it to every tool", s->property);
	if (plain && has_foreign(t))
		tell(s, DOCTOR_ERROR, "non-ascii", NULL,
		     "the value of %s has characters that are not ASCII, such as typographic quotes or "
		     "an invisible space", s->property);
	else if (plain && has_blank(t))
		tell(s, DOCTOR_ERROR, "value-spaces", NULL, "there is white space in the value of %s",
		     s->property);
}

static void property_line(struct scan *s, struct piece t, size_t indent)
{
	const struct doctor_property *known;
	struct piece key;
	size_t at = 0;

	while (at < t.n && t.s[at] != '=' && t.s[at] != ':')
		at++;
	key = trimmed(t.s, at);
	if (!s->in_section || at == t.n || key.n == 0) {
		tell(s, DOCTOR_ERROR, "broken-line", NULL, "%s: no tool reads the file",
		     s->in_section ? "this is no [section], no NAME = VALUE and no comment"
				   : "there is a line before the first [section]");
		s->in_property = false;
		return;
	}
	known = doctor_property_find(key.s, key.n);
	/* an unknown name may be a secret in the wrong place */
	snprintf(s->property, sizeof(s->property), "%s", known ? known->name : "the property");
	if (indent && !s->told_indent) {
		s->told_indent = true;
		tell(s, DOCTOR_WARNING, "indented", "s/^[[:blank:]]*//",
		     "%s is indented: the AWS CLI, boto3 and codetrain read it as long as nothing less "
		     "indented stands before it in the section, AWS's reference does not allow it",
		     s->property);
	}
	if (t.s[at] == ':')
		tell(s, DOCTOR_WARNING, "colon", "s/:/ =/",
		     "%s has ':' for '=': the AWS CLI, boto3 and codetrain read it so, SDKs by AWS's "
		     "reference do not", s->property);
	check_key(s, key, known);
	check_value(s, (struct piece){ t.s + at + 1, t.n - at - 1 }, known);
	s->in_property = true;
	s->nested = trimmed(t.s + at + 1, t.n - at - 1).n == 0;
	s->indent = indent;
	s->property_line = s->line;
}

/* An indented line below a property. */
static void continued_line(struct scan *s, struct piece t)
{
	const char *at = memchr(t.s, '=', t.n);

	if (s->nested && at) {
		check_value(s, (struct piece){ at + 1, t.n - (size_t)(at + 1 - t.s) }, NULL);
	} else if (s->nested) {
		tell(s, DOCTOR_ERROR, "broken-line", NULL,
		     "an indented line below an empty property is to be NAME = VALUE");
	} else {
		tell(s, DOCTOR_ERROR, "swallowed", "s/^[[:blank:]]*//",
		     "this %s is indented, and so every tool reads it as the rest of %s in line %d",
		     *t.s == '[' ? "section" : "line", s->property, s->property_line);
	}
}

/* ---- lines ----------------------------------------------------------------------- */

static void one_line(struct scan *s, const char *line, size_t n)
{
	size_t indent = 0;
	struct piece t;

	if (n && line[n - 1] == '\r' && !s->told_cr) {
		s->told_cr = true;
		tell(s, DOCTOR_NOTE, "crlf", ",$s/\\r$//", "the lines end with CR LF, as on Windows: the AWS CLI, "
		     "boto3 and codetrain read them, scripts that look into the file find a CR at the "
		     "end of each value");
	}
	while (indent < n && (line[indent] == ' ' || line[indent] == '\t'))
		indent++;
	t = trimmed(line, n);
	if (t.n == 0 || *t.s == '#' || *t.s == ';')
		return;
	if (s->in_property && indent > s->indent)
		continued_line(s, t);
	else if (*t.s == '[')
		section_line(s, t);
	else
		property_line(s, t, indent);
}

void doctor_config_scan(const char *text, size_t len, bool credentials, doctor_flaw_fn *fn,
			void *arg)
{
	struct scan s = { .credentials = credentials, .fn = fn, .arg = arg, .line = 1 };
	const char *at = text, *end = text + len;

	s.sections = calloc(SECTIONS_MAX, sizeof(*s.sections));
	if (!s.sections || len == 0)
		goto out;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		tell(&s, DOCTOR_ERROR, "byte-order-mark", "s/^\\xef\\xbb\\xbf//",
		     "the file begins with a byte order mark: the AWS CLI and boto3 refuse it, codetrain "
		     "skips it");
		at += 3;
	}
	for (; at < end; s.line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = newline ? (size_t)(newline - at) : (size_t)(end - at);

		if (memchr(at, '\0', n)) {
			tell(&s, DOCTOR_ERROR, "broken-line", NULL, "the line holds a NUL byte: this is "
			     "no text file in UTF-8, and no tool reads it");
			break;
		}
		one_line(&s, at, n);
		at += n + 1;
	}
out:
	free(s.sections);
}
