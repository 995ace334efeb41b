#include "check_mend.h"
#include "check_redact.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 65536, SUBJECT_MAX = 4096 };

static size_t count(const char *s, char c)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == c;
	return n;
}

/* What a pushed rule takes for a secret may be a quote, and the rest a command. */
static bool is_quoted_as(const char *redacted, const char *command)
{
	for (const char *c = "'\\\n"; *c; c++)
		if (count(redacted, *c) != count(command, *c))
			return false;
	return true;
}

static int add(struct check_run *run, const struct check_item *item, struct report_finding *f,
	       struct err *err)
{
	enum { TEXTS = 5 };
	const char **const slots[TEXTS] = { &f->message, &f->file, &f->subject, &f->fix,
					    &f->pointer };
	const char *fix = f->fix;
	struct buf texts[TEXTS];
	int rc = 0;

	for (int i = 0; i < TEXTS; i++)
		texts[i] = (struct buf)BUF_INIT(TEXT_MAX);
	for (int i = 0; i < TEXTS && rc == 0; i++) {
		if (!*slots[i])
			continue;
		rc = check_redact(run, *slots[i], &texts[i], err);
		if (rc == 0 && item->value.len)
			check_redact_value(&texts[i], item->data + item->value.offset,
					   item->value.len);
		*slots[i] = buf_str(&texts[i]);
	}
	if (rc == 0 && fix && !is_quoted_as(f->fix, fix))
		f->fix = NULL;
	if (rc == 0)
		rc = report_add(run->report, f, err);
	for (int i = 0; i < TEXTS; i++)
		buf_free(&texts[i]);
	return rc;
}

static const char *subject_of(struct check_run *run, const git_oid *oid, char out[SUBJECT_MAX])
{
	git_commit *commit = NULL;
	const char *summary;

	*out = '\0';
	if (!run->repo || git_commit_lookup(&commit, run->repo, oid) < 0)
		return NULL;
	summary = git_commit_summary(commit);
	if (summary)
		snprintf(out, SUBJECT_MAX, "%s", summary);
	git_commit_free(commit);
	return *out ? out : NULL;
}

int check_found(struct check_run *run, const struct check_item *item,
		struct report_finding *finding, struct err *err)
{
	struct report_finding f = *finding;
	struct buf fix = BUF_INIT(TEXT_MAX);
	char commit[GIT_OID_HEXSZ + 1], subject[SUBJECT_MAX];
	int rc;

	f.order = item->order;
	pthread_mutex_lock(&run->lock);
	if (!f.fix)
		check_mend(run, item, f.line, &fix);
	if (fix.len)
		f.fix = buf_str(&fix);
	if (!f.file)
		f.file = item->path;
	if (item->commit) {
		git_oid_tostr(commit, sizeof(commit), item->commit);
		f.commit = commit;
		f.subject = subject_of(run, item->commit, subject);
	}
	rc = add(run, item, &f, err);
	pthread_mutex_unlock(&run->lock);
	buf_free(&fix);
	return rc;
}
