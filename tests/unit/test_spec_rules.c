// LIBS: spec base
/* Each rule across members: a request that keeps it, and one that breaks it and
 * is told with its id and pointer, and nothing else. */
#include "lib/spec/spec_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRAIN "CreateTrainingJob"
#define MODEL "CreateModel"
#define TUNE "CreateHyperParameterTuningJob"
#define PROCESS "CreateProcessingJob"
#define TRANSFORM "CreateTransformJob"

#define IMAGE "111111111111.dkr.ecr.us-east-2.amazonaws.com/iris:1"
#define S3(type, uri) "{\"S3DataSource\":{\"S3DataType\":\"" type "\",\"S3Uri\":\"" uri "\"}}"

#define AUGMENTED "{\"S3DataSource\":{\"S3DataType\":\"AugmentedManifestFile\",\"S3Uri\":\"s3://bucket/m\"," \
		  "\"AttributeNames\":[\"a\"]}}"

/* What a row's request is merged into, by operation. */
static const struct {
	const char *operation, *request;
} GOOD[] = {
	{TRAIN, "{\"TrainingJobName\":\"j\",\"AlgorithmSpecification\":{\"TrainingImage\":\"" IMAGE "\","
		"\"TrainingInputMode\":\"File\"},\"RoleArn\":\"arn:aws:iam::222222222222:role/R\","
		"\"OutputDataConfig\":{\"S3OutputPath\":\"s3://bucket/output/\"},"
		"\"InputDataConfig\":[{\"ChannelName\":\"training\",\"DataSource\":"
		S3("S3Prefix", "s3://bucket/in/") "}],"
		"\"ResourceConfig\":{\"InstanceType\":\"ml.c4.2xlarge\",\"InstanceCount\":1,"
		"\"VolumeSizeInGB\":30},\"StoppingCondition\":{\"MaxRuntimeInSeconds\":60}}"},
	{MODEL, "{\"ModelName\":\"m\",\"ExecutionRoleArn\":\"arn:aws:iam::333333333333:role/R\","
		"\"PrimaryContainer\":{\"Image\":\"" IMAGE "\","
		"\"ModelDataUrl\":\"s3://bucket/model.tar.gz\"}}"},
	{TUNE, "{\"HyperParameterTuningJobConfig\":{\"Strategy\":\"Bayesian\",\"ResourceLimits\":"
	       "{\"MaxParallelTrainingJobs\":1,\"MaxNumberOfTrainingJobs\":2}},"
	       "\"TrainingJobDefinition\":{\"AlgorithmSpecification\":{\"TrainingImage\":\"" IMAGE "\"}}}"},
	{PROCESS, "{\"ProcessingResources\":{\"ClusterConfig\":{\"InstanceType\":\"ml.m5.large\","
		  "\"InstanceCount\":1,\"VolumeSizeInGB\":1}},\"ProcessingInputs\":[{\"InputName\":\"a\","
		  "\"S3Input\":{\"S3Uri\":\"s3://bucket/x\",\"LocalPath\":\"/opt/ml/processing/x\"}}]}"},
	{TRANSFORM, "{\"TransformResources\":{\"InstanceCount\":1},\"MaxPayloadInMB\":6}"},
};

#define N_GOOD (sizeof(GOOD) / sizeof(GOOD[0]))

struct seen {
	int n;
	char id[64], pointer[256], message[SHAPE_MESSAGE_MAX];
	bool warning;
};

static void collect(void *arg, const struct shape_fault *f)
{
	struct seen *seen = arg;

	if (seen->n++ == 0) {
		snprintf(seen->id, sizeof(seen->id), "%s", f->rule);
		snprintf(seen->pointer, sizeof(seen->pointer), "%s", f->pointer);
		snprintf(seen->message, sizeof(seen->message), "%s", f->message);
		seen->warning = f->warning;
	}
}

/* RFC 7396: objects are merged, null takes out, everything else replaces. */
static void merge(cJSON *into, const cJSON *patch)
{
	const cJSON *item;
	cJSON *old;

	cJSON_ArrayForEach(item, patch) {
		old = cJSON_GetObjectItemCaseSensitive(into, item->string);
		if (cJSON_IsObject(old) && cJSON_IsObject(item)) {
			merge(old, item);
			continue;
		}
		cJSON_DeleteItemFromObjectCaseSensitive(into, item->string);
		if (!cJSON_IsNull(item))
			cJSON_AddItemToObject(into, item->string, cJSON_Duplicate(item, true));
	}
}

static void check(const char *operation, const char *patch_text,
		  const struct spec_rules_options *options, struct seen *seen)
{
	cJSON *request = NULL, *patch = cJSON_Parse(patch_text);
	size_t i;
	int n;

	for (i = 0; i < N_GOOD; i++)
		if (strcmp(GOOD[i].operation, operation) == 0)
			request = cJSON_Parse(GOOD[i].request);
	if (!patch)
		print_error("not JSON: %s\n", patch_text);
	assert_non_null(request);
	assert_non_null(patch);
	merge(request, patch);
	memset(seen, 0, sizeof(*seen));
	n = spec_rules_check(operation, request, options, collect, seen);
	cJSON_Delete(request);
	cJSON_Delete(patch);
	assert_int_equal(n, seen->n);
}

/* operation, what is merged in, the rule that it breaks (NULL: none), where */
static const struct {
	const char *operation, *patch, *id, *pointer;
} ROWS[] = {
	{TRAIN, "{}", NULL, NULL},
	{MODEL, "{}", NULL, NULL},
	{TUNE, "{}", NULL, NULL},
	{PROCESS, "{}", NULL, NULL},
	{TRANSFORM, "{}", NULL, NULL},

	{TRAIN, "{\"AlgorithmSpecification\":{\"AlgorithmName\":\"a\"}}", "image-xor-algorithm",
	 "/AlgorithmSpecification/AlgorithmName"},
	{TRAIN, "{\"AlgorithmSpecification\":{\"TrainingImage\":null}}", "image-xor-algorithm",
	 "/AlgorithmSpecification"},
	{TRAIN, "{\"AlgorithmSpecification\":{\"TrainingImage\":null,\"AlgorithmName\":\"a\"}}", NULL,
	 NULL},
	{TRAIN, "{\"StoppingCondition\":{\"MaxWaitTimeInSeconds\":60}}", "wait-needs-spot",
	 "/StoppingCondition/MaxWaitTimeInSeconds"},
	{TRAIN, "{\"EnableManagedSpotTraining\":true,\"CheckpointConfig\":{}}", "spot-needs-wait",
	 "/StoppingCondition"},
	{TRAIN, "{\"EnableManagedSpotTraining\":true,\"CheckpointConfig\":{},"
		"\"StoppingCondition\":{\"MaxWaitTimeInSeconds\":59}}", "wait-below-runtime",
	 "/StoppingCondition/MaxWaitTimeInSeconds"},
	{TRAIN, "{\"EnableManagedSpotTraining\":true,\"CheckpointConfig\":{},"
		"\"StoppingCondition\":{\"MaxWaitTimeInSeconds\":60}}", NULL, NULL},
	{TRAIN, "{\"EnableManagedSpotTraining\":true,"
		"\"StoppingCondition\":{\"MaxWaitTimeInSeconds\":60}}", "spot-no-checkpoint",
	 "/EnableManagedSpotTraining"},
	{TRAIN, "{\"StoppingCondition\":{\"MaxRuntimeInSeconds\":2419201}}", "runtime-max",
	 "/StoppingCondition/MaxRuntimeInSeconds"},
	{TRAIN, "{\"StoppingCondition\":{\"MaxRuntimeInSeconds\":2419200}}", NULL, NULL},
	{TRAIN, "{\"StoppingCondition\":null}", "stopping-missing", ""},
	{TRAIN, "{\"ResourceConfig\":null}", "instances-missing", ""},
	{TRAIN, "{\"AlgorithmSpecification\":null}", "algorithm-missing", ""},
	{TRAIN, "{\"AlgorithmSpecification\":null,\"ResourceConfig\":null,\"StoppingCondition\":null,"
		"\"ServerlessJobConfig\":{\"JobType\":\"FineTuning\"}}", NULL, NULL},
	{TRAIN, "{\"ServerlessJobConfig\":{\"JobType\":\"Evaluation\"}}", "evaluation-type",
	 "/ServerlessJobConfig"},
	{TRAIN, "{\"AlgorithmSpecification\":{\"MetricDefinitions\":["
		"{\"Name\":\"a\",\"Regex\":\"a=(.)\"},{\"Name\":\"a\",\"Regex\":\"b=(.)\"}]}}",
	 "metrics-unique", "/AlgorithmSpecification/MetricDefinitions/1/Name"},
	{TRAIN, "{\"AlgorithmSpecification\":{\"MetricDefinitions\":["
		"{\"Name\":\"a\",\"Regex\":\"a=\\\\((?:.)\"}]}}", "metric-group",
	 "/AlgorithmSpecification/MetricDefinitions/0/Regex"},
	{TRAIN, "{\"AlgorithmSpecification\":{\"MetricDefinitions\":["
		"{\"Name\":\"a\",\"Regex\":\"(?<!x)a=(?P<v>.)\"}]}}", NULL, NULL},
	{TRAIN, "{\"AlgorithmSpecification\":{\"TrainingImageConfig\":"
		"{\"TrainingRepositoryAccessMode\":\"Vpc\"}}}", "registry-needs-vpc",
	 "/AlgorithmSpecification/TrainingImageConfig/TrainingRepositoryAccessMode"},
	{TRAIN, "{\"AlgorithmSpecification\":{\"TrainingImageConfig\":"
		"{\"TrainingRepositoryAccessMode\":\"Platform\",\"TrainingRepositoryAuthConfig\":{}}}}",
	 "registry-needs-vpc", "/AlgorithmSpecification/TrainingImageConfig/TrainingRepositoryAuthConfig"},
	{TRAIN, "{\"OutputDataConfig\":{\"S3OutputPath\":\"s3://bucket/in/out\"}}",
	 "output-inside-input", "/OutputDataConfig/S3OutputPath"},
	{TRAIN, "{\"OutputDataConfig\":{\"S3OutputPath\":\"s3://bucket/inner\"}}", NULL, NULL},
	{TRAIN, "{\"ProfilerConfig\":{\"ProfilingIntervalInMilliseconds\":300}}", "profiling-interval",
	 "/ProfilerConfig/ProfilingIntervalInMilliseconds"},
	{TRAIN, "{\"ProfilerConfig\":{\"ProfilingIntervalInMilliseconds\":500}}", NULL, NULL},
	{TRAIN, "{\"DebugRuleConfigurations\":[{\"RuleConfigurationName\":\"a\"},"
		"{\"RuleConfigurationName\":\"a\"}]}", "rule-names-unique",
	 "/DebugRuleConfigurations/1/RuleConfigurationName"},

	{TRAIN, "{\"InputDataConfig\":[{\"ChannelName\":\"a\"},{\"ChannelName\":\"b\"},"
		"{\"ChannelName\":\"a\"}]}", "channel-unique", "/InputDataConfig/2/ChannelName"},
	{TRAIN, "{\"InputDataConfig\":[{\"ChannelName\":\"a\",\"DataSource\":{}}]}",
	 "channel-one-source", "/InputDataConfig/0/DataSource"},
	{TRAIN, "{\"InputDataConfig\":[{\"DataSource\":" AUGMENTED "}]}", "manifest-needs-pipe", "/InputDataConfig/0/DataSource/S3DataSource/S3DataType"},
	{TRAIN, "{\"InputDataConfig\":[{\"InputMode\":\"Pipe\",\"DataSource\":" AUGMENTED "}]}", NULL, NULL},
	{TRAIN, "{\"AlgorithmSpecification\":{\"TrainingInputMode\":\"Pipe\"},\"InputDataConfig\":"
		"[{\"DataSource\":" AUGMENTED "}]}", NULL, NULL},
	{TRAIN, "{\"InputDataConfig\":[{\"DataSource\":{\"S3DataSource\":{\"S3DataType\":\"S3Prefix\","
		"\"AttributeNames\":[\"a\"]}}}]}", "attributes-need-manifest",
	 "/InputDataConfig/0/DataSource/S3DataSource/AttributeNames"},
	{TRAIN, "{\"InputDataConfig\":[{\"CompressionType\":\"Gzip\"}]}", "compression-needs-pipe",
	 "/InputDataConfig/0/CompressionType"},
	{TRAIN, "{\"InputDataConfig\":[{\"CompressionType\":\"Gzip\",\"InputMode\":\"Pipe\"}]}", NULL,
	 NULL},
	{TRAIN, "{\"InputDataConfig\":[{\"RecordWrapperType\":\"RecordIO\"}]}", "record-wrapper-mode",
	 "/InputDataConfig/0/RecordWrapperType"},
	{TRAIN, "{\"InputDataConfig\":[{\"RecordWrapperType\":\"None\"}]}", NULL, NULL},
	{TRAIN, "{\"InputDataConfig\":[{\"DataSource\":{\"FileSystemDataSource\":{}}}]}",
	 "file-system-needs-vpc", "/InputDataConfig/0/DataSource/FileSystemDataSource"},
	{TRAIN, "{\"VpcConfig\":{},\"InputDataConfig\":[{\"DataSource\":{\"FileSystemDataSource\":{}}}]}",
	 NULL, NULL},
	{TRAIN, "{\"InputDataConfig\":[{\"DataSource\":{\"S3DataSource\":{\"InstanceGroupNames\":"
		"[\"g\"]}}}]}", "instance-group-known",
	 "/InputDataConfig/0/DataSource/S3DataSource/InstanceGroupNames/0"},

	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":null,\"InstanceCount\":null}}",
	 "instance-type-missing", "/ResourceConfig"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceCount\":null}}", "instance-count-missing",
	 "/ResourceConfig"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceCount\":0}}", "instance-count-missing",
	 "/ResourceConfig/InstanceCount"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceGroups\":[]}}", "instance-groups-alone",
	 "/ResourceConfig/InstanceGroups"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":null,\"InstanceCount\":null,\"InstanceGroups\":["
		"{\"InstanceGroupName\":\"g\"},{\"InstanceGroupName\":\"g\"}]}}", "instance-groups-unique",
	 "/ResourceConfig/InstanceGroups/1/InstanceGroupName"},
	{TRAIN, "{\"ResourceConfig\":{\"InstancePreferences\":[{\"InstanceType\":\"a\"}]}}",
	 "instance-preferences-alone", "/ResourceConfig/InstanceType"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":null,\"InstancePreferences\":["
		"{\"InstanceType\":\"a\",\"InstanceCount\":1}]}}", "instance-preference-counts",
	 "/ResourceConfig/InstancePreferences"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":null,\"InstancePreferences\":["
		"{\"InstanceType\":\"a\"},{\"InstanceType\":\"a\"}]}}", "instance-preferences-unique",
	 "/ResourceConfig/InstancePreferences/1/InstanceType"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":null,\"TrainingPlanArn\":\"x\","
		"\"InstancePreferences\":[{\"InstanceType\":\"a\",\"TrainingPlanArns\":[]}]}}",
	 "training-plan-twice", "/ResourceConfig/InstancePreferences/0/TrainingPlanArns"},
	{TRAIN, "{\"ResourceConfig\":{\"SelectedInstanceType\":\"a\"}}", "read-only-member",
	 "/ResourceConfig/SelectedInstanceType"},
	{TRAIN, "{\"ResourceConfig\":{\"VolumeSizeInGB\":null}}", "volume-size-missing",
	 "/ResourceConfig"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":\"ml.g5.xlarge\",\"VolumeSizeInGB\":null}}", NULL,
	 NULL},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":\"ml.g5.xlarge\",\"VolumeKmsKeyId\":\"k\"}}",
	 "volume-key-local-storage", "/ResourceConfig/VolumeKmsKeyId"},
	{TRAIN, "{\"ResourceConfig\":{\"VolumeKmsKeyId\":\"k\"}}", NULL, NULL},
	{TRAIN, "{\"ResourceConfig\":{\"KeepAlivePeriodInSeconds\":60},\"CheckpointConfig\":{},"
		"\"EnableManagedSpotTraining\":true,\"StoppingCondition\":{\"MaxWaitTimeInSeconds\":60}}",
	 "warm-pool-spot", "/ResourceConfig/KeepAlivePeriodInSeconds"},
	{TRAIN, "{\"ResourceConfig\":{\"KeepAlivePeriodInSeconds\":60,\"InstanceType\":null,"
		"\"InstanceCount\":null,\"InstanceGroups\":[]}}", "warm-pool-groups",
	 "/ResourceConfig/KeepAlivePeriodInSeconds"},

	{TRAIN, "{\"OutputDataConfig\":{\"KmsKeyId\":\"arn:aws:kms:us-west-2:222222222222:key/k\"}}",
	 "key-region", "/OutputDataConfig/KmsKeyId"},
	{TRAIN, "{\"OutputDataConfig\":{\"KmsKeyId\":\"arn:aws:kms:us-east-2:222222222222:key/k\"}}",
	 NULL, NULL},
	{TRAIN, "{\"InputDataConfig\":[{\"DataSource\":"
		S3("S3Prefix", "s3://sagemaker-eu-west-1-222222222222/in") "}]}", "bucket-region",
	 "/InputDataConfig/0/DataSource/S3DataSource/S3Uri"},
	{TRAIN, "{\"OutputDataConfig\":{\"S3OutputPath\":\"s3://sagemaker-us-east-2-222222222222/o\"}}",
	 NULL, NULL},
	{TRAIN, "{\"OutputDataConfig\":{\"S3OutputPath\":\"s3://My_Bucket/o\"}}", "bucket-name",
	 "/OutputDataConfig/S3OutputPath"},
	{TRAIN, "{\"OutputDataConfig\":{\"S3OutputPath\":\"s3://a.b-c\"}}", NULL, NULL},
	{TRAIN, "{\"RoleArn\":\"arn:aws-cn:iam::222222222222:role/R\"}", "partition", "/RoleArn"},
	{TRAIN, "{\"RoleArn\":\"arn:aws-us-gov:iam::222222222222:role/R\"}", "partition", "/RoleArn"},
	{TRAIN, "{\"RoleArn\":\"arn:aws-us-gov:iam::222222222222:role/R\",\"AlgorithmSpecification\":{"
		"\"TrainingImage\":\"111111111111.dkr.ecr.us-gov-west-1.amazonaws.com/iris:1\"}}", NULL, NULL},
	{TRAIN, "{\"Tags\":[{\"Key\":\"a\"},{\"Key\":\"A\"},{\"Key\":\"a\"}]}", "tags-unique",
	 "/Tags/2/Key"},
	{TRAIN, "{\"Tags\":[{\"Key\":\"aws:x\"}]}", "tag-reserved", "/Tags/0/Key"},

	{TRAIN, "{\"Environment\":{\"DB_PASSWORD\":\"correct-horse\"}}", "environment-secret", "/Environment"},
	{TRAIN, "{\"HyperParameters\":{\"hf_token\":\"0123456789abcdef\"}}", "environment-secret",
	 "/HyperParameters"},
	{TRAIN, "{\"HyperParameters\":{\"pad_token\":\"[PAD]\",\"eos_token\":\"<|endoftext|>     \"},"
		"\"Environment\":{\"DB_PASSWORD\":\"${DB}-of-test\",\"API_KEY\":\"arn:aws:secretsmanager:x\","
		"\"MY_SECRET\":\"/prod/secret\",\"MY_PASSWORD\":7}}", NULL, NULL},
	{TRAIN, "{\"Environment\":{\"TRAINING_JOB_NAME\":\"x\"}}", "environment-reserved", "/Environment"},
	{TRAIN, "{\"AlgorithmSpecification\":{\"TrainingImage\":\"a.example/iris:latest\"}}", "image-latest",
	 "/AlgorithmSpecification/TrainingImage"},
	{TRAIN, "{\"AlgorithmSpecification\":{\"TrainingImage\":\"a.example:5000/iris\"}}", "image-latest",
	 "/AlgorithmSpecification/TrainingImage"},
	{TRAIN, "{\"AlgorithmSpecification\":{\"TrainingImage\":\"a.example/iris@sha256:0\"}}", NULL, NULL},
	{TRAIN, "{\"InputDataConfig\":[{\"DataSource\":{\"S3DataSource\":{\"ModelAccessConfig\":"
		"{\"AcceptEula\":false}}}}]}", "eula-not-accepted",
	 "/InputDataConfig/0/DataSource/S3DataSource/ModelAccessConfig/AcceptEula"},
	{TRAIN, "{\"ServerlessJobConfig\":{\"SequenceLength\":\"1025K\"}}", "sequence-length",
	 "/ServerlessJobConfig/SequenceLength"},
	{TRAIN, "{\"ServerlessJobConfig\":{\"SequenceLength\":\"1024K\"}}", NULL, NULL},
	{TRAIN, "{\"InputDataConfig\":[{\"InputMode\":\"Pipe\",\"DataSource\":"
		S3("AugmentedManifestFile", "s3://bucket/m") "}]}", "manifest-attributes",
	 "/InputDataConfig/0/DataSource/S3DataSource/S3DataType"},
	{TRAIN, "{\"CheckpointConfig\":{\"LocalPath\":\"opt/ml\"}}", "absolute-path",
	 "/CheckpointConfig/LocalPath"},
	{TRAIN, "{\"VpcConfig\":{},\"InputDataConfig\":[{\"DataSource\":{\"FileSystemDataSource\":"
		"{\"DirectoryPath\":\"a\"}}}]}", "absolute-path",
	 "/InputDataConfig/0/DataSource/FileSystemDataSource/DirectoryPath"},
	{TRAIN, "{\"CheckpointConfig\":{\"LocalPath\":\"/opt/ml\"}}", NULL, NULL},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":\"ml.g5.xlarge\",\"VolumeSizeInGB\":500}}",
	 "volume-size-fixed", "/ResourceConfig/VolumeSizeInGB"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":\"ml.g5.xlarge\",\"VolumeSizeInGB\":30}}", NULL, NULL},
	{TRAIN, "{\"ResourceConfig\":{\"InstancePlacementConfig\":{\"PlacementSpecifications\":"
		"[{\"InstanceCount\":1},{\"InstanceCount\":0}]}}}", "placement-count",
	 "/ResourceConfig/InstancePlacementConfig/PlacementSpecifications/1/InstanceCount"},
	{TRAIN, "{\"ResourceConfig\":{\"InstanceType\":null,\"InstanceCount\":null,\"InstanceGroups\":["
		"{\"InstanceGroupName\":\"g\",\"InstanceCount\":0}]}}", "instance-group-count",
	 "/ResourceConfig/InstanceGroups/0/InstanceCount"},
	{TRAIN, "{\"StoppingCondition\":{\"MaxPendingTimeInSeconds\":7200}}", "pending-time-ignored",
	 "/StoppingCondition/MaxPendingTimeInSeconds"},
	{TRAIN, "{\"StoppingCondition\":{\"MaxPendingTimeInSeconds\":7200},"
		"\"ResourceConfig\":{\"InstanceType\":\"ml.p3.2xlarge\"}}", NULL, NULL},

	{MODEL, "{\"PrimaryContainer\":{\"ModelDataUrl\":null,\"ModelDataSource\":{\"S3DataSource\":"
		"{\"S3DataType\":\"S3Prefix\",\"S3Uri\":\"s3://bucket/model\"}}}}", "model-prefix-slash",
	 "/PrimaryContainer/ModelDataSource/S3DataSource/S3Uri"},
	{MODEL, "{\"PrimaryContainer\":{\"AdditionalModelDataSources\":[{\"S3DataSource\":"
		"{\"S3DataType\":\"S3Prefix\",\"S3Uri\":\"s3://bucket/model\"}}]}}", "model-prefix-slash",
	 "/PrimaryContainer/AdditionalModelDataSources/0/S3DataSource/S3Uri"},
	{MODEL, "{\"PrimaryContainer\":{\"ModelDataUrl\":null,\"ModelDataSource\":{\"S3DataSource\":"
		"{\"S3DataType\":\"S3Prefix\",\"S3Uri\":\"s3://bucket/model/\",\"CompressionType\":\"None\"}}}}",
	 NULL, NULL},
	{MODEL, "{\"PrimaryContainer\":{\"ModelDataUrl\":null,\"ModelDataSource\":{\"S3DataSource\":"
		"{\"S3DataType\":\"S3Prefix\",\"S3Uri\":\"s3://bucket/model/\",\"CompressionType\":\"Gzip\"}}}}",
	 "model-gzip-prefix", "/PrimaryContainer/ModelDataSource/S3DataSource/CompressionType"},
	{MODEL, "{\"PrimaryContainer\":{\"ModelDataUrl\":null,\"Mode\":\"MultiModel\",\"ModelDataSource\":{}}}",
	 "multi-model-source", "/PrimaryContainer/ModelDataSource"},
	{MODEL, "{\"PrimaryContainer\":{\"Mode\":\"MultiModel\"}}", "multi-model-prefix",
	 "/PrimaryContainer/ModelDataUrl"},
	{MODEL, "{\"PrimaryContainer\":{\"MultiModelConfig\":{}}}", "multi-model-config",
	 "/PrimaryContainer/MultiModelConfig"},
	{MODEL, "{\"PrimaryContainer\":{\"ContainerHostname\":\"a\"}}", "hostname-ignored",
	 "/PrimaryContainer/ContainerHostname"},
	{MODEL, "{\"PrimaryContainer\":{\"AdditionalModelDataSources\":[{\"ChannelName\":\"a\"},"
		"{\"ChannelName\":\"a\"}]}}", "model-sources-unique",
	 "/PrimaryContainer/AdditionalModelDataSources/1/ChannelName"},
	{MODEL, "{\"PrimaryContainer\":{\"ContainerMetricsConfig\":{\"MetricsEndpoints\":["
		"{\"MetricPublishFrequencyInSeconds\":45}]}}}", "metrics-frequency",
	 "/PrimaryContainer/ContainerMetricsConfig/MetricsEndpoints/0/MetricPublishFrequencyInSeconds"},
	{MODEL, "{\"PrimaryContainer\":{\"ContainerMetricsConfig\":{\"MetricsEndpoints\":["
		"{\"MetricPublishFrequencyInSeconds\":60}]}}}", NULL, NULL},
	{MODEL, "{\"PrimaryContainer\":{\"Environment\":{\"AWS_SECRET_ACCESS_KEY\":\"not-a-real-one\"}}}",
	 "environment-secret", "/PrimaryContainer/Environment"},
	{MODEL, "{\"PrimaryContainer\":{\"Image\":\"a.example/iris\"}}", "image-latest",
	 "/PrimaryContainer/Image"},

	{MODEL, "{\"Containers\":[]}", "containers-xor", "/Containers"},
	{MODEL, "{\"PrimaryContainer\":null}", "containers-xor", ""},
	{MODEL, "{\"PrimaryContainer\":{\"Image\":null}}", "container-source", "/PrimaryContainer"},
	{MODEL, "{\"PrimaryContainer\":{\"ModelDataSource\":{}}}", "artifact-twice",
	 "/PrimaryContainer/ModelDataSource"},
	{MODEL, "{\"PrimaryContainer\":{\"ModelDataUrl\":\"s3://bucket/model.zip\"}}", "artifact-suffix",
	 "/PrimaryContainer/ModelDataUrl"},
	{MODEL, "{\"PrimaryContainer\":{\"ModelDataUrl\":\"s3://bucket/all/\",\"Mode\":\"MultiModel\"}}",
	 NULL, NULL},
	{MODEL, "{\"PrimaryContainer\":{\"ImageConfig\":{\"RepositoryAccessMode\":\"Vpc\"}}}",
	 "registry-needs-vpc", "/PrimaryContainer/ImageConfig/RepositoryAccessMode"},
	{MODEL, "{\"PrimaryContainer\":null,\"Containers\":[{\"Image\":\"a\",\"ContainerHostname\":\"a\"},"
		"{\"Image\":\"a\"}]}", "container-hostnames", "/Containers"},
	{MODEL, "{\"InferenceExecutionConfig\":{\"Mode\":\"Direct\"}}", "direct-needs-containers",
	 "/InferenceExecutionConfig/Mode"},
	{MODEL, "{\"ExecutionRoleArn\":null}", "role-missing", ""},

	{TUNE, "{\"TrainingJobDefinition\":null}", "definitions-xor", ""},
	{TUNE, "{\"TrainingJobDefinition\":null,\"TrainingJobDefinitions\":[{}]}", "definition-names",
	 "/TrainingJobDefinitions/0"},
	{TUNE, "{\"HyperParameterTuningJobConfig\":{\"ResourceLimits\":{\"MaxParallelTrainingJobs\":3}}}",
	 "parallel-above-all",
	 "/HyperParameterTuningJobConfig/ResourceLimits/MaxParallelTrainingJobs"},
	{TUNE, "{\"HyperParameterTuningJobConfig\":{\"Strategy\":\"Hyperband\","
	       "\"TrainingJobEarlyStoppingType\":\"Auto\"}}", "hyperband-stopping",
	 "/HyperParameterTuningJobConfig/TrainingJobEarlyStoppingType"},
	{TUNE, "{\"HyperParameterTuningJobConfig\":{\"StrategyConfig\":{}}}", "strategy-config",
	 "/HyperParameterTuningJobConfig/StrategyConfig"},
	{TUNE, "{\"HyperParameterTuningJobConfig\":{\"ParameterRanges\":{\"IntegerParameterRanges\":["
	       "{\"MinValue\":\"9\",\"MaxValue\":\"8\"}]}}}", "range-order",
	 "/HyperParameterTuningJobConfig/ParameterRanges/IntegerParameterRanges/0"},
	{TUNE, "{\"TrainingJobDefinition\":{\"HyperParameterRanges\":{\"ContinuousParameterRanges\":["
	       "{\"MinValue\":\"0\",\"MaxValue\":\"8\",\"ScalingType\":\"Logarithmic\"}]}}}",
	 "range-scaling", "/TrainingJobDefinition/HyperParameterRanges/ContinuousParameterRanges/0/"
	 "ScalingType"},
	{TUNE, "{\"TrainingJobDefinition\":{\"StoppingCondition\":{\"MaxWaitTimeInSeconds\":90000}}}",
	 "wait-needs-spot", "/TrainingJobDefinition/StoppingCondition/MaxWaitTimeInSeconds"},
	{TUNE, "{\"TrainingJobDefinition\":null,\"TrainingJobDefinitions\":[{\"DefinitionName\":\"a\"},"
	       "{\"DefinitionName\":\"b\",\"AlgorithmSpecification\":{}}]}", "image-xor-algorithm",
	 "/TrainingJobDefinitions/1/AlgorithmSpecification"},

	{PROCESS, "{\"ProcessingInputs\":[{\"S3Input\":{}}]}", "local-path",
	 "/ProcessingInputs/0/S3Input"},
	{PROCESS, "{\"ProcessingInputs\":[{\"AppManaged\":true,\"S3Input\":{}}]}", NULL, NULL},
	{PROCESS, "{\"ProcessingInputs\":[{\"S3Input\":{\"LocalPath\":\"/tmp/x\"}}]}", "local-path",
	 "/ProcessingInputs/0/S3Input/LocalPath"},
	{PROCESS, "{\"ProcessingInputs\":[{\"S3Input\":{\"LocalPath\":\"/opt/ml/processing/a\","
		  "\"S3CompressionType\":\"Gzip\"}}]}", "gzip-needs-pipe",
	 "/ProcessingInputs/0/S3Input/S3CompressionType"},
	{PROCESS, "{\"ProcessingOutputConfig\":{\"Outputs\":[{\"FeatureStoreOutput\":{}}]}}",
	 "feature-store-managed", "/ProcessingOutputConfig/Outputs/0/FeatureStoreOutput"},
	{PROCESS, "{\"ProcessingInputs\":[{\"InputName\":\"a\"},{\"InputName\":\"a\"}]}",
	 "processing-names-unique", "/ProcessingInputs/1/InputName"},
	{PROCESS, "{\"ProcessingResources\":{\"ClusterConfig\":{\"InstanceType\":null}}}",
	 "cluster-instances", "/ProcessingResources/ClusterConfig"},
	{PROCESS, "{\"ProcessingResources\":{\"ClusterConfig\":{\"SelectedInstanceCount\":1}}}",
	 "read-only-member", "/ProcessingResources/ClusterConfig/SelectedInstanceCount"},

	{TRANSFORM, "{\"MaxPayloadInMB\":101}", "payload-max", "/MaxPayloadInMB"},
	{TRANSFORM, "{\"MaxConcurrentTransforms\":17}", "payload-max", "/MaxPayloadInMB"},
	{TRANSFORM, "{\"MaxConcurrentTransforms\":16}", NULL, NULL},
	{TRANSFORM, "{\"BatchStrategy\":\"MultiRecord\"}", "batch-needs-split", "/BatchStrategy"},
	{TRANSFORM, "{\"BatchStrategy\":\"MultiRecord\",\"TransformInput\":{\"SplitType\":\"Line\"}}",
	 NULL, NULL},
	{TRANSFORM, "{\"TransformResources\":{\"InstanceCount\":101}}", "transform-instances",
	 "/TransformResources/InstanceCount"},
};

#define N_ROWS (sizeof(ROWS) / sizeof(ROWS[0]))

static void test_rows(void **state)
{
	struct seen seen;
	size_t i;

	(void)state;
	for (i = 0; i < N_ROWS; i++) {
		check(ROWS[i].operation, ROWS[i].patch, NULL, &seen);
		if (seen.n != (ROWS[i].id != NULL))
			print_error("%s: %d faults, first %s at %s: %s\n", ROWS[i].patch, seen.n,
				    seen.id, seen.pointer, seen.message);
		assert_int_equal(seen.n, ROWS[i].id != NULL);
		if (!ROWS[i].id)
			continue;
		assert_string_equal(seen.id, ROWS[i].id);
		assert_string_equal(seen.pointer, ROWS[i].pointer);
		assert_true(strlen(seen.message) > 10);
	}
}

struct listed {
	int rules, submitted;
	char doc[65536];
};

/* A row for every rule, here and in the documentation, or the list grows without. */
static void has_row(void *arg, const char *operation, const char *id, bool warning, const char *page)
{
	static const char AWS[] = "https://docs.aws.amazon.com/";
	struct listed *listed = arg;
	char line[512];
	size_t i;

	listed->rules++;
	listed->submitted += strcmp(operation, TRAIN) == 0 || strcmp(operation, MODEL) == 0;
	assert_memory_equal(page, AWS, sizeof(AWS) - 1);
	snprintf(line, sizeof(line), "\n| `%s` | %s | %s |", id, warning ? "warning" : "error", page);
	if (!strstr(listed->doc, line))
		fail_msg("docs/spec-rules.md has no row%s", line);
	for (i = 0; i < N_ROWS; i++)
		if (ROWS[i].id && strcmp(ROWS[i].id, id) == 0)
			return;
	/* in test_region and test_environment_size */
	if (strcmp(id, "image-region") != 0 && strcmp(id, "environment-size") != 0)
		fail_msg("%s: no test of %s", operation, id);
}

static void test_every_rule_is_tested(void **state)
{
	static struct listed listed;
	const char *source = getenv("SOURCE");
	char path[4096];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/spec-rules.md", source ? source : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(listed.doc, 1, sizeof(listed.doc) - 1, f) > 1000);
	fclose(f);
	spec_rules_list(has_row, &listed);
	assert_true(listed.submitted >= 70);
	assert_true(listed.rules >= 90);
}

/* 32 KB in all the containers together: 31 of 1,024 bytes are right, 33 are not. */
static void environment_of(int entries, int containers, struct seen *seen)
{
	static char patch[80000];
	char value[1024];
	size_t len = 0;
	int i, k;

	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 6] = '\0';	/* the names have five letters */
	len += (size_t)snprintf(patch, sizeof(patch), "{\"PrimaryContainer\":null,\"Containers\":[");
	for (k = 0; k < containers; k++) {
		len += (size_t)snprintf(patch + len, sizeof(patch) - len, "%s{\"Image\":\"a\",\"Environment\":{",
					k ? "," : "");
		for (i = 0; i < entries; i++)
			len += (size_t)snprintf(patch + len, sizeof(patch) - len, "%s\"name%c\":\"%s\"",
						i ? "," : "", 'A' + i, value);
		len += (size_t)snprintf(patch + len, sizeof(patch) - len, "}}");
	}
	snprintf(patch + len, sizeof(patch) - len, "]}");
	check(MODEL, patch, NULL, seen);
}

static void test_environment_size(void **state)
{
	struct seen seen;

	(void)state;
	environment_of(16, 2, &seen);
	assert_int_equal(seen.n, 0);
	environment_of(11, 3, &seen);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.id, "environment-size");
	assert_string_equal(seen.pointer, "/Containers");
}

static void test_region(void **state)
{
	struct spec_rules_options here = {.region = "us-east-2"}, there = {.region = "us-west-2"};
	struct seen seen;

	(void)state;
	check(TRAIN, "{}", &here, &seen);
	assert_int_equal(seen.n, 0);
	check(TRAIN, "{}", &there, &seen);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.id, "image-region");
	assert_string_equal(seen.pointer, "/AlgorithmSpecification/TrainingImage");
	check(MODEL, "{\"PrimaryContainer\":null,\"Containers\":[{\"Image\":\"" IMAGE "\"}]}", &there,
	      &seen);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.pointer, "/Containers/0/Image");
	/* not in ECR: no region in the name */
	check(TRAIN, "{\"AlgorithmSpecification\":{\"TrainingImage\":\"registry.example/iris:1\"}}", &there,
	      &seen);
	assert_int_equal(seen.n, 0);
}

static void test_templates(void **state)
{
	struct spec_rules_options later = {.allow_templates = true};
	struct seen seen;

	(void)state;
	check(MODEL, "{\"PrimaryContainer\":{\"ModelDataUrl\":\"${ARTIFACT}\"}}", &later, &seen);
	assert_int_equal(seen.n, 0);
	check(MODEL, "{\"PrimaryContainer\":{\"ModelDataUrl\":\"${ARTIFACT}\"}}", NULL, &seen);
	assert_int_equal(seen.n, 1);
	check(TRAIN, "{\"AlgorithmSpecification\":{\"TrainingInputMode\":\"${MODE}\"},\"InputDataConfig\":"
		     "[{\"CompressionType\":\"Gzip\"}]}", &later, &seen);
	assert_int_equal(seen.n, 0);
}

static void test_warnings(void **state)
{
	struct seen seen;

	(void)state;
	check(TRAIN, "{\"StoppingCondition\":null}", NULL, &seen);
	assert_true(seen.warning);
	check(TRAIN, "{\"ResourceConfig\":null}", NULL, &seen);
	assert_false(seen.warning);
}

static void test_wrong_kinds_do_no_harm(void **state)
{
	static const char *const VALUES[] = {"7", "\"x\"", "[]", "[7]", "{}", "true", "[[]]", "[{}]"};
	static const char *const MEMBERS[] = {"AlgorithmSpecification", "InputDataConfig",
					      "ResourceConfig", "StoppingCondition", "Tags", "Containers",
					      "PrimaryContainer", "TrainingJobDefinitions",
					      "TrainingJobDefinition", "ProcessingInputs"};
	struct seen seen;
	char patch[128];
	size_t i, j, k;

	(void)state;
	for (i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++)
		for (j = 0; j < sizeof(MEMBERS) / sizeof(MEMBERS[0]); j++)
			for (k = 0; k < N_GOOD; k++) {
				snprintf(patch, sizeof(patch), "{\"%s\":%s}", MEMBERS[j], VALUES[i]);
				check(GOOD[k].operation, patch, NULL, &seen);
			}
}

static void test_operation(void **state)
{
	static const struct {
		const char *request, *operation;
	} KNOWN[] = {
		{"{\"TrainingJobName\":1}", TRAIN}, {"{\"AlgorithmSpecification\":1}", TRAIN},
		{"{\"TransformJobName\":1,\"ModelName\":1}", TRANSFORM}, {"{\"ModelName\":1}", MODEL},
		{"{\"ModelName\":1,\"TransformInput\":1}", TRANSFORM},
		{"{\"HyperParameterTuningJobConfig\":1}", TUNE}, {"{\"AppSpecification\":1}", PROCESS},
		{"{}", NULL}, {"[]", NULL}, {"{\"name\":1}", NULL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
		cJSON *request = cJSON_Parse(KNOWN[i].request);
		const char *operation = spec_rules_operation(request);

		cJSON_Delete(request);
		if (KNOWN[i].operation)
			assert_string_equal(operation, KNOWN[i].operation);
		else
			assert_null(operation);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_rule_is_tested),
		cmocka_unit_test(test_environment_size),
		cmocka_unit_test(test_region),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_wrong_kinds_do_no_harm),
		cmocka_unit_test(test_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
