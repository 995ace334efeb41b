#include "awsconfig_edit.h"

#include <stdlib.h>
#include <string.h>

static const char mark[] = "\xef\xbb\xbf";	/* the byte order mark */

struct line {
	size_t at, len;		/* in the text, with its end */
	int section, entry;	/* that begin here; -1 for none */
	bool says;		/* neither blank nor comment */
	bool drop;
	const struct awsconfig_change *instead;
};

struct edit {
	enum awsconfig_file file;
	const char *path, *profile;
	const struct awsconfig_change *changes;
	const struct buf *in;
	struct buf copy;		/* taken apart by the parser */
	struct awsconfig_tables tables;
	bool full_default;		/* [profile default] is there and hides [default] */
	struct line *lines;
	size_t line_count;
	size_t anchor;			/* new properties go behind this line; line_count: there is no section */
	size_t indent_of;		/* the line whose indentation they take */
	const char *eol;
	struct err *err;
};

/* ---- reading ------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

static size_t first_line(const struct buf *in)
{
	return in->len >= 3 && memcmp(in->data, mark, 3) == 0 ? 3 : 0;
}

static void add_line(struct edit *e, size_t at, size_t len)
{
	const char *s = e->in->data + at;
	size_t i = 0;

	while (i < len && is_blank(s[i]))
		i++;
	e->lines[e->line_count++] = (struct line){
		.at = at, .len = len, .section = -1, .entry = -1,
		.says = i < len && s[i] != '#' && s[i] != ';',
	};
}

static int split_lines(struct edit *e)
{
	size_t n = 1;

	for (size_t i = 0; i < e->in->len; i++)
		n += e->in->data[i] == '\n';
	e->lines = calloc(n, sizeof(*e->lines));
	if (!e->lines)
		return err_set(e->err, ERR_INTERNAL, "no memory to edit %s", e->path);
	e->eol = "\n";
	for (size_t at = first_line(e->in); at < e->in->len;) {
		const char *s = e->in->data + at;
		const char *end = memchr(s, '\n', e->in->len - at);
		size_t len = end ? (size_t)(end - s) + 1 : e->in->len - at;

		if (e->line_count == 0 && len >= 2 && end && end[-1] == '\r')
			e->eol = "\r\n";
		add_line(e, at, len);
		at += len;
	}
	return 0;
}

static int parse(enum awsconfig_file file, const char *path, const struct buf *text,
		 struct buf *copy, struct awsconfig_tables *t, struct err *err)
{
	*copy = (struct buf){ .max = AWSCONFIG_FILE_MAX, .secret = text->secret };
	if (buf_add(copy, buf_str(text), text->len) < 0)
		return buf_check(copy, path, err);
	return awsconfig_parse(t, file, path, copy, err);
}

static bool has_full_default(const struct awsconfig_tables *t)
{
	for (size_t i = 0; i < t->section_count; i++)
		if (t->sections[i].file == AWSCONFIG_CONFIG &&
		    t->sections[i].kind == AWSCONFIG_PROFILE && !t->sections[i].plain_default &&
		    strcmp(t->sections[i].name, "default") == 0)
			return true;
	return false;
}

/* Is the section the profile's? With `counts`, one that others hide is not. */
static bool is_profiles(const struct edit *e, const struct awsconfig_section *s, bool full_default,
			bool counts)
{
	return s->kind == AWSCONFIG_PROFILE && strcmp(s->name, e->profile) == 0 &&
	       !(counts && s->plain_default && full_default);
}

static void mark_lines(struct edit *e)
{
	for (size_t i = 0; i < e->tables.section_count; i++)
		e->lines[e->tables.sections[i].line - 1].section = (int)i;
	for (size_t i = 0; i < e->tables.entry_count; i++)
		if (!e->tables.entries[i].parent)
			e->lines[e->tables.entries[i].line - 1].entry = (int)i;
}

/* Where a new property goes: behind the last line of the last section that counts. */
static void find_anchor(struct edit *e)
{
	bool inside = false;

	e->anchor = e->line_count;
	for (size_t i = 0; i < e->line_count; i++) {
		const struct line *l = &e->lines[i];

		if (l->section >= 0)
			inside = is_profiles(e, &e->tables.sections[l->section], e->full_default,
					     true);
		if (!inside || !l->says)
			continue;
		e->anchor = i;
		if (l->section >= 0 || l->entry >= 0)
			e->indent_of = i;
	}
}

/* ---- changing ------------------------------------------------------------------------ */

/* The lines that continue the property at `i` go. */
static void drop_rest(struct edit *e, size_t i)
{
	while (++i < e->line_count && e->lines[i].section < 0 && e->lines[i].entry < 0)
		if (e->lines[i].says)
			e->lines[i].drop = true;
}

/* True when the property was there, so that nothing is to be added. */
static bool change(struct edit *e, const struct awsconfig_change *c)
{
	size_t last = e->line_count;

	for (size_t i = 0; i < e->line_count; i++) {
		const struct awsconfig_entry *entry;
		const struct awsconfig_section *s;

		if (e->lines[i].entry < 0)
			continue;
		entry = &e->tables.entries[e->lines[i].entry];
		s = &e->tables.sections[entry->section];
		if (strcmp(entry->key, c->name) != 0 ||
		    !is_profiles(e, s, e->full_default, c->value != NULL))
			continue;
		last = i;
		if (!c->value) {
			e->lines[i].drop = true;
			drop_rest(e, i);
		}
	}
	if (!c->value || last == e->line_count)
		return !c->value;
	if (strcmp(e->tables.entries[e->lines[last].entry].value, c->value) != 0) {
		e->lines[last].instead = c;
		drop_rest(e, last);
	}
	return true;
}

static void add_property(const struct edit *e, const struct awsconfig_change *c, size_t like,
			 struct buf *out)
{
	if (like < e->line_count) {
		const struct line *l = &e->lines[like];
		size_t indent = 0;

		while (indent < l->len && (e->in->data[l->at + indent] == ' ' ||
					   e->in->data[l->at + indent] == '\t'))
			indent++;
		buf_add(out, e->in->data + l->at, indent);
	}
	buf_adds(out, c->name);
	buf_adds(out, " = ");
	buf_adds(out, c->value);
	buf_adds(out, e->eol);
}

static void end_line(const struct edit *e, struct buf *out)
{
	if (out->len > first_line(e->in) && !out->failed && out->data[out->len - 1] != '\n')
		buf_adds(out, e->eol);
}

/* In config "[profile NAME]", in quotes where botocore's shlex would take the
 * name apart; our own parser knows them too. */
static void add_section(const struct edit *e, struct buf *out)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "_-./@+=:,";
	const char *quote = strpbrk(e->profile, "\"\\") ? "'" : "\"";

	end_line(e, out);
	if (out->len > first_line(e->in))
		buf_adds(out, e->eol);
	if (e->file == AWSCONFIG_CREDENTIALS || strcmp(e->profile, "default") == 0) {
		buf_addf(out, "[%s]%s", e->profile, e->eol);
		return;
	}
	if (!e->profile[strspn(e->profile, plain)])
		quote = "";
	buf_addf(out, "[profile %s%s%s]%s", quote, e->profile, quote, e->eol);
}

/* No quotes of an INI file hold both kinds. */
static bool can_be_added(const struct edit *e)
{
	return e->file == AWSCONFIG_CREDENTIALS || !strchr(e->profile, '\'') ||
	       !strpbrk(e->profile, "\"\\");
}

static void write_new(const struct edit *e, const bool *done, struct buf *out)
{
	bool section = e->anchor < e->line_count;

	for (size_t n = 0; e->changes[n].name; n++) {
		if (done[n])
			continue;
		if (!section)
			add_section(e, out);
		section = true;
		end_line(e, out);
		add_property(e, &e->changes[n], e->anchor < e->line_count ? e->indent_of : e->anchor,
			     out);
	}
}

static void write_lines(const struct edit *e, const bool *done, struct buf *out)
{
	if (e->in->len)
		buf_add(out, e->in->data, first_line(e->in));
	for (size_t i = 0; i < e->line_count; i++) {
		const struct line *l = &e->lines[i];

		if (l->instead)
			add_property(e, l->instead, i, out);
		else if (!l->drop)
			buf_add(out, e->in->data + l->at, l->len);
		if (i == e->anchor)
			write_new(e, done, out);
	}
	if (e->anchor == e->line_count)
		write_new(e, done, out);
}

/* ---- looking at the result ----------------------------------------------------------- */

static bool is_changed(const struct edit *e, const struct awsconfig_tables *t,
		       const struct awsconfig_entry *entry)
{
	const char *name = entry->parent ? entry->parent : entry->key;

	if (!is_profiles(e, &t->sections[entry->section], false, false))
		return false;
	for (const struct awsconfig_change *c = e->changes; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return true;
	return false;
}

static const struct awsconfig_entry *next_other(const struct edit *e, const struct awsconfig_tables *t,
						size_t *i)
{
	while (*i < t->entry_count && is_changed(e, t, &t->entries[*i]))
		++*i;
	return *i < t->entry_count ? &t->entries[(*i)++] : NULL;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool others_stay(const struct edit *e, const struct awsconfig_tables *after)
{
	size_t i = 0, j = 0;

	for (;;) {
		const struct awsconfig_entry *a = next_other(e, &e->tables, &i);
		const struct awsconfig_entry *b = next_other(e, after, &j);
		const struct awsconfig_section *s, *t;

		if (!a || !b)
			return a == b;
		s = &e->tables.sections[a->section];
		t = &after->sections[b->section];
		if (s->kind != t->kind || s->plain_default != t->plain_default ||
		    strcmp(s->name, t->name) != 0 || !same_text(a->parent, b->parent) ||
		    strcmp(a->key, b->key) != 0 || strcmp(a->value, b->value) != 0)
			return false;
	}
}

static bool says(const struct edit *e, const struct awsconfig_tables *t,
		 const struct awsconfig_change *c)
{
	bool full_default = has_full_default(t);
	const char *value = NULL;

	for (size_t i = 0; i < t->entry_count; i++) {
		const struct awsconfig_entry *entry = &t->entries[i];

		if (is_profiles(e, &t->sections[entry->section], full_default, c->value != NULL) &&
		    !entry->parent && strcmp(entry->key, c->name) == 0)
			value = entry->value;
	}
	return same_text(value, c->value);
}

static int refuse(const struct edit *e)
{
	return err_set(e->err, ERR_USAGE, "%s cannot be edited for profile \"%.200s\" without changing "
		       "what else it says; edit it by hand", e->path, e->profile);
}

static int check_result(const struct edit *e, const struct buf *out)
{
	struct awsconfig_tables after = { 0 };
	struct buf copy;
	struct err syntax;
	bool good = parse(e->file, e->path, out, &copy, &after, &syntax) == 0 &&
		    others_stay(e, &after);

	for (const struct awsconfig_change *c = e->changes; good && c->name; c++)
		good = says(e, &after, c);
	free(after.sections);
	free(after.entries);
	buf_free(&copy);
	return good ? 0 : refuse(e);
}

/* ---- the whole ----------------------------------------------------------------------- */

enum { CHANGES_MAX = 16 };

static int edit_text(struct edit *e, struct buf *out)
{
	bool done[CHANGES_MAX] = { false };

	if (parse(e->file, e->path, e->in, &e->copy, &e->tables, e->err) < 0 || split_lines(e) < 0)
		return -1;
	e->full_default = has_full_default(&e->tables);
	mark_lines(e);
	find_anchor(e);
	if (e->anchor == e->line_count && !can_be_added(e))
		return refuse(e);
	for (size_t n = 0; e->changes[n].name; n++) {
		if (n == CHANGES_MAX)
			return err_set(e->err, ERR_INTERNAL, "too many changes of %s", e->path);
		done[n] = change(e, &e->changes[n]);
	}
	write_lines(e, done, out);
	if (buf_check(out, e->path, e->err) < 0)
		return -1;
	return check_result(e, out);
}

int awsconfig_edit_text(enum awsconfig_file file, const char *path, const struct buf *in,
			const char *profile, const struct awsconfig_change *changes,
			struct buf *out, struct err *err)
{
	struct edit e = { .file = file, .path = path, .profile = profile, .changes = changes,
			  .in = in, .err = err };
	int rc = edit_text(&e, out);

	free(e.tables.sections);
	free(e.tables.entries);
	free(e.lines);
	buf_free(&e.copy);
	return rc;
}
