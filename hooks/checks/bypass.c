#include "bypass.h"
#include "bypass_log.h"
#include "check_redact.h"
#include "check_rules.h"
#include "lib/base/clock.h"
#include "lib/base/utf8.h"
#include "lib/spec/json.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 18, REFS_MAX = 1000 };

/* Without the user and password that a URL may hold. */
static void bare_url(const char *url, struct buf *out)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	const char *at = scheme ? memrchr(host, '@', strcspn(host, "/")) : NULL;

	buf_add(out, url, (size_t)(host - url));
	buf_adds(out, at ? at + 1 : host);
}

/* Text that a person or a repository gave: it may hold a secret, in any encoding. */
static int set_text(struct check_run *run, cJSON *o, const char *name, const char *text)
{
	struct buf redacted = BUF_INIT(TEXT_MAX), utf8 = BUF_INIT(TEXT_MAX);
	struct err ignored;
	int rc = check_redact(run, text, &redacted, &ignored);

	if (rc == 0 && (utf8_add(&utf8, buf_str(&redacted)) < 0 ||
			json_set_string(o, name, buf_str(&utf8)) < 0))
		rc = -1;
	buf_free(&redacted);
	buf_free(&utf8);
	return rc;
}

static cJSON *append_to(cJSON *list)
{
	cJSON *o = cJSON_CreateObject();

	if (o && cJSON_AddItemToArray(list, o))
		return o;
	cJSON_Delete(o);
	return NULL;
}

/* What is pushed where: a push that was not checked has no findings to name. */
static int refs(struct check_run *run, cJSON *entry)
{
	cJSON *list = cJSON_AddArrayToObject(entry, "refs");

	for (size_t i = 0; list && i < run->range.n_refs && i < REFS_MAX; i++) {
		const struct range_ref *r = &run->range.refs[i];
		cJSON *o = append_to(list);

		if (!o || set_text(run, o, "ref", r->remote_name) < 0 ||
		    json_set_string(o, "new", git_oid_tostr_s(&r->local)) < 0 ||
		    json_set_string(o, "old", git_oid_tostr_s(&r->remote)) < 0)
			return -1;
	}
	return list ? 0 : -1;
}

static int findings(struct check_run *run, cJSON *entry)
{
	const struct report *report = run->report;
	cJSON *list = cJSON_AddArrayToObject(entry, "findings");

	for (size_t i = 0; list && i < report->n; i++) {
		const struct report_finding *f = &report->v[i];
		cJSON *o = append_to(list);

		if (!o || json_set_string(o, "rule", f->rule) < 0 ||
		    json_set_string(o, "severity", f->warning ? "warning" : "error") < 0 ||
		    (f->commit && json_set_string(o, "commit", f->commit) < 0) ||
		    (f->file && set_text(run, o, "file", f->file) < 0) ||
		    (f->line && json_set_integer(o, "line", f->line) < 0) ||
		    (f->allow && json_set_string(o, "sha256", f->allow) < 0))
			return -1;
	}
	return list ? 0 : -1;
}

static int make_entry(struct check_run *run, const char *url, const char *reason,
		      const struct err *fault, struct buf *out, struct err *err)
{
	cJSON *entry = cJSON_CreateObject();
	struct buf bare = BUF_INIT(8192);
	char when[CLOCK_EXTENDED_LEN];
	int rc = -1;

	clock_extended(clock_now(), when);
	bare_url(url, &bare);
	if (entry && json_set_string(entry, "time", when) == 0 &&
	    set_text(run, entry, "reason", reason) == 0 &&
	    set_text(run, entry, "url", buf_str(&bare)) == 0 &&
	    json_set_integer(entry, "uid", (int64_t)getuid()) == 0 &&
	    (!fault || set_text(run, entry, "fault", fault->message) == 0) &&
	    refs(run, entry) == 0 && findings(run, entry) == 0)
		rc = json_print(entry, false, out, err);
	else
		err_set(err, ERR_INTERNAL, "no memory for the record");
	buf_addc(out, '\n');
	json_free(entry);
	buf_free(&bare);
	return rc < 0 ? -1 : buf_check(out, "the record", err);
}

static void tell(const struct check_run *run, const struct err *fault,
		 const struct bypass_log *log)
{
	struct buf summary = BUF_INIT(256);

	report_summary(run->report, &summary);
	fprintf(stderr, "codetrain: let through: %s (%s)\n", buf_str(&summary),
		fault ? "the checks did not end" : "named above");
	for (int i = 0; i < log->n; i++)
		fprintf(stderr, "codetrain: the reason is kept in %s\n", log->files[i].path);
	buf_free(&summary);
}

int bypass(struct check_run *run, const char *url, const char *reason, const struct err *fault,
	   struct err *err)
{
	struct buf line = BUF_INIT(8 << 20);
	char given[BYPASS_REASON_MAX + 1];
	struct bypass_log log = { 0 };
	int rc = -1;

	snprintf(given, sizeof(given), "%s", reason);
	if (strspn(reason, " \t0123456789") == strlen(reason)) {
		err_set(err, ERR_USAGE, "%s wants the reason in words: %s='tests use a dummy key' "
			"git push", BYPASS_VARIABLE, BYPASS_VARIABLE);
	} else if ((run->rules || scan_rules_open(&run->rules, NULL, NULL, err) == 0) &&
		   make_entry(run, url, given, fault, &line, err) == 0) {
		rc = bypass_log_open(&log, run->repo, buf_str(&run->policy.bypass_log), err);
		if (rc == 0)
			rc = bypass_log_append(&log, line.data, line.len, err);
	}
	if (rc == 0)
		tell(run, fault, &log);
	bypass_log_close(&log);
	buf_free(&line);
	return rc;
}
