#include "report.h"
#include "lib/base/buf.h"
#include "lib/base/utf8.h"

#include <string.h>

enum { TEXT_MAX = 1 << 18 };

/* Text or an attribute. What XML 1.0 has no way to write (section 2.2) becomes U+FFFD. */
static void put(FILE *f, const char *s, bool in_attribute)
{
	static const char entities[] = "&<>\"";
	static const char *const names[] = { "&amp;", "&lt;", "&gt;", "&quot;" };

	while (*s) {
		size_t n = utf8_length(s);
		const char *entity = strchr(entities, *s);
		bool control = (unsigned char)*s < ' ';

		if (entity)
			fputs(names[entity - entities], f);
		else if (!in_attribute && *s == '\n')
			fputc('\n', f);
		else if (control && strchr("\t\n\r", *s))
			fprintf(f, "&#%d;", *s);
		else if (n == 0 || control || strncmp(s, "\xef\xbf\xbe", 3) == 0 ||
			 strncmp(s, "\xef\xbf\xbf", 3) == 0)
			fputs("\xef\xbf\xbd", f);
		else
			fwrite(s, 1, n, f);
		s += n ? n : 1;
	}
}

static void attribute(FILE *f, const char *name, const char *value)
{
	fprintf(f, " %s=\"", name);
	put(f, value, true);
	fputc('"', f);
}

static void counts(FILE *f, size_t tests, size_t failures, size_t errors)
{
	fprintf(f, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\" time=\"0\">\n", tests,
		failures, errors);
}

static void begin_case(FILE *f, const char *check, const char *name)
{
	fputs("    <testcase", f);
	attribute(f, "classname", check);
	attribute(f, "name", name);
	fputs(" time=\"0\"", f);
}

/* Where, and how it is mended. */
static void details(const struct report_finding *x, struct buf *out)
{
	if (x->commit)
		buf_addf(out, "commit %.12s %s\n", x->commit, x->subject ? x->subject : "");
	if (x->pointer && *x->pointer)
		buf_addf(out, "at %s\n", x->pointer);
	if (x->fix)
		buf_addf(out, "%s\n", x->fix);
	if (x->rotate)
		buf_addf(out, "rotate: %s\n", x->rotate);
	if (x->allow)
		buf_addf(out, "if it is no secret, commit this to .codetrain:\n"
			 "[codetrain \"allow\"]\n\tsha256 = %s\n", x->allow);
}

static void put_finding(FILE *f, const struct report_finding *x)
{
	struct buf name = BUF_INIT(TEXT_MAX), text = BUF_INIT(TEXT_MAX);

	buf_addf(&name, "%s in %s", x->rule, x->file && *x->file ? x->file : x->check);
	report_place(x, &name);
	if (x->commit)
		buf_addf(&name, " of %.12s", x->commit);
	details(x, &text);
	begin_case(f, x->check, buf_str(&name));
	if (x->warning) {
		fputs(">\n      <system-out>warning: ", f);
		put(f, x->message, false);
		fputs("\n", f);
		put(f, buf_str(&text), false);
		fputs("</system-out>\n    </testcase>\n", f);
	} else {
		fputs(">\n      <failure", f);
		attribute(f, "type", x->rule);
		attribute(f, "message", x->message);
		fputs(">", f);
		put(f, buf_str(&text), false);
		fputs("</failure>\n    </testcase>\n", f);
	}
	buf_free(&name);
	buf_free(&text);
}

static void put_suite(FILE *f, const struct report *r, const char *check)
{
	size_t n = 0, failures = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->v[i].check, check) != 0)
			continue;
		n++;
		failures += !r->v[i].warning;
	}
	fputs("  <testsuite", f);
	attribute(f, "name", check);
	counts(f, n ? n : 1, failures, 0);
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].check, check) == 0)
			put_finding(f, &r->v[i]);
	if (n == 0) {
		begin_case(f, check, "nothing found");
		fputs("/>\n", f);
	}
	fputs("  </testsuite>\n", f);
}

static void put_fault(FILE *f, const char *fault)
{
	fputs("  <testsuite name=\"codetrain\"", f);
	counts(f, 1, 0, 1);
	begin_case(f, "codetrain", "the checks end");
	fputs(">\n      <error", f);
	attribute(f, "message", fault);
	fputs("/>\n    </testcase>\n  </testsuite>\n", f);
}

static bool has(const struct report *r, const char *check)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].check, check) == 0)
			return true;
	return false;
}

static size_t cases(const struct report *r)
{
	size_t n = r->n + !!r->fault;

	for (size_t c = 0; r->checks[c] && !r->fault; c++)
		n += !has(r, r->checks[c]);
	return n;
}

int report_junit(const struct report *r, FILE *f, struct err *err)
{
	size_t failures = 0;

	(void)err;
	for (size_t i = 0; i < r->n; i++)
		failures += !r->v[i].warning;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"codetrain check\"", f);
	counts(f, cases(r), failures, !!r->fault);
	/* what did not end has not passed */
	for (size_t c = 0; r->checks[c]; c++)
		if (!r->fault || has(r, r->checks[c]))
			put_suite(f, r, r->checks[c]);
	if (r->fault)
		put_fault(f, r->fault);
	fputs("</testsuites>\n", f);
	return 0;
}
