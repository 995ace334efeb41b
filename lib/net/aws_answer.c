#include "aws_private.h"

#include "xml.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Takes a member out of an object; the rest of the object is freed. NULL, and
 * the object stays, when there is no such member. */
static cJSON *only(cJSON *tree, const char *name)
{
	cJSON *found = cJSON_DetachItemFromObjectCaseSensitive(tree, name);

	if (found)
		json_free(tree);
	return found;
}

/* What has no members is {}. */
static cJSON *as_object(cJSON *v)
{
	if (cJSON_IsObject(v))
		return v;
	json_free(v);
	return cJSON_CreateObject();
}

/* {"XResponse": {"XResult": {...}, "ResponseMetadata": ...}}; NULL when it is
 * not that. Takes the tree. */
static cJSON *query_tree(const struct aws_operation *operation, cJSON *tree)
{
	char name[96];
	cJSON *root, *result;

	snprintf(name, sizeof(name), "%sResponse", operation->name);
	root = only(tree, name);
	if (!root) {
		json_free(tree);
		return NULL;
	}
	snprintf(name, sizeof(name), "%sResult", operation->name);
	result = cJSON_IsObject(root) ? only(root, name) : NULL;
	if (result)
		return as_object(result);
	json_free(root);	/* an operation without a result has but metadata */
	return cJSON_CreateObject();
}

/* {"ListBucketResult": {...}}; {"LocationConstraint": "us-east-2"} stays. */
static cJSON *s3_xml_tree(cJSON *tree)
{
	if (cJSON_IsObject(tree->child))
		return only(tree, tree->child->string);
	return tree;
}

static bool add_headers(cJSON *tree, const struct http_response *r)
{
	cJSON *headers = cJSON_AddObjectToObject(tree, "headers");

	for (const char *line = buf_str(&r->headers); headers && *line;) {
		size_t len = strcspn(line, "\r\n"), colon = strcspn(line, ":\r\n");
		char name[128], value[4096];

		if (colon < len && colon < sizeof(name)) {
			for (size_t i = 0; i < colon; i++)
				name[i] = (char)tolower((unsigned char)line[i]);
			name[colon] = '\0';
			if (http_header(r, name, value, sizeof(value)) &&
			    !cJSON_HasObjectItem(headers, name))
				cJSON_AddStringToObject(headers, name, value);
		}
		line += len;
		line += strspn(line, "\r\n");
	}
	return headers;
}

static cJSON *s3_tree(const struct aws_operation *operation, const struct http_response *r,
		      struct err *err)
{
	const char *text = buf_str(&r->body);
	bool object = strcmp(operation->name, "GetObject") == 0;
	cJSON *tree;

	if (!object && text[strspn(text, " \t\r\n")] == '<') {
		tree = xml_parse(text, r->body.len, operation->name, err);
		if (tree)
			tree = s3_xml_tree(tree);
	} else {
		tree = cJSON_CreateObject();
		if (tree && r->body.len)
			cJSON_AddStringToObject(tree, "Body", text);
	}
	if (tree && !add_headers(tree, r)) {
		json_free(tree);
		tree = NULL;
		err_set(err, ERR_INTERNAL, "no memory for an answer");
	}
	return tree;
}

cJSON *aws_answer_tree(const struct aws_operation *operation, const struct http_response *r,
		       struct err *err)
{
	const char *text = buf_str(&r->body);
	cJSON *tree;

	switch (operation->service->protocol) {
	case AWS_S3:
		return s3_tree(operation, r, err);
	case AWS_QUERY:
		tree = xml_parse(text, r->body.len, operation->name, err);
		if (!tree)
			return NULL;
		tree = query_tree(operation, tree);
		if (!tree)
			err_set(err, ERR_UNAVAILABLE, "the answer is no %sResponse",
				operation->name);
		return tree;
	default:
		if (r->body.len == 0)
			return cJSON_CreateObject();
		tree = json_parse(text, r->body.len, operation->name, err);
		if (tree && !cJSON_IsObject(tree)) {
			json_free(tree);
			tree = NULL;
			err_set(err, ERR_UNAVAILABLE, "the answer is no JSON object");
		}
		return tree;
	}
}

const char *aws_answer_kind(const struct http_response *r)
{
	const char *text = buf_str(&r->body);

	text += strspn(text, " \t\r\n");
	if (!*text)
		return "nothing";
	if (strncasecmp(text, "<!doctype html", 14) == 0 || strncasecmp(text, "<html", 5) == 0)
		return "HTML";
	if (*text == '<')
		return "XML";
	if (*text == '{')
		return "JSON";
	return "text";
}
