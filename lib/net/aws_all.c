#include "aws_private.h"

#include <string.h>

/* How the services name the token in the answer, and in the next request. */
static const struct {
	const char *answer, *request;
} tokens[] = {
	{ "NextToken", "NextToken" },
	{ "nextToken", "nextToken" },
	{ "NextContinuationToken", "continuation-token" },	/* S3 */
	{ "Marker", "Marker" },					/* IAM */
};

/* 1 when there is another page, 0 when not. */
static int next_page(const cJSON *answer, cJSON *request, struct err *err)
{
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
		const char *token = json_string(answer, tokens[i].answer, "");

		if (!*token)
			continue;
		if (strcmp(token, json_string(request, tokens[i].request, "")) == 0)
			return 0;	/* CloudWatch Logs ends so */
		if (json_set_string(request, tokens[i].request, token) < 0)
			return err_set(err, ERR_INTERNAL, "no memory for the next page");
		return 1;
	}
	return 0;
}

static int take_page(const cJSON *answer, const char *list_path, size_t most, cJSON *list,
		     struct err *err)
{
	size_t n = json_count(answer, list_path);

	for (size_t i = 0; i < n; i++) {
		cJSON *copy;

		if ((size_t)cJSON_GetArraySize(list) >= most)
			return err_set(err, ERR_USAGE, "more than %zu %s", most, list_path);
		copy = cJSON_Duplicate(json_at(answer, list_path, i), true);
		if (!copy || !cJSON_AddItemToArray(list, copy))
			return err_set(err, ERR_INTERNAL, "no memory for %s", list_path);
	}
	return 0;
}

int aws_call_all(struct aws *a, const char *operation, const cJSON *input, const char *list_path,
		 size_t most, cJSON **list, struct err *err)
{
	cJSON *request = input ? cJSON_Duplicate(input, true) : cJSON_CreateObject();
	cJSON *all = cJSON_CreateArray();
	cJSON *answer = NULL;
	int more = 1;

	if (!request || !all)
		more = err_set(err, ERR_INTERNAL, "no memory for %s", operation);
	while (more > 0) {
		if (aws_call(a, operation, request, &answer, err) < 0) {
			more = -1;
			break;
		}
		more = take_page(answer, list_path, most, all, err);
		if (more == 0)
			more = next_page(answer, request, err);
		json_free(answer);
		answer = NULL;
	}
	json_free(request);
	if (more == 0)
		*list = all;
	else
		json_free(all);
	return more;
}
