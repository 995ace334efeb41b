#include "request.h"

#include "lib/base/file.h"
#include "request_options.h"

#include <string.h>
#include <unistd.h>

void request_free(struct request *r)
{
	json_free(r->tree);
	json_free(r->in_file);
	buf_free(&r->text);
	r->tree = r->in_file = NULL;
	r->file = NULL;
}

/* What options replace need not be filled in. */
static void drop_replaced(cJSON *tree, const struct request_options *o)
{
	cJSON *algorithm = cJSON_GetObjectItemCaseSensitive(tree, "AlgorithmSpecification");

	if (o->base_name || o->job_name)
		cJSON_DeleteItemFromObjectCaseSensitive(tree, "TrainingJobName");
	if (o->role)
		cJSON_DeleteItemFromObjectCaseSensitive(tree, "RoleArn");
	if (o->image)
		cJSON_DeleteItemFromObjectCaseSensitive(algorithm, "TrainingImage");
	if (o->output_path)
		cJSON_DeleteItemFromObjectCaseSensitive(
			cJSON_GetObjectItemCaseSensitive(tree, "OutputDataConfig"), "S3OutputPath");
}

static int fill_in(struct request *r, template_lookup_fn *lookup, void *arg, struct err *err)
{
	char pointer[TEMPLATE_POINTER_MAX];
	int line, column;

	if (template_expand(r->tree, lookup, arg, pointer, err) == 0)
		return 0;
	if (json_locate(buf_str(&r->text), r->text.len, pointer, &line, &column) == 0)
		return err_prefix(err, "%s:%d:%d: ", r->file, line, column);
	return err_prefix(err, "%s: ", r->file);
}

static int load(const struct request_options *o, template_lookup_fn *lookup, void *arg,
		struct request *r, struct err *err)
{
	bool standard = strcmp(o->file, "-") == 0;

	r->file = standard ? "standard input" : o->file;
	if (standard ? file_read_fd(STDIN_FILENO, r->file, &r->text, err) < 0 :
		       file_read(o->file, &r->text, NULL, err) < 0) {
		err->class = ERR_USAGE;	/* nothing was done */
		return -1;
	}
	r->tree = json_parse(buf_str(&r->text), r->text.len, r->file, err);
	if (!r->tree)
		return -1;
	if (!cJSON_IsObject(r->tree))
		return err_set(err, ERR_USAGE, "%s:1:1: a CreateTrainingJob request is an object, "
			       "{ … }", r->file);
	drop_replaced(r->tree, o);
	return fill_in(r, lookup, arg, err);
}

int request_make(const struct request_options *o, template_lookup_fn *lookup, void *arg,
		 struct request *out, struct err *err)
{
	if (o->base_name && o->job_name)
		return err_set(err, ERR_USAGE, "--base-name and --job-name exclude each other: the "
			       "first makes a name, the second is the name");
	if (o->file) {
		if (load(o, lookup, arg, out, err) < 0)
			return -1;
		out->in_file = cJSON_Duplicate(out->tree, 1);
	} else {
		out->tree = cJSON_CreateObject();
	}
	if (!out->tree || (o->file && !out->in_file))
		return err_set(err, ERR_INTERNAL, "no memory for the request");
	if (request_options_apply(out->tree, o, err) < 0)
		return -1;
	return request_options_defaults(out->tree, err);
}

const char *request_role(const struct request *r)
{
	return json_string(r->tree, "RoleArn", NULL);
}

/* A tag's value: letters, digits, spaces and _.:/=+-@, at most 256 of them. */
static void tag_value(const char *in, char out[static 257])
{
	size_t n = 0;

	for (; *in && n < 256; in++) {
		unsigned char c = (unsigned char)*in;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || (c && strchr(" _.:/=+-@", c));

		out[n++] = plain ? (char)c : '_';
	}
	out[n] = '\0';
}

int request_tag(cJSON *tree, const char *key, const char *value, struct err *err)
{
	cJSON *tags = cJSON_GetObjectItemCaseSensitive(tree, "Tags");
	cJSON *c, *tag;
	char text[257];

	if (!value || !*value)
		return 0;
	cJSON_ArrayForEach(c, tags)
		if (strcmp(json_string(c, "Key", ""), key) == 0)
			return 0;
	if (!tags)
		tags = cJSON_AddArrayToObject(tree, "Tags");
	tag_value(value, text);
	tag = cJSON_CreateObject();
	if (!tags || !tag || json_set_string(tag, "Key", key) < 0 ||
	    json_set_string(tag, "Value", text) < 0 || !cJSON_AddItemToArray(tags, tag)) {
		json_free(tag);
		return err_set(err, ERR_INTERNAL, "no memory for a tag");
	}
	return 0;
}
