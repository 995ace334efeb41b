#include "report.h"
#include "lib/base/buf.h"
#include "lib/base/term.h"

#include <stdlib.h>
#include <string.h>

enum { INDENT = 10 };

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
	struct buf where = BUF_INIT(1 << 17);

	if (x->file) {
		buf_adds(&where, x->file);
		report_place(x, &where);
	}
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

/* Findings by value, file and rule, then in their order: later versions of a file
 * have the same value again. */
struct order {
	size_t *v;	/* indices of findings, group by group */
	size_t *at;	/* where a finding stands in v */
	size_t *first;	/* the first finding of its group */
};

static int compare(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int same_value(const struct report_finding *a, const struct report_finding *b)
{
	int rc = compare(a->allow, b->allow);

	if (rc == 0)
		rc = compare(a->file, b->file);
	return rc ? rc : compare(a->rule, b->rule);
}

static int by_value(const void *a, const void *b, void *arg)
{
	const struct report *r = arg;
	const size_t *x = a, *y = b;
	int rc = same_value(&r->v[*x], &r->v[*y]);

	return rc ? rc : (*x > *y) - (*x < *y);
}

static int order_findings(const struct report *r, struct order *o)
{
	o->v = calloc(r->n + 1, sizeof(*o->v));
	o->at = calloc(r->n + 1, sizeof(*o->at));
	o->first = calloc(r->n + 1, sizeof(*o->first));
	if (!o->v || !o->at || !o->first)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		o->v[i] = i;
	qsort_r(o->v, r->n, sizeof(*o->v), by_value, (void *)r);
	for (size_t i = 0; i < r->n; i++) {
		size_t x = o->v[i], before = i ? o->v[i - 1] : x;

		o->at[x] = i;
		o->first[x] = same_value(&r->v[before], &r->v[x]) == 0 ? o->first[before] : x;
		if (i == 0)
			o->first[x] = x;
	}
	return 0;
}

/* The same value in the same file of another commit. */
static bool repeats(const struct report_finding *a, const struct report_finding *b)
{
	return a->allow && a->file && a->commit && b->commit && same_value(a, b) == 0 &&
	       strcmp(a->commit, b->commit) != 0;
}

/* Told with the first one of its kind. */
static bool told(const struct report *r, const struct order *o, size_t i)
{
	return o->first[i] != i && repeats(&r->v[o->first[i]], &r->v[i]);
}

static void put_later(FILE *f, const struct report *r, const struct order *o, size_t i)
{
	struct buf later = BUF_INIT(1024);
	const char *last = NULL;
	size_t n = 0;

	for (size_t k = o->at[i] + 1; k < r->n; k++) {
		const struct report_finding *x = &r->v[o->v[k]];

		if (same_value(x, &r->v[i]) != 0)
			break;
		if (!repeats(x, &r->v[i]) || (last && strcmp(last, x->commit) == 0))
			continue;
		last = x->commit;
		if (n++ < 4)
			buf_addf(&later, "%s%.12s", later.len ? ", " : "", x->commit);
	}
	if (n > 4)
		buf_addf(&later, " and %zu more", n - 4);
	if (n)
		put_row(f, "also in", buf_str(&later));
	buf_free(&later);
}

/* One visit to a commit mends all that is in it. */
static void put_mend(FILE *f, const struct report_finding *x, const char **before)
{
	if (*before && strchr(x->fix, '\n') && strcmp(*before, x->fix) == 0)
		put_row(f, "mend", "as above");
	else
		put_commands(f, x->fix);
	*before = x->fix;
}

static void put_finding(FILE *f, const struct report *r, const struct order *o, size_t i,
			const char **before)
{
	const struct report_finding *x = &r->v[i];
	struct buf head = BUF_INIT(1 << 17);

	fprintf(f, "%s%s:%s ", term_style(f, x->warning ? TERM_YELLOW : TERM_RED),
		x->warning ? "warning" : "error", term_style(f, TERM_PLAIN));
	buf_addf(&head, "%s [%s]", x->message, x->rule);
	term_folded(f, buf_str(&head), x->warning ? 9 : 7);
	put_place(f, x);
	put_later(f, r, o, i);
	if (x->fix)
		put_mend(f, x, before);
	if (x->rotate)
		put_row(f, "rotate", x->rotate);
	if (x->allow) {
		put_row(f, "allow", "if it is no secret, commit this to .codetrain:");
		fprintf(f, "    [codetrain \"allow\"]\n    sha256 = %s\n", x->allow);
	}
	fputc('\n', f);
	buf_free(&head);
}

int report_text(const struct report *r, FILE *f, struct err *err)
{
	struct order o = { 0 };
	const char *before = NULL;
	int rc = order_findings(r, &o);

	for (size_t i = 0; i < r->n && rc == 0; i++)
		if (!told(r, &o, i))
			put_finding(f, r, &o, i, &before);
	if (r->errors + r->warnings > r->n)
		fprintf(f, "and %zu more\n\n", r->errors + r->warnings - r->n);
	free(o.v);
	free(o.at);
	free(o.first);
	return rc < 0 ? err_set(err, ERR_INTERNAL, "no memory for the report") : 0;
}
