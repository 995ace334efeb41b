/*
 * What the checks found, and how it is told: to people, and as JSON.
 */
#ifndef CODETRAIN_REPORT_H
#define CODETRAIN_REPORT_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define REPORT_MAX 10000	/* findings kept; the rest is counted */

/* One finding. NULL or 0 is what does not apply. Strings are borrowed when it
 * is added and owned by the report afterwards. None holds a secret. */
struct report_finding {
	const char *check;	/* "secrets" */
	const char *rule;	/* "aws-access-key-id" */
	bool warning;		/* does not refuse */
	const char *message;
	const char *fix;	/* commands, one a line */
	const char *commit;	/* hex */
	const char *subject;	/* of the commit */
	const char *file;
	const char *pointer;	/* JSON pointer */
	const char *rotate;	/* where a leaked value is made useless */
	const char *help;	/* what the rule is about; NULL: the message says it */
	const char *allow;	/* SHA-256 with which the value can be allowed */
	int line, column;
	size_t order;		/* see report_sort */
};

struct report {
	struct report_finding *v;
	size_t n;
	size_t errors, warnings;	/* all, also those that are not kept */
	size_t refs, commits, files, missing;
	unsigned long long bytes;
};

int report_add(struct report *report, const struct report_finding *finding, struct err *err);

/* Puts the findings from the n-th on in the order of their numbers, then lines. */
void report_sort(struct report *report, size_t n);

/* For people, at most 80 columns where words allow. */
void report_text(const struct report *report, FILE *f);

/* {"findings":[...],"summary":{...}} and a newline. */
int report_json(const struct report *report, FILE *f, struct err *err);

/* "2 errors and 1 warning in 3 commits, 5 files". */
void report_summary(const struct report *report, struct buf *out);

/* The formats of --format. NULL: there is none of this name. */
typedef int report_fn(const struct report *report, FILE *f, struct err *err);
report_fn *report_format(const char *name);

void report_free(struct report *report);

#endif
