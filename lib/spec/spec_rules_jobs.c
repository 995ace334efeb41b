/* Rules for CreateProcessingJob and CreateTransformJob. */
#include "lib/spec/spec_rules_table.h"

#include <string.h>

#define CLUSTER "ProcessingResources.ClusterConfig."
#define PAYLOAD_MAX 100.0	/* megabytes */
#define TRANSFORM_INSTANCES_MAX 100.0

static void local_path_of(struct spec_rules *r, const char *path)
{
	static const char ROOT[] = "/opt/ml/processing/";
	char at[SPEC_RULES_PATH_MAX], managed[SPEC_RULES_PATH_MAX], input[SPEC_RULES_PATH_MAX];
	const char *local;

	spec_rules_join(managed, path, "AppManaged");
	spec_rules_join(input, path, "S3Input");
	spec_rules_join(at, input, "LocalPath");
	if (!spec_rules_has(r, input))
		return;
	if (!spec_rules_has(r, at) && !json_bool(r->at, managed, false))
		spec_rules_fault(r, input, "LocalPath is missing: it is needed unless AppManaged is "
				 "true");
	local = spec_rules_text(r, at);
	if (local && strncmp(local, ROOT, sizeof(ROOT) - 1) != 0)
		spec_rules_fault(r, at, "LocalPath must begin with %s", ROOT);
}

static void local_path(struct spec_rules *r)
{
	spec_rules_each(r, "ProcessingInputs", local_path_of);
}

static void gzip_needs_pipe_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX], mode[SPEC_RULES_PATH_MAX];

	spec_rules_join(at, path, "S3Input.S3CompressionType");
	spec_rules_join(mode, path, "S3Input.S3InputMode");
	if (spec_rules_is(r, at, "Gzip", NULL) && spec_rules_is(r, mode, "File", "File"))
		spec_rules_fault(r, at, "Gzip is only allowed with S3InputMode Pipe");
}

static void gzip_needs_pipe(struct spec_rules *r)
{
	spec_rules_each(r, "ProcessingInputs", gzip_needs_pipe_of);
}

static void feature_store_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX], managed[SPEC_RULES_PATH_MAX];

	spec_rules_join(at, path, "FeatureStoreOutput");
	spec_rules_join(managed, path, "AppManaged");
	if (spec_rules_has(r, at) && !json_bool(r->at, managed, false))
		spec_rules_fault(r, at, "FeatureStoreOutput is only allowed with AppManaged true");
}

static void feature_store(struct spec_rules *r)
{
	spec_rules_each(r, "ProcessingOutputConfig.Outputs", feature_store_of);
}

static void names_unique(struct spec_rules *r)
{
	spec_rules_unique(r, "ProcessingInputs", "InputName", "input");
	spec_rules_unique(r, "ProcessingOutputConfig.Outputs", "OutputName", "output");
}

static void cluster(struct spec_rules *r)
{
	bool type = spec_rules_has(r, CLUSTER "InstanceType");
	bool preferences = spec_rules_has(r, CLUSTER "InstancePreferences");

	if (type && preferences)
		spec_rules_fault(r, CLUSTER "InstancePreferences",
				 "InstanceType and InstancePreferences are both there; give one of "
				 "them");
	if (!type && !preferences && spec_rules_has(r, "ProcessingResources.ClusterConfig"))
		spec_rules_fault(r, "ProcessingResources.ClusterConfig",
				 "InstanceType and InstanceCount are missing");
	if (type && !spec_rules_has(r, CLUSTER "InstanceCount"))
		spec_rules_fault(r, "ProcessingResources.ClusterConfig",
				 "InstanceType needs InstanceCount");
}

static void read_only(struct spec_rules *r)
{
	if (spec_rules_has(r, CLUSTER "SelectedInstanceType"))
		spec_rules_fault(r, CLUSTER "SelectedInstanceType",
				 "only answers have this member; leave it out");
	if (spec_rules_has(r, CLUSTER "SelectedInstanceCount"))
		spec_rules_fault(r, CLUSTER "SelectedInstanceCount",
				 "only answers have this member; leave it out");
}

static void payload_max(struct spec_rules *r)
{
	double payload, at_once = 1;

	if (!spec_rules_number(r, "MaxPayloadInMB", &payload))
		return;
	spec_rules_number(r, "MaxConcurrentTransforms", &at_once);
	if (payload > PAYLOAD_MAX)
		spec_rules_fault(r, "MaxPayloadInMB", "%.0f is more than %.0f", payload, PAYLOAD_MAX);
	else if (payload * at_once > PAYLOAD_MAX)
		spec_rules_fault(r, "MaxPayloadInMB", "MaxConcurrentTransforms times MaxPayloadInMB "
				 "is %.0f, more than %.0f", payload * at_once, PAYLOAD_MAX);
}

static void batch_needs_split(struct spec_rules *r)
{
	if (spec_rules_is(r, "BatchStrategy", "MultiRecord", NULL) &&
	    spec_rules_is(r, "TransformInput.SplitType", "None", "None"))
		spec_rules_fault(r, "BatchStrategy", "MultiRecord needs TransformInput.SplitType "
				 "Line, RecordIO or TFRecord");
}

static void transform_instances(struct spec_rules *r)
{
	double count;

	if (spec_rules_number(r, "TransformResources.InstanceCount", &count) &&
	    count > TRANSFORM_INSTANCES_MAX)
		spec_rules_fault(r, "TransformResources.InstanceCount", "%.0f is more than %.0f",
				 count, TRANSFORM_INSTANCES_MAX);
}

const struct spec_rule spec_rules_processing[] = {
	{"local-path", local_path, false, SPEC_RULES_API("ProcessingS3Input")},
	{"gzip-needs-pipe", gzip_needs_pipe, false, SPEC_RULES_API("ProcessingS3Input")},
	{"feature-store-managed", feature_store, false, SPEC_RULES_API("ProcessingOutput")},
	{"processing-names-unique", names_unique, false, SPEC_RULES_API("ProcessingInput")},
	{"cluster-instances", cluster, false, SPEC_RULES_API("ProcessingClusterConfig")},
	{"read-only-member", read_only, false, SPEC_RULES_API("ProcessingClusterConfig")},
	{NULL, NULL, false, NULL},
};

const struct spec_rule spec_rules_transform[] = {
	{"payload-max", payload_max, false, SPEC_RULES_API("CreateTransformJob")},
	{"batch-needs-split", batch_needs_split, false, SPEC_RULES_API("CreateTransformJob")},
	{"transform-instances", transform_instances, false, SPEC_RULES_API("TransformResources")},
	{NULL, NULL, false, NULL},
};
