#include "same.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const same_training_job[] = {
	"AlgorithmSpecification", "HyperParameters", "RoleArn", "InputDataConfig",
	"OutputDataConfig", "ResourceConfig", "VpcConfig", "StoppingCondition",
	"EnableNetworkIsolation", "EnableInterContainerTrafficEncryption",
	"EnableManagedSpotTraining", "CheckpointConfig", "Environment", "RetryStrategy",
	"TensorBoardOutputConfig", "ExperimentConfig", NULL,
};

const char *const same_model[] = {
	"PrimaryContainer", "Containers", "ExecutionRoleArn", "VpcConfig",
	"EnableNetworkIsolation", NULL,
};

/* What the service puts where nothing was asked for. */
static bool is_default(const char *path, const cJSON *v)
{
	static const char *const texts[] = { "", "None", "GZIP", "File", "Platform", "SingleModel" };
	const char *name = strrchr(path, '.');

	name = name ? name + 1 : path;
	if (strncmp(path, "HyperParameters.", 16) == 0 || strncmp(path, "Environment.", 12) == 0)
		return false;	/* what people name, nothing fills in */
	/* set by SageMaker from the kind of algorithm */
	if (strcmp(name, "EnableSageMakerMetricsTimeSeries") == 0)
		return true;
	if (cJSON_IsNull(v) || cJSON_IsFalse(v))
		return true;
	if (cJSON_IsNumber(v))
		return v->valuedouble == 0;
	if (cJSON_IsString(v)) {
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
			if (strcmp(v->valuestring, texts[i]) == 0)
				return true;
		return false;
	}
	for (const cJSON *c = v->child; c; c = c->next)
		if (!is_default(c->string ? c->string : "", c))
			return false;
	return !cJSON_IsTrue(v);
}

static void show(const cJSON *v, char out[static 128])
{
	char *text = v ? cJSON_PrintUnformatted(v) : NULL;

	snprintf(out, 128, "%s", v ? (text ? text : "?") : "nothing");
	if (text && strlen(text) > 127)
		memcpy(out + 124, "...", 4);
	cJSON_free(text);
}

static int differ(const char *path, const cJSON *wanted, const cJSON *live, struct buf *out)
{
	char here[128], there[128];

	buf_adds(out, out->len ? "; " : "");
	if (strncmp(path, "Environment.", 12) == 0) {	/* people put secrets there */
		buf_addf(out, "%s: another value", path);
		return 1;
	}
	show(wanted, here);
	show(live, there);
	buf_addf(out, "%s: %s there, %s here", path, there, here);
	return 1;
}

static int compare(const char *path, const cJSON *wanted, const cJSON *live, struct buf *out);

static int compare_objects(const char *path, const cJSON *wanted, const cJSON *live,
			   struct buf *out)
{
	const cJSON *c;
	char below[512];
	int n = 0;

	cJSON_ArrayForEach(c, wanted) {
		snprintf(below, sizeof(below), "%s.%s", path, c->string);
		n += compare(below, c, cJSON_GetObjectItemCaseSensitive(live, c->string), out);
	}
	cJSON_ArrayForEach(c, live) {
		snprintf(below, sizeof(below), "%s.%s", path, c->string);
		if (!cJSON_GetObjectItemCaseSensitive(wanted, c->string))
			n += compare(below, NULL, c, out);
	}
	return n;
}

static int compare(const char *path, const cJSON *wanted, const cJSON *live, struct buf *out)
{
	char below[512];
	int n = 0;

	if (!wanted || !live) {
		const cJSON *only = wanted ? wanted : live;

		return !only || is_default(path, only) ? 0 : differ(path, wanted, live, out);
	}
	if (cJSON_IsObject(wanted) && cJSON_IsObject(live))
		return compare_objects(path, wanted, live, out);
	if (cJSON_IsArray(wanted) && cJSON_IsArray(live)) {
		if (cJSON_GetArraySize(wanted) != cJSON_GetArraySize(live))
			return differ(path, wanted, live, out);
		for (int i = 0; i < cJSON_GetArraySize(wanted); i++) {
			snprintf(below, sizeof(below), "%s[%d]", path, i);
			n += compare(below, cJSON_GetArrayItem(wanted, i),
				     cJSON_GetArrayItem(live, i), out);
		}
		return n;
	}
	return cJSON_Compare(wanted, live, 1) ? 0 : differ(path, wanted, live, out);
}

int same_differences(const cJSON *wanted, const cJSON *live, const char *const *names,
		     struct buf *out)
{
	int n = 0;

	for (; *names; names++)
		n += compare(*names, cJSON_GetObjectItemCaseSensitive(wanted, *names),
			     cJSON_GetObjectItemCaseSensitive(live, *names), out);
	return n;
}
