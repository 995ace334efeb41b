#include "policy.h"

#include <string.h>

cJSON *policy_new(void)
{
	cJSON *d = cJSON_CreateObject();

	if (d && cJSON_AddStringToObject(d, "Version", "2012-10-17") &&
	    cJSON_AddArrayToObject(d, "Statement"))
		return d;
	json_free(d);
	return NULL;
}

cJSON *policy_allow(cJSON *document, const char *sid, const char *const *actions)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "Statement");
	cJSON *s = list ? cJSON_CreateObject() : NULL;
	cJSON *names;

	if (!s || !cJSON_AddItemToArray(list, s)) {
		json_free(s);
		return NULL;
	}
	cJSON_AddStringToObject(s, "Sid", sid);
	cJSON_AddStringToObject(s, "Effect", "Allow");
	names = cJSON_AddArrayToObject(s, "Action");
	for (; *actions; actions++)
		if (!cJSON_AddItemToArray(names, cJSON_CreateString(*actions)))
			return NULL;
	return cJSON_GetArraySize(s) == 3 ? s : NULL;
}

/* Adds a string to the list under a name, which is made when it is missing. */
static cJSON *append(cJSON *object, const char *name, const char *value)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!list)
		list = cJSON_AddArrayToObject(object, name);
	if (!list || !cJSON_AddItemToArray(list, cJSON_CreateString(value)))
		return NULL;
	return object;
}

static cJSON *child(cJSON *object, const char *name)
{
	cJSON *c = cJSON_GetObjectItemCaseSensitive(object, name);

	return c ? c : cJSON_AddObjectToObject(object, name);
}

cJSON *policy_resource(cJSON *statement, const char *arn)
{
	return statement && append(statement, "Resource", arn) ? statement : NULL;
}

cJSON *policy_principal(cJSON *statement, const char *kind, const char *who)
{
	return statement && append(child(statement, "Principal"), kind, who) ? statement : NULL;
}

cJSON *policy_condition(cJSON *statement, const char *operator_, const char *key,
			const char *value)
{
	cJSON *block = statement ? child(statement, "Condition") : NULL;

	return block && append(child(block, operator_), key, value) ? statement : NULL;
}

int policy_part(cJSON *document, const char *name, const char *value)
{
	cJSON *list = cJSON_GetObjectItemCaseSensitive(document, "Statement");
	cJSON *s = cJSON_CreateObject();

	if (json_set_string(s, "Sid", name) == 0 && json_set_string(s, "Value", value) == 0 &&
	    cJSON_AddItemToArray(list, s))
		return 0;
	json_free(s);
	return -1;
}

/* Element i of a list of statements, or the one statement that stands alone. */
static const cJSON *statement_at(const cJSON *document, size_t i)
{
	return json_at(document, "Statement", i);
}

const cJSON *policy_find(const cJSON *document, const char *sid)
{
	for (size_t i = 0; i < json_count(document, "Statement"); i++)
		if (strcmp(json_string(statement_at(document, i), "Sid", ""), sid) == 0)
			return statement_at(document, i);
	return NULL;
}

/* "arn:aws:iam::111111111111:root" for "111111111111" */
static const char *account_of_root(const char *s, char out[static 13])
{
	const char *colons = strncmp(s, "arn:", 4) == 0 ? strstr(s, ":iam::") : NULL;

	if (!colons || strlen(colons) != 6 + 12 + 5 || strcmp(colons + 18, ":root") != 0)
		return s;
	memcpy(out, colons + 6, 12);
	out[12] = '\0';
	return out;
}

static bool same_text(const char *a, const char *b)
{
	char x[13], y[13];

	return strcmp(account_of_root(a, x), account_of_root(b, y)) == 0;
}

/* Is every element of `a` (or `a` itself) an element of `b` (or `b` itself)? */
static bool subset(const cJSON *a, const cJSON *b)
{
	size_t n = json_count(a, ""), m = json_count(b, "");

	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t j = 0; j < m && !found; j++)
			found = policy_equal(json_at(a, "", i), json_at(b, "", j));
		if (!found)
			return false;
	}
	return true;
}

static bool equal_objects(const cJSON *a, const cJSON *b)
{
	const cJSON *c;

	if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b))
		return false;
	cJSON_ArrayForEach(c, a)
		if (!policy_equal(c, cJSON_GetObjectItemCaseSensitive(b, c->string)))
			return false;
	return true;
}

bool policy_equal(const cJSON *a, const cJSON *b)
{
	if (!a || !b)
		return a == b;
	if (cJSON_IsArray(a) || cJSON_IsArray(b))
		return subset(a, b) && subset(b, a);
	if (cJSON_IsObject(a) && cJSON_IsObject(b))
		return equal_objects(a, b);
	if (cJSON_IsString(a) && cJSON_IsString(b))
		return same_text(a->valuestring, b->valuestring);
	return cJSON_Compare(a, b, 1);
}

enum policy_change policy_compare(const cJSON *live, const cJSON *statement)
{
	const cJSON *there = policy_find(live, json_string(statement, "Sid", ""));

	if (!there)
		return POLICY_ADDED;
	return policy_equal(there, statement) ? POLICY_SAME : POLICY_CHANGED;
}

/* The list of statements of a copy, made a list when one stands alone. */
static cJSON *list_of(cJSON *document)
{
	cJSON *s = cJSON_GetObjectItemCaseSensitive(document, "Statement"), *list;

	if (cJSON_IsArray(s))
		return s;
	list = cJSON_CreateArray();
	if (s)
		cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(document, s));
	return cJSON_AddItemToObject(document, "Statement", list) ? list : NULL;
}

cJSON *policy_merge(const cJSON *live, const cJSON *wanted)
{
	cJSON *merged = cJSON_IsObject(live) ? cJSON_Duplicate(live, 1) : policy_new();
	cJSON *list = merged ? list_of(merged) : NULL;

	if (!list)
		goto fail;
	for (size_t i = 0; i < json_count(wanted, "Statement"); i++) {
		const cJSON *s = statement_at(wanted, i);
		const cJSON *there = policy_find(merged, json_string(s, "Sid", ""));
		cJSON *copy = cJSON_Duplicate(s, 1);

		if (!copy || !(there ? cJSON_ReplaceItemViaPointer(list, (cJSON *)there, copy) :
				       cJSON_AddItemToArray(list, copy))) {
			json_free(copy);
			goto fail;
		}
	}
	return merged;
fail:
	json_free(merged);
	return NULL;
}

size_t policy_foreign(const cJSON *live, const cJSON *wanted)
{
	size_t n = 0;

	for (size_t i = 0; i < json_count(live, "Statement"); i++) {
		const char *sid = json_string(statement_at(live, i), "Sid", NULL);

		n += !sid || !policy_find(wanted, sid);
	}
	return n;
}
