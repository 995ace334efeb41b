/*
 * The target "codepipeline": StartPipelineExecution of the pushed commit.
 *
 *	codetrain.pipeline	its name
 *	codetrain.action	the source action that takes the commit; without, the pipeline
 *				takes the newest of its branch
 *	codetrain.variable	a variable of the pipeline that is given the event's name
 *
 * The request carries a token made from the event. How long AWS keeps that is not
 * documented; so when an earlier request may have been carried out some minutes ago, the
 * pipeline's executions are searched: for the event's name where there is a variable for
 * it, else for the commit. Of which pipeline is kept with the delivery, for the
 * configuration may name another one by then.
 */
#include "queue_options.h"
#include "target_answers.h"
#include "target_aws.h"

#include <string.h>

enum {
	TOKEN_HOLDS_MS = 180 * 1000,
	LOOK_BACK_S = 60,	/* clocks may differ by so much */
	PAGES_MOST = 50,	/* of 100 executions */
	VARIABLES_MOST = 50,	/* AWS's limit */
	PIPELINE_MAX = 100,
};

/* What `external` says of an execution that may have been started. */
static const char asked[] = "asked of pipeline ";

static bool was_asked(const struct queue_delivery *d)
{
	return strncmp(d->external, asked, sizeof(asked) - 1) == 0;
}

static int add_variable(cJSON *list, const char *name, size_t len, const char *value)
{
	cJSON *variable = cJSON_CreateObject();
	struct buf copy = BUF_INIT(256);
	int rc = -1;

	if (!variable || !cJSON_AddItemToArray(list, variable))
		json_free(variable);
	else if (buf_add(&copy, name, len) == 0 &&
		 json_set_string(variable, "name", buf_str(&copy)) == 0)
		rc = json_set_string(variable, "value", value);
	buf_free(&copy);
	return rc;
}

static int add_variables(const struct target_job *job, cJSON *request)
{
	const char *own = queue_config_get(job->config, job->name, "variable", "");
	const struct strs *more = job->options ? &job->options->env : NULL;
	cJSON *list = cJSON_CreateArray();
	char marker[TARGET_AWS_NAME];
	int rc = list ? 0 : -1;

	target_aws_name(job, '/', marker);
	if (rc == 0 && *own)
		rc = add_variable(list, own, strlen(own), marker);
	for (size_t i = 0; rc == 0 && more && i < more->n && i < VARIABLES_MOST; i++) {
		const char *equals = strchr(more->v[i], '=');

		/* AWS takes no empty value */
		if (equals && equals[1])
			rc = add_variable(list, more->v[i], (size_t)(equals - more->v[i]), equals + 1);
	}
	if (rc == 0 && cJSON_GetArraySize(list))
		return json_set(request, "variables", list);
	json_free(list);
	return rc;
}

static int add_revision(cJSON *request, const char *action, const char *commit)
{
	cJSON *list = cJSON_CreateArray(), *revision = cJSON_CreateObject();

	if (!list || !revision || json_set_string(revision, "actionName", action) < 0 ||
	    json_set_string(revision, "revisionType", "COMMIT_ID") < 0 ||
	    json_set_string(revision, "revisionValue", commit) < 0 ||
	    !cJSON_AddItemToArray(list, revision)) {
		json_free(list);
		json_free(revision);
		return -1;
	}
	return json_set(request, "sourceRevisions", list);
}

static cJSON *request_of(const struct target_job *job, const char *pipeline, const char *commit)
{
	const char *action = queue_config_get(job->config, job->name, "action", "");
	cJSON *request = cJSON_CreateObject();
	char token[TARGET_AWS_NAME];

	target_aws_name(job, '-', token);
	if (request && json_set_string(request, "name", pipeline) == 0 &&
	    json_set_string(request, "clientRequestToken", token) == 0 &&
	    add_variables(job, request) == 0 && (!*action || add_revision(request, action, commit) == 0))
		return request;
	json_free(request);
	return NULL;
}

static int need_pipeline(const struct target_job *job, const char **pipeline, struct err *err)
{
	*pipeline = queue_config_get(job->config, job->name, "pipeline", "");
	if (**pipeline && strlen(*pipeline) <= PIPELINE_MAX)
		return 0;
	return err_set(err, ERR_USAGE, "codetrain.pipeline is %s; git config codetrain.pipeline NAME, "
		       "then: codetrain queue retry %lld -t %s", **pipeline ? "too long" : "not set",
		       (long long)job->delivery->event, job->name);
}

/* AWS's own codes that say more than their class. */
static void refine(const struct target_job *job, const struct aws *aws, struct err *err)
{
	const char *code = aws_error_code(aws);

	/* executions end, and the pipeline is free again */
	if (strcmp(code, "ConcurrentPipelineExecutionsLimitExceededException") == 0 ||
	    strcmp(code, "ConflictException") == 0)
		err->class = ERR_UNAVAILABLE;
	else
		target_aws_mend(job, err);
}

static int describe(struct target_job *job, const struct aws *aws, const char *pipeline,
		    const cJSON *execution, struct err *err)
{
	if (target_answers_pipeline(execution, &job->external, &job->outcome, err) < 0)
		return -1;
	target_answers_pipeline_link(aws_region(aws), pipeline, buf_str(&job->external), &job->link);
	return 0;
}

static enum target_verdict start(struct target_job *job, struct err *err)
{
	struct buf commit = BUF_INIT(128);
	const struct queue_delivery *d = job->delivery;
	cJSON *request = NULL, *answer = NULL;
	const char *pipeline;
	struct aws *aws = NULL;
	int rc = -1;

	if (need_pipeline(job, &pipeline, err) < 0 || !(aws = target_aws(job, err)))
		goto out;
	if (target_aws_commit(job, &commit, err) < 0) {
		target_aws_mend(job, err);
		goto out;
	}
	request = request_of(job, pipeline, buf_str(&commit));
	if (!request) {
		err_set(err, ERR_INTERNAL, "no memory for a request");
	} else if (target_aws_call(job, aws, "codepipeline:StartPipelineExecution", request, &answer,
				   err) < 0) {
		refine(job, aws, err);
	} else {
		rc = describe(job, aws, pipeline, answer, err);
		job->maybe_done = rc < 0;
	}
	if (rc < 0 && job->maybe_done && (!d->uncertain_ms || job->certain || !was_asked(d)))
		buf_addf(&job->external, "%s%s", asked, pipeline);
out:
	json_free(request);
	json_free(answer);
	buf_free(&commit);
	return rc < 0 ? TARGET_FAILED : TARGET_DONE;
}

/* ---- looking ------------------------------------------------------------------------- */

struct search {
	struct aws *aws;
	const char *pipeline, *variable, *commit;
	char marker[TARGET_AWS_NAME];
	double since;
	bool over;		/* nothing behind this can be it */
};

/* 1: this one has the event's name in its variable; 0: not; -1. */
static int has_marker(const struct search *s, const char *id, struct err *err)
{
	cJSON *request = cJSON_CreateObject(), *answer = NULL;
	int rc = -1;

	if (!request || json_set_string(request, "pipelineName", s->pipeline) < 0 ||
	    json_set_string(request, "pipelineExecutionId", id) < 0)
		err_set(err, ERR_INTERNAL, "no memory for a request");
	else if (aws_call(s->aws, "codepipeline:GetPipelineExecution", request, &answer, err) == 0)
		rc = target_answers_variable(answer, s->variable, s->marker);
	json_free(request);
	json_free(answer);
	return rc;
}

static int look_at_page(struct search *s, const cJSON *page, const cJSON **found, struct err *err)
{
	for (size_t i = 0, n = json_count(page, "pipelineExecutionSummaries"); i < n && !*found; i++) {
		const cJSON *e = json_at(page, "pipelineExecutionSummaries", i);
		enum target_answers_match match =
			target_answers_execution(e, *s->variable ? NULL : s->commit, s->since);
		int same = match == TARGET_ANSWERS_SAME;

		if (match == TARGET_ANSWERS_OLDER) {
			s->over = true;
			return 0;
		}
		if (same && *s->variable)
			same = has_marker(s, json_string(e, "pipelineExecutionId", ""), err);
		else if (match == TARGET_ANSWERS_UNKNOWN)
			same = err_set(err, ERR_UNAVAILABLE, "an execution of %s that may be this event's "
				       "has not looked at its source yet", s->pipeline);
		if (same < 0)
			return -1;
		if (same)
			*found = e;
	}
	return 0;
}

static int list_page(const struct search *s, const char *token, cJSON **page, struct err *err)
{
	cJSON *request = cJSON_CreateObject();
	int rc = -1;

	if (!request || json_set_string(request, "pipelineName", s->pipeline) < 0 ||
	    json_set_integer(request, "maxResults", 100) < 0 ||
	    (token && json_set_string(request, "nextToken", token) < 0))
		err_set(err, ERR_INTERNAL, "no memory for a request");
	else
		rc = aws_call(s->aws, "codepipeline:ListPipelineExecutions", request, page, err);
	json_free(request);
	return rc;
}

/* Newest first. `page` holds what *found is in. */
static int search(struct search *s, cJSON **page, const cJSON **found, struct err *err)
{
	for (int n = 0; n < PAGES_MOST; n++) {
		const char *token = *page ? json_string(*page, "nextToken", NULL) : NULL;
		cJSON *next = NULL;

		if (s->over || (*page && !token))
			return 0;
		if (list_page(s, token, &next, err) < 0)
			return -1;
		json_free(*page);
		*page = next;
		if (look_at_page(s, *page, found, err) < 0)
			return -1;
		if (*found)
			return 0;
	}
	/* not seen is not absent */
	return err_set(err, ERR_UNAVAILABLE, "%s has more executions than are looked through", s->pipeline);
}

static enum target_verdict look_for(struct target_job *job, struct search *s, struct err *err)
{
	enum target_verdict verdict = TARGET_FAILED;
	const cJSON *found = NULL;
	cJSON *page = NULL;

	if (search(s, &page, &found, err) < 0) {
		err_prefix(err, "looking for an execution that may have been started: ");
		refine(job, s->aws, err);
	} else {
		/* one that is there and cannot be read is no reason to start another */
		job->certain = !found;
		verdict = !found ? TARGET_ABSENT :
			  describe(job, s->aws, s->pipeline, found, err) < 0 ? TARGET_FAILED : TARGET_DONE;
	}
	json_free(page);
	return verdict;
}

/* Where it may have been started, whatever the configuration says by now. *moved: that is
 * somewhere else. */
static int pipeline_asked(const struct target_job *job, const char **pipeline, bool *moved,
			  struct err *err)
{
	*moved = false;
	if (!was_asked(job->delivery))
		return need_pipeline(job, pipeline, err);
	*pipeline = job->delivery->external + sizeof(asked) - 1;
	*moved = strcmp(*pipeline, queue_config_get(job->config, job->name, "pipeline", "")) != 0;
	return 0;
}

static enum target_verdict look(struct target_job *job, struct err *err)
{
	int64_t since = job->delivery->uncertain_ms, age = job->now_ms - since;
	struct search s = { .variable = queue_config_get(job->config, job->name, "variable", ""),
			    .since = (double)since / 1000 - LOOK_BACK_S };
	struct buf commit = BUF_INIT(128);
	enum target_verdict verdict = TARGET_FAILED;
	bool moved;

	if (pipeline_asked(job, &s.pipeline, &moved, err) < 0)
		return TARGET_FAILED;
	if (age >= 0 && age < TOKEN_HOLDS_MS) {	/* below 0 a clock was set back: nobody knows */
		if (!moved)
			return TARGET_ABSENT;	/* the same request is the same execution still */
		err_set(err, ERR_UNAVAILABLE, "an execution may have been started in %s, which is no longer "
			"the pipeline; that is looked up soon", s.pipeline);
		return TARGET_FAILED;
	}
	if ((s.aws = target_aws(job, err)) &&
	    target_aws_commit(job, &commit, err) == 0) {
		s.commit = buf_str(&commit);
		target_aws_name(job, '/', s.marker);
		verdict = look_for(job, &s, err);
	}
	buf_free(&commit);
	return verdict;
}

const struct target target_codepipeline = {
	.name = "codepipeline",
	.label = "pipeline",
	.slots = 4,
	.kind = TARGET_CALLS,
	.builds = true,
	.start = start,
	.look = look,
	.close = target_aws_close,
};
