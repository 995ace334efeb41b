/* Rules for the instances that a training job runs on. */
#include "lib/spec/spec_rules_table.h"

#include <string.h>

#define CONFIG "ResourceConfig."
#define SDK_VOLUME 30.0	/* gigabytes */

/* Families by the word between "ml." and the size. */
static const char *const EBS_ONLY[] = {"m4", "m5", "c4", "c5", "c5n", "p2", "p3", "t3", "r5"};
static const char *const LOCAL_STORAGE[] = {"m5d", "c5d", "r5d", "g4dn", "g5", "g6", "g6e", "p3dn",
					    "p4d", "p4de", "p5", "p5e", "p5en", "trn1", "trn1n",
					    "trn2"};

static const char *const CPU_ONLY[] = {"t3", "m4", "m5", "m5d", "c4", "c5", "c5d", "c5n", "r5", "r5d",
				       "m6i", "m6id", "c6i", "c6id", "r6i", "r6id", "m7i", "c7i",
				       "r7i"};

static bool is_of(const char *type, const char *const *families, size_t n)
{
	size_t i, len;

	if (strncmp(type, "ml.", 3) != 0)
		return false;
	len = strcspn(type + 3, ".");
	for (i = 0; i < n; i++)
		if (strlen(families[i]) == len && strncmp(type + 3, families[i], len) == 0)
			return true;
	return false;
}

static bool has_config(const struct spec_rules *r)
{
	return cJSON_IsObject(json_get(r->at, "ResourceConfig"));
}

static void type_missing(struct spec_rules *r)
{
	if (!has_config(r) || spec_rules_has(r, CONFIG "InstanceType") ||
	    spec_rules_has(r, CONFIG "InstanceGroups") ||
	    spec_rules_has(r, CONFIG "InstancePreferences") ||
	    spec_rules_has(r, "ServerlessJobConfig"))
		return;
	spec_rules_fault(r, "ResourceConfig", "no instances: give InstanceType and InstanceCount, "
			 "InstanceGroups, or InstancePreferences");
}

static void count_missing(struct spec_rules *r)
{
	double count;

	if (spec_rules_has(r, CONFIG "InstanceType") && !spec_rules_has(r, CONFIG "InstanceCount"))
		spec_rules_fault(r, "ResourceConfig", "InstanceType needs InstanceCount");
	if (spec_rules_has(r, CONFIG "InstanceType") &&
	    spec_rules_number(r, CONFIG "InstanceCount", &count) && count < 1)
		spec_rules_fault(r, CONFIG "InstanceCount", "a job needs at least 1 instance");
}

static void groups_alone(struct spec_rules *r)
{
	if (!spec_rules_has(r, CONFIG "InstanceGroups"))
		return;
	if (spec_rules_has(r, CONFIG "InstanceType") || spec_rules_has(r, CONFIG "InstanceCount"))
		spec_rules_fault(r, CONFIG "InstanceGroups", "InstanceGroups stand instead of "
				 "InstanceType and InstanceCount, not beside them");
}

static void groups_unique(struct spec_rules *r)
{
	spec_rules_unique(r, CONFIG "InstanceGroups", "InstanceGroupName", "instance group");
}

static void preferences_alone(struct spec_rules *r)
{
	static const char *const OTHERS[] = {CONFIG "InstanceType", CONFIG "InstanceGroups",
					     CONFIG "InstancePlacementConfig"};
	size_t i;

	if (!spec_rules_has(r, CONFIG "InstancePreferences"))
		return;
	for (i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++)
		if (spec_rules_has(r, OTHERS[i]))
			spec_rules_fault(r, OTHERS[i], "not allowed beside InstancePreferences");
	if (json_bool(r->at, "EnableManagedSpotTraining", false))
		spec_rules_fault(r, "EnableManagedSpotTraining",
				 "not allowed with InstancePreferences");
}

static void preference_counts(struct spec_rules *r)
{
	bool whole = spec_rules_has(r, CONFIG "InstanceCount");
	const cJSON *list = json_get(r->at, CONFIG "InstancePreferences"), *item;
	int with = 0, all = 0;

	cJSON_ArrayForEach(item, list) {
		all++;
		with += json_get(item, "InstanceCount") != NULL;
	}
	if (all && !((whole && with == 0) || (!whole && with == all)))
		spec_rules_fault(r, CONFIG "InstancePreferences", "InstanceCount goes into every "
				 "preference, or only into ResourceConfig; it is in %d of %d%s", with,
				 all, whole ? " and in ResourceConfig" : "");
}

static void preferences_unique(struct spec_rules *r)
{
	spec_rules_unique(r, CONFIG "InstancePreferences", "InstanceType", "instance type");
}

static void plan_twice_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	if (spec_rules_has(r, CONFIG "TrainingPlanArn") &&
	    spec_rules_has(r, spec_rules_join(at, path, "TrainingPlanArns")))
		spec_rules_fault(r, at, "not allowed beside TrainingPlanArn of ResourceConfig");
}

static void plan_twice(struct spec_rules *r)
{
	spec_rules_each(r, CONFIG "InstancePreferences", plan_twice_of);
}

static void read_only(struct spec_rules *r)
{
	if (spec_rules_has(r, CONFIG "SelectedInstanceType"))
		spec_rules_fault(r, CONFIG "SelectedInstanceType",
				 "only answers have this member; leave it out");
	if (spec_rules_has(r, CONFIG "SelectedInstanceCount"))
		spec_rules_fault(r, CONFIG "SelectedInstanceCount",
				 "only answers have this member; leave it out");
}

static void volume_missing(struct spec_rules *r)
{
	const char *type = spec_rules_text(r, CONFIG "InstanceType");
	double size = 0;

	if (!type || !is_of(type, EBS_ONLY, sizeof(EBS_ONLY) / sizeof(EBS_ONLY[0])))
		return;
	if (!spec_rules_number(r, CONFIG "VolumeSizeInGB", &size) &&
	    spec_rules_has(r, CONFIG "VolumeSizeInGB"))
		return;
	if (size < 1)
		spec_rules_fault(r, CONFIG "VolumeSizeInGB",
				 "%.32s has no storage of its own: VolumeSizeInGB must be at least 1",
				 type);
}

static void volume_key(struct spec_rules *r)
{
	const char *type = spec_rules_text(r, CONFIG "InstanceType");

	if (type && spec_rules_has(r, CONFIG "VolumeKmsKeyId") &&
	    is_of(type, LOCAL_STORAGE, sizeof(LOCAL_STORAGE) / sizeof(LOCAL_STORAGE[0])))
		spec_rules_fault(r, CONFIG "VolumeKmsKeyId", "%.32s stores on its own encrypted "
				 "disks: VolumeKmsKeyId is not allowed", type);
}

static bool is_warm(const struct spec_rules *r)
{
	double seconds;

	return spec_rules_number(r, CONFIG "KeepAlivePeriodInSeconds", &seconds) && seconds > 0;
}

static void warm_pool_spot(struct spec_rules *r)
{
	if (is_warm(r) && json_bool(r->at, "EnableManagedSpotTraining", false))
		spec_rules_fault(r, CONFIG "KeepAlivePeriodInSeconds",
				 "a warm pool does not work with managed spot training");
}

static void warm_pool_groups(struct spec_rules *r)
{
	if (is_warm(r) && spec_rules_has(r, CONFIG "InstanceGroups"))
		spec_rules_fault(r, CONFIG "KeepAlivePeriodInSeconds",
				 "a warm pool does not work with instance groups");
}

static void placement_count_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];
	double count;

	if (spec_rules_number(r, spec_rules_join(at, path, "InstanceCount"), &count) && count < 1)
		spec_rules_fault(r, at, "at least 1 instance is placed together");
}

static void placement_count(struct spec_rules *r)
{
	spec_rules_each(r, CONFIG "InstancePlacementConfig.PlacementSpecifications",
			placement_count_of);
}

static void group_count_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];
	double count;

	if (spec_rules_number(r, spec_rules_join(at, path, "InstanceCount"), &count) && count < 1)
		spec_rules_fault(r, at, "a group needs at least 1 instance");
}

static void group_count(struct spec_rules *r)
{
	spec_rules_each(r, CONFIG "InstanceGroups", group_count_of);
}

/* The SDK sends 30 whatever the instance is: that is nobody's wish. */
static void volume_fixed(struct spec_rules *r)
{
	const char *type = spec_rules_text(r, CONFIG "InstanceType");
	double size;

	if (type && spec_rules_number(r, CONFIG "VolumeSizeInGB", &size) && size > SDK_VOLUME &&
	    is_of(type, LOCAL_STORAGE, sizeof(LOCAL_STORAGE) / sizeof(LOCAL_STORAGE[0])))
		spec_rules_fault(r, CONFIG "VolumeSizeInGB", "%.32s has the storage of its own disks, "
				 "whatever VolumeSizeInGB says", type);
}

static void pending_ignored(struct spec_rules *r)
{
	const char *type = spec_rules_text(r, CONFIG "InstanceType");

	if (type && spec_rules_has(r, "StoppingCondition.MaxPendingTimeInSeconds") &&
	    is_of(type, CPU_ONLY, sizeof(CPU_ONLY) / sizeof(CPU_ONLY[0])))
		spec_rules_fault(r, "StoppingCondition.MaxPendingTimeInSeconds",
				 "has no effect on %.32s, only on accelerated instances", type);
}

const struct spec_rule spec_rules_resource[] = {
	{"instance-type-missing", type_missing, false, SPEC_RULES_API("ResourceConfig")},
	{"instance-count-missing", count_missing, false, SPEC_RULES_API("ResourceConfig")},
	{"instance-groups-alone", groups_alone, false, SPEC_RULES_API("ResourceConfig")},
	{"instance-groups-unique", groups_unique, false, SPEC_RULES_API("InstanceGroup")},
	{"instance-preferences-alone", preferences_alone, false, SPEC_RULES_API("ResourceConfig")},
	{"instance-preference-counts", preference_counts, false, SPEC_RULES_API("InstancePreference")},
	{"instance-preferences-unique", preferences_unique, false, SPEC_RULES_API("InstancePreference")},
	{"training-plan-twice", plan_twice, false, SPEC_RULES_API("InstancePreference")},
	{"read-only-member", read_only, false, SPEC_RULES_API("ResourceConfig")},
	{"volume-size-missing", volume_missing, false, SPEC_RULES_API("ResourceConfig")},
	{"volume-size-fixed", volume_fixed, true, SPEC_RULES_API("ResourceConfig")},
	{"placement-count", placement_count, false, SPEC_RULES_API("PlacementSpecification")},
	{"instance-group-count", group_count, false, SPEC_RULES_API("InstanceGroup")},
	{"pending-time-ignored", pending_ignored, true, SPEC_RULES_API("StoppingCondition")},
	{"volume-key-local-storage", volume_key, false, SPEC_RULES_API("ResourceConfig")},
	{"warm-pool-spot", warm_pool_spot, true, SPEC_RULES_GUIDE("train-warm-pools")},
	{"warm-pool-groups", warm_pool_groups, true, SPEC_RULES_GUIDE("train-warm-pools")},
	{NULL, NULL, false, NULL},
};
