#include "bypass.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/spec/json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Without the user and password that a URL may hold. */
static void bare_url(const char *url, struct buf *out)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	const char *at = scheme ? memrchr(host, '@', strcspn(host, "/")) : NULL;

	buf_add(out, url, (size_t)(host - url));
	buf_adds(out, at ? at + 1 : host);
}

static int findings(cJSON *entry, const struct report *report)
{
	cJSON *list = cJSON_AddArrayToObject(entry, "findings");

	for (size_t i = 0; list && i < report->n; i++) {
		const struct report_finding *f = &report->v[i];
		cJSON *o = cJSON_CreateObject();

		if (!o || !cJSON_AddItemToArray(list, o)) {
			cJSON_Delete(o);
			return -1;
		}
		if (json_set_string(o, "rule", f->rule) < 0 ||
		    (f->commit && json_set_string(o, "commit", f->commit) < 0) ||
		    (f->file && json_set_string(o, "file", f->file) < 0) ||
		    (f->line && json_set_integer(o, "line", f->line) < 0) ||
		    (f->allow && json_set_string(o, "sha256", f->allow) < 0))
			return -1;
	}
	return list ? 0 : -1;
}

static int make_entry(const char *url, const char *reason, const struct report *report,
		      const struct err *fault, struct buf *out, struct err *err)
{
	cJSON *entry = cJSON_CreateObject();
	struct buf bare = BUF_INIT(8192);
	char when[CLOCK_EXTENDED_LEN];
	int rc = -1;

	clock_extended(clock_now(), when);
	bare_url(url, &bare);
	if (entry && json_set_string(entry, "time", when) == 0 &&
	    json_set_string(entry, "reason", reason) == 0 &&
	    json_set_string(entry, "url", buf_str(&bare)) == 0 &&
	    json_set_integer(entry, "uid", (int64_t)getuid()) == 0 &&
	    (!fault || json_set_string(entry, "fault", fault->message) == 0) &&
	    findings(entry, report) == 0)
		rc = json_print(entry, false, out, err);
	else
		err_set(err, ERR_INTERNAL, "no memory for the record");
	buf_addc(out, '\n');
	json_free(entry);
	buf_free(&bare);
	return rc;
}

static int append(git_repository *repo, const struct buf *line, struct buf *path, struct err *err)
{
	int fd, rc;

	buf_addf(path, "%scodetrain", git_repository_commondir(repo));
	if (file_make_dirs(buf_str(path), 0700, err) < 0)
		return -1;
	buf_adds(path, "/bypass.log");
	fd = open(buf_str(path), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(err, "cannot open %s", buf_str(path));
	rc = file_write_fd(fd, line->data, line->len, buf_str(path), err);
	if (close(fd) < 0 && rc == 0)
		rc = err_errno(err, "cannot write %s", buf_str(path));
	return rc;
}

int bypass(git_repository *repo, const char *url, const char *reason, const struct report *report,
	   const struct err *fault, struct err *err)
{
	struct buf line = BUF_INIT(8 << 20), path = BUF_INIT(PATH_MAX_BYTES);
	char given[BYPASS_REASON_MAX + 1];
	int rc = -1;

	snprintf(given, sizeof(given), "%s", reason);
	if (strspn(reason, " \t0123456789") == strlen(reason))
		err_set(err, ERR_USAGE, "%s wants the reason in words: %s='tests use a dummy key' "
			"git push", BYPASS_VARIABLE, BYPASS_VARIABLE);
	else if (!repo)
		rc = 0;		/* nowhere to keep it; the person has read why */
	else if (make_entry(url, given, report, fault, &line, err) == 0)
		rc = append(repo, &line, &path, err);
	if (rc == 0) {
		struct buf summary = BUF_INIT(256);

		report_summary(report, &summary);
		fprintf(stderr, "codetrain: let through: %s (%s)\n", buf_str(&summary),
			fault ? "the checks did not end" : "named above");
		if (path.len)
			fprintf(stderr, "codetrain: the reason is kept in %s\n", buf_str(&path));
		buf_free(&summary);
	}
	buf_free(&line);
	buf_free(&path);
	return rc;
}
