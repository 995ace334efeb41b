/* Rules for CreateHyperParameterTuningJob. */
#include "lib/spec/spec_rules_table.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG "HyperParameterTuningJobConfig."

static void definitions_xor(struct spec_rules *r)
{
	bool one = spec_rules_has(r, "TrainingJobDefinition");
	bool list = spec_rules_has(r, "TrainingJobDefinitions");

	if (one && list)
		spec_rules_fault(r, "TrainingJobDefinitions", "TrainingJobDefinition and "
				 "TrainingJobDefinitions are both there; give one of them");
	if (!one && !list)
		spec_rules_fault(r, "", "neither TrainingJobDefinition nor TrainingJobDefinitions "
				 "is there; give one of them");
}

static void definition_name_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	if (!spec_rules_has(r, spec_rules_join(at, path, "DefinitionName")))
		spec_rules_fault(r, path, "one of several definitions needs a DefinitionName");
}

static void definition_names(struct spec_rules *r)
{
	spec_rules_each(r, "TrainingJobDefinitions", definition_name_of);
	spec_rules_unique(r, "TrainingJobDefinitions", "DefinitionName", "definition");
}

static void parallel_above_all(struct spec_rules *r)
{
	double parallel, all;

	if (spec_rules_number(r, CONFIG "ResourceLimits.MaxParallelTrainingJobs", &parallel) &&
	    spec_rules_number(r, CONFIG "ResourceLimits.MaxNumberOfTrainingJobs", &all) &&
	    parallel > all)
		spec_rules_fault(r, CONFIG "ResourceLimits.MaxParallelTrainingJobs",
				 "%.0f jobs at a time, and %.0f in all", parallel, all);
}

static void hyperband_stopping(struct spec_rules *r)
{
	if (spec_rules_is(r, CONFIG "Strategy", "Hyperband", NULL) &&
	    spec_rules_is(r, CONFIG "TrainingJobEarlyStoppingType", "Auto", NULL))
		spec_rules_fault(r, CONFIG "TrainingJobEarlyStoppingType", "Hyperband stops jobs by "
				 "itself: TrainingJobEarlyStoppingType must be Off");
}

static void strategy_config(struct spec_rules *r)
{
	const char *strategy = spec_rules_text(r, CONFIG "Strategy");

	if (strategy && strcmp(strategy, "Hyperband") != 0 &&
	    spec_rules_has(r, CONFIG "StrategyConfig"))
		spec_rules_fault(r, CONFIG "StrategyConfig", "StrategyConfig is only allowed with "
				 "the strategy Hyperband");
}

/* The bounds are strings with numbers. */
static bool bound(const struct spec_rules *r, const char *path, const char *name, double *out)
{
	char at[SPEC_RULES_PATH_MAX], *end;
	const char *text = spec_rules_text(r, spec_rules_join(at, path, name));

	if (!text || !*text)
		return false;
	*out = strtod(text, &end);
	return *end == '\0';
}

static void range_order_of(struct spec_rules *r, const char *path)
{
	double low, high;

	if (bound(r, path, "MinValue", &low) && bound(r, path, "MaxValue", &high) && low > high)
		spec_rules_fault(r, path, "MinValue %g is above MaxValue %g", low, high);
}

static void scaling_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];
	double low, high;

	if (!bound(r, path, "MinValue", &low) || !bound(r, path, "MaxValue", &high))
		return;
	spec_rules_join(at, path, "ScalingType");
	if (spec_rules_is(r, at, "Logarithmic", NULL) && low <= 0)
		spec_rules_fault(r, at, "logarithmic scaling needs a range above 0; it begins at %g",
				 low);
	if (spec_rules_is(r, at, "ReverseLogarithmic", NULL) && (low < 0 || high >= 1))
		spec_rules_fault(r, at, "reverse logarithmic scaling needs a range within 0 <= x < 1");
}

/* Run a rule over the number ranges of the job and of its definition. */
static void each_range(struct spec_rules *r, void (*check)(struct spec_rules *, const char *))
{
	static const char *const LISTS[] = {
		CONFIG "ParameterRanges.IntegerParameterRanges",
		CONFIG "ParameterRanges.ContinuousParameterRanges",
		"TrainingJobDefinition.HyperParameterRanges.IntegerParameterRanges",
		"TrainingJobDefinition.HyperParameterRanges.ContinuousParameterRanges",
	};
	size_t i;

	for (i = 0; i < sizeof(LISTS) / sizeof(LISTS[0]); i++)
		spec_rules_each(r, LISTS[i], check);
}

static void each_range_of_definition(struct spec_rules *r, const char *path,
				     void (*check)(struct spec_rules *, const char *))
{
	char at[SPEC_RULES_PATH_MAX];

	spec_rules_each(r, spec_rules_join(at, path, "HyperParameterRanges.IntegerParameterRanges"),
			check);
	spec_rules_each(r,
			spec_rules_join(at, path, "HyperParameterRanges.ContinuousParameterRanges"),
			check);
}

static void range_order_of_definition(struct spec_rules *r, const char *path)
{
	each_range_of_definition(r, path, range_order_of);
}

static void range_order(struct spec_rules *r)
{
	each_range(r, range_order_of);
	spec_rules_each(r, "TrainingJobDefinitions", range_order_of_definition);
}

static void scaling_of_definition(struct spec_rules *r, const char *path)
{
	each_range_of_definition(r, path, scaling_of);
}

static void range_scaling(struct spec_rules *r)
{
	each_range(r, scaling_of);
	spec_rules_each(r, "TrainingJobDefinitions", scaling_of_definition);
}

const struct spec_rule spec_rules_tuning[] = {
	{"definitions-xor", definitions_xor, false, SPEC_RULES_API("CreateHyperParameterTuningJob")},
	{"definition-names", definition_names, false,
	 SPEC_RULES_API("HyperParameterTrainingJobDefinition")},
	{"parallel-above-all", parallel_above_all, false, SPEC_RULES_API("ResourceLimits")},
	{"hyperband-stopping", hyperband_stopping, false, SPEC_RULES_API("HyperParameterTuningJobConfig")},
	{"strategy-config", strategy_config, false,
	 SPEC_RULES_API("HyperParameterTuningJobStrategyConfig")},
	{"range-order", range_order, false, SPEC_RULES_API("ContinuousParameterRange")},
	{"range-scaling", range_scaling, false, SPEC_RULES_API("ContinuousParameterRange")},
	{NULL, NULL, false, NULL},
};
