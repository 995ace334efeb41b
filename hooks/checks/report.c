#include "report.h"

#include <stdlib.h>
#include <string.h>

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

static int by_value(const void *a, const void *b)
{
	const struct report_finding *x = *(const struct report_finding *const *)a;
	const struct report_finding *y = *(const struct report_finding *const *)b;
	int c = strcmp(x->allow, y->allow);

	if (c == 0)
		c = strcmp(x->file, y->file);
	if (c == 0)
		c = x->warning - y->warning;
	return c ? c : by_order(x, y);
}

static bool again(const struct report_finding *f, const struct report_finding *first)
{
	return f->order != first->order && f->warning == first->warning &&
	       strcmp(f->allow, first->allow) == 0 && strcmp(f->file, first->file) == 0;
}

/* A value that a file has in many commits came in with one. */
static void drop_later(struct report *report, size_t n)
{
	struct report_finding **values = calloc(report->n - n + 1, sizeof(*values));
	const struct report_finding *first;
	size_t n_values = 0, kept = n;

	if (!values)
		return;		/* then all are told */
	for (size_t i = n; i < report->n; i++)
		if (report->v[i].allow && report->v[i].file)
			values[n_values++] = &report->v[i];
	qsort(values, n_values, sizeof(*values), by_value);
	first = n_values ? values[0] : NULL;
	for (size_t i = 1; i < n_values; i++) {
		if (!again(values[i], first)) {
			first = values[i];
			continue;
		}
		report->errors -= !values[i]->warning;
		report->warnings -= values[i]->warning;
		finding_free(values[i]);
		values[i]->check = NULL;
	}
	free(values);
	for (size_t i = n; i < report->n; i++)
		if (report->v[i].check)
			report->v[kept++] = report->v[i];
	report->n = kept;
}

void report_sort(struct report *report, size_t n)
{
	if (report->n <= n)
		return;
	drop_later(report, n);
	qsort(report->v + n, report->n - n, sizeof(*report->v), by_order);
}

void report_free(struct report *report)
{
	for (size_t i = 0; i < report->n; i++)
		finding_free(&report->v[i]);
	free(report->v);
	*report = (struct report){ 0 };
}

void report_place(const struct report_finding *x, struct buf *out)
{
	if (x->line)
		buf_addf(out, ":%d", x->line);
	if (x->line && x->column)
		buf_addf(out, ":%d", x->column);
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

report_fn *report_format(const char *name, bool *shows_faults)
{
	static const struct {
		const char *name;
		report_fn *fn;
		bool shows_faults;
	} formats[] = {
		{ "text", report_text, false },	 { "json", report_json, false },
		{ "sarif", report_sarif, true }, { "junit", report_junit, true },
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (strcmp(formats[i].name, name) != 0)
			continue;
		if (shows_faults)
			*shows_faults = formats[i].shows_faults;
		return formats[i].fn;
	}
	return NULL;
}
