/* Rules for CreateModel. */
#include "lib/spec/spec_rules_table.h"

#include <string.h>

static void containers_xor(struct spec_rules *r)
{
	bool primary = spec_rules_has(r, "PrimaryContainer");
	bool list = spec_rules_has(r, "Containers");

	if (primary && list)
		spec_rules_fault(r, "Containers",
				 "PrimaryContainer and Containers are both there; give one of them");
	if (!primary && !list)
		spec_rules_fault(r, "", "neither PrimaryContainer nor Containers is there; give one "
				 "of them");
}

void spec_rules_model_each(struct spec_rules *r,
			   void (*check)(struct spec_rules *r, const char *path))
{
	if (cJSON_IsObject(json_get(r->at, "PrimaryContainer")))
		check(r, "PrimaryContainer");
	spec_rules_each(r, "Containers", check);
}

static void container_source_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	if (!spec_rules_has(r, spec_rules_join(at, path, "Image")) &&
	    !spec_rules_has(r, spec_rules_join(at, path, "ModelPackageName")))
		spec_rules_fault(r, path, "neither Image nor ModelPackageName is there; give one of "
				 "them");
}

static void container_source(struct spec_rules *r)
{
	spec_rules_model_each(r, container_source_of);
}

static void artifact_twice_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX], other[SPEC_RULES_PATH_MAX];

	if (spec_rules_has(r, spec_rules_join(at, path, "ModelDataSource")) &&
	    spec_rules_has(r, spec_rules_join(other, path, "ModelDataUrl")))
		spec_rules_fault(r, at, "ModelDataUrl and ModelDataSource are both there; give one "
				 "of them");
}

static void artifact_twice(struct spec_rules *r)
{
	spec_rules_model_each(r, artifact_twice_of);
}

static void artifact_suffix_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];
	const char *url;
	size_t len;

	if (spec_rules_is(r, spec_rules_join(at, path, "Mode"), "MultiModel", NULL))
		return;	/* then it is a prefix */
	url = spec_rules_text(r, spec_rules_join(at, path, "ModelDataUrl"));
	if (!url)
		return;
	len = strlen(url);
	if (len < 7 || strcmp(url + len - 7, ".tar.gz") != 0)
		spec_rules_fault(r, at, "the artefact must be one archive whose name ends with "
				 ".tar.gz");
}

static void artifact_suffix(struct spec_rules *r)
{
	spec_rules_model_each(r, artifact_suffix_of);
}

static void registry_needs_vpc_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];
	bool vpc;

	spec_rules_join(at, path, "ImageConfig.RepositoryAccessMode");
	vpc = spec_rules_is(r, at, "Vpc", NULL);
	if (vpc && !spec_rules_has(r, "VpcConfig"))
		spec_rules_fault(r, at, "access mode Vpc needs VpcConfig");
	spec_rules_join(at, path, "ImageConfig.RepositoryAuthConfig");
	if (spec_rules_has(r, at) && !vpc)
		spec_rules_fault(r, at, "RepositoryAuthConfig is only allowed with "
				 "RepositoryAccessMode Vpc");
}

static void registry_needs_vpc(struct spec_rules *r)
{
	spec_rules_model_each(r, registry_needs_vpc_of);
}

static void hostnames(struct spec_rules *r)
{
	const cJSON *item;
	int with = 0, all = 0;

	cJSON_ArrayForEach(item, json_get(r->at, "Containers")) {
		all++;
		with += json_get(item, "ContainerHostname") != NULL;
	}
	if (with && with != all)
		spec_rules_fault(r, "Containers", "%d of %d containers have a ContainerHostname: "
				 "give it to all or to none", with, all);
	spec_rules_unique(r, "Containers", "ContainerHostname", "host name");
}

static void direct_needs_containers(struct spec_rules *r)
{
	if (spec_rules_is(r, "InferenceExecutionConfig.Mode", "Direct", NULL) &&
	    !spec_rules_has(r, "Containers"))
		spec_rules_fault(r, "InferenceExecutionConfig.Mode",
				 "mode Direct chooses one of several Containers; there are none");
}

static void role_missing(struct spec_rules *r)
{
	if (!spec_rules_has(r, "ExecutionRoleArn"))
		spec_rules_fault(r, "", "without ExecutionRoleArn the model can pull no image and "
				 "read no artefact");
}

const struct spec_rule spec_rules_model[] = {
	{"containers-xor", containers_xor, false, SPEC_RULES_API("CreateModel")},
	{"container-source", container_source, false, SPEC_RULES_API("ContainerDefinition")},
	{"artifact-twice", artifact_twice, false, SPEC_RULES_API("ContainerDefinition")},
	{"artifact-suffix", artifact_suffix, false, SPEC_RULES_API("ContainerDefinition")},
	{"registry-needs-vpc", registry_needs_vpc, false, SPEC_RULES_API("ImageConfig")},
	{"container-hostnames", hostnames, false, SPEC_RULES_API("ContainerDefinition")},
	{"direct-needs-containers", direct_needs_containers, false,
	 SPEC_RULES_API("InferenceExecutionConfig")},
	{"role-missing", role_missing, true, SPEC_RULES_API("CreateModel")},
	{NULL, NULL, false, NULL},
};
