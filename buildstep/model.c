#include "model.h"

#include "explain.h"
#include "name.h"
#include "request.h"
#include "result.h"
#include "role.h"
#include "same.h"

#include <stdio.h>
#include <string.h>

enum { ATTEMPTS = 4 };

static cJSON *request(const struct model_want *w, const char *role, struct err *err)
{
	cJSON *q = cJSON_CreateObject();

	if (json_set_string(q, "ModelName", w->name) == 0 &&
	    json_set_string(q, "PrimaryContainer.Image", w->image) == 0 &&
	    json_set_string(q, "PrimaryContainer.ModelDataUrl", w->artifact) == 0 &&
	    json_set_string(q, "ExecutionRoleArn", role) == 0 &&
	    request_tag(q, NAME_TAG_PREFIX "job", w->job, err) == 0 &&
	    request_tag(q, NAME_TAG_PREFIX "digest", w->digest, err) == 0)
		return q;
	json_free(q);
	err_set(err, ERR_INTERNAL, "no memory for a model");
	return NULL;
}

/* 1: the model is there and the same, or `err` says why not; 0: there is none. */
static int look(struct aws *who, const cJSON *q, struct model_made *out, int *result,
		struct err *err)
{
	const char *name = json_string(q, "ModelName", "");
	struct buf told = BUF_INIT(64 << 10);
	cJSON *ask = cJSON_CreateObject(), *there = NULL;
	struct err e = { 0 };
	int found = 0;

	*result = -1;
	if (json_set_string(ask, "ModelName", name) < 0) {
		err_set(err, ERR_INTERNAL, "no memory to look for a model");
		found = 1;
	} else if (aws_call(who, "sagemaker:DescribeModel", ask, &there, &e) < 0) {
		/* a missing one is "Could not find model"; who may not look may still create */
		found = e.class == ERR_UNAVAILABLE;
		if (found)
			*err = e;
	} else if (same_differences(q, there, same_model, &told) > 0) {
		err_set(err, ERR_CONFLICT, "the name %s is taken by a different model in %s; choose "
			"another with --model-name: %s", name, aws_label(who), buf_str(&told));
		found = 1;
	} else {
		snprintf(out->arn, sizeof(out->arn), "%s", json_string(there, "ModelArn", ""));
		out->created = false;
		*result = 0;
		found = 1;
	}
	buf_free(&told);
	json_free(ask);
	json_free(there);
	return found;
}

static void explain(struct aws *who, const struct model_want *w, const char *role, struct err *err)
{
	struct explain_about about = { .role = role, .image = w->image, .data = w->artifact };

	if (*aws_error_code(who))
		explain_missing_grant(aws_error_message(who), &about, err);
}

static int create(struct aws *who, const cJSON *q, struct model_made *out, struct err *err)
{
	cJSON *answer = NULL;

	if (aws_call(who, "sagemaker:CreateModel", q, &answer, err) < 0)
		return -1;
	snprintf(out->arn, sizeof(out->arn), "%s", json_string(answer, "ModelArn", ""));
	out->created = true;
	json_free(answer);
	return 0;
}

/* "Cannot create already existing model" comes as a validation error. */
static bool taken(struct aws *who, const struct err *err)
{
	return err->class == ERR_CONFLICT || strcasestr(aws_error_message(who), "already exist");
}

int model_make(struct aws *who, const struct model_want *want, struct model_made *out,
	       struct err *err)
{
	char role[ROLE_ARN_MAX], part[64];
	int result = -1, attempt;
	cJSON *q = NULL;

	memset(out, 0, sizeof(*out));
	/* by name without asking IAM: who releases needs no right to look at roles */
	if (role_arn_made(who, want->role, role, err) < 0)
		return -1;
	result_arn_part(role, 4, part);
	snprintf(out->account, sizeof(out->account), "%.12s", part);
	q = request(want, role, err);
	if (!q)
		return -1;
	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (look(who, q, out, &result, err))
			break;
		result = create(who, q, out, err);
		if (result == 0)
			break;
		if (!taken(who, err) && !aws_maybe_done(who)) {
			explain(who, want, role, err);
			break;
		}
	}
	json_free(q);
	if (result < 0 && attempt == ATTEMPTS && taken(who, err))
		err->class = ERR_CONFLICT;	/* whose it is cannot be seen */
	if (result == 0)
		err->class = ERR_NONE;	/* of what was tried on the way */
	return result;
}
