/* Rules for a training job, and for the definitions inside a tuning job. */
#include "lib/spec/spec_rules_table.h"

#include <stdlib.h>
#include <string.h>

#define SEQUENCE_MAX 1024	/* thousands of tokens */
#define RUNTIME_MAX 2419200.0	/* 28 days */

static bool is_spot(const struct spec_rules *r)
{
	return json_bool(r->at, "EnableManagedSpotTraining", false);
}

static void image_xor_algorithm(struct spec_rules *r)
{
	bool image = spec_rules_has(r, "AlgorithmSpecification.TrainingImage");
	bool name = spec_rules_has(r, "AlgorithmSpecification.AlgorithmName");

	if (!cJSON_IsObject(json_get(r->at, "AlgorithmSpecification")))
		return;
	if (image && name)
		spec_rules_fault(r, "AlgorithmSpecification.AlgorithmName",
				 "TrainingImage and AlgorithmName are both there; give one of them");
	if (!image && !name)
		spec_rules_fault(r, "AlgorithmSpecification",
				 "neither TrainingImage nor AlgorithmName is there; give one of them");
}

static void wait_needs_spot(struct spec_rules *r)
{
	if (spec_rules_has(r, "StoppingCondition.MaxWaitTimeInSeconds") && !is_spot(r))
		spec_rules_fault(r, "StoppingCondition.MaxWaitTimeInSeconds",
				 "MaxWaitTimeInSeconds is only allowed with "
				 "EnableManagedSpotTraining true");
}

static void spot_needs_wait(struct spec_rules *r)
{
	if (is_spot(r) && !spec_rules_has(r, "StoppingCondition.MaxWaitTimeInSeconds"))
		spec_rules_fault(r, "StoppingCondition",
				 "EnableManagedSpotTraining needs MaxWaitTimeInSeconds, at least "
				 "as long as MaxRuntimeInSeconds");
}

static void wait_below_runtime(struct spec_rules *r)
{
	double wait, runtime = 86400;	/* the service's default */

	spec_rules_number(r, "StoppingCondition.MaxRuntimeInSeconds", &runtime);
	if (spec_rules_number(r, "StoppingCondition.MaxWaitTimeInSeconds", &wait) && wait < runtime)
		spec_rules_fault(r, "StoppingCondition.MaxWaitTimeInSeconds",
				 "%.15g is less than MaxRuntimeInSeconds (%.0f): the wait includes "
				 "the run", wait, runtime);
}

static void runtime_max(struct spec_rules *r)
{
	double runtime;

	if (spec_rules_number(r, "StoppingCondition.MaxRuntimeInSeconds", &runtime) &&
	    runtime > RUNTIME_MAX)
		spec_rules_fault(r, "StoppingCondition.MaxRuntimeInSeconds",
				 "%.15g is more than 28 days (%.0f)", runtime, RUNTIME_MAX);
}

static void spot_no_checkpoint(struct spec_rules *r)
{
	if (is_spot(r) && !spec_rules_has(r, "CheckpointConfig"))
		spec_rules_fault(r, "EnableManagedSpotTraining",
				 "a spot job that is interrupted starts from nothing without "
				 "CheckpointConfig");
}

static void metrics_unique(struct spec_rules *r)
{
	spec_rules_unique(r, "AlgorithmSpecification.MetricDefinitions", "Name", "metric");
}

static void metric_group_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];
	const char *regex = spec_rules_text(r, spec_rules_join(at, path, "Regex"));
	const char *c;

	if (!regex)
		return;
	for (c = regex; *c; c++) {
		if (*c == '\\' && c[1])
			c++;
		else if (*c == '(' && c[1] != '?')
			return;
		else if (*c == '(' && c[2] == '<' && c[3] != '=' && c[3] != '!')
			return;
		else if (*c == '(' && c[2] == 'P' && c[3] == '<')
			return;
	}
	spec_rules_fault(r, at, "the expression captures nothing: put parentheses around the "
			 "number, as in accuracy=([0-9.]+)");
}

static void metric_group(struct spec_rules *r)
{
	spec_rules_each(r, "AlgorithmSpecification.MetricDefinitions", metric_group_of);
}

static void registry_needs_vpc(struct spec_rules *r)
{
	static const char CONFIG[] = "AlgorithmSpecification.TrainingImageConfig";
	char at[SPEC_RULES_PATH_MAX];
	bool vpc = spec_rules_is(r, spec_rules_join(at, CONFIG, "TrainingRepositoryAccessMode"),
				 "Vpc", NULL);

	if (vpc && !spec_rules_has(r, "VpcConfig"))
		spec_rules_fault(r, at, "access mode Vpc needs VpcConfig");
	spec_rules_join(at, CONFIG, "TrainingRepositoryAuthConfig");
	if (spec_rules_has(r, at) && !vpc)
		spec_rules_fault(r, at, "TrainingRepositoryAuthConfig is only allowed with "
				 "TrainingRepositoryAccessMode Vpc");
}

static void output_inside_input_of(struct spec_rules *r, const char *path)
{
	const char *output = spec_rules_text(r, "OutputDataConfig.S3OutputPath");
	char at[SPEC_RULES_PATH_MAX];
	const char *input = spec_rules_text(
		r, spec_rules_join(at, path, "DataSource.S3DataSource.S3Uri"));
	size_t len;

	if (!output || !input)
		return;
	len = strlen(input);
	while (len && input[len - 1] == '/')
		len--;
	if (len && strncmp(output, input, len) == 0 && (output[len] == '/' || !output[len]))
		spec_rules_fault(r, "OutputDataConfig.S3OutputPath",
				 "the output goes below the input %.200s: the next job would read "
				 "it", input);
}

static void output_inside_input(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", output_inside_input_of);
}

static void instances_missing(struct spec_rules *r)
{
	if (spec_rules_has(r, "ServerlessJobConfig") || spec_rules_has(r, "ResourceConfig"))
		return;
	spec_rules_fault(r, "", "ResourceConfig is missing: say which instances the job runs on");
}

static void algorithm_missing(struct spec_rules *r)
{
	if (!spec_rules_has(r, "ServerlessJobConfig") && !spec_rules_has(r, "AlgorithmSpecification"))
		spec_rules_fault(r, "", "AlgorithmSpecification is missing: say what is trained with");
}

static void stopping_missing(struct spec_rules *r)
{
	if (!spec_rules_has(r, "ServerlessJobConfig") && !spec_rules_has(r, "StoppingCondition"))
		spec_rules_fault(r, "", "without StoppingCondition a job that hangs is paid for a "
				 "day");
}

static void profiling_interval(struct spec_rules *r)
{
	static const double ALLOWED[] = {100, 200, 500, 1000, 5000, 60000};
	double interval;
	size_t i;

	if (!spec_rules_number(r, "ProfilerConfig.ProfilingIntervalInMilliseconds", &interval))
		return;
	for (i = 0; i < sizeof(ALLOWED) / sizeof(ALLOWED[0]); i++)
		if (interval >= ALLOWED[i] && interval <= ALLOWED[i])
			return;
	spec_rules_fault(r, "ProfilerConfig.ProfilingIntervalInMilliseconds",
			 "%.15g is not one of 100, 200, 500, 1000, 5000, 60000", interval);
}

static void rule_names_unique(struct spec_rules *r)
{
	spec_rules_unique(r, "DebugRuleConfigurations", "RuleConfigurationName", "rule");
	spec_rules_unique(r, "ProfilerRuleConfigurations", "RuleConfigurationName", "rule");
}

static void evaluation_type(struct spec_rules *r)
{
	if (spec_rules_is(r, "ServerlessJobConfig.JobType", "Evaluation", NULL) &&
	    !spec_rules_has(r, "ServerlessJobConfig.EvaluationType"))
		spec_rules_fault(r, "ServerlessJobConfig", "JobType Evaluation needs EvaluationType");
}

/* 1K to 1024K; the model's pattern has no bound */
static void sequence_length(struct spec_rules *r)
{
	static const char PATH[] = "ServerlessJobConfig.SequenceLength";
	const char *text = spec_rules_text(r, PATH);
	long thousands;
	char *end;

	if (!text)
		return;
	thousands = strtol(text, &end, 10);
	if (strcmp(end, "K") == 0 && (thousands < 1 || thousands > SEQUENCE_MAX))
		spec_rules_fault(r, PATH, "%.32s is not in the range 1K to %dK", text, SEQUENCE_MAX);
}

const struct spec_rule spec_rules_training_job[] = {
	{"instances-missing", instances_missing, false, SPEC_RULES_API("CreateTrainingJob")},
	{"algorithm-missing", algorithm_missing, false, SPEC_RULES_API("CreateTrainingJob")},
	{"stopping-missing", stopping_missing, true, SPEC_RULES_API("StoppingCondition")},
	{"profiling-interval", profiling_interval, false, SPEC_RULES_API("ProfilerConfig")},
	{"rule-names-unique", rule_names_unique, false, SPEC_RULES_API("DebugRuleConfiguration")},
	{"sequence-length", sequence_length, false, SPEC_RULES_API("ServerlessJobConfig")},
	{"evaluation-type", evaluation_type, false, SPEC_RULES_API("ServerlessJobConfig")},
	{NULL, NULL, false, NULL},
};

const struct spec_rule spec_rules_training[] = {
	{"image-xor-algorithm", image_xor_algorithm, false, SPEC_RULES_API("AlgorithmSpecification")},
	{"wait-needs-spot", wait_needs_spot, false, SPEC_RULES_GUIDE("model-managed-spot-training")},
	{"spot-needs-wait", spot_needs_wait, false, SPEC_RULES_GUIDE("model-managed-spot-training")},
	{"wait-below-runtime", wait_below_runtime, false, SPEC_RULES_API("StoppingCondition")},
	{"runtime-max", runtime_max, false, SPEC_RULES_API("StoppingCondition")},
	{"spot-no-checkpoint", spot_no_checkpoint, true, SPEC_RULES_GUIDE("model-managed-spot-training")},
	{"metrics-unique", metrics_unique, false, SPEC_RULES_API("MetricDefinition")},
	{"metric-group", metric_group, true, SPEC_RULES_GUIDE("automatic-model-tuning-define-metrics-variables")},
	{"registry-needs-vpc", registry_needs_vpc, false, SPEC_RULES_API("TrainingImageConfig")},
	{"output-inside-input", output_inside_input, true, SPEC_RULES_API("S3DataSource")},
	{NULL, NULL, false, NULL},
};
