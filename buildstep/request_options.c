#include "request_options.h"

#include "lib/spec/shape.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 1024 };	/* longest path or name in front of a '=' */

static int no_memory(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "no memory for the request");
}

/* "NAME=VALUE" in two; `option` is for the message. */
static int split(const char *given, const char *option, char name[static NAME_ROOM],
		 const char **value, struct err *err)
{
	const char *equals = strchr(given, '=');

	if (!equals || equals == given)
		return err_set(err, ERR_USAGE, "%s wants NAME=VALUE, not \"%s\"", option, given);
	if ((size_t)(equals - given) >= NAME_ROOM)
		return err_set(err, ERR_USAGE, "%s: the name in front of '=' is too long", option);
	memcpy(name, given, (size_t)(equals - given));
	name[equals - given] = '\0';
	*value = equals + 1;
	return 0;
}

/* The member as an object, made when it is missing. */
static cJSON *object(cJSON *tree, const char *name)
{
	cJSON *o = cJSON_GetObjectItemCaseSensitive(tree, name);

	if (cJSON_IsObject(o))
		return o;
	if (o)
		cJSON_DeleteItemFromObjectCaseSensitive(tree, name);
	return cJSON_AddObjectToObject(tree, name);
}

static int put(cJSON *object_, const char *name, cJSON *value)
{
	if (!object_ || !value)
		goto fail;
	if (cJSON_GetObjectItemCaseSensitive(object_, name)) {
		if (!cJSON_ReplaceItemInObjectCaseSensitive(object_, name, value))
			goto fail;
	} else if (!cJSON_AddItemToObject(object_, name, value)) {
		goto fail;
	}
	return 0;
fail:
	json_free(value);
	return -1;
}

static int hyperparameters(cJSON *tree, const struct strs *given, struct err *err)
{
	char name[NAME_ROOM];
	const char *value;

	for (size_t i = 0; i < given->n; i++) {
		if (split(given->v[i], "--hyperparameter", name, &value, err) < 0)
			return -1;
		if (put(object(tree, "HyperParameters"), name, cJSON_CreateString(value)) < 0)
			return no_memory(err);
	}
	return 0;
}

static cJSON *channel(const char *name, const char *uri)
{
	cJSON *c = cJSON_CreateObject();

	if (c && json_set_string(c, "ChannelName", name) == 0 &&
	    json_set_string(c, "DataSource.S3DataSource.S3DataType", "S3Prefix") == 0 &&
	    json_set_string(c, "DataSource.S3DataSource.S3Uri", uri) == 0 &&
	    json_set_string(c, "DataSource.S3DataSource.S3DataDistributionType",
			    "FullyReplicated") == 0)
		return c;
	json_free(c);
	return NULL;
}

/* A channel of that name in the file keeps its other members. */
static int input(cJSON *tree, const char *given, struct err *err)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "InputDataConfig");
	const char *uri = given, *found;
	char name[NAME_ROOM] = "training";
	cJSON *c, *fresh;

	if (strncmp(given, "s3://", 5) != 0 && split(given, "--input", name, &uri, err) < 0)
		return -1;
	if (strncmp(uri, "s3://", 5) != 0)
		return err_set(err, ERR_USAGE, "--input wants CHANNEL=s3://BUCKET/PREFIX, not \"%s\"",
			       given);
	cJSON_ArrayForEach(c, list) {
		found = json_string(c, "ChannelName", "");
		if (strcmp(found, name) == 0)
			return json_set_string(c, "DataSource.S3DataSource.S3Uri", uri) < 0 ?
				       no_memory(err) : 0;
	}
	if (!cJSON_IsArray(list)) {
		list = cJSON_CreateArray();
		if (put(tree, "InputDataConfig", list) < 0)
			return no_memory(err);
	}
	fresh = channel(name, uri);
	if (!fresh || !cJSON_AddItemToArray(list, fresh)) {
		json_free(fresh);
		return no_memory(err);
	}
	return 0;
}

static const struct shape_member *member(const struct shape *s, const char *name, size_t len)
{
	for (uint16_t i = 0; i < s->n_members; i++)
		if (strlen(s->members[i].name) == len &&
		    strncmp(s->members[i].name, name, len) == 0)
			return &s->members[i];
	return NULL;
}

/* The shape at a path ("A.B[0].C"); NULL when the model knows none there. */
static const struct shape *shape_at(const char *path)
{
	const struct shape *s = shape_for_operation("CreateTrainingJob");

	while (s && *path) {
		size_t len = strcspn(path, ".[");
		const struct shape_member *m;

		if (*path == '[') {
			if (s->kind != SHAPE_LIST)
				return NULL;
			s = s->members[0].shape;
			path += strcspn(path, "]");
			path += *path == ']';
		} else if (s->kind == SHAPE_MAP) {
			s = s->members[1].shape;
			path += strlen(path);	/* keys of maps may have dots */
		} else {
			m = s->kind == SHAPE_STRUCTURE ? member(s, path, len) : NULL;
			s = m ? m->shape : NULL;
			path += len;
		}
		if (*path == '.')
			path++;
	}
	return s;
}

/* Text where the model wants text; elsewhere JSON, and text when it is none. */
static cJSON *value_for(const char *path, const char *text)
{
	const struct shape *s = shape_at(path);
	struct err ignored;
	cJSON *v = NULL;

	if (!s || s->kind != SHAPE_STRING)
		v = json_parse(text, strlen(text), "", &ignored);
	return v ? v : cJSON_CreateString(text);
}

/* Steps to where the path's last part is put, making objects on the way. */
static int set_path(cJSON *at, const char *path, cJSON *value)
{
	const struct shape *s = shape_for_operation("CreateTrainingJob");

	for (;;) {
		bool map = s && s->kind == SHAPE_MAP;
		size_t len = map ? strlen(path) : strcspn(path, ".[");
		const struct shape_member *m;
		char name[NAME_ROOM];

		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		if (*path == '[') {	/* an element that is there */
			cJSON *list = cJSON_GetObjectItemCaseSensitive(at, name);
			char *end;
			long i = strtol(path + 1, &end, 10);

			at = cJSON_IsArray(list) && i >= 0 && i < 1000 && *end == ']' ?
				     cJSON_GetArrayItem(list, (int)i) : NULL;
			if (!cJSON_IsObject(at) || end[1] != '.')
				break;
			path = end + 2;
			s = NULL;
			continue;
		}
		if (!*path)
			return *name ? put(at, name, value) : (json_free(value), -1);
		at = object(at, name);
		m = s && s->kind == SHAPE_STRUCTURE ? member(s, name, len) : NULL;
		s = m ? m->shape : NULL;
		path++;
		if (!at)
			break;
	}
	json_free(value);
	return -1;
}

static int sets(cJSON *tree, const struct strs *given, struct err *err)
{
	char path[NAME_ROOM];
	const char *value;

	for (size_t i = 0; i < given->n; i++) {
		cJSON *v;

		if (split(given->v[i], "--set", path, &value, err) < 0)
			return -1;
		v = value_for(path, value);
		if (!v)
			return no_memory(err);
		if (set_path(tree, path, v) < 0)
			return err_set(err, ERR_USAGE,
				       "--set %s: there is no such place in the request; name a member "
				       "(A.B) or one of an element that is there (A[0].B)", path);
	}
	return 0;
}

/* The instance type and count belong to a request without instance groups. */
static int resources(cJSON *tree, const struct request_options *o, struct err *err)
{
	if ((o->instance_type || o->instance_count >= 0) &&
	    json_get(tree, "ResourceConfig.InstanceGroups"))
		return err_set(err, ERR_USAGE, "--instance-type and --instance-count do not go with "
			       "ResourceConfig.InstanceGroups; use --set");
	if (o->instance_type && json_set_string(tree, "ResourceConfig.InstanceType",
						o->instance_type) < 0)
		return no_memory(err);
	if (o->instance_count >= 0 && json_set_integer(tree, "ResourceConfig.InstanceCount",
						       o->instance_count) < 0)
		return no_memory(err);
	return 0;
}

int request_options_apply(cJSON *tree, const struct request_options *o, struct err *err)
{
	const struct { const char *path, *value; } texts[] = {
		{ "TrainingJobName", o->job_name },
		{ "AlgorithmSpecification.TrainingImage", o->image },
		{ "RoleArn", o->role },
		{ "OutputDataConfig.S3OutputPath", o->output_path },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].value && json_set_string(tree, texts[i].path, texts[i].value) < 0)
			return err_set(err, ERR_USAGE, "%s is not an object in the spec",
				       texts[i].path);
	if (o->base_name)
		cJSON_DeleteItemFromObjectCaseSensitive(tree, "TrainingJobName");
	if (resources(tree, o, err) < 0 || hyperparameters(tree, &o->hyperparameters, err) < 0)
		return -1;
	for (size_t i = 0; i < o->inputs.n; i++)
		if (input(tree, o->inputs.v[i], err) < 0)
			return -1;
	return sets(tree, &o->sets, err);
}

/* Puts a value where nothing stands and the way to it is free. */
static int fill(cJSON *tree, const char *parent, const char *name, cJSON *value)
{
	const cJSON *p = cJSON_GetObjectItemCaseSensitive(tree, parent);

	if ((p && !cJSON_IsObject(p)) || cJSON_GetObjectItemCaseSensitive(p, name)) {
		json_free(value);
		return 0;	/* what is wrong is found when the request is checked */
	}
	return put(object(tree, parent), name, value);
}

int request_options_defaults(cJSON *tree, struct err *err)
{
	bool groups = json_get(tree, "ResourceConfig.InstanceGroups");

	if (fill(tree, "AlgorithmSpecification", "TrainingInputMode",
		 cJSON_CreateString("File")) < 0 ||
	    (!groups && fill(tree, "ResourceConfig", "InstanceCount", cJSON_CreateNumber(1)) < 0) ||
	    fill(tree, "ResourceConfig", "VolumeSizeInGB", cJSON_CreateNumber(30)) < 0 ||
	    fill(tree, "StoppingCondition", "MaxRuntimeInSeconds", cJSON_CreateNumber(86400)) < 0)
		return no_memory(err);
	return 0;
}
