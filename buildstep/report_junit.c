#include "report_junit.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <string.h>

enum { REPORT_MAX = 1 << 20 };

static void text(struct buf *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		switch (c) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		default:
			/* XML 1.0 has no other control characters */
			buf_addc(out, c < 0x20 && c != '\n' && c != '\t' ? '?' : (char)c);
		}
	}
}

static void attribute(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, " %s=\"", name);
	text(out, value);
	buf_addc(out, '"');
}

static void property(struct buf *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	buf_adds(out, "      <property");
	attribute(out, "name", name);
	attribute(out, "value", value);
	buf_adds(out, "/>\n");
}

static void properties(struct buf *out, const struct report_junit *r)
{
	static const char *const names[] = { "job", "arn", "status", "artifact", "image",
					     "digest", "account", "region" };

	buf_adds(out, "    <properties>\n");
	property(out, "commit", r->commit);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		property(out, names[i], json_string(r->result, names[i], ""));
	buf_adds(out, "    </properties>\n");
}

static void outcome(struct buf *out, const struct report_junit *r)
{
	static const char *const types[] = {
		[ERR_NO] = "Failed",	      [ERR_USAGE] = "InvalidInput",
		[ERR_STOPPED] = "Stopped",    [ERR_TIMEOUT] = "TimedOut",
		[ERR_CONFLICT] = "Conflict",  [ERR_ACCESS] = "AccessDenied",
		[ERR_UNAVAILABLE] = "Unavailable",
	};
	enum err_class class = r->outcome->class;
	bool failed = class == ERR_NO || class == ERR_STOPPED;

	if (class == ERR_NONE)
		return;
	buf_addf(out, "      <%s", failed ? "failure" : "error");
	attribute(out, "type", class <= ERR_UNAVAILABLE && types[class] ? types[class] : "Internal");
	attribute(out, "message", r->outcome->message);
	buf_adds(out, "/>\n");
}

static void metrics(struct buf *out, const struct report_junit *r)
{
	const cJSON *m = json_get(r->result, "metrics"), *c;

	if (!m || !m->child)
		return;
	buf_adds(out, "      <system-out>");
	cJSON_ArrayForEach(c, m) {
		text(out, c->string);
		buf_addf(out, "=%.9g\n", c->valuedouble);
	}
	buf_adds(out, "</system-out>\n");
}

int report_junit_make(const struct report_junit *r, struct buf *out, struct err *err)
{
	enum err_class class = r->outcome->class;
	bool failed = class == ERR_NO || class == ERR_STOPPED;
	char when[CLOCK_EXTENDED_LEN], counts[160];

	clock_extended(r->started, when);
	when[19] = '\0';	/* JUnit's schema has no zone */
	snprintf(counts, sizeof(counts), " tests=\"1\" failures=\"%d\" errors=\"%d\" skipped=\"0\""
		 " time=\"%.3f\"", failed, class != ERR_NONE && !failed, r->seconds);
	buf_addf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites%s>\n"
		      "  <testsuite name=\"codetrain submit\"%s timestamp=\"%s\">\n",
		 counts, counts, when);
	properties(out, r);
	buf_adds(out, "    <testcase classname=\"codetrain.training\"");
	attribute(out, "name", r->name);
	buf_addf(out, " time=\"%.3f\">\n", r->seconds);
	outcome(out, r);
	metrics(out, r);
	buf_adds(out, "    </testcase>\n  </testsuite>\n</testsuites>\n");
	return buf_check(out, "the JUnit report", err);
}

int report_junit_write(const struct report_junit *r, const char *path, struct err *err)
{
	struct buf out = BUF_INIT(REPORT_MAX);
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX_BYTES];
	int result = -1;

	if (slash && slash > path) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		if (file_make_dirs(folder, 0777, err) < 0)
			goto out;
	}
	if (report_junit_make(r, &out, err) == 0)
		result = file_replace(path, out.data, out.len, 0644, err);
out:
	buf_free(&out);
	return result;
}
