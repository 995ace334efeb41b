#include "awsconfig_parse.h"

#include <stdlib.h>
#include <string.h>

struct parser {
	struct awsconfig_tables *t;
	enum awsconfig_file file;
	const char *path;
	int line;
	bool in_section;
	bool in_property;	/* the last entry that is no sub-property can be continued */
	size_t property;	/* its index */
	size_t indent;		/* of its line */
	struct err *err;
};

/* The text of the line is not shown: it may be a secret in the wrong place. */
static int broken(const struct parser *p, const char *what)
{
	return err_set(p->err, ERR_USAGE, "%s:%d: %s", p->path, p->line, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static char *trim(char *s)
{
	size_t len;

	while (is_blank(*s))
		s++;
	len = strlen(s);
	while (len > 0 && is_blank(s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

static void lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

/* Cuts '#' or ';' behind white space. With `quoting`, not inside quotes. */
static void cut_comment(char *s, bool quoting)
{
	char quote = '\0';

	for (size_t i = 0; s[i]; i++) {
		if (quote) {
			if (s[i] == '\\' && quote == '"' && s[i + 1])
				i++;
			else if (s[i] == quote)
				quote = '\0';
		} else if (quoting && (s[i] == '"' || s[i] == '\'')) {
			quote = s[i];
		} else if (i > 0 && (s[i] == '#' || s[i] == ';') && is_blank(s[i - 1])) {
			s[i] = '\0';
			return;
		}
	}
}

/* The array with room for one more of `size` bytes; NULL when there are too
 * many or no memory, and then the array is as it was. */
static void *with_room(void *array, size_t count, size_t *cap, size_t max, size_t size)
{
	size_t want = *cap ? *cap * 2 : 32;
	void *bigger;

	if (count < *cap)
		return array;
	bigger = count < max ? reallocarray(array, want, size) : NULL;
	if (bigger)
		*cap = want;
	return bigger;
}

static int add_section(struct parser *p, const struct awsconfig_section *section)
{
	struct awsconfig_tables *t = p->t;
	struct awsconfig_section *sections = with_room(t->sections, t->section_count,
						       &t->section_cap, AWSCONFIG_SECTIONS_MAX,
						       sizeof(*section));

	if (!sections)
		return broken(p, "too many sections");
	t->sections = sections;
	t->sections[t->section_count++] = *section;
	p->in_section = true;
	p->in_property = false;
	return 0;
}

static int add_entry(struct parser *p, const struct awsconfig_entry *entry)
{
	struct awsconfig_tables *t = p->t;
	struct awsconfig_entry *entries = with_room(t->entries, t->entry_count, &t->entry_cap,
						    AWSCONFIG_ENTRIES_MAX, sizeof(*entry));

	if (!entries)
		return broken(p, "too many properties");
	t->entries = entries;
	t->entries[t->entry_count++] = *entry;
	return 0;
}

/* ---- sections ------------------------------------------------------------------------ */

/* "profile NAME" and its like: the name, without quotes; NULL when `s` does
 * not begin with the word. */
static char *named(char *s, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(s, word, len) != 0 || !is_blank(s[len]))
		return NULL;
	s = trim(s + len);
	len = strlen(s);
	if (len >= 2 && (s[0] == '"' || s[0] == '\'') && s[len - 1] == s[0]) {
		s[len - 1] = '\0';
		s++;
	}
	return s;
}

static void classify(char *name, struct awsconfig_section *out)
{
	static const struct {
		const char *word;
		enum awsconfig_kind kind;
	} words[] = {
		{ "profile", AWSCONFIG_PROFILE },
		{ "sso-session", AWSCONFIG_SSO_SESSION },
		{ "services", AWSCONFIG_SERVICES },
	};

	out->name = name;
	if (out->file == AWSCONFIG_CREDENTIALS) {
		out->kind = AWSCONFIG_PROFILE;
		return;
	}
	out->kind = AWSCONFIG_OTHER;
	if (strcmp(name, "default") == 0) {
		out->kind = AWSCONFIG_PROFILE;
		out->plain_default = true;
		return;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		char *rest = named(name, words[i].word);

		if (rest) {
			out->name = rest;
			out->kind = words[i].kind;
			return;
		}
	}
}

static int section_line(struct parser *p, char *s)
{
	struct awsconfig_section section = { .file = p->file, .line = p->line };
	char *end = strchr(s, ']'), *rest, *name;

	if (!end)
		return broken(p, "the ']' of the section is missing");
	*end = '\0';
	rest = trim(end + 1);
	if (*rest && *rest != '#' && *rest != ';')
		return broken(p, "there is text behind the ']' of the section");
	name = trim(s + 1);
	if (!*name)
		return broken(p, "the section has no name");
	classify(name, &section);
	if (!*section.name)
		return broken(p, "the section has no name");
	return add_section(p, &section);
}

/* ---- properties ---------------------------------------------------------------------- */

/* Splits at the first of `delimiters`; -1 when there is none or no name. */
static int split(char *s, const char *delimiters, struct awsconfig_entry *out)
{
	char *at = strpbrk(s, delimiters), *key;

	if (!at)
		return -1;
	*at = '\0';
	key = trim(s);
	if (!*key)
		return -1;
	lower(key);
	out->key = key;
	cut_comment(at + 1, strcmp(key, "credential_process") == 0);
	out->value = trim(at + 1);
	return 0;
}

static int property_line(struct parser *p, char *s, size_t indent)
{
	struct awsconfig_entry entry = { .line = p->line };

	if (!p->in_section)
		return broken(p, "a line before the first [section]");
	if (split(s, "=:", &entry) < 0)
		return broken(p, "no [section], no NAME = VALUE and no comment");
	entry.section = p->t->section_count - 1;
	p->property = p->t->entry_count;
	p->in_property = true;
	p->indent = indent;
	return add_entry(p, &entry);
}

static int sub_property(struct parser *p, char *s)
{
	const struct awsconfig_entry *parent = &p->t->entries[p->property];
	struct awsconfig_entry entry = { .line = p->line, .section = parent->section,
					 .parent = parent->key };

	if (split(s, "=", &entry) < 0)
		return broken(p, "an indented line below an empty property is to be NAME = VALUE");
	return add_entry(p, &entry);
}

/* The line moves up in the text, behind the value that it continues. */
static void continue_value(struct parser *p, char *s)
{
	struct awsconfig_entry *e = &p->t->entries[p->property];
	char *end = e->value + strlen(e->value);

	cut_comment(s, strcmp(e->key, "credential_process") == 0);
	s = trim(s);
	*end = '\n';
	memmove(end + 1, s, strlen(s) + 1);
}

static int parse_line(struct parser *p, char *line)
{
	size_t indent = strspn(line, " \t");
	char *s = trim(line);

	if (!*s || *s == '#' || *s == ';')
		return 0;
	if (p->in_property && indent > p->indent) {
		if (!*p->t->entries[p->property].value)
			return sub_property(p, s);
		continue_value(p, s);
		return 0;
	}
	if (*s == '[')
		return section_line(p, s);
	return property_line(p, s, indent);
}

int awsconfig_parse(struct awsconfig_tables *t, enum awsconfig_file file, const char *path,
		    struct buf *text, struct err *err)
{
	struct parser p = { .t = t, .file = file, .path = path, .err = err };
	char *s = text->data, *end = s ? s + text->len : s;

	if (text->len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3;
	while (s < end) {
		char *newline = memchr(s, '\n', (size_t)(end - s));
		char *line = s;

		p.line++;
		s = newline ? newline : end;
		if (memchr(line, '\0', (size_t)(s - line)))
			return broken(&p, "the line holds a NUL byte; is this a text file in UTF-8?");
		*s++ = '\0';
		if (parse_line(&p, line) < 0)
			return -1;
	}
	return 0;
}
