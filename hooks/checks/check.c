#include "check.h"
#include "check_blobs.h"
#include "check_reach.h"
#include "check_redact.h"
#include "check_rules.h"
#include "check_tips.h"
#include "hooks/objects/range_repo.h"
#include "lib/base/file.h"

#include <stdlib.h>
#include <string.h>

struct visit {
	struct check_run *run;
	struct check_todos todos;
	bool names, blobs;
	bool paths;	/* every path of a blob counts, not the first alone */
};

int check_open(struct check_run *run, git_repository *repo, struct report *report,
	       struct err *err)
{
	*run = (struct check_run){ .repo = repo, .report = report, .range = { .repo = repo },
				   .lock = PTHREAD_MUTEX_INITIALIZER };
	check_policy_init(&run->policy);
	if (repo && check_policy_config(&run->policy, repo, err) < 0)
		return -1;
	if (repo && git_repository_odb(&run->odb, repo) < 0)
		return range_repo_error(err, "cannot open the objects");
	if (repo && range_repo_is_partial(repo, &run->range.promised, err) < 0)
		return -1;
	return 0;
}

void check_close(struct check_run *run)
{
	check_tips_free(run);
	check_reach_free(run->reach);
	check_redact_free(run);
	check_published_free(run);
	strs_free(&run->specs);
	range_free(&run->range);
	scan_close(run->scanner);
	git_odb_free(run->odb);
	check_rules_close(run);
	check_policy_free(&run->policy);
	*run = (struct check_run){ 0 };
}

/* ---- the walk ----------------------------------------------------------------- */

static int visit_text(struct check_run *run, enum check_subject subject, const git_oid *oid,
		      const char *part, const char *text, size_t len, struct err *err)
{
	struct check_item item = { .subject = subject, .commit = oid, .part = part,
				   .data = text, .len = len, .size = len };

	return check_item(run, &item, err);
}

/* A commit or a tag as it is sent: its header, then its message. */
static int visit_object(struct check_run *run, enum check_subject subject, const git_oid *oid,
			const char *const parts[static 2], const char *data, size_t len,
			struct err *err)
{
	const char *blank = memmem(data, len, "\n\n", 2);
	size_t n = blank ? (size_t)(blank + 2 - data) : len;

	if (visit_text(run, subject, oid, parts[0], data, n, err) < 0)
		return -1;
	return visit_text(run, subject, oid, parts[1], data + n, len - n, err);
}

static int visit_commit(void *arg, const git_oid *oid, const char *data, size_t len,
			struct err *err)
{
	static const char *const parts[] = { "header of the commit (author, committer)",
					     "commit message" };
	struct visit *v = arg;

	v->run->report->commits++;
	return visit_object(v->run, CHECK_COMMIT, oid, parts, data, len, err);
}

static int visit_tag(void *arg, const git_oid *oid, const char *data, size_t len, struct err *err)
{
	static const char *const parts[] = { "tag's name or tagger", "tag message" };
	struct visit *v = arg;

	return visit_object(v->run, CHECK_TAG, oid, parts, data, len, err);
}

/* Whether some row wants files of this name at the tips. */
static bool is_spec(const char *path)
{
	for (const struct check *c = check_table; c->type; c++)
		if (c->file && check_is_file(c, path))
			return true;
	return false;
}

static int remember_spec(struct check_run *run, const char *path)
{
	for (size_t i = 0; i < run->specs.n; i++)
		if (strcmp(run->specs.v[i], path) == 0)
			return 0;
	return strs_add(&run->specs, path);
}

static int visit_file(void *arg, const git_oid *commit, const char *path, unsigned mode,
		      const git_oid *blob, bool first, bool named, struct err *err)
{
	struct visit *v = arg;

	if (v->names && !named) {
		struct check_item item = { .subject = CHECK_NAME, .commit = commit, .path = path,
					   .part = NULL, .data = path, .len = strlen(path),
					   .mode = mode };

		if (check_item(v->run, &item, err) < 0)
			return -1;
	}
	if (!blob)
		return 0;
	if (is_spec(path) && remember_spec(v->run, path) < 0)
		return err_set(err, ERR_USAGE, "more than %d specs in one push", STRS_MAX);
	if (!v->blobs)
		return 0;
	if (first)
		return check_blobs_add(&v->todos, blob, commit, path, mode, err);
	if (!v->paths)
		return 0;
	return check_blobs_add_path(&v->todos.v[range_set_order(&v->run->range.blobs, blob)], path,
				    err);
}

/* Rules of a gitleaks file have paths, and allowances by path. */
static bool looks_at_paths(const struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->v[i].re)
			return true;
	return false;
}

static int check_range(struct check_run *run, struct err *err)
{
	struct visit v = {
		.run = run,
		.names = check_wants(run, CHECK_NAME),
		.blobs = check_wants(run, CHECK_BLOB) || check_wants(run, CHECK_SIZE),
		.paths = looks_at_paths(&run->merged),
	};
	const struct range_visitor visitor = { &v, visit_commit, visit_tag, visit_file };
	int rc = range_walk(&run->range, &visitor, err);

	if (rc == 0)
		rc = check_blobs(run, &v.todos, err);
	check_blobs_free(&v.todos);
	run->report->missing += run->range.missing;
	return rc;
}

/* ---- files at the tips -------------------------------------------------------- */

static int check_tip_file(struct check_run *run, const struct check_tip *tip, const char *path,
			  struct range_set *done, struct err *err)
{
	struct check_item item = { .subject = CHECK_FILE, .commit = &tip->commit, .path = path };
	git_odb_object *object = NULL;
	bool fresh = true;
	git_oid blob, once;	/* the blob, and the rows that want it */
	int rc = check_tips_read(run, &tip->commit, path, &blob, &object, err);

	if (rc < 0 || !object)
		return rc;
	once = blob;
	for (const struct check *c = check_table; c->type; c++)
		if (c->file && check_is_file(c, path))
			once.id[0] ^= (unsigned char)(c - check_table + 1);
	rc = range_set_add(done, &once, &fresh, err);
	item.blob = &blob;
	item.data = git_odb_object_data(object);
	item.len = item.size = git_odb_object_size(object);
	if (rc == 0 && fresh)
		rc = check_item(run, &item, err);
	git_odb_object_free(object);
	return rc;
}

static int check_tips(struct check_run *run, struct err *err)
{
	struct range_set done = { 0 };
	int rc = 0;

	for (const struct check *c = check_table; c->type; c++)
		if (c->file && *c->file != '@' && remember_spec(run, c->file) < 0)
			return err_set(err, ERR_USAGE, "more than %d specs in one push", STRS_MAX);
	for (size_t i = 0; i < run->n_tips && rc == 0; i++) {
		struct check_item tip = { .subject = CHECK_TIP, .commit = &run->tips[i].commit };

		for (size_t k = 0; k < run->specs.n && rc == 0 && check_wants(run, CHECK_FILE); k++)
			rc = check_tip_file(run, &run->tips[i], run->specs.v[k], &done, err);
		if (rc == 0)
			rc = check_item(run, &tip, err);
	}
	range_set_free(&done);
	return rc;
}

int check_repository(struct check_run *run, struct err *err)
{
	struct check_item push = { .subject = CHECK_PUSH };

	run->report->refs = run->range.n_refs;
	if (check_tips_policy(run, err) < 0 || check_item(run, &push, err) < 0 ||
	    check_range(run, err) < 0)
		return -1;
	return check_tips(run, err);
}
