/*
 * The target "codebuild": StartBuild of the pushed commit.
 *
 * Never twice: the request carries an idempotencyToken made from the event, so
 * within five minutes the same request gives the same build. The token is
 * forgotten after that; so when an earlier request may have been carried out,
 * the project's builds are first searched for the variable CODETRAIN_EVENT,
 * which holds the event's name.
 */
#include "target.h"
#include "lib/net/aws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	TOKEN_HOLDS_MS = 180 * 1000,	/* CodeBuild keeps it for 300 s; the rest is for delays */
	LOOK_BACK_S = 600,		/* clocks may differ by so much */
	PAGES_MOST = 50,		/* of 100 builds */
	MARKER_MAX = 96,
};

static const char marker_name[] = "CODETRAIN_EVENT";

/* A connection, kept while the configuration says the same. */
struct session {
	struct aws *aws;
	char profile[128], region[64];
};

static void close_session(void *state)
{
	struct session *s = state;

	if (!s)
		return;
	aws_close(s->aws);
	free(s);
}

static struct aws *connect_aws(struct target_job *job, struct err *err)
{
	const char *profile = queue_config_get(job->config, "codebuild", "profile", NULL);
	const char *region = queue_config_get(job->config, "codebuild", "region", NULL);
	const struct aws_settings settings = { .profile = profile, .region = region,
					       .stop = job->stop };
	struct session *s = *job->state;

	if (s && strcmp(s->profile, profile ? profile : "") == 0 &&
	    strcmp(s->region, region ? region : "") == 0)
		return s->aws;
	close_session(s);
	*job->state = NULL;
	s = calloc(1, sizeof(*s));
	if (!s) {
		err_set(err, ERR_INTERNAL, "no memory for a connection");
		return NULL;
	}
	snprintf(s->profile, sizeof(s->profile), "%s", profile ? profile : "");
	snprintf(s->region, sizeof(s->region), "%s", region ? region : "");
	s->aws = aws_open(&settings, err);
	if (!s->aws) {
		free(s);
		return NULL;
	}
	*job->state = s;
	return s->aws;
}

/* "UUID/12"; "UUID/12/1" when people ask for a second build of a delivered event. */
static void marker_of(const struct target_job *job, char separator, char out[static MARKER_MAX])
{
	const struct queue_delivery *d = job->delivery;
	int n = snprintf(out, MARKER_MAX, "%s%c%lld", job->uuid, separator, (long long)d->event);

	if (d->generation)
		snprintf(out + n, MARKER_MAX - (size_t)n, "%c%d", separator, d->generation);
}

static int add_variable(cJSON *list, const char *name, const char *value)
{
	cJSON *variable = cJSON_CreateObject();

	if (!variable || !cJSON_AddItemToArray(list, variable)) {
		json_free(variable);
		return -1;
	}
	return json_set_string(variable, "name", name) < 0 ||
	       json_set_string(variable, "value", value) < 0 ||
	       json_set_string(variable, "type", "PLAINTEXT") < 0 ? -1 : 0;
}

static cJSON *request_of(const struct target_job *job, const char *project)
{
	const char *buildspec = queue_config_get(job->config, "codebuild", "buildspec", NULL);
	char marker[MARKER_MAX], token[MARKER_MAX];
	cJSON *request = cJSON_CreateObject(), *list = cJSON_CreateArray();
	int rc = request && list ? 0 : -1;

	marker_of(job, '/', marker);
	marker_of(job, '-', token);
	if (rc == 0)
		rc = add_variable(list, marker_name, marker);
	if (rc == 0)
		rc = add_variable(list, "CODETRAIN_REF", job->delivery->ref);
	if (rc == 0)
		rc = json_set_string(request, "projectName", project);
	if (rc == 0)
		rc = json_set_string(request, "sourceVersion", job->delivery->new);
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

/* Bytes of a ref that are no UTF-8 have no place in JSON. */
static void keep_text(const cJSON *tree, struct buf *out)
{
	struct err ignored;

	if (json_print(tree, true, out, &ignored) < 0)
		buf_clear(out);
}

static int need_project(const struct target_job *job, const char **project, struct err *err)
{
	*project = queue_config_get(job->config, "codebuild", "project", NULL);
	if (*project && **project)
		return 0;
	return err_set(err, ERR_USAGE, "codetrain.project is not set; git config codetrain.project "
		       "NAME, then: codetrain queue retry %lld", (long long)job->delivery->event);
}

/* AWS's own codes that say more than their class. */
static void refine(struct target_job *job, const struct aws *aws, struct err *err)
{
	const char *code = aws_error_code(aws);

	if (strcmp(code, "AccountLimitExceededException") == 0)
		err->class = ERR_UNAVAILABLE;	/* builds end, and there is room again */
	else if (strcasestr(aws_error_message(aws), "idempotency"))
		/* the token was used with another configuration; once it is
		 * forgotten, `look` decides */
		err->class = ERR_UNAVAILABLE, job->maybe_done = true;
	else if (err->class == ERR_NO || err->class == ERR_USAGE || err->class == ERR_CONFLICT)
		err_suffix(err, "; mend it, then: codetrain queue retry %lld",
			   (long long)job->delivery->event);
}

static void describe(struct target_job *job, const cJSON *build)
{
	const char *id = json_string(build, "id", "");

	buf_clear(&job->external);
	buf_adds(&job->external, id);
	buf_addf(&job->outcome, "build %.300s started", id);
}

static enum target_verdict start(struct target_job *job, struct err *err)
{
	enum target_verdict verdict = TARGET_FAILED;
	cJSON *request = NULL, *answer = NULL;
	const char *project;
	struct aws *aws;

	if (need_project(job, &project, err) < 0)
		return TARGET_FAILED;
	aws = connect_aws(job, err);
	if (!aws)
		return TARGET_FAILED;
	request = request_of(job, project);
	if (!request) {
		err_set(err, ERR_INTERNAL, "no memory for a request");
		goto out;
	}
	keep_text(request, &job->request);
	if (aws_call(aws, "codebuild:StartBuild", request, &answer, err) < 0) {
		/* an error page of something in between says little about what was behind it */
		job->maybe_done = aws_maybe_done(aws) ||
				  (err->class == ERR_UNAVAILABLE && *aws_error_code(aws));
		buf_adds(&job->answer, err->message);
		refine(job, aws, err);
	} else {
		keep_text(answer, &job->answer);
		describe(job, json_get(answer, "build"));
		verdict = TARGET_DONE;
	}
out:
	json_free(request);
	json_free(answer);
	return verdict;
}

static bool is_ours(const cJSON *build, const char *marker)
{
	size_t n = json_count(build, "environment.environmentVariables");

	for (size_t i = 0; i < n; i++) {
		const cJSON *v = json_at(build, "environment.environmentVariables", i);

		if (strcmp(json_string(v, "name", ""), marker_name) == 0)
			return strcmp(json_string(v, "value", ""), marker) == 0;
	}
	return false;
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

		if (is_ours(build, marker) && !(*found = cJSON_Duplicate(build, true))) {
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

static int list_page(struct aws *aws, const char *project, const char *token, cJSON **answer,
		     struct err *err)
{
	cJSON *request = cJSON_CreateObject();
	int rc = -1;

	if (!request || json_set_string(request, "projectName", project) < 0 ||
	    json_set_string(request, "sortOrder", "DESCENDING") < 0 ||
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

static enum target_verdict look(struct target_job *job, struct err *err)
{
	int64_t since = job->delivery->uncertain_ms, age = job->now_ms - since;
	char marker[MARKER_MAX];
	const char *project;
	cJSON *found = NULL;
	struct aws *aws;
	int rc;

	if (age >= 0 && age < TOKEN_HOLDS_MS)	/* below 0 a clock was set back: nobody knows */
		return TARGET_ABSENT;	/* the same request is the same build still */
	if (need_project(job, &project, err) < 0)
		return TARGET_FAILED;
	aws = connect_aws(job, err);
	if (!aws)
		return TARGET_FAILED;
	marker_of(job, '/', marker);
	rc = search(aws, project, marker, (double)since / 1000 - LOOK_BACK_S, &found, err);
	if (rc < 0) {
		err_prefix(err, "looking for a build that may have been started: ");
		refine(job, aws, err);
		return TARGET_FAILED;
	}
	job->certain = true;
	if (!found)
		return TARGET_ABSENT;
	keep_text(found, &job->answer);
	describe(job, found);
	json_free(found);
	return TARGET_DONE;
}

const struct target target_codebuild = {
	.name = "codebuild",
	.label = "project",
	.slots = 4,
	.start = start,
	.look = look,
	.close = close_session,
};
