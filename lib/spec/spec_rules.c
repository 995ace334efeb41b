/* The tables of rules run over a request. */
#include "lib/spec/spec_rules_table.h"
#include "lib/spec/shape_walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Looked at in one list: more than the model lets stand in any that has rules. */
#define ELEMENTS_MAX 1000

static const struct spec_rule_set SETS[] = {
	{"CreateTrainingJob", "", spec_rules_training_job},
	{"CreateTrainingJob", "", spec_rules_training},
	{"CreateTrainingJob", "", spec_rules_channel},
	{"CreateTrainingJob", "", spec_rules_resource},
	{"CreateTrainingJob", "", spec_rules_uri},
	{"CreateTrainingJob", "", spec_rules_environment},
	{"CreateTrainingJob", "", spec_rules_tags},
	{"CreateModel", "", spec_rules_model},
	{"CreateModel", "", spec_rules_artifact},
	{"CreateModel", "", spec_rules_environment},
	{"CreateModel", "", spec_rules_uri},
	{"CreateModel", "", spec_rules_tags},
	{"CreateHyperParameterTuningJob", "", spec_rules_tuning},
	{"CreateHyperParameterTuningJob", "", spec_rules_tags},
	{"CreateHyperParameterTuningJob", "TrainingJobDefinition", spec_rules_training},
	{"CreateHyperParameterTuningJob", "TrainingJobDefinition", spec_rules_channel},
	{"CreateHyperParameterTuningJob", "TrainingJobDefinition", spec_rules_resource},
	{"CreateHyperParameterTuningJob", "TrainingJobDefinition", spec_rules_uri},
	{"CreateHyperParameterTuningJob", "TrainingJobDefinitions", spec_rules_training},
	{"CreateHyperParameterTuningJob", "TrainingJobDefinitions", spec_rules_channel},
	{"CreateHyperParameterTuningJob", "TrainingJobDefinitions", spec_rules_resource},
	{"CreateHyperParameterTuningJob", "TrainingJobDefinitions", spec_rules_uri},
	{"CreateProcessingJob", "", spec_rules_processing},
	{"CreateProcessingJob", "", spec_rules_uri},
	{"CreateProcessingJob", "", spec_rules_tags},
	{"CreateTransformJob", "", spec_rules_transform},
	{"CreateTransformJob", "", spec_rules_uri},
	{"CreateTransformJob", "", spec_rules_tags},
};

#define N_SETS (sizeof(SETS) / sizeof(SETS[0]))

/* The first member that a request has decides; the names come first, then what
 * a request without its name has alone. */
static const struct {
	const char *member, *operation;
} KNOWN_BY[] = {
	{"TrainingJobName", "CreateTrainingJob"},
	{"HyperParameterTuningJobName", "CreateHyperParameterTuningJob"},
	{"ProcessingJobName", "CreateProcessingJob"},
	{"TransformJobName", "CreateTransformJob"},
	{"HyperParameterTuningJobConfig", "CreateHyperParameterTuningJob"},
	{"AlgorithmSpecification", "CreateTrainingJob"},
	{"AppSpecification", "CreateProcessingJob"},
	{"TransformInput", "CreateTransformJob"},
	{"PrimaryContainer", "CreateModel"},
	{"Containers", "CreateModel"},
	{"ModelName", "CreateModel"},
	{"StoppingCondition", "CreateTrainingJob"},
};

const char *spec_rules_operation(const cJSON *request)
{
	size_t i;

	for (i = 0; i < sizeof(KNOWN_BY) / sizeof(KNOWN_BY[0]); i++)
		if (cJSON_GetObjectItemCaseSensitive(request, KNOWN_BY[i].member))
			return KNOWN_BY[i].operation;
	return NULL;
}

/* The pointer of a path, as far as the path is there. */
static void pointer_to(const struct spec_rules *r, const char *path,
		       char out[static SHAPE_POINTER_MAX])
{
	char token[SPEC_RULES_PATH_MAX];
	size_t at = 0, len = strlen(r->prefix), token_len;

	snprintf(out, SHAPE_POINTER_MAX, "%s", r->prefix);
	while (path[at]) {
		at += strspn(path + at, ".[]");
		token_len = strcspn(path + at, ".[]");
		snprintf(token, sizeof(token), "%.*s", (int)(at + token_len), path);
		if (path[at + token_len] == ']')
			snprintf(token, sizeof(token), "%.*s]", (int)(at + token_len), path);
		if (token_len == 0 || !json_get(r->at, token))
			return;
		snprintf(token, sizeof(token), "%.*s", (int)token_len, path + at);
		len = shape_pointer_append(out, len, token);
		at += token_len;
	}
}

void spec_rules_fault(struct spec_rules *r, const char *path, const char *fmt, ...)
{
	char pointer[SHAPE_POINTER_MAX], message[SHAPE_MESSAGE_MAX];
	struct shape_fault fault = {pointer, r->id, message, NULL, r->warning};
	va_list ap;

	pointer_to(r, path, pointer);
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	shape_message_clean(message);
	r->faults++;
	r->report(r->arg, &fault);
}

const char *spec_rules_text(const struct spec_rules *r, const char *path)
{
	const char *text = json_string(r->at, path, NULL);

	if (text && r->options && r->options->allow_templates && strstr(text, "${"))
		return NULL;
	return text;
}

bool spec_rules_number(const struct spec_rules *r, const char *path, double *out)
{
	const cJSON *value = json_get(r->at, path);

	if (!cJSON_IsNumber(value))
		return false;
	*out = value->valuedouble;
	return true;
}

bool spec_rules_has(const struct spec_rules *r, const char *path)
{
	return json_get(r->at, path) != NULL;
}

bool spec_rules_is(const struct spec_rules *r, const char *path, const char *value,
		   const char *fallback)
{
	const char *text = spec_rules_text(r, path);

	if (!text && !spec_rules_has(r, path))
		text = fallback;
	return text && strcmp(text, value) == 0;
}

char *spec_rules_join(char out[static SPEC_RULES_PATH_MAX], const char *path, const char *name)
{
	snprintf(out, SPEC_RULES_PATH_MAX, "%s.%s", path, name);
	return out;
}

void spec_rules_each(struct spec_rules *r, const char *list,
		     void (*element)(struct spec_rules *r, const char *path))
{
	const cJSON *array = json_get(r->at, list);
	char path[SPEC_RULES_PATH_MAX];
	int i, count;

	if (!cJSON_IsArray(array))
		return;
	count = cJSON_GetArraySize(array);
	for (i = 0; i < count && i < ELEMENTS_MAX; i++) {
		snprintf(path, sizeof(path), "%s[%d]", list, i);
		element(r, path);
	}
}

/* The string of a list's element, or of its member. */
static const char *element_text(const struct spec_rules *r, const cJSON *item, const char *member)
{
	const cJSON *value = member ? cJSON_GetObjectItemCaseSensitive(item, member) : item;

	(void)r;
	return cJSON_IsString(value) ? value->valuestring : NULL;
}

void spec_rules_unique(struct spec_rules *r, const char *list, const char *member,
		       const char *what)
{
	const cJSON *array = json_get(r->at, list), *item, *other;
	char path[SPEC_RULES_PATH_MAX];
	const char *text, *before;
	int i = 0;

	if (!cJSON_IsArray(array))
		return;
	cJSON_ArrayForEach(item, array) {
		text = element_text(r, item, member);
		for (other = array->child; text && other != item; other = other->next) {
			before = element_text(r, other, member);
			if (!before || strcmp(text, before) != 0)
				continue;
			snprintf(path, sizeof(path), "%s[%d]%s%s", list, i, member ? "." : "",
				 member ? member : "");
			spec_rules_fault(r, path, "the %s \"%.64s\" is there twice", what, text);
			break;
		}
		if (++i == ELEMENTS_MAX)
			return;
	}
}

static void run(struct spec_rules *r, const struct spec_rule *rules)
{
	for (; rules->id; rules++) {
		r->id = rules->id;
		r->warning = rules->warning;
		rules->check(r);
	}
}

static void run_set(struct spec_rules *r, const struct spec_rule_set *set, const cJSON *request)
{
	const cJSON *part = set->part[0] ? json_get(request, set->part) : request, *item;
	char prefix[SPEC_RULES_PATH_MAX];
	int i = 0;

	snprintf(prefix, sizeof(prefix), "%s%s", set->part[0] ? "/" : "", set->part);
	r->prefix = prefix;
	r->at = part;
	if (cJSON_IsObject(part))
		run(r, set->rules);
	if (!cJSON_IsArray(part) || !set->part[0])
		return;
	cJSON_ArrayForEach(item, part) {
		if (i == ELEMENTS_MAX)
			return;
		snprintf(prefix, sizeof(prefix), "/%s/%d", set->part, i++);
		r->at = item;
		if (cJSON_IsObject(item))
			run(r, set->rules);
	}
}

int spec_rules_check(const char *operation, const cJSON *request,
		     const struct spec_rules_options *options, shape_report_fn *report, void *arg)
{
	struct spec_rules r = {.options = options, .report = report, .arg = arg};
	size_t i;

	for (i = 0; i < N_SETS; i++)
		if (strcmp(SETS[i].operation, operation) == 0)
			run_set(&r, &SETS[i], request);
	return r.faults;
}

void spec_rules_list(spec_rules_row_fn *row, void *arg)
{
	const struct spec_rule *rule;
	size_t i;

	for (i = 0; i < N_SETS; i++)
		for (rule = SETS[i].rules; rule->id; rule++)
			row(arg, SETS[i].operation, rule->id, rule->warning, rule->page);
}
