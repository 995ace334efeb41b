#include "report.h"
#include "lib/base/term.h"
#include "lib/spec/json.h"

#include <stdlib.h>
#include <string.h>

enum { INDENT = 10 };

/* The strings of a finding, to copy and to free. */
static const size_t strings[] = {
	offsetof(struct report_finding, check),	  offsetof(struct report_finding, rule),
	offsetof(struct report_finding, message), offsetof(struct report_finding, fix),
	offsetof(struct report_finding, commit),  offsetof(struct report_finding, subject),
	offsetof(struct report_finding, file),	  offsetof(struct report_finding, pointer),
	offsetof(struct report_finding, rotate),  offsetof(struct report_finding, allow),
	offsetof(struct report_finding, help),
};

enum { STRINGS = sizeof(strings) / sizeof(*strings) };

static const char **string_of(struct report_finding *f, size_t i)
{
	return (const char **)((char *)f + strings[i]);
}

static void finding_free(struct report_finding *f)
{
	for (size_t i = 0; i < STRINGS; i++)
		free((char *)*string_of(f, i));
}

int report_add(struct report *report, const struct report_finding *finding, struct err *err)
{
	struct report_finding *v, f = *finding;
	bool failed = false;

	report->errors += !f.warning;
	report->warnings += f.warning;
	if (report->n >= REPORT_MAX)
		return 0;
	v = realloc(report->v, (report->n + 1) * sizeof(*v));
	if (!v)
		return err_set(err, ERR_INTERNAL, "no memory for a finding");
	report->v = v;
	for (size_t i = 0; i < STRINGS; i++) {
		const char **s = string_of(&f, i);

		if (!*s)
			continue;
		*s = strdup(*s);
		failed |= !*s;
	}
	if (failed) {
		finding_free(&f);
		return err_set(err, ERR_INTERNAL, "no memory for a finding");
	}
	report->v[report->n++] = f;
	return 0;
}

static int by_order(const void *a, const void *b)
{
	const struct report_finding *x = a, *y = b;

	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

void report_sort(struct report *report, size_t n)
{
	if (report->n > n)
		qsort(report->v + n, report->n - n, sizeof(*report->v), by_order);
}

void report_free(struct report *report)
{
	for (size_t i = 0; i < report->n; i++)
		finding_free(&report->v[i]);
	free(report->v);
	*report = (struct report){ 0 };
}

static void count(struct buf *out, size_t n, const char *one, const char *many)
{
	buf_addf(out, "%zu %s", n, n == 1 ? one : many);
}

void report_summary(const struct report *r, struct buf *out)
{
	if (r->errors == 0 && r->warnings == 0)
		buf_adds(out, "nothing found");
	if (r->errors)
		count(out, r->errors, "error", "errors");
	if (r->errors && r->warnings)
		buf_adds(out, " and ");
	if (r->warnings)
		count(out, r->warnings, "warning", "warnings");
	buf_adds(out, " in ");
	if (r->commits) {
		count(out, r->commits, "commit", "commits");
		buf_adds(out, ", ");
	}
	count(out, r->files, "file", "files");
}

static void put_row(FILE *f, const char *label, const char *text)
{
	fprintf(f, "  %s%-*s%s", term_style(f, TERM_DIM), INDENT - 2, label,
		term_style(f, TERM_PLAIN));
	term_folded(f, text, INDENT);
}

/* Commands are kept as they are, a line each. */
static void put_commands(FILE *f, const char *lines)
{
	const char *label = "mend";

	while (*lines) {
		size_t n = strcspn(lines, "\n");

		fprintf(f, "  %s%-*s%s", term_style(f, TERM_DIM), INDENT - 2, label,
			term_style(f, TERM_PLAIN));
		term_safe(f, lines, n);
		fputc('\n', f);
		label = "";
		lines += n + (lines[n] == '\n');
	}
}

static void put_place(FILE *f, const struct report_finding *x)
{
	struct buf where = BUF_INIT(8192);

	if (x->file && x->line)
		buf_addf(&where, "%s:%d:%d", x->file, x->line, x->column);
	else if (x->file)
		buf_adds(&where, x->file);
	if (x->pointer && *x->pointer)
		buf_addf(&where, " (%s)", x->pointer);
	if (where.len)
		put_row(f, "where", buf_str(&where));
	buf_clear(&where);
	if (x->commit) {
		buf_addf(&where, "%.12s %.120s", x->commit, x->subject ? x->subject : "");
		put_row(f, "commit", buf_str(&where));
	}
	buf_free(&where);
}

/* The same value in the same file again: a later version of the file. */
static bool repeats(const struct report_finding *a, const struct report_finding *b)
{
	return a->allow && b->allow && a->file && b->file && a->commit && b->commit &&
	       strcmp(a->allow, b->allow) == 0 && strcmp(a->file, b->file) == 0 &&
	       strcmp(a->rule, b->rule) == 0 && strcmp(a->commit, b->commit) != 0;
}

static bool told(const struct report *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (repeats(&r->v[k], &r->v[i]))
			return true;
	return false;
}

static void put_later(FILE *f, const struct report *r, size_t i)
{
	struct buf later = BUF_INIT(1024);
	size_t n = 0;

	for (size_t k = i + 1; k < r->n; k++) {
		if (!repeats(&r->v[i], &r->v[k]))
			continue;
		if (n++ < 4)
			buf_addf(&later, "%s%.12s", later.len ? ", " : "", r->v[k].commit);
	}
	if (n > 4)
		buf_addf(&later, " and %zu more", n - 4);
	if (n)
		put_row(f, "also in", buf_str(&later));
	buf_free(&later);
}

/* One visit to a commit mends all that is in it. */
static bool as_before(const struct report *r, size_t i)
{
	const struct report_finding *x = &r->v[i], *before = i ? &r->v[i - 1] : NULL;

	return before && before->fix && strcmp(before->fix, x->fix) == 0 && strchr(x->fix, '\n');
}

static void put_finding(FILE *f, const struct report *r, size_t i)
{
	const struct report_finding *x = &r->v[i];
	struct buf head = BUF_INIT(8192);

	fprintf(f, "%s%s:%s ", term_style(f, x->warning ? TERM_YELLOW : TERM_RED),
		x->warning ? "warning" : "error", term_style(f, TERM_PLAIN));
	buf_addf(&head, "%s [%s]", x->message, x->rule);
	term_folded(f, buf_str(&head), x->warning ? 9 : 7);
	put_place(f, x);
	put_later(f, r, i);
	if (x->fix && as_before(r, i))
		put_row(f, "mend", "as above");
	else if (x->fix)
		put_commands(f, x->fix);
	if (x->rotate)
		put_row(f, "rotate", x->rotate);
	if (x->allow) {
		put_row(f, "allow", "if it is no secret, commit this to .codetrain:");
		fprintf(f, "    [codetrain \"allow\"]\n    sha256 = %s\n", x->allow);
	}
	fputc('\n', f);
	buf_free(&head);
}

void report_text(const struct report *r, FILE *f)
{
	for (size_t i = 0; i < r->n; i++)
		if (!told(r, i))
			put_finding(f, r, i);
	if (r->errors + r->warnings > r->n)
		fprintf(f, "and %zu more\n\n", r->errors + r->warnings - r->n);
}

static int add_member(cJSON *object, const char *name, const char *value)
{
	return !value || cJSON_AddStringToObject(object, name, value) ? 0 : -1;
}

static int json_finding(cJSON *list, const struct report_finding *x)
{
	cJSON *o = cJSON_CreateObject();
	struct buf message = BUF_INIT(16384), fix = BUF_INIT(65536);
	int rc = 0;

	if (!o || !cJSON_AddItemToArray(list, o)) {
		cJSON_Delete(o);
		return -1;
	}
	buf_adds(&message, x->message);
	if (x->allow)
		buf_addf(&message, "; if it is no secret, commit to .codetrain: "
				   "[codetrain \"allow\"] sha256 = %s", x->allow);
	rc |= add_member(o, "check", x->check);
	rc |= add_member(o, "rule", x->rule);
	rc |= add_member(o, "severity", x->warning ? "warning" : "error");
	rc |= add_member(o, "message", buf_str(&message));
	buf_adds(&fix, x->fix ? x->fix : "");
	if (x->rotate)
		buf_addf(&fix, "%s# rotate it: %s", fix.len ? "\n" : "", x->rotate);
	rc |= add_member(o, "fix", fix.len ? buf_str(&fix) : NULL);
	rc |= add_member(o, "commit", x->commit);
	rc |= add_member(o, "file", x->file);
	if (x->line) {
		rc |= cJSON_AddNumberToObject(o, "line", x->line) ? 0 : -1;
		rc |= cJSON_AddNumberToObject(o, "column", x->column) ? 0 : -1;
	}
	rc |= add_member(o, "pointer", x->pointer);
	buf_free(&message);
	buf_free(&fix);
	return rc;
}

static int json_summary(cJSON *o, const struct report *r)
{
	const struct {
		const char *name;
		double value;
	} members[] = {
		{ "errors", (double)r->errors },   { "warnings", (double)r->warnings },
		{ "refs", (double)r->refs },	   { "commits", (double)r->commits },
		{ "blobs", (double)r->files },	   { "bytes", (double)r->bytes },
		{ "missing", (double)r->missing },
	};

	for (size_t i = 0; o && i < sizeof(members) / sizeof(*members); i++)
		if (!cJSON_AddNumberToObject(o, members[i].name, members[i].value))
			return -1;
	return o ? 0 : -1;
}

int report_json(const struct report *r, FILE *f, struct err *err)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *list = root ? cJSON_AddArrayToObject(root, "findings") : NULL;
	char *text = NULL;
	int rc = list ? 0 : -1;

	for (size_t i = 0; i < r->n && rc == 0; i++)
		rc = json_finding(list, &r->v[i]);
	if (rc == 0)
		rc = json_summary(cJSON_AddObjectToObject(root, "summary"), r);
	if (rc == 0)
		text = cJSON_PrintUnformatted(root);
	if (text)
		fprintf(f, "%s\n", text);
	rc = text ? 0 : err_set(err, ERR_INTERNAL, "no memory for the report");
	cJSON_free(text);
	cJSON_Delete(root);
	return rc;
}

static int text(const struct report *r, FILE *f, struct err *err)
{
	(void)err;
	report_text(r, f);
	return 0;
}

report_fn *report_format(const char *name)
{
	static const struct {
		const char *name;
		report_fn *fn;
	} formats[] = { { "text", text }, { "json", report_json } };

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strcmp(formats[i].name, name) == 0)
			return formats[i].fn;
	return NULL;
}
