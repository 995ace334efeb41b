/*
 * What the checks found, and how it is told: to people, to programs and to CI.
 */
#ifndef CODETRAIN_REPORT_H
#define CODETRAIN_REPORT_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define REPORT_MAX 10000	/* findings kept; the rest is counted */
#define REPORT_CHECKS_MAX 16

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
	const char *checks[REPORT_CHECKS_MAX];	/* the types that were run; ends with NULL */
	const char *fault;	/* why the checks did not end; borrowed */
};

/* 0, or -1 when there is no memory. */
typedef int report_fn(const struct report *report, FILE *f, struct err *err);

int report_add(struct report *report, const struct report_finding *finding, struct err *err);

/* Puts the findings from the n-th on in the order of their numbers, then lines. Of a value that
 * a file has under several numbers (a file's versions) the first stays: it came in there. */
void report_sort(struct report *report, size_t n);

/* For people, at most 80 columns where words allow. */
report_fn report_text;

/* {"findings":[...],"summary":{...}} and a newline. */
report_fn report_json;

/* SARIF 2.1.0 (OASIS), one run. */
report_fn report_sarif;

/* JUnit's XML, a suite for each of report->checks; what was found are its failures, and
 * without any it has one case, which passed. */
report_fn report_junit;

/* ":LINE:COLUMN", as much of it as is known. */
void report_place(const struct report_finding *finding, struct buf *out);

/* "2 errors and 1 warning in 3 commits, 5 files". */
void report_summary(const struct report *report, struct buf *out);

/* The formats of --format. NULL: there is none of this name. `shows_faults` (may be NULL):
 * it can say that the checks did not end (report->fault). */
report_fn *report_format(const char *name, bool *shows_faults);

void report_free(struct report *report);

#endif
