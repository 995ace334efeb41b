#include "promote.h"

#include "explain.h"
#include "lib/base/file.h"
#include "model.h"
#include "name.h"
#include "result.h"
#include "wait.h"

#include <string.h>
#include <unistd.h>

enum { JOB_FILE_MAX = 1 << 20 };

/* The object that submit printed. */
static int read_job_file(const char *path, cJSON **job, struct err *err)
{
	struct buf text = BUF_INIT(JOB_FILE_MAX);
	bool standard = strcmp(path, "-") == 0;
	int result = standard ? file_read_fd(STDIN_FILENO, "standard input", &text, err) :
				file_read(path, &text, NULL, err);

	if (result < 0)
		err->class = ERR_USAGE;
	else
		*job = json_parse(buf_str(&text), text.len, standard ? "standard input" : path, err);
	buf_free(&text);
	if (result < 0 || !*job)
		return -1;
	if (!cJSON_IsObject(*job))
		return err_set(err, ERR_USAGE, "%s: not what codetrain submit --json prints", path);
	return 0;
}

static int ask(const struct promote_options *o, cJSON **job, struct err *err)
{
	struct identity id = { 0 };
	cJSON *described = NULL;
	int result = -1;

	if (!name_valid(o->job))
		return err_set(err, ERR_USAGE, "\"%.80s\" is not the name of a training job", o->job);
	if (identity_open(&id, &o->identity, o->stop, err) == 0)
		result = wait_describe(&id, o->job, &described, err);
	if (result == 0 && !(*job = result_json(described, true)))
		result = err_set(err, ERR_INTERNAL, "no memory for the job");
	json_free(described);
	identity_close(&id);
	return result;
}

/* Can there be a model of it? */
static int check(const cJSON *job, const char *file, struct err *err)
{
	const char *name = json_string(job, "job", "");
	const char *status = json_string(job, "status", "");
	const char *artifact, *image;
	char what[160];

	snprintf(what, sizeof(what), "%.120s", file ? file : name);
	if (!name_valid(name))
		return err_set(err, ERR_USAGE, "%s: \"job\" is not the name of a training job", what);
	if (strcmp(status, "Completed") != 0)
		return err_set(err, ERR_NO, "training job %s is %s: only a Completed job has a model; "
			       "codetrain watch %s", name, *status ? status : "of unknown state", name);
	if (json_need(job, "artifact", what, &artifact, err) < 0 ||
	    json_need(job, "image", what, &image, err) < 0)
		return -1;
	if (strncmp(artifact, "s3://", 5) != 0)
		return err_set(err, ERR_USAGE, "%s: the artifact \"%.200s\" is no S3 URI", what,
			       artifact);
	return 0;
}

static int add_made(cJSON *models, const char *profile, const struct model_want *want,
		    const struct model_made *made)
{
	cJSON *m = cJSON_CreateObject();

	if (json_set_string(m, "profile", profile) < 0 ||
	    json_set_string(m, "account", made->account) < 0 ||
	    json_set_string(m, "model", want->name) < 0 ||
	    json_set_string(m, "arn", made->arn) < 0 ||
	    json_set_bool(m, "created", made->created) < 0 || !cJSON_AddItemToArray(models, m)) {
		json_free(m);
		return -1;
	}
	return 0;
}

static int promote_to(const char *profile, struct aws **first, const struct promote_options *o,
		      const struct model_want *want, const char *region, cJSON *models,
		      struct err *err)
{
	struct aws_settings settings = { .profile = profile, .region = region, .stop = o->stop };
	struct aws *who = *first ? aws_open_beside(*first, &settings, err) :
				   aws_open(&settings, err);
	struct model_made made;
	int result = -1;

	if (!who)
		return -1;
	if (model_make(who, want, &made, err) == 0) {
		fprintf(o->notes, "%s: model %s in account %s %s\n", profile, want->name,
			made.account, made.created ? "created" : "is there already");
		result = add_made(models, profile, want, &made) < 0 ?
				 err_set(err, ERR_INTERNAL, "no memory for the result") : 0;
	}
	if (*first)
		aws_close(who);
	else
		*first = who;	/* the others use its connections */
	return result;
}

static int promote_all(const struct promote_options *o, const struct model_want *want,
		       const char *region, cJSON *models, struct err *err)
{
	struct aws *first = NULL;
	size_t failures = 0;
	struct err e;

	for (size_t i = 0; i < o->to.n; i++) {
		memset(&e, 0, sizeof(e));
		if (promote_to(o->to.v[i], &first, o, want, region, models, &e) == 0)
			continue;
		if (e.class == ERR_ACCESS)
			explain_missing_grant(e.message, &(struct explain_about){ .role = NULL }, &e);
		err_prefix(&e, "%s: ", o->to.v[i]);
		if (o->to.n > 1)
			fprintf(o->notes, "%s\n", e.message);
		if (failures++ == 0 || e.class > err->class)
			*err = e;
	}
	aws_close(first);
	if (failures > 0 && o->to.n > 1)
		err_set(err, err->class, "%zu of %zu models were not made; the reasons are above",
			failures, o->to.n);
	return failures == 0 ? 0 : -1;
}

int promote_run(const struct promote_options *o, cJSON **models, struct err *err)
{
	struct model_want want = { .role = o->role };
	cJSON *job = NULL;
	int result = -1;

	*models = cJSON_CreateArray();
	if (!*models)
		return err_set(err, ERR_INTERNAL, "no memory for the result");
	if ((o->job_file ? read_job_file(o->job_file, &job, err) : ask(o, &job, err)) < 0 ||
	    check(job, o->job_file, err) < 0)
		goto out;
	want.job = json_string(job, "job", "");
	want.name = o->model_name ? o->model_name : want.job;
	want.image = json_string(job, "image", "");
	want.artifact = json_string(job, "artifact", "");
	want.digest = json_string(job, "digest", "");
	if (o->job && strcmp(o->job, want.job) != 0) {
		err_set(err, ERR_USAGE, "%s is about the job %s, not %s", o->job_file, want.job,
			o->job);
		goto out;
	}
	if (!name_valid(want.name)) {
		err_set(err, ERR_USAGE, "\"%.80s\" is no name for a model: letters, digits and "
			"hyphens, at most %d", want.name, NAME_LEN - 1);
		goto out;
	}
	if (!*want.digest)
		fprintf(o->notes, "warning: the image %s is not pinned to a digest\n", want.image);
	/* a model's artefact and image are in its own region */
	result = promote_all(o, &want, json_string(job, "region", o->identity.region), *models, err);
out:
	json_free(job);
	return result;
}
