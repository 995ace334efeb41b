/* Rules for the input channels of a training job. */
#include "lib/spec/spec_rules_table.h"

#include <string.h>

/* The input mode of a channel: its own, or the job's. */
static bool mode_is(const struct spec_rules *r, const char *path, const char *mode)
{
	char at[SPEC_RULES_PATH_MAX];

	if (spec_rules_has(r, spec_rules_join(at, path, "InputMode")))
		return spec_rules_is(r, at, mode, NULL);
	return spec_rules_is(r, "AlgorithmSpecification.TrainingInputMode", mode, "File");
}

/* Is it known, and another one? */
static bool mode_is_not(const struct spec_rules *r, const char *path, const char *mode)
{
	static const char *const MODES[] = {"File", "Pipe", "FastFile"};
	size_t i;

	for (i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++)
		if (mode_is(r, path, MODES[i]))
			return !mode_is(r, path, mode);
	return false;
}

static void names_unique(struct spec_rules *r)
{
	spec_rules_unique(r, "InputDataConfig", "ChannelName", "channel");
}

static void one_source_of(struct spec_rules *r, const char *path)
{
	static const char *const SOURCES[] = {"S3DataSource", "FileSystemDataSource",
					      "DatasetSource"};
	char at[SPEC_RULES_PATH_MAX], source[SPEC_RULES_PATH_MAX];
	int found = 0;
	size_t i;

	spec_rules_join(at, path, "DataSource");
	if (!cJSON_IsObject(json_get(r->at, at)))
		return;
	for (i = 0; i < sizeof(SOURCES) / sizeof(SOURCES[0]); i++)
		found += spec_rules_has(r, spec_rules_join(source, at, SOURCES[i]));
	if (found != 1)
		spec_rules_fault(r, at, "%d data sources are there; give one of S3DataSource, "
				 "FileSystemDataSource, DatasetSource", found);
}

static void one_source(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", one_source_of);
}

static void manifest_needs_pipe_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	spec_rules_join(at, path, "DataSource.S3DataSource.S3DataType");
	if (spec_rules_is(r, at, "AugmentedManifestFile", NULL) && mode_is_not(r, path, "Pipe"))
		spec_rules_fault(r, at, "AugmentedManifestFile is only allowed with input mode "
				 "Pipe: set InputMode of this channel to Pipe");
}

static void manifest_needs_pipe(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", manifest_needs_pipe_of);
}

static void attributes_need_manifest_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX], type[SPEC_RULES_PATH_MAX];

	spec_rules_join(at, path, "DataSource.S3DataSource.AttributeNames");
	spec_rules_join(type, path, "DataSource.S3DataSource.S3DataType");
	if (spec_rules_has(r, at) && spec_rules_text(r, type) &&
	    !spec_rules_is(r, type, "AugmentedManifestFile", NULL))
		spec_rules_fault(r, at, "AttributeNames are of an augmented manifest; S3DataType is "
				 "%.32s", spec_rules_text(r, type));
}

static void attributes_need_manifest(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", attributes_need_manifest_of);
}

static void compression_needs_pipe_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	if (spec_rules_is(r, spec_rules_join(at, path, "CompressionType"), "Gzip", NULL) &&
	    mode_is_not(r, path, "Pipe"))
		spec_rules_fault(r, at, "CompressionType Gzip is only allowed with input mode Pipe");
}

static void compression_needs_pipe(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", compression_needs_pipe_of);
}

static void record_wrapper_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	if (spec_rules_is(r, spec_rules_join(at, path, "RecordWrapperType"), "RecordIO", NULL) &&
	    mode_is(r, path, "File"))
		spec_rules_fault(r, at, "RecordWrapperType RecordIO is not allowed with input mode "
				 "File");
}

static void record_wrapper(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", record_wrapper_of);
}

static void file_system_needs_vpc_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	spec_rules_join(at, path, "DataSource.FileSystemDataSource");
	if (spec_rules_has(r, at) && !spec_rules_has(r, "VpcConfig"))
		spec_rules_fault(r, at, "a file system is reached through its VPC: VpcConfig is "
				 "missing");
}

static void file_system_needs_vpc(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", file_system_needs_vpc_of);
}

static bool group_is_there(const struct spec_rules *r, const char *name)
{
	const cJSON *group;

	cJSON_ArrayForEach(group, json_get(r->at, "ResourceConfig.InstanceGroups")) {
		const char *known = json_string(group, "InstanceGroupName", "");

		if (strcmp(known, name) == 0 || strstr(known, "${"))
			return true;
	}
	return false;
}

static void group_known_of_name(struct spec_rules *r, const char *path)
{
	const char *name = spec_rules_text(r, path);

	if (name && !group_is_there(r, name))
		spec_rules_fault(r, path, "no instance group of ResourceConfig is named \"%.64s\"",
				 name);
}

static void group_known_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	spec_rules_each(r, spec_rules_join(at, path, "DataSource.S3DataSource.InstanceGroupNames"),
			group_known_of_name);
}

static void group_known(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", group_known_of);
}

static void manifest_attributes_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX], names[SPEC_RULES_PATH_MAX];

	spec_rules_join(at, path, "DataSource.S3DataSource.S3DataType");
	spec_rules_join(names, path, "DataSource.S3DataSource.AttributeNames");
	if (spec_rules_is(r, at, "AugmentedManifestFile", NULL) && !spec_rules_has(r, names))
		spec_rules_fault(r, at, "an augmented manifest needs AttributeNames: which of its "
				 "attributes the algorithm gets, in order");
}

static void manifest_attributes(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", manifest_attributes_of);
}

static void absolute(struct spec_rules *r, const char *path)
{
	const char *text = spec_rules_text(r, path);

	if (text && *text && *text != '/')
		spec_rules_fault(r, path, "the path must begin with a slash");
}

static void absolute_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	absolute(r, spec_rules_join(at, path, "DataSource.FileSystemDataSource.DirectoryPath"));
}

static void absolute_paths(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", absolute_of);
	absolute(r, "CheckpointConfig.LocalPath");
}

const struct spec_rule spec_rules_channel[] = {
	{"channel-unique", names_unique, false, SPEC_RULES_API("Channel")},
	{"channel-one-source", one_source, false, SPEC_RULES_API("DataSource")},
	{"manifest-needs-pipe", manifest_needs_pipe, false, SPEC_RULES_API("S3DataSource")},
	{"attributes-need-manifest", attributes_need_manifest, true, SPEC_RULES_API("S3DataSource")},
	{"manifest-attributes", manifest_attributes, true, SPEC_RULES_GUIDE("augmented-manifest")},
	{"absolute-path", absolute_paths, true, SPEC_RULES_API("FileSystemDataSource")},
	{"compression-needs-pipe", compression_needs_pipe, false, SPEC_RULES_API("Channel")},
	{"record-wrapper-mode", record_wrapper, false, SPEC_RULES_API("Channel")},
	{"file-system-needs-vpc", file_system_needs_vpc, false, SPEC_RULES_GUIDE("train-vpc")},
	{"instance-group-known", group_known, false, SPEC_RULES_GUIDE("train-heterogeneous-cluster")},
	{NULL, NULL, false, NULL},
};
