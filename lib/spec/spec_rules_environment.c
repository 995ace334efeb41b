/* Rules for what a request carries in plain text, and for its images. */
#include "lib/spec/spec_rules_table.h"

#include <string.h>
#include <strings.h>

#define BYTES_MAX (32u * 1024)	/* of all the environments of a model */
#define SECRET_MIN 8		/* bytes: what is shorter is a number or a word */
#define TOKEN_MIN 16		/* a pad_token or eos_token is a word of a model */

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* Is this the name of a secret, with a value that can be one? A place where the secret is
 * kept is none. */
static bool is_secret(const cJSON *item)
{
	static const char *const ENDS[] = {"password", "passwd", "secret", "secret_key", "access_key",
					   "private_key", "api_key", "apikey", "access_key_id"};
	const char *value = cJSON_IsString(item) ? item->valuestring : "";
	size_t len = strlen(value), i;

	if (len < SECRET_MIN || strpbrk(value, " <$") || value[0] == '/' ||
	    strncmp(value, "arn:", 4) == 0 || strstr(value, "://"))
		return false;
	if (len >= TOKEN_MIN && ends_with(item->string, "_token"))
		return true;
	for (i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++)
		if (ends_with(item->string, ENDS[i]))
			return true;
	return false;
}

/* Told at the map: the name of a member may hold what a path gives a meaning. */
static void secrets_in(struct spec_rules *r, const char *path)
{
	const cJSON *map = json_get(r->at, path), *item;

	if (cJSON_IsObject(map))
		cJSON_ArrayForEach(item, map)
			if (is_secret(item))
				spec_rules_fault(r, path, "%.64s: whoever may describe the job or model "
						 "reads this; keep it in Secrets Manager and let the "
						 "role read it", item->string);
}

static void secrets_in_container(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	secrets_in(r, spec_rules_join(at, path, "Environment"));
}

static void environment_secret(struct spec_rules *r)
{
	secrets_in(r, "Environment");
	secrets_in(r, "HyperParameters");
	spec_rules_model_each(r, secrets_in_container);
}

static void environment_reserved(struct spec_rules *r)
{
	static const char *const SET[] = {"TRAINING_JOB_NAME", "TRAINING_JOB_ARN"};
	size_t i;

	for (i = 0; i < sizeof(SET) / sizeof(SET[0]); i++)
		if (cJSON_GetObjectItemCaseSensitive(json_get(r->at, "Environment"), SET[i]))
			spec_rules_fault(r, "Environment", "%s is set by SageMaker itself", SET[i]);
}

static size_t bytes_of(const cJSON *map)
{
	const cJSON *item;
	size_t bytes = 0;

	if (cJSON_IsObject(map))
		cJSON_ArrayForEach(item, map)
			bytes += strlen(item->string) +
				 (cJSON_IsString(item) ? strlen(item->valuestring) : 0);
	return bytes;
}

static void environment_size(struct spec_rules *r)
{
	size_t bytes = bytes_of(json_get(r->at, "PrimaryContainer.Environment"));
	const cJSON *item;

	cJSON_ArrayForEach(item, json_get(r->at, "Containers"))
		bytes += bytes_of(json_get(item, "Environment"));
	if (bytes > BYTES_MAX)
		spec_rules_fault(r, spec_rules_has(r, "Containers") ? "Containers" :
				 "PrimaryContainer.Environment", "names and values of the environment "
				 "are %zu bytes long together, at most %u are allowed", bytes, BYTES_MAX);
}

static void image_latest_at(struct spec_rules *r, const char *path)
{
	const char *image = spec_rules_text(r, path);
	const char *name = image ? strrchr(image, '/') : NULL;
	const char *tag = name ? strchr(name, ':') : NULL;

	if (!name || strchr(image, '@'))
		return;
	if (!tag || strcmp(tag, ":latest") == 0)
		spec_rules_fault(r, path, "the image is whichever was pushed last: name a tag that stays, "
				 "or a digest");
}

static void image_latest_of(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	image_latest_at(r, spec_rules_join(at, path, "Image"));
}

static void image_latest(struct spec_rules *r)
{
	image_latest_at(r, "AlgorithmSpecification.TrainingImage");
	spec_rules_model_each(r, image_latest_of);
}

static void eula_at(struct spec_rules *r, const char *path)
{
	if (cJSON_IsFalse(json_get(r->at, path)))
		spec_rules_fault(r, path, "a model with a licence is only read with AcceptEula true");
}

static void eula_of_channel(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	eula_at(r, spec_rules_join(at, path, "DataSource.S3DataSource.ModelAccessConfig.AcceptEula"));
}

static void eula_of_container(struct spec_rules *r, const char *path)
{
	char at[SPEC_RULES_PATH_MAX];

	eula_at(r, spec_rules_join(at, path, "ModelDataSource.S3DataSource.ModelAccessConfig.AcceptEula"));
}

static void eula(struct spec_rules *r)
{
	spec_rules_each(r, "InputDataConfig", eula_of_channel);
	spec_rules_model_each(r, eula_of_container);
}

const struct spec_rule spec_rules_environment[] = {
	{"environment-secret", environment_secret, true, SPEC_RULES_API("CreateTrainingJob")},
	{"environment-reserved", environment_reserved, true,
	 SPEC_RULES_GUIDE("your-algorithms-training-algo-running-container")},
	{"environment-size", environment_size, false, SPEC_RULES_API("ContainerDefinition")},
	{"image-latest", image_latest, true,
	 "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"},
	{"eula-not-accepted", eula, true, SPEC_RULES_API("ModelAccessConfig")},
	{NULL, NULL, false, NULL},
};
