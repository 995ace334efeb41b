/* Rules for where the containers of a model get their artefacts. */
#include "lib/spec/spec_rules_table.h"

#include <string.h>

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_multi(const struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	return spec_rules_is(r, spec_rules_join(at, path, "Mode"), "MultiModel", "SingleModel");
}

/* One S3DataSource, of the model or of an additional one. */
static void prefix_slash_at(struct spec_rules *r, const char *source)
{
	char at[SPEC_RULES_PATH_MAX], uri[SPEC_RULES_PATH_MAX];
	const char *text = spec_rules_text(r, spec_rules_join(uri, source, "S3Uri"));

	if (text && spec_rules_is(r, spec_rules_join(at, source, "S3DataType"), "S3Prefix", NULL) &&
	    !ends_with(text, "/"))
		spec_rules_fault(r, uri, "with S3DataType S3Prefix the address must end with a slash");
}

static void prefix_slash_of_additional(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	prefix_slash_at(r, spec_rules_join(at, path, "S3DataSource"));
}

static void prefix_slash_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	prefix_slash_at(r, spec_rules_join(at, path, "ModelDataSource.S3DataSource"));
	spec_rules_each(r, spec_rules_join(at, path, "AdditionalModelDataSources"),
			prefix_slash_of_additional);
}

static void prefix_slash(struct spec_rules *r)
{
	spec_rules_model_each(r, prefix_slash_of);
}

static void gzip_prefix_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX], type[SPEC_RULES_PATH_MAX];

	spec_rules_join(at, path, "ModelDataSource.S3DataSource.CompressionType");
	spec_rules_join(type, path, "ModelDataSource.S3DataSource.S3DataType");
	if (spec_rules_is(r, at, "Gzip", NULL) && spec_rules_is(r, type, "S3Prefix", NULL))
		spec_rules_fault(r, at, "Gzip is for one archive: S3DataType S3Object");
}

static void gzip_prefix(struct spec_rules *r)
{
	spec_rules_model_each(r, gzip_prefix_of);
}

static void multi_source_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	spec_rules_join(at, path, "ModelDataSource");
	if (is_multi(r, path) && spec_rules_has(r, at))
		spec_rules_fault(r, at, "mode MultiModel takes its models from ModelDataUrl, not from "
				 "ModelDataSource");
}

static void multi_source(struct spec_rules *r)
{
	spec_rules_model_each(r, multi_source_of);
}

static void multi_prefix_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];
	const char *url = spec_rules_text(r, spec_rules_join(at, path, "ModelDataUrl"));

	if (url && is_multi(r, path) && ends_with(url, ".tar.gz"))
		spec_rules_fault(r, at, "mode MultiModel wants the prefix that all the models are under, "
				 "not one archive");
}

static void multi_prefix(struct spec_rules *r)
{
	spec_rules_model_each(r, multi_prefix_of);
}

static void multi_config_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX], mode[SPEC_RULES_PATH_MAX];

	spec_rules_join(at, path, "MultiModelConfig");
	if (spec_rules_has(r, at) &&
	    spec_rules_is(r, spec_rules_join(mode, path, "Mode"), "SingleModel", "SingleModel"))
		spec_rules_fault(r, at, "MultiModelConfig counts only with mode MultiModel");
}

static void multi_config(struct spec_rules *r)
{
	spec_rules_model_each(r, multi_config_of);
}

static void hostname_ignored(struct spec_rules *r)
{
	if (spec_rules_has(r, "PrimaryContainer.ContainerHostname"))
		spec_rules_fault(r, "PrimaryContainer.ContainerHostname",
				 "ignored: only Containers of a pipeline have host names");
}

static void sources_unique_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	spec_rules_unique(r, spec_rules_join(at, path, "AdditionalModelDataSources"), "ChannelName",
			  "channel");
}

static void sources_unique(struct spec_rules *r)
{
	spec_rules_model_each(r, sources_unique_of);
}

static void frequency_of(struct spec_rules *r, const char *path)
{
	static const double ALLOWED[] = {10, 30, 60, 120, 180, 240, 300};
	char at[SPEC_RULES_PATH_MAX];
	double seconds;
	size_t i;

	spec_rules_join(at, path, "ContainerMetricsConfig.MetricsEndpoints[0]."
			"MetricPublishFrequencyInSeconds");
	if (!spec_rules_number(r, at, &seconds))
		return;
	for (i = 0; i < sizeof(ALLOWED) / sizeof(ALLOWED[0]); i++)
		if (seconds >= ALLOWED[i] && seconds <= ALLOWED[i])
			return;
	spec_rules_fault(r, at, "%.15g is not one of 10, 30, 60, 120, 180, 240, 300", seconds);
}

static void frequency(struct spec_rules *r)
{
	spec_rules_model_each(r, frequency_of);
}

const struct spec_rule spec_rules_artifact[] = {
	{"model-prefix-slash", prefix_slash, false, SPEC_RULES_API("S3ModelDataSource")},
	{"model-gzip-prefix", gzip_prefix, true, SPEC_RULES_API("S3ModelDataSource")},
	{"multi-model-source", multi_source, false, SPEC_RULES_API("ContainerDefinition")},
	{"multi-model-prefix", multi_prefix, true, SPEC_RULES_GUIDE("create-multi-model-endpoint")},
	{"multi-model-config", multi_config, true, SPEC_RULES_API("MultiModelConfig")},
	{"hostname-ignored", hostname_ignored, true, SPEC_RULES_API("ContainerDefinition")},
	{"model-sources-unique", sources_unique, true, SPEC_RULES_API("AdditionalModelDataSource")},
	{"metrics-frequency", frequency, false, SPEC_RULES_API("MetricsEndpoint")},
	{NULL, NULL, false, NULL},
};
