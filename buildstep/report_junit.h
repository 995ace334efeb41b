/*
 * A JUnit XML report of one submission, as CodeBuild's report groups read it.
 */
#ifndef CODETRAIN_REPORT_JUNIT_H
#define CODETRAIN_REPORT_JUNIT_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/spec/json.h"

#include <stdint.h>

struct report_junit {
	const char *name;	/* the job, or the spec when there is none yet */
	int64_t started;	/* seconds since 1970 UTC */
	double seconds;
	const struct err *outcome;	/* ERR_NONE: passed; ERR_NO, ERR_STOPPED: failed; others: error */
	const cJSON *result;	/* the object of --json: properties and metrics; may be NULL */
	const char *commit;	/* "" when not known */
};

int report_junit_make(const struct report_junit *r, struct buf *out, struct err *err);

/* Makes and writes the file, and the folders that it is in. */
int report_junit_write(const struct report_junit *r, const char *path, struct err *err);

#endif
