/*
 * The contract of a container that trains: a Dockerfile, and `train` and
 * `serve` that can be executed where it copies them from.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-dockerfile.html
 */
#include "check.h"
#include "hooks/objects/range_repo.h"

#include <string.h>

enum { PATH_BYTES = 4096 };

struct container {
	struct check_run *run;
	const struct check_item *item;
	bool dockerfile, training_job;
	bool chmods;		/* the Dockerfile sets modes itself */
	bool entrypoint;	/* or says otherwise what trains */
	bool trains;		/* some `train` was found */
};

static int found(struct container *c, const char *path, const char *rule, bool warning,
		 const char *message, const char *fix, struct err *err)
{
	struct check_item item = *c->item;
	struct report_finding f = { .check = "container", .rule = rule, .warning = warning,
				    .message = message, .fix = fix };

	item.path = path;
	return check_found(c->run, &item, &f, err);
}

/* Whether a text has the word anywhere. */
static bool has(const char *data, size_t len, const char *word)
{
	return memmem(data, len, word, strlen(word)) != NULL;
}

static int check_first_line(struct container *c, const char *path, const char *data, size_t len,
			    struct err *err)
{
	const char *end = memchr(data, '\n', len);
	struct buf fix = BUF_INIT(PATH_BYTES + 128);
	int rc = 0;

	if (len >= 4 && memcmp(data, "\177ELF", 4) == 0)
		return 0;
	if (len < 2 || memcmp(data, "#!", 2) != 0) {
		rc = found(c, path, "container-shebang", false,
			   "SageMaker runs this file, and it does not begin with #!, for example "
			   "#!/usr/bin/env python3", NULL, err);
	} else if (end && end > data && end[-1] == '\r') {
		buf_addf(&fix, "sed -i 's/\\r$//' %s\ngit commit -a --amend --no-edit", path);
		rc = found(c, path, "container-crlf", false,
			   "the first line ends in CR LF: the kernel looks for an interpreter whose "
			   "name ends in CR, and the container says \"no such file or directory\"",
			   buf_str(&fix), err);
	}
	buf_free(&fix);
	return rc;
}

/* A file called train or serve. */
static int check_program(struct container *c, const char *path, const git_tree_entry *e,
			 struct err *err)
{
	git_odb_object *object = NULL;
	struct buf fix = BUF_INIT(PATH_BYTES + 128);
	int rc = 0;

	if (git_tree_entry_filemode_raw(e) == GIT_FILEMODE_LINK)
		return 0;
	if (!(git_tree_entry_filemode_raw(e) & 0100)) {
		buf_addf(&fix, "git update-index --chmod=+x %s\ngit commit --amend --no-edit", path);
		rc = found(c, path, "container-mode", c->chmods,
			   "SageMaker runs this file, and git has it without the executable bit",
			   buf_str(&fix), err);
	}
	/* one that is not here is promised: there is nothing to say of it */
	if (rc == 0 && git_odb_read(&object, c->run->odb, git_tree_entry_id(e)) == 0)
		rc = check_first_line(c, path, git_odb_object_data(object),
				      git_odb_object_size(object), err);
	git_odb_object_free(object);
	buf_free(&fix);
	return rc;
}

static int check_folder(struct container *c, git_tree *tree, const char *prefix, struct err *err)
{
	static const char *const names[] = { "train", "serve" };
	int rc = 0;

	for (size_t i = 0; i < 2 && rc == 0; i++) {
		const git_tree_entry *e = git_tree_entry_byname(tree, names[i]);
		struct buf path = BUF_INIT(PATH_BYTES);

		if (!e || git_tree_entry_type(e) != GIT_OBJECT_BLOB)
			continue;
		c->trains |= i == 0;
		buf_addf(&path, "%s%s", prefix, names[i]);
		rc = check_program(c, buf_str(&path), e, err);
		buf_free(&path);
	}
	return rc;
}

/* The root, and the folders in it that the Dockerfile may copy. */
static int check_folders(struct container *c, git_tree *root, struct err *err)
{
	int rc = check_folder(c, root, "", err);

	for (size_t i = 0; i < git_tree_entrycount(root) && rc == 0; i++) {
		const git_tree_entry *e = git_tree_entry_byindex(root, i);
		struct buf prefix = BUF_INIT(PATH_BYTES);
		git_tree *tree = NULL;

		if (git_tree_entry_type(e) != GIT_OBJECT_TREE ||
		    git_tree_lookup(&tree, c->run->repo, git_tree_entry_id(e)) < 0)
			continue;
		buf_addf(&prefix, "%s/", git_tree_entry_name(e));
		rc = check_folder(c, tree, buf_str(&prefix), err);
		buf_free(&prefix);
		git_tree_free(tree);
	}
	return rc;
}

static void read_dockerfile(struct container *c, git_tree *root)
{
	const git_tree_entry *e = git_tree_entry_byname(root, "Dockerfile");
	git_odb_object *object = NULL;
	const char *data;
	size_t len;

	c->training_job = git_tree_entry_byname(root, "training-job.json") != NULL;
	c->dockerfile = e && git_tree_entry_type(e) == GIT_OBJECT_BLOB;
	if (!c->dockerfile || git_odb_read(&object, c->run->odb, git_tree_entry_id(e)) < 0)
		return;
	data = git_odb_object_data(object);
	len = git_odb_object_size(object);
	c->chmods = has(data, len, "chmod");
	c->entrypoint = has(data, len, "ENTRYPOINT") || has(data, len, "train") ||
			has(data, len, "SAGEMAKER_PROGRAM") || has(data, len, "sagemaker-training");
	git_odb_object_free(object);
}

static int judge(struct container *c, git_tree *root, struct err *err)
{
	const git_tree_entry *train = git_tree_entry_byname(root, "train");

	read_dockerfile(c, root);
	if (!c->training_job)
		return 0;	/* nothing of this repository is trained by SageMaker */
	if (!c->dockerfile && train && git_tree_entry_type(train) == GIT_OBJECT_BLOB)
		return found(c, "Dockerfile", "container-dockerfile", true,
			     "there is a train and a training-job.json, and no Dockerfile", NULL, err);
	if (!c->dockerfile)
		return 0;
	if (check_folders(c, root, err) < 0)
		return -1;
	if (!c->trains && !c->entrypoint)
		return found(c, "Dockerfile", "container-train", false,
			     "SageMaker runs \"train\" in the container, and there is no file of this "
			     "name and no ENTRYPOINT", NULL, err);
	return 0;
}

int check_container(struct check_run *run, const struct check_item *item, struct err *err)
{
	struct container c = { .run = run, .item = item };
	git_commit *commit = NULL;
	git_tree *root = NULL;
	int rc;

	if (git_commit_lookup(&commit, run->repo, item->commit) < 0 ||
	    git_commit_tree(&root, commit) < 0)
		rc = range_repo_error(err, "commit %s cannot be read", git_oid_tostr_s(item->commit));
	else
		rc = judge(&c, root, err);
	git_tree_free(root);
	git_commit_free(commit);
	return rc;
}
