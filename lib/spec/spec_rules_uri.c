/* Rules that can be read off addresses: images, buckets, keys and roles carry
 * their region, account or partition in their names. And tags. */
#include "lib/spec/spec_rules_table.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REGION_MAX 32
#define PLACES_MAX 1000	/* of one list; the model allows fewer */

static const char *const IMAGES[] = {"AlgorithmSpecification.TrainingImage",
				     "PrimaryContainer.Image", "AppSpecification.ImageUri"};
static const char *const KEYS[] = {"OutputDataConfig.KmsKeyId", "ResourceConfig.VolumeKmsKeyId",
				   "TransformOutput.KmsKeyId",
				   "TransformResources.VolumeKmsKeyId",
				   "ProcessingOutputConfig.KmsKeyId",
				   "ProcessingResources.ClusterConfig.VolumeKmsKeyId"};
static const char *const PLACES[] = {"OutputDataConfig.S3OutputPath", "CheckpointConfig.S3Uri",
				     "PrimaryContainer.ModelDataUrl",
				     "TransformInput.DataSource.S3DataSource.S3Uri",
				     "TransformOutput.S3OutputPath"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool take_region(char out[static REGION_MAX], const char *from, size_t len)
{
	if (len == 0 || len >= REGION_MAX)
		return false;
	snprintf(out, REGION_MAX, "%.*s", (int)len, from);
	return true;
}

/* ACCOUNT.dkr.ecr.REGION.amazonaws.com/..., also ecr-fips */
static bool image_region(const char *image, char out[static REGION_MAX])
{
	const char *at = strstr(image, ".dkr.ecr"), *slash = strchr(image, '/');

	if (!at || !slash || at > slash)
		return false;
	at += strlen(".dkr.ecr");
	if (strncmp(at, "-fips", 5) == 0)
		at += 5;
	return *at == '.' && take_region(out, at + 1, strcspn(at + 1, "./"));
}

static bool all_digits(const char *text, size_t len)
{
	while (len && isdigit((unsigned char)text[len - 1]))
		len--;
	return len == 0;
}

/* s3://sagemaker-REGION-ACCOUNT/...: the bucket that SageMaker's SDK makes */
static bool bucket_region(const char *uri, char out[static REGION_MAX])
{
	static const char START[] = "s3://sagemaker-";
	size_t len = strcspn(uri + (strncmp(uri, "s3://", 5) == 0 ? 5 : 0), "/") + 5;

	if (strncmp(uri, START, sizeof(START) - 1) != 0 || len < sizeof(START) + 16 ||
	    uri[len - 13] != '-' || !all_digits(uri + len - 12, 12))
		return false;
	return take_region(out, uri + sizeof(START) - 1, len - 13 - (sizeof(START) - 1));
}

/* The field of an ARN, from 0; false when it is no ARN or the field is empty. */
static bool arn_field(const char *arn, int field, char out[static REGION_MAX])
{
	if (strncmp(arn, "arn:", 4) != 0)
		return false;
	while (field--) {
		arn = strchr(arn, ':');
		if (!arn)
			return false;
		arn++;
	}
	return take_region(out, arn, strcspn(arn, ":"));
}

/* Where the request goes: as the caller says, or where its image is. */
static bool home_region(const struct spec_rules *r, char out[static REGION_MAX])
{
	const char *image;
	size_t i;

	if (r->options && r->options->region)
		return take_region(out, r->options->region, strlen(r->options->region));
	for (i = 0; i < COUNT(IMAGES); i++) {
		image = spec_rules_text(r, IMAGES[i]);
		if (image && image_region(image, out))
			return true;
	}
	return false;
}

static void elsewhere(struct spec_rules *r, const char *path, const char *what, const char *region)
{
	char home[REGION_MAX];

	if (home_region(r, home) && strcmp(home, region) != 0)
		spec_rules_fault(r, path, "the %s is in %s and the request goes to %s: it must be in "
				 "the same region", what, region, home);
}

static void image_elsewhere(struct spec_rules *r, const char *path)
{
	const char *image = spec_rules_text(r, path);
	char region[REGION_MAX];

	if (image && image_region(image, region))
		elsewhere(r, path, "image", region);
}

static void container_image_elsewhere(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	image_elsewhere(r, spec_rules_join(at, path, "Image"));
}

static void image_in_region(struct spec_rules *r)
{
	size_t i;

	for (i = 0; i < COUNT(IMAGES); i++)
		image_elsewhere(r, IMAGES[i]);
	spec_rules_each(r, "Containers", container_image_elsewhere);
}

static void key_in_region(struct spec_rules *r)
{
	char region[REGION_MAX];
	const char *key;
	size_t i;

	for (i = 0; i < COUNT(KEYS); i++) {
		key = spec_rules_text(r, KEYS[i]);
		if (key && arn_field(key, 3, region))
			elsewhere(r, KEYS[i], "key", region);
	}
}

/* Call `place` with the path of every S3 address of the request. */
static void each_place(struct spec_rules *r, void (*place)(struct spec_rules *, const char *))
{
	static const struct {
		const char *list, *member;
	} LISTS[] = {
		{"InputDataConfig", "DataSource.S3DataSource.S3Uri"},
		{"Containers", "ModelDataUrl"},
		{"ProcessingInputs", "S3Input.S3Uri"},
		{"ProcessingOutputConfig.Outputs", "S3Output.S3Uri"},
	};
	char path[SPEC_RULES_PATH_MAX];
	size_t i;
	int n, count;

	for (i = 0; i < COUNT(PLACES); i++)
		place(r, PLACES[i]);
	for (i = 0; i < COUNT(LISTS); i++) {
		count = cJSON_GetArraySize(json_get(r->at, LISTS[i].list));
		for (n = 0; n < count && n < PLACES_MAX; n++) {
			snprintf(path, sizeof(path), "%s[%d].%s", LISTS[i].list, n,
				 LISTS[i].member);
			place(r, path);
		}
	}
}

static void bucket_elsewhere(struct spec_rules *r, const char *path)
{
	const char *uri = spec_rules_text(r, path);
	char region[REGION_MAX];

	if (uri && bucket_region(uri, region))
		elsewhere(r, path, "bucket", region);
}

static void bucket_in_region(struct spec_rules *r)
{
	each_place(r, bucket_elsewhere);
}

static bool bucket_name_is_valid(const char *name, size_t len)
{
	size_t i;

	if (len < 3 || len > 63)
		return false;
	for (i = 0; i < len; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) &&
		    (i == 0 || i == len - 1 || (name[i] != '-' && name[i] != '.') ||
		     (name[i] == '.' && name[i - 1] == '.')))
			return false;
	return true;
}

static void bucket_name_of(struct spec_rules *r, const char *path)
{
	const char *uri = spec_rules_text(r, path);
	size_t len;

	if (!uri || strncmp(uri, "s3://", 5) != 0 || strncmp(uri, "s3://arn:", 9) == 0)
		return;
	uri += 5;
	len = strcspn(uri, "/");
	if (!bucket_name_is_valid(uri, len))
		spec_rules_fault(r, path, "\"%.*s\" is no name for a bucket: 3 to 63 lower case "
				 "letters, digits, hyphens and dots", (int)(len < 64 ? len : 64), uri);
}

static void bucket_name(struct spec_rules *r)
{
	each_place(r, bucket_name_of);
}

static const char *partition_of(const char *region)
{
	static const struct {
		const char *prefix, *partition;
	} ROWS[] = {
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-iso-", "aws-iso"},
		{"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"},
		{"eusc-", "aws-eusc"},
	};
	size_t i;

	for (i = 0; i < COUNT(ROWS); i++)
		if (strncmp(region, ROWS[i].prefix, strlen(ROWS[i].prefix)) == 0)
			return ROWS[i].partition;
	return "aws";
}

static void partition(struct spec_rules *r)
{
	static const char *const ROLES[] = {"RoleArn", "ExecutionRoleArn"};
	char of_role[REGION_MAX], home[REGION_MAX];
	const char *role;
	size_t i;

	if (!home_region(r, home))
		return;
	for (i = 0; i < COUNT(ROLES); i++) {
		role = spec_rules_text(r, ROLES[i]);
		if (role && arn_field(role, 1, of_role) && strcmp(of_role, partition_of(home)) != 0)
			spec_rules_fault(r, ROLES[i], "the role is of the partition %s, which has no "
					 "region %s", of_role, home);
	}
}

static void tags_unique(struct spec_rules *r)
{
	spec_rules_unique(r, "Tags", "Key", "tag");
}

static void tag_reserved_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];
	const char *key = spec_rules_text(r, spec_rules_join(at, path, "Key"));

	if (key && strncasecmp(key, "aws:", 4) == 0)
		spec_rules_fault(r, at, "tags that begin with aws: are AWS's own");
}

static void tag_reserved(struct spec_rules *r)
{
	spec_rules_each(r, "Tags", tag_reserved_of);
}

const struct spec_rule spec_rules_uri[] = {
	{"image-region", image_in_region, false, SPEC_RULES_API("ContainerDefinition")},
	{"key-region", key_in_region, false, SPEC_RULES_API("OutputDataConfig")},
	{"bucket-region", bucket_in_region, false, SPEC_RULES_API("CreateTrainingJob")},
	{"bucket-name", bucket_name, true,
	 "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"},
	{"partition", partition, false,
	 "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"},
	{NULL, NULL, false, NULL},
};

const struct spec_rule spec_rules_tags[] = {
	{"tags-unique", tags_unique, false, SPEC_RULES_API("Tag")},
	{"tag-reserved", tag_reserved, false,
	 "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"},
	{NULL, NULL, false, NULL},
};
