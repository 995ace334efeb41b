/*
 * The contract of a container that trains: SageMaker starts the image with the
 * word "train" (and a model's with "serve"), so that a program of this name must
 * be in it, where PATH looks, executable, with a first line that the kernel
 * understands, and no ENTRYPOINT may stand before it.
 * https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-dockerfile.html
 *
 * What cannot be known from the repository (what a base image or a command
 * brings) is given the benefit of the doubt.
 */
#include "check.h"
#include "container_entry.h"
#include "container_image.h"
#include "container_repo.h"
#include "hooks/objects/range_repo.h"
#include "lib/spec/json.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, JOB_BYTES_MAX = 1 << 20 };

struct container {
	struct check_run *run;
	const struct check_item *item;
	struct container_repo repo;
	const char *folder;		/* of the Dockerfile: "" or "docker/" */
	struct strs paths;		/* in the context */
	struct dockerfile *file;
	struct container_image image;
	bool own_entry;			/* the job says itself what is run */
};

/* A finding at a file of the context. */
static int found(struct container *c, const char *path, int line, bool warning, const char *rule,
		 const char *message, const char *fix, struct err *err)
{
	struct check_item item = *c->item;
	struct buf full = BUF_INIT(PATH_BYTES);
	struct report_finding f = { .check = "container", .rule = rule, .warning = warning,
				    .line = line, .message = message, .fix = fix };
	int rc;

	buf_addf(&full, "%s%s", strcmp(path, "Dockerfile") == 0 ? c->folder : c->repo.context, path);
	item.path = buf_str(&full);
	rc = check_found(c->run, &item, &f, err);
	buf_free(&full);
	return rc;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- a program ------------------------------------------------------------------- */

static int check_first_line(struct container *c, const char *path, const char *data, size_t len,
			    struct err *err)
{
	const char *end = memchr(data, '\n', len);
	bool bom = len >= 5 && memcmp(data, "\xef\xbb\xbf#!", 5) == 0;
	struct buf fix = BUF_INIT(2 * PATH_BYTES);
	int rc = 0;

	if (len >= 4 && memcmp(data, "\177ELF", 4) == 0)
		return 0;
	if (bom || len < 2 || memcmp(data, "#!", 2) != 0) {
		rc = found(c, path, 1, false, "container-shebang",
			   bom ? "a byte order mark stands before #!: the kernel does not see it"
			       : "SageMaker runs this file, and it does not begin with #!, for example "
				 "#!/usr/bin/env python3", NULL, err);
	} else if (end && end > data && end[-1] == '\r') {
		buf_addf(&fix, "sed -i 's/\\r$//' %s%s\ngit commit -a --amend --no-edit",
			 c->repo.context, path);
		rc = found(c, path, 1, false, "container-crlf",
			   "the first line ends in CR LF: the kernel looks for an interpreter whose "
			   "name ends in CR, and the container says \"no such file or directory\"",
			   buf_str(&fix), err);
	}
	buf_free(&fix);
	return rc;
}

/* A train or serve of the repository; `executable`: the Dockerfile makes it so. */
static int check_program(struct container *c, const char *path, bool executable, struct err *err)
{
	struct buf fix = BUF_INIT(2 * PATH_BYTES);
	git_odb_object *object = NULL;
	unsigned mode;
	int rc = 0;

	container_repo_read(&c->repo, path, &object, &mode);
	if (mode == GIT_FILEMODE_LINK) {
		git_odb_object_free(object);
		return 0;
	}
	if (mode && !(mode & 0100) && !executable) {
		buf_addf(&fix, "git update-index --chmod=+x %s%s\ngit commit --amend --no-edit",
			 c->repo.context, path);
		rc = found(c, path, 0, false, "container-mode",
			   "SageMaker runs this file, and git has it without the executable bit",
			   buf_str(&fix), err);
	}
	/* one that is not here is promised: there is nothing to say of it */
	if (rc == 0 && object)
		rc = check_first_line(c, path, git_odb_object_data(object),
				      git_odb_object_size(object), err);
	git_odb_object_free(object);
	buf_free(&fix);
	return rc;
}

/* ---- the image ------------------------------------------------------------------- */

/* The file that is NAME in the image, one on PATH first; NULL when none is. */
static const struct container_file *in_image(const struct container *c, const char *name)
{
	const struct container_file *best = NULL;

	for (size_t i = 0; i < c->image.n_files; i++) {
		const struct container_file *f = &c->image.files[i];

		if (f->image && strcmp(base_name(f->image), name) == 0 &&
		    (!best || (!container_image_finds(&c->image, best->image) &&
			       container_image_finds(&c->image, f->image))))
			best = f;
	}
	return best;
}

/* The program of this name that the repository has at its top or below. */
static const struct container_file *in_repo(const struct container *c, const char *name)
{
	for (size_t i = 0; i < c->image.n_files; i++)
		if (strcmp(base_name(c->image.files[i].path), name) == 0)
			return &c->image.files[i];
	return NULL;
}

static int last_from(const struct dockerfile *file)
{
	int line = 1;

	for (size_t i = 0; i < file->n; i++)
		if (strcmp(file->v[i].name, "FROM") == 0)
			line = file->v[i].line;
	return line;
}

/* A program that the repository has and the image has not. */
static int check_left_out(struct container *c, const char *name, struct err *err)
{
	const struct container_file *f = in_repo(c, name);
	struct buf message = BUF_INIT(2 * PATH_BYTES);
	int rc;

	if (!f || in_image(c, name) || c->image.program || c->image.uncertain)
		return 0;
	if (f->ignored)
		buf_addf(&message, "this line leaves %s out of the image, and SageMaker runs it", f->path);
	else
		buf_addf(&message, "no COPY brings %s into the image, and SageMaker runs it", f->path);
	rc = found(c, f->ignored ? ".dockerignore" : "Dockerfile",
		   f->ignored ? f->ignored : last_from(c->file), false, "container-copy",
		   buf_str(&message), f->ignored ? NULL : "COPY train serve /opt/program/", err);
	buf_free(&message);
	return rc;
}

static int check_path(struct container *c, const struct container_file *f, struct err *err)
{
	struct buf message = BUF_INIT(2 * PATH_BYTES), fix = BUF_INIT(PATH_BYTES);
	int rc;

	if (!f || container_image_finds(&c->image, f->image) || c->image.program ||
	    c->image.uncertain)
		return 0;
	buf_addf(&message, "%s is not in a folder of PATH (%.200s): the container says \"%s: executable "
			   "file not found in $PATH\"", f->image, c->image.path, base_name(f->image));
	buf_addf(&fix, "ENV PATH=\"%.*s:$PATH\"", (int)(base_name(f->image) - f->image - 1), f->image);
	rc = found(c, "Dockerfile", f->line, !c->image.plain, "container-path", buf_str(&message),
		   buf_str(&fix), err);
	buf_free(&message);
	buf_free(&fix);
	return rc;
}

static int shadowed(struct container *c, const char *what, const char *name, bool warning,
		    struct err *err)
{
	struct buf message = BUF_INIT(1024);
	int rc;

	buf_addf(&message, "%s, so that %s is not run when SageMaker starts the container with the word "
			   "\"%s\"", what, name, name);
	if (warning) {
		buf_clear(&message);
		buf_addf(&message, "%s; it does not get the signal with which SageMaker stops a job", what);
	}
	rc = found(c, "Dockerfile", c->image.entrypoint->line, warning, "container-entrypoint",
		   buf_str(&message),
		   warning ? "ENTRYPOINT [\"train\"]" : "take the ENTRYPOINT out, or let it end in \"$@\"",
		   err);
	buf_free(&message);
	return rc;
}

/* The script of an ENTRYPOINT: does it look at its arguments? */
static int check_script(struct container *c, const char *script, const char *name, struct err *err)
{
	for (size_t i = 0; i < c->image.n_files; i++) {
		const struct container_file *f = &c->image.files[i];
		git_odb_object *object = NULL;
		unsigned mode;
		bool reads;

		if (!f->image || strcmp(base_name(f->image), base_name(script)) != 0 ||
		    strcmp(base_name(f->path), name) == 0)
			continue;
		container_repo_read(&c->repo, f->path, &object, &mode);
		reads = !object || mode == GIT_FILEMODE_LINK ||
			container_entry_reads(git_odb_object_data(object), git_odb_object_size(object));
		git_odb_object_free(object);
		if (!reads)
			return shadowed(c, "the ENTRYPOINT's script does not look at its arguments", name,
					false, err);
	}
	return 0;
}

static int check_entrypoint(struct container *c, struct err *err)
{
	const struct container_file *train = in_image(c, "train"), *serve = in_image(c, "serve");
	const struct dockerfile_instruction *e = c->image.entrypoint;
	const char *script = NULL;

	switch (container_entry(e, &script)) {
	case CONTAINER_ENTRY_PASSES:
		return check_path(c, train, err) < 0 ? -1 : check_path(c, serve, err);
	case CONTAINER_ENTRY_TRAIN:
		return serve ? shadowed(c, "the ENTRYPOINT always runs train", "serve", false, err) : 0;
	case CONTAINER_ENTRY_SERVE:
		return train ? shadowed(c, "the ENTRYPOINT always runs serve", "train", false, err) : 0;
	case CONTAINER_ENTRY_SCRIPT:
		return train ? check_script(c, script, "train", err) : 0;
	case CONTAINER_ENTRY_SHELL:
		break;
	}
	if (train && !strstr(e->text, "train"))
		return shadowed(c, "a shell runs the ENTRYPOINT and drops its arguments", "train", false, err);
	if (serve && !strstr(e->text, "serve"))
		return shadowed(c, "a shell runs the ENTRYPOINT and drops its arguments", "serve", false, err);
	return train ? shadowed(c, "a shell runs the ENTRYPOINT", "train", true, err) : 0;
}

static int check_image(struct container *c, struct err *err)
{
	const struct container_file *train = in_image(c, "train"), *serve = in_image(c, "serve");

	if (c->own_entry)
		return 0;
	if (c->image.entrypoint)
		return check_entrypoint(c, err);
	if (!train && !in_repo(c, "train") && c->image.plain && !c->image.program &&
	    !c->image.uncertain)
		return found(c, "Dockerfile", last_from(c->file), false, "container-train",
			     "SageMaker runs \"train\" in the container, and there is no file of this "
			     "name and no ENTRYPOINT", NULL, err);
	if (check_left_out(c, "train", err) < 0 || check_left_out(c, "serve", err) < 0)
		return -1;
	return check_path(c, train, err) < 0 ? -1 : check_path(c, serve, err);
}

static int check_programs(struct container *c, struct err *err)
{
	static const char *const names[] = { "train", "serve" };
	int rc = 0;

	for (size_t i = 0; i < 2 && rc == 0; i++) {
		const struct container_file *f = in_image(c, names[i]);

		if (!f && !c->image.uncertain)
			f = in_repo(c, names[i]);
		if (f)
			rc = check_program(c, f->path, f->executable, err);
	}
	return rc;
}

/* ---- which files are asked for ----------------------------------------------------- */

static void ask_for(struct container *c, const char *path)
{
	while (path[0] == '.' && path[1] == '/')
		path += 2;
	for (size_t i = 0; i < c->paths.n; i++)
		if (strcmp(c->paths.v[i], path) == 0)
			return;
	if (container_repo_has(&c->repo, path))
		strs_add(&c->paths, path);
}

/* Files that a COPY renames to train or serve, and the ENTRYPOINT's script. */
static void ask_for_others(struct container *c)
{
	const char *script = NULL;

	for (size_t i = 0; i < c->file->n; i++)
		if (strcmp(c->file->v[i].name, "ENTRYPOINT") == 0 && c->file->v[i].words.n &&
		    container_entry(&c->file->v[i], &script) != CONTAINER_ENTRY_SCRIPT)
			script = NULL;
	if (script)
		ask_for(c, base_name(script));
	for (size_t i = 0; i < c->file->n; i++) {
		const struct dockerfile_instruction *copy = &c->file->v[i];
		const struct dockerfile_words *w = &copy->words;
		const char *to;

		if ((strcmp(copy->name, "COPY") != 0 && strcmp(copy->name, "ADD") != 0) || w->n < 2)
			continue;
		to = base_name(w->v[w->n - 1]);
		if (w->n == 2 && (strcmp(to, "train") == 0 || strcmp(to, "serve") == 0))
			ask_for(c, w->v[0]);
		for (size_t k = 0; script && k + 1 < w->n; k++) {
			struct buf path = BUF_INIT(PATH_BYTES);

			if (strcmp(base_name(w->v[k]), base_name(script)) == 0)
				ask_for(c, w->v[k]);
			buf_addf(&path, "%s/%s", w->v[k], base_name(script));
			ask_for(c, buf_str(&path));
			buf_free(&path);
		}
	}
}

/* ---- the whole ------------------------------------------------------------------- */

/* False when the job runs no image of this repository. */
static bool read_job(struct container *c)
{
	struct container_repo top = c->repo;
	git_odb_object *object = NULL;
	struct err ignored = { 0 };
	cJSON *job = NULL;
	unsigned mode;
	bool own = true;

	top.context = "";
	container_repo_read(&top, "training-job.json", &object, &mode);
	if (object && git_odb_object_size(object) <= JOB_BYTES_MAX)
		job = json_parse(git_odb_object_data(object), git_odb_object_size(object), "job", &ignored);
	if (job) {
		c->own_entry = json_count(job, "AlgorithmSpecification.ContainerEntrypoint") > 0;
		own = !json_get(job, "AlgorithmSpecification.AlgorithmName") &&
		      !container_entry_is_ready_made(
			      json_string(job, "AlgorithmSpecification.TrainingImage", ""));
	}
	json_free(job);
	git_odb_object_free(object);
	return own;
}

static int check_dockerfile(struct container *c, git_odb_object *object, struct err *err)
{
	git_odb_object *ignore = NULL;
	unsigned mode;
	int rc = -1;

	if (dockerfile_parse(git_odb_object_data(object), git_odb_object_size(object), &c->file, err) < 0)
		return -1;
	container_repo_read(&c->repo, "Dockerfile.dockerignore", &ignore, &mode);
	if (!ignore)
		container_repo_read(&c->repo, ".dockerignore", &ignore, &mode);
	if (container_repo_programs(&c->repo, &c->paths) < 0) {
		err_set(err, ERR_INTERNAL, "no memory for a Dockerfile");
	} else {
		ask_for_others(c);
		rc = container_image_build(c->file, &c->paths,
					   ignore ? git_odb_object_data(ignore) : NULL,
					   ignore ? git_odb_object_size(ignore) : 0, &c->image, err);
	}
	if (rc == 0)
		rc = check_programs(c, err);
	if (rc == 0)
		rc = check_image(c, err);
	container_image_free(&c->image);
	dockerfile_free(c->file);
	git_odb_object_free(ignore);
	return rc;
}

static int judge(struct container *c, struct err *err)
{
	bool job = container_repo_has(&c->repo, "training-job.json");
	bool train = container_repo_has(&c->repo, "train");
	struct buf folder = BUF_INIT(PATH_BYTES);
	git_odb_object *object = NULL;
	unsigned mode = 0;
	int rc = 0;

	/* nothing else says that SageMaker is meant */
	if (!(job || (train && container_repo_has(&c->repo, "serve"))) || !read_job(c))
		return 0;
	container_repo_read(&c->repo, "Dockerfile", &object, &mode);
	if (!mode && container_repo_docker_folder(c->run->repo, c->repo.root, &folder)) {
		c->folder = c->repo.context = buf_str(&folder);
		container_repo_read(&c->repo, "Dockerfile", &object, &mode);
		/* docker build . -f FOLDER/Dockerfile */
		if (train)
			c->repo.context = "";
	}
	if (object)
		rc = check_dockerfile(c, object, err);
	else if (!mode && job && train)
		rc = found(c, "Dockerfile", 0, true, "container-dockerfile",
			   "there is a train and a training-job.json, and no Dockerfile", NULL, err);
	git_odb_object_free(object);
	buf_free(&folder);
	return rc;
}

int check_container(struct check_run *run, const struct check_item *item, struct err *err)
{
	struct container c = { .run = run, .item = item, .folder = "",
				.repo = { .run = run, .context = "" } };
	git_commit *commit = NULL;
	int rc;

	if (git_commit_lookup(&commit, run->repo, item->commit) < 0 ||
	    git_commit_tree(&c.repo.root, commit) < 0)
		rc = range_repo_error(err, "commit %s cannot be read", git_oid_tostr_s(item->commit));
	else
		rc = judge(&c, err);
	strs_free(&c.paths);
	git_tree_free(c.repo.root);
	git_commit_free(commit);
	return rc;
}
