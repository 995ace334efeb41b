#include "result.h"

#include "explain.h"
#include "lib/base/buf.h"

#include <string.h>

enum { JSON_MAX = 1 << 20 };

static const char *status(const cJSON *d)
{
	return json_string(d, "TrainingJobStatus", "");
}

bool result_final(const cJSON *d)
{
	return strcmp(status(d), "Completed") == 0 || strcmp(status(d), "Failed") == 0 ||
	       strcmp(status(d), "Stopped") == 0;
}

int result_outcome(const cJSON *d, struct err *err)
{
	const char *job = json_string(d, "TrainingJobName", "the job");
	const char *reason = json_string(d, "FailureReason", "");
	const char *detail = json_string(d, "SecondaryStatus", "");
	struct explain_about about = {
		.role = json_string(d, "RoleArn", NULL),
		.image = json_string(d, "AlgorithmSpecification.TrainingImage", NULL),
		.data = json_string(d, "InputDataConfig[0].DataSource.S3DataSource.S3Uri", NULL),
		.output = json_string(d, "OutputDataConfig.S3OutputPath", NULL),
	};

	if (strcmp(status(d), "Failed") == 0) {
		err_set(err, ERR_NO, "training job %s Failed: %s", job,
			*reason ? reason : "no reason was given");
		explain_missing_grant(reason, &about, err);
		return -1;
	}
	if (strcmp(status(d), "Stopped") == 0) {
		if (strcmp(detail, "MaxRuntimeExceeded") == 0)
			return err_set(err, ERR_STOPPED, "training job %s ran into MaxRuntimeInSeconds "
				       "(%lld); raise it with --set "
				       "StoppingCondition.MaxRuntimeInSeconds=N", job,
				       (long long)json_integer(d, "StoppingCondition."
							       "MaxRuntimeInSeconds", 0));
		if (strcmp(detail, "MaxWaitTimeExceeded") == 0)
			return err_set(err, ERR_STOPPED, "training job %s ran into "
				       "MaxWaitTimeInSeconds before it had enough spot capacity", job);
		return err_set(err, ERR_STOPPED, "training job %s was Stopped", job);
	}
	return 0;
}

void result_arn_part(const char *arn, int index, char out[static 64])
{
	out[0] = '\0';
	for (; arn && index > 0; index--) {
		arn = strchr(arn, ':');
		arn = arn ? arn + 1 : NULL;
	}
	if (arn)
		snprintf(out, 64, "%.*s", (int)strcspn(arn, ":"), arn);
}

static int put(cJSON *o, const char *name, const char *value)
{
	return value && *value ? json_set_string(o, name, value) : 0;
}

static int metrics(cJSON *o, const cJSON *d)
{
	cJSON *m = cJSON_AddObjectToObject(o, "metrics");
	int result = m ? 0 : -1;

	for (size_t i = 0; i < json_count(d, "FinalMetricDataList"); i++) {
		const cJSON *one = json_at(d, "FinalMetricDataList", i);
		const char *name = json_string(one, "MetricName", NULL);

		if (name && !cJSON_AddNumberToObject(m, name, json_number(one, "Value", 0)))
			result = -1;
	}
	return result;
}

cJSON *result_json(const cJSON *d, bool attached)
{
	const char *image = json_string(d, "AlgorithmSpecification.TrainingImage", "");
	const char *arn = json_string(d, "TrainingJobArn", "");
	const char *at = strchr(image, '@');
	char account[64], region[64];
	cJSON *o = cJSON_CreateObject();

	result_arn_part(arn, 4, account);
	result_arn_part(arn, 3, region);
	if (put(o, "job", json_string(d, "TrainingJobName", "")) < 0 || put(o, "arn", arn) < 0 ||
	    put(o, "status", status(d)) < 0 ||
	    put(o, "artifact", json_string(d, "ModelArtifacts.S3ModelArtifacts", "")) < 0 ||
	    put(o, "image", image) < 0 || put(o, "digest", at ? at + 1 : "") < 0 ||
	    put(o, "account", account) < 0 || put(o, "region", region) < 0 || metrics(o, d) < 0 ||
	    put(o, "failure", json_string(d, "FailureReason", "")) < 0 ||
	    json_set_bool(o, "attached", attached) < 0) {
		json_free(o);
		return NULL;
	}
	return o;
}

int result_print(const cJSON *object, FILE *out, struct err *err)
{
	struct buf text = BUF_INIT(JSON_MAX);
	int result = -1;

	if (!object)
		err_set(err, ERR_INTERNAL, "no memory for the result");
	else if (json_print(object, false, &text, err) == 0)
		result = 0;
	if (result == 0)
		fprintf(out, "%s\n", buf_str(&text));
	buf_free(&text);
	return result;
}

void result_summary(const cJSON *d, FILE *out)
{
	const char *artifact = json_string(d, "ModelArtifacts.S3ModelArtifacts", NULL);
	long long seconds = json_integer(d, "TrainingTimeInSeconds", -1);
	long long billed = json_integer(d, "BillableTimeInSeconds", -1);

	fprintf(out, "%s %s", json_string(d, "TrainingJobName", "job"), status(d));
	if (seconds >= 0)
		fprintf(out, " after %lld s of training", seconds);
	if (billed >= 0)
		fprintf(out, ", %lld s billed", billed);
	fputc('\n', out);
	for (size_t i = 0; i < json_count(d, "FinalMetricDataList"); i++) {
		const cJSON *one = json_at(d, "FinalMetricDataList", i);

		fprintf(out, "  %s = %.6g\n", json_string(one, "MetricName", "?"),
			json_number(one, "Value", 0));
	}
	if (artifact && strcmp(status(d), "Completed") == 0)
		fprintf(out, "  artifact %s\n", artifact);
}
