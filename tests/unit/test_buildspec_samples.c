/* lib/spec/buildspec*.c over tests/data/buildspecs.txt: as people write them, right and wrong */
#include "lib/base/buf.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/spec/buildspec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct want {
	char rule[64];		/* "" for a good one */
	long line;
	bool found;
	struct buf told;
};

static void judge(void *arg, const struct buildspec_finding *f)
{
	struct want *w = arg;

	if (f->severity == BUILDSPEC_WARNING)
		return;
	buf_addf(&w->told, "%d:%d %s %s\n", f->line, f->column, f->rule, f->message);
	if (strcmp(f->rule, w->rule) == 0 && f->line == w->line)
		w->found = true;
	else
		w->line = -1;
}

/* "=== good NAME" or "=== bad RULE LINE NAME" */
static void heading(const char *line, struct want *w)
{
	char number[16] = "";

	*w = (struct want){ .told = BUF_INIT(65536) };
	if (strncmp(line, "=== bad ", 8) == 0) {
		assert_int_equal(sscanf(line + 8, "%63s %15s", w->rule, number), 2);
		assert_int_equal(opt_number(number, &w->line), 0);
	}
}

static int wrong;	/* samples that were not judged as they should */

static void one(const char *head, const char *text, size_t len)
{
	struct buildspec *spec = NULL;
	struct err err = { 0 };
	struct want w;

	heading(head, &w);
	assert_int_equal(buildspec_parse(text, len, "b", judge, &w, &spec, &err), 0);
	if (*w.rule ? !w.found || w.line < 0 || spec : spec == NULL) {
		print_message("# %.*s\n# %s\n", (int)strcspn(head, "\n"), head, buf_str(&w.told));
		wrong++;
	}
	buildspec_free(spec);
	buf_free(&w.told);
}

static void samples(void **state)
{
	struct buf text = BUF_INIT(1 << 20), path = BUF_INIT(4096), crlf = BUF_INIT(1 << 20);
	struct err err = { 0 };
	const char *at, *next;
	int n = 0;

	(void)state;
	if (!getenv("SOURCE"))
		skip();
	buf_addf(&path, "%s/tests/data/buildspecs.txt", getenv("SOURCE"));
	assert_int_equal(file_read(buf_str(&path), &text, NULL, &err), 0);
	for (at = strstr(buf_str(&text), "\n=== "); at; at = next, n++) {
		const char *body = strchr(at + 1, '\n') + 1;

		next = strstr(body, "\n=== ");
		size_t len = next ? (size_t)(next + 1 - body) : strlen(body);

		one(at + 1, body, len);
		/* Windows' line ends change nothing */
		for (size_t i = 0; i < len; i++)
			buf_adds(&crlf, body[i] == '\n' ? "\r\n" : (char[]){ body[i], '\0' });
		one(at + 1, buf_str(&crlf), crlf.len);
		buf_clear(&crlf);
	}
	assert_true(n >= 100);
	assert_int_equal(wrong, 0);
	buf_free(&text);
	buf_free(&path);
	buf_free(&crlf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
