#include "check.h"

#include <string.h>

/* Characters of UTF-8, as CodeCommit counts. */
static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* A name that CodeCommit takes for a commit's. */
static bool is_like_an_id(const char *name)
{
	return strlen(name) == GIT_OID_HEXSZ &&
	       strspn(name, "0123456789abcdefABCDEF") == GIT_OID_HEXSZ;
}

int check_size_refs(struct check_run *run, const struct check_item *item, struct err *err)
{
	static const char branches[] = "refs/heads/";
	struct buf message = BUF_INIT(1024);
	int rc = 0;

	if (run->range.n_refs > CHECK_REFS_MAX) {
		struct report_finding f = { .check = "size", .rule = "refs",
					    .fix = "git push REMOTE BRANCH..." };

		buf_addf(&message, "%zu refs in one push; CodeCommit takes %d", run->range.n_refs,
			 CHECK_REFS_MAX);
		f.message = buf_str(&message);
		rc = check_found(run, item, &f, err);
	}
	for (size_t i = 0; i < run->range.n_refs && rc == 0; i++) {
		const struct range_ref *r = &run->range.refs[i];
		struct report_finding f = { .check = "size", .rule = "branch-name",
					    .fix = "git branch -m SHORTER-NAME" };
		size_t n;

		if (strncmp(r->remote_name, branches, strlen(branches)) != 0 ||
		    git_oid_is_zero(&r->local))
			continue;
		n = characters(r->remote_name + strlen(branches));
		buf_clear(&message);
		if (n > CHECK_BRANCH_MAX)
			buf_addf(&message, "a branch name of %zu characters (%.40s...); CodeCommit takes %d",
				 n, r->remote_name + strlen(branches), CHECK_BRANCH_MAX);
		else if (is_like_an_id(r->remote_name + strlen(branches)))
			buf_addf(&message, "the branch name %s looks like a commit's id: CodeCommit does "
				 "not take it", r->remote_name + strlen(branches));
		else
			continue;
		f.message = buf_str(&message);
		rc = check_found(run, item, &f, err);
	}
	buf_free(&message);
	return rc;
}

int check_size_path(struct check_run *run, const struct check_item *item, struct err *err)
{
	struct report_finding f = { .check = "size", .rule = "path-length" };
	struct buf message = BUF_INIT(512);
	size_t n = characters(item->path);
	int rc;

	if (n <= CHECK_PATH_MAX)
		return 0;
	buf_addf(&message, "a path of %zu characters (%.40s...); CodeCommit takes %d", n, item->path,
		 CHECK_PATH_MAX);
	f.message = buf_str(&message);
	rc = check_found(run, item, &f, err);
	buf_free(&message);
	return rc;
}

int check_size_file(struct check_run *run, const struct check_item *item, struct err *err)
{
	struct report_finding f = { .check = "size", .rule = "file-size" };
	unsigned long long most = run->policy.max_file_size;
	struct buf message = BUF_INIT(512);
	int rc;

	if (most > CHECK_FILE_SIZE_MAX)
		most = CHECK_FILE_SIZE_MAX;
	if (item->size <= most)
		return 0;
	buf_addf(&message, "a file of %.1f MiB; ", (double)item->size / (1 << 20));
	if (item->size > CHECK_FILE_SIZE_MAX)
		buf_adds(&message, "CodeCommit takes 2 GB");
	else
		buf_addf(&message, "at most %.1f MiB here (data and models belong in S3; "
			 "or raise codetrain.max-file-size in .codetrain)", (double)most / (1 << 20));
	f.message = buf_str(&message);
	rc = check_found(run, item, &f, err);
	buf_free(&message);
	return rc;
}
