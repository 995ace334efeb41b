#include "doctor_scan.h"
#include "doctor_property.h"

#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

enum { SED_MAX = 160 };

void doctor_scan_tell(struct doctor_scan *s, enum doctor_severity severity, const char *rule,
		      const char *sed, const char *fmt, ...)
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

/* ---- properties ------------------------------------------------------------------ */

static void check_key(struct doctor_scan *s, struct doctor_piece key,
		      const struct doctor_property *known)
{
	const char *near = known ? NULL : doctor_property_near(key.s, key.n);
	bool upper = false;

	for (size_t i = 0; i < key.n; i++)
		upper |= key.s[i] >= 'A' && key.s[i] <= 'Z';
	if (known && upper)
		doctor_scan_tell(s, DOCTOR_WARNING, "upper-case", "s/^[^=:]*/\\L&/",
				"%s is written in capitals: the AWS CLI, boto3 and codetrain read it so, SDKs by "
				"AWS's reference do not", known->name);
	if (near)
		doctor_scan_tell(s, DOCTOR_WARNING, "unknown-property", NULL,
				"no tool knows this property; is %s meant?", near);
	for (size_t i = 0; i < s->key_count; i++) {
		if (s->keys[i].n != key.n || strncasecmp(s->keys[i].s, key.s, key.n) != 0)
			continue;
		doctor_scan_tell(s, DOCTOR_ERROR, "duplicate-key", NULL, "%s is there a second time in its section "
				"(line %d): the AWS CLI and boto3 refuse the whole file, codetrain and the SDKs "
				"take the later", s->property, s->key_lines[i]);
		return;
	}
	if (s->key_count < DOCTOR_SCAN_KEYS_MAX) {
		s->keys[s->key_count] = key;
		s->key_lines[s->key_count++] = s->line;
	}
}

/* Behind white space, and for a command line not in quotes. Length without it. */
static size_t comment_at(struct doctor_piece v, bool quoting)
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
		} else if (i > 0 && (v.s[i] == '#' || v.s[i] == ';') && doctor_blank(v.s[i - 1])) {
			return i;
		}
	}
	return v.n;
}

/* What a copy from a web page or a word processor brings. */
static bool has_foreign(struct doctor_piece v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.s[i] >= 0x80)
			return true;
	return false;
}

/* `v` begins behind the delimiter, with its blanks. */
static void check_value(struct doctor_scan *s, struct doctor_piece v,
			const struct doctor_property *known)
{
	size_t end = comment_at(v, known && known->command);
	struct doctor_piece t = doctor_trimmed(v.s, end);
	bool plain = known && known->plain;

	if (end < v.n)
		doctor_scan_tell(s, known && known->secret ? DOCTOR_ERROR : DOCTOR_WARNING, "inline-comment",
				/* in a command line the first '#' may be a quoted one */
				known && known->command ? NULL : "s/[[:blank:]]\\{1,\\}[#;].*$//",
				"the comment behind the value of %s: the AWS CLI and boto3 read it as a part of the "
				"value; codetrain and the SDKs leave it out", s->property);
	if (plain && t.n && (*t.s == '"' || *t.s == '\''))
		doctor_scan_tell(s, DOCTOR_ERROR, "quoted-value", "s/[\"']//g",
				"the quotes around the value of %s are a part of it to every tool", s->property);
	if (plain && has_foreign(t))
		doctor_scan_tell(s, DOCTOR_ERROR, "non-ascii", NULL,
				"the value of %s has characters that are not ASCII, such as typographic quotes or "
				"an invisible space", s->property);
	else if (plain && doctor_has_blank(t))
		doctor_scan_tell(s, DOCTOR_ERROR, "value-spaces", NULL, "there is white space in the value of %s",
				s->property);
}

static void property_line(struct doctor_scan *s, struct doctor_piece t, size_t indent)
{
	const struct doctor_property *known;
	struct doctor_piece key, v;
	size_t at = 0;

	while (at < t.n && t.s[at] != '=' && t.s[at] != ':')
		at++;
	key = doctor_trimmed(t.s, at);
	if (!s->in_section || at == t.n || key.n == 0) {
		doctor_scan_tell(s, DOCTOR_ERROR, "broken-line", NULL, "%s: no tool reads the file",
				s->in_section ? "this is no [section], no NAME = VALUE and no comment"
				: "there is a line before the first [section]");
		s->in_property = false;
		return;
	}
	v = (struct doctor_piece){ t.s + at + 1, t.n - at - 1 };
	known = doctor_property_find(key.s, key.n);
	/* an unknown name may be a secret in the wrong place */
	snprintf(s->property, sizeof(s->property), "%s", known ? known->name : "the property");
	if (indent && !s->told_indent) {
		s->told_indent = true;
		doctor_scan_tell(s, DOCTOR_WARNING, "indented", "s/^[[:blank:]]*//",
				"%s is indented: the AWS CLI, boto3 and codetrain read it as long as nothing less "
				"indented stands before it in the section, AWS's reference does not allow it",
				s->property);
	}
	if (t.s[at] == ':')
		doctor_scan_tell(s, DOCTOR_WARNING, "colon", "s/:/ =/",
				"%s has ':' for '=': the AWS CLI, boto3 and codetrain read it so, SDKs by AWS's "
				"reference do not", s->property);
	check_key(s, key, known);
	check_value(s, v, known);
	s->in_property = true;
	s->nested = doctor_trimmed(v.s, comment_at(v, known && known->command)).n == 0;
	s->indent = indent;
	s->property_line = s->line;
}

/* An indented line below a property. */
static void continued_line(struct doctor_scan *s, struct doctor_piece t)
{
	const char *at = memchr(t.s, '=', t.n);

	if (s->nested && at && doctor_trimmed(t.s, (size_t)(at - t.s)).n) {
		check_value(s, (struct doctor_piece){ at + 1, t.n - (size_t)(at + 1 - t.s) }, NULL);
	} else if (s->nested) {
		doctor_scan_tell(s, DOCTOR_ERROR, "broken-line", NULL,
				"an indented line below an empty property is to be NAME = VALUE");
	} else {
		doctor_scan_tell(s, DOCTOR_ERROR, "swallowed", "s/^[[:blank:]]*//",
				"this %s is indented, and so every tool reads it as the rest of %s in line %d",
				*t.s == '[' ? "section" : "line", s->property, s->property_line);
	}
}

/* ---- lines ----------------------------------------------------------------------- */

static void one_line(struct doctor_scan *s, const char *line, size_t n)
{
	size_t indent = 0;
	struct doctor_piece t;

	if (n && line[n - 1] == '\r' && !s->told_cr) {
		s->told_cr = true;
		doctor_scan_tell(s, DOCTOR_NOTE, "crlf", ",$s/\\r$//",
				"the lines end with CR LF, as on Windows: the AWS CLI, boto3 and codetrain "
				"read them, scripts that look into the file find a CR at the end of each value");
	}
	while (indent < n && (line[indent] == ' ' || line[indent] == '\t'))
		indent++;
	t = doctor_trimmed(line, n);
	if (t.n == 0 || *t.s == '#' || *t.s == ';')
		return;
	if (s->in_property && indent > s->indent)
		continued_line(s, t);
	else if (*t.s == '[')
		doctor_scan_section(s, t);
	else
		property_line(s, t, indent);
}

void doctor_config_scan(const char *text, size_t len, bool credentials, doctor_flaw_fn *fn,
			void *arg)
{
	struct doctor_scan s = { .credentials = credentials, .fn = fn, .arg = arg, .line = 1 };
	const char *at = text, *end = text + len;

	s.sections = calloc(DOCTOR_SCAN_SECTIONS_MAX, sizeof(*s.sections));
	if (!s.sections || len == 0)
		goto out;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		doctor_scan_tell(&s, DOCTOR_ERROR, "byte-order-mark", "s/^\\xef\\xbb\\xbf//",
				"the file begins with a byte order mark: the AWS CLI and boto3 refuse it, codetrain "
				"skips it");
		at += 3;
	}
	for (; at < end; s.line++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = newline ? (size_t)(newline - at) : (size_t)(end - at);

		if (memchr(at, '\0', n)) {
			doctor_scan_tell(&s, DOCTOR_ERROR, "broken-line", NULL, "the line holds a NUL byte: this is "
					"no text file in UTF-8, and no tool reads it");
			break;
		}
		one_line(&s, at, n);
		at += n + 1;
	}
out:
	free(s.sections);
}
