#include "lib/base/stop.h"
#include "submit.h"

#include "explain.h"
#include "result.h"
#include "same.h"

#include <string.h>
#include <time.h>

enum { ATTEMPTS = 5, FIRST_PAUSE_MS = 200 };

/* A job as Describe would tell it, from what was sent and answered. */
static cJSON *as_described(const cJSON *request, const cJSON *answer)
{
	cJSON *d = cJSON_Duplicate(request, 1);

	if (!d || json_set_string(d, "TrainingJobArn",
				  json_string(answer, "TrainingJobArn", "")) < 0 ||
	    json_set_string(d, "TrainingJobStatus", "InProgress") < 0) {
		json_free(d);
		return NULL;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(d, "Tags");
	return d;
}

/* Takes over the job of that name when it is the one that is asked for. */
static int attach(const cJSON *request, cJSON *described, struct submit_result *out,
		  struct err *err)
{
	struct buf told = BUF_INIT(64 << 10);
	int n = same_differences(request, described, same_training_job, &told);

	if (n == 0) {
		out->described = described;
		out->attached = true;
	} else {
		err_set(err, ERR_CONFLICT, "the name %s is taken by a different training job, which "
			"differs in %d place%s; choose another with --job-name or --base-name: %s",
			json_string(request, "TrainingJobName", ""), n, n == 1 ? "" : "s",
			buf_str(&told));
		json_free(described);
	}
	buf_free(&told);
	return n == 0 ? 0 : -1;
}

static void explain(struct identity *id, const cJSON *request, struct err *err)
{
	struct explain_about about = {
		.role = json_string(request, "RoleArn", NULL),
		.image = json_string(request, "AlgorithmSpecification.TrainingImage", NULL),
		.data = json_string(request, "InputDataConfig[0].DataSource.S3DataSource.S3Uri", NULL),
		.output = json_string(request, "OutputDataConfig.S3OutputPath", NULL),
	};

	if (id->job && *aws_error_code(id->job))
		explain_missing_grant(aws_error_message(id->job), &about, err);
}

static void pause_ms(int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* Looks whether the job is there. 1: `out` or `err` is final; 0: there is none,
 * or nobody can tell. */
static int look(struct identity *id, const cJSON *request, struct submit_result *out,
		struct err *err, int *result)
{
	cJSON *described = NULL;
	struct err e = { 0 };

	if (wait_describe(id, json_string(request, "TrainingJobName", ""), &described, &e) == 0) {
		*result = attach(request, described, out, err);
		return 1;
	}
	if (e.class == ERR_NO)
		return 0;
	/* what the create said matters more, unless that was only "taken" */
	if (err->class == ERR_CONFLICT)
		*err = e;
	if (e.class == ERR_UNAVAILABLE)
		return 0;	/* under the same name a second create does no harm */
	*result = -1;
	return 1;
}

int submit_create(struct identity *id, const cJSON *request, struct submit_result *out,
		  struct err *err)
{
	for (int attempt = 0; ; attempt++) {
		cJSON *answer = NULL;
		bool taken, maybe;
		int result = -1;

		if (identity_call(id, "sagemaker:CreateTrainingJob", request, &answer, err) == 0) {
			out->described = as_described(request, answer);
			out->attached = false;
			json_free(answer);
			return out->described ? 0 : err_set(err, ERR_INTERNAL, "no memory for a job");
		}
		taken = err->class == ERR_CONFLICT;
		maybe = id->job && aws_maybe_done(id->job);
		if (!taken && !maybe) {
			explain(id, request, err);
			return -1;
		}
		if (stop_is_set(id->stop)) {
			err->class = ERR_UNAVAILABLE;	/* nobody looked whose the name is */
			return err_suffix(err, "; run it again: a job that was made is found");
		}
		/* the name is the only key: it tells whether the create came through */
		if (look(id, request, out, err, &result))
			return result;
		if (attempt + 1 == ATTEMPTS)
			return -1;
		pause_ms(FIRST_PAUSE_MS << attempt);
	}
}
