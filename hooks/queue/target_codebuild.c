/*
 * The target "codebuild": StartBuild of the pushed commit.
 *
 * Never twice: the request carries an idempotencyToken made from the event, so
 * within five minutes the same request gives the same build. The token is
 * forgotten after that; so when an earlier request may have been carried out,
 * the project's builds are first searched for the variable CODETRAIN_EVENT,
 * which holds the event's name. In which project is kept with the delivery, for
 * the configuration may name another one by then.
 */
#include "target_aws.h"
#include "target_codebuild_parse.h"
#include "queue_options.h"
#include "lib/base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	TOKEN_HOLDS_MS = 180 * 1000,	/* CodeBuild keeps it for 300 s; the rest is for delays */
	LOOK_BACK_S = 600,		/* clocks may differ by so much */
	PAGES_MOST = 500,		/* of 100 builds */
	PROJECT_MAX = 256,
};

/* What `external` says of a build that may have been started. */
static const char asked[] = "asked of project ";

static bool was_asked(const struct queue_delivery *d)
{
	return strncmp(d->external, asked, sizeof(asked) - 1) == 0;
}

static int add_variable(cJSON *list, const char *name, size_t len, const char *value)
{
	cJSON *variable = cJSON_CreateObject();
	char *copy = strndup(name, len);
	int rc = -1;

	if (!variable || !cJSON_AddItemToArray(list, variable))
		json_free(variable);
	else if (copy && json_set_string(variable, "name", copy) == 0 &&
		 json_set_string(variable, "value", value) == 0)
		rc = json_set_string(variable, "type", "PLAINTEXT");
	free(copy);
	return rc;
}

static int add_variables(const struct target_job *job, cJSON *list)
{
	const struct strs *more = job->options ? &job->options->env : NULL;
	char marker[TARGET_AWS_NAME];

	target_aws_name(job, '/', marker);
	if (add_variable(list, TARGET_CODEBUILD_MARKER, strlen(TARGET_CODEBUILD_MARKER), marker) < 0 ||
	    add_variable(list, "CODETRAIN_REF", strlen("CODETRAIN_REF"), job->delivery->ref) < 0)
		return -1;
	for (size_t i = 0; more && i < more->n; i++) {
		const char *equals = strchr(more->v[i], '=');

		if (equals && add_variable(list, more->v[i], (size_t)(equals - more->v[i]), equals + 1) < 0)
			return -1;
	}
	return 0;
}

/* The same for the same event and configuration, byte by byte: CodeBuild refuses a token
 * that comes with anything else. */
static cJSON *request_of(const struct target_job *job, const char *project, const char *commit)
{
	const char *buildspec = queue_config_get(job->config, job->name, "buildspec", NULL);
	cJSON *request = cJSON_CreateObject(), *list = cJSON_CreateArray();
	char token[TARGET_AWS_NAME];
	int rc = request && list ? add_variables(job, list) : -1;

	target_aws_name(job, '-', token);
	if (rc == 0)
		rc = json_set_string(request, "projectName", project);
	if (rc == 0)
		rc = json_set_string(request, "sourceVersion", commit);
	if (rc == 0)
		rc = json_set_string(request, "idempotencyToken", token);
	if (rc == 0 && buildspec)
		rc = json_set_string(request, "buildspecOverride", buildspec);
	if (rc == 0) {
		rc = json_set(request, "environmentVariablesOverride", list);
		list = NULL;
	}
	json_free(list);
	if (rc == 0)
		return request;
	json_free(request);
	return NULL;
}

static int need_project(const struct target_job *job, const char **project, struct err *err)
{
	*project = queue_config_get(job->config, job->name, "project", NULL);
	if (*project && **project && strlen(*project) < PROJECT_MAX)
		return 0;
	return err_set(err, ERR_USAGE, "codetrain.project is %s; git config codetrain.project NAME, "
		       "then: codetrain queue retry %lld -t %s",
		       *project && **project ? "too long" : "not set", (long long)job->delivery->event,
		       job->name);
}

/* AWS's own codes that say more than their class. */
static void refine(struct target_job *job, const struct aws *aws, struct err *err)
{
	const char *code = aws_error_code(aws);

	if (strcmp(code, "AccountLimitExceededException") == 0) {
		err->class = ERR_UNAVAILABLE;	/* builds end, and there is room again */
	} else if (strcasestr(aws_error_message(aws), "idempotency")) {
		/* the token was used with another configuration; once it is
		 * forgotten, `look` decides */
		err->class = ERR_UNAVAILABLE;
		job->maybe_done = true;
	} else {
		target_aws_mend(job, err);
	}
}

static int describe(struct target_job *job, const struct aws *aws, const cJSON *build,
		    struct err *err)
{
	return target_codebuild_parse_started(build, aws_region(aws), &job->external, &job->outcome,
					      &job->link, err);
}

/* `look` let the same token be sent again. Has it time left still? A machine that slept in
 * between has another idea of that now. */
static int token_holds(struct target_job *job, struct err *err)
{
	int64_t age = clock_now_ms() - job->delivery->uncertain_ms;

	if (!job->delivery->uncertain_ms || job->certain || (age >= 0 && age < TOKEN_HOLDS_MS))
		return 0;
	job->maybe_done = true;
	return err_set(err, ERR_UNAVAILABLE, "the clock moved on before the request was sent again; "
		       "the build is looked for first");
}

static enum target_verdict start_in(struct target_job *job, struct aws *aws, const char *project,
				    const char *commit, struct err *err)
{
	cJSON *request = request_of(job, project, commit), *answer = NULL;
	const struct queue_delivery *d = job->delivery;
	int rc;

	if (!request) {
		err_set(err, ERR_INTERNAL, "no memory for a request");
		return TARGET_FAILED;
	}
	rc = token_holds(job, err);
	if (rc == 0) {
		rc = target_aws_call(job, aws, "codebuild:StartBuild", request, &answer, err);
		if (rc < 0)
			refine(job, aws, err);
	}
	if (rc == 0) {
		rc = describe(job, aws, json_get(answer, "build"), err);
		job->maybe_done = rc < 0;
	}
	if (rc < 0 && job->maybe_done && (!d->uncertain_ms || job->certain || !was_asked(d)))
		buf_addf(&job->external, "%s%s", asked, project);
	json_free(request);
	json_free(answer);
	return rc < 0 ? TARGET_FAILED : TARGET_DONE;
}

static enum target_verdict start(struct target_job *job, struct err *err)
{
	struct buf commit = BUF_INIT(128);
	enum target_verdict verdict = TARGET_FAILED;
	const char *project;
	struct aws *aws;

	if (need_project(job, &project, err) == 0 && (aws = target_aws(job, err)) != NULL) {
		if (target_aws_commit(job, &commit, err) < 0)
			target_aws_mend(job, err);
		else
			verdict = start_in(job, aws, project, buf_str(&commit), err);
	}
	buf_free(&commit);
	return verdict;
}

/* One page of ids: *found when one of them is ours; *older when they reach back
 * to before the first request. */
static int look_at_page(struct aws *aws, const cJSON *ids, const char *marker, double since,
			cJSON **found, bool *older, struct err *err)
{
	cJSON *request = cJSON_CreateObject(), *answer = NULL;
	int rc = -1;

	if (!request || json_set(request, "ids", cJSON_Duplicate(ids, true)) < 0) {
		err_set(err, ERR_INTERNAL, "no memory for a request");
		goto out;
	}
	if (aws_call(aws, "codebuild:BatchGetBuilds", request, &answer, err) < 0)
		goto out;
	for (size_t i = 0, n = json_count(answer, "builds"); i < n && !*found; i++) {
		const cJSON *build = json_at(answer, "builds", i);
		double started = json_number(build, "startTime", 0);

		if (target_codebuild_parse_is_ours(build, marker) && !(*found = cJSON_Duplicate(build, true))) {
			err_set(err, ERR_INTERNAL, "no memory for a build");
			goto out;	/* as if it were absent, it would be started again */
		}
		*older = *older || (started > 0 && started < since);
	}
	rc = 0;
out:
	json_free(request);
	json_free(answer);
	return rc;
}

/* Newest first by itself; to ask for an order is refused where there are more than 100. */
static int list_page(struct aws *aws, const char *project, const char *token, cJSON **answer,
		     struct err *err)
{
	cJSON *request = cJSON_CreateObject();
	int rc = -1;

	if (!request || json_set_string(request, "projectName", project) < 0 ||
	    (token && json_set_string(request, "nextToken", token) < 0))
		err_set(err, ERR_INTERNAL, "no memory for a request");
	else
		rc = aws_call(aws, "codebuild:ListBuildsForProject", request, answer, err);
	json_free(request);
	return rc;
}

/* *found stays NULL when no build of the project bears the marker. */
static int search(struct aws *aws, const char *project, const char *marker, double since,
		  cJSON **found, struct err *err)
{
	cJSON *page = NULL;
	bool older = false;
	int rc = 0;

	for (int n = 0; rc == 0 && !*found && !older; n++) {
		const char *token = page ? json_string(page, "nextToken", NULL) : NULL;
		cJSON *next = NULL;

		if (page && !token)
			break;
		if (n == PAGES_MOST) {	/* not seen is not absent */
			rc = err_set(err, ERR_UNAVAILABLE, "%s has more builds than are looked "
				     "through", project);
			break;
		}
		rc = list_page(aws, project, token, &next, err);
		json_free(page);
		page = next;
		if (rc == 0 && json_count(page, "ids"))
			rc = look_at_page(aws, json_get(page, "ids"), marker, since, found, &older, err);
	}
	json_free(page);
	return rc;
}

/* Where it may have been started: where it was asked for, whatever the configuration
 * says by now. *moved: that is somewhere else. */
static int project_asked(const struct target_job *job, const char **project, bool *moved,
			 struct err *err)
{
	const char *now = queue_config_get(job->config, job->name, "project", "");

	*moved = false;
	if (!was_asked(job->delivery))
		return need_project(job, project, err);
	*project = job->delivery->external + sizeof(asked) - 1;
	*moved = strcmp(*project, now) != 0;
	return 0;
}

static enum target_verdict take_found(struct target_job *job, const struct aws *aws, cJSON *found,
				      struct err *err)
{
	struct err ignored;
	int rc;

	job->certain = !found;	/* one that is there and cannot be read is no reason to start another */
	if (!found)
		return TARGET_ABSENT;
	if (json_print(found, true, &job->answer, &ignored) < 0)
		buf_clear(&job->answer);
	rc = describe(job, aws, found, err);
	json_free(found);
	return rc < 0 ? TARGET_FAILED : TARGET_DONE;
}

static enum target_verdict look(struct target_job *job, struct err *err)
{
	int64_t since = job->delivery->uncertain_ms, age = job->now_ms - since;
	char marker[TARGET_AWS_NAME];
	const char *project;
	cJSON *found = NULL;
	struct aws *aws;
	bool moved;

	if (project_asked(job, &project, &moved, err) < 0)
		return TARGET_FAILED;
	if (age >= 0 && age < TOKEN_HOLDS_MS) {	/* below 0 a clock was set back: nobody knows */
		if (!moved)
			return TARGET_ABSENT;	/* the same request is the same build still */
		err_set(err, ERR_UNAVAILABLE, "a build may have been started in %s, which is no longer "
			"the project; that is looked up soon", project);
		return TARGET_FAILED;
	}
	aws = target_aws(job, err);
	if (!aws)
		return TARGET_FAILED;
	target_aws_name(job, '/', marker);
	if (search(aws, project, marker, (double)since / 1000 - LOOK_BACK_S, &found, err) < 0) {
		err_prefix(err, "looking for a build that may have been started: ");
		refine(job, aws, err);
		return TARGET_FAILED;
	}
	return take_found(job, aws, found, err);
}

const struct target target_codebuild = {
	.name = "codebuild",
	.label = "project",
	.slots = 8,
	.kind = TARGET_CALLS,
	.builds = true,
	.start = start,
	.look = look,
	.close = target_aws_close,
};
