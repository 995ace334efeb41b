#include "gitleaks.h"
#include "lib/spec/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIST_MAX = 65536 };

int gitleaks_list(const cJSON *table, const char *name, bool lower, char ***out, struct err *err)
{
	const cJSON *list = gitleaks_member(table, name), *item;
	int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
	size_t at = 0;

	if (list && !cJSON_IsArray(list))
		return gitleaks_bad(table, err, "a list of strings is expected: ", name);
	if (n > LIST_MAX)
		return gitleaks_bad(table, err, "too long a list: ", name);
	if (n == 0)
		return 0;
	*out = calloc((size_t)n + 1, sizeof(**out));
	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item))
			return gitleaks_bad(table, err, "a list of strings is expected: ", name);
		if (!*out || !((*out)[at] = strdup(item->valuestring)))
			return err_set(err, ERR_INTERNAL, "no memory for a rule file");
		for (char *s = lower ? (*out)[at] : NULL; s && *s; s++)
			*s = (char)tolower((unsigned char)*s);
		at++;
	}
	return 0;
}

/* Puts PCRE2's syntax in the place of gitleaks' in a list. */
static int translate(const cJSON *table, const char *name, char **list, struct err *err)
{
	for (size_t i = 0; list && list[i]; i++) {
		struct err fault = { 0 };
		char *text = scan_regex_translate(list[i], &fault);

		if (!text)
			return gitleaks_bad_at(table, cJSON_GetArrayItem(gitleaks_member(table, name), (int)i),
					       err, fault.message, "");
		free(list[i]);
		list[i] = text;
	}
	return 0;
}

static int target(const cJSON *table, struct scan_allow *a, struct err *err)
{
	const char *name = "secret", *condition = "OR";

	if (gitleaks_string(table, "regexTarget", &name, err) < 0 ||
	    gitleaks_string(table, "condition", &condition, err) < 0)
		return -1;
	if (strcmp(name, "match") == 0)
		a->target = ALLOW_MATCH;
	else if (strcmp(name, "line") == 0)
		a->target = ALLOW_LINE;
	else if (*name && strcmp(name, "secret") != 0)
		return gitleaks_bad(table, err, "regexTarget is secret, match or line, not ", name);
	a->all = strcasecmp(condition, "AND") == 0 || strcmp(condition, "&&") == 0;
	if (!a->all && *condition && strcasecmp(condition, "OR") != 0 && strcmp(condition, "||") != 0)
		return gitleaks_bad(table, err, "condition is AND or OR, not ", condition);
	return 0;
}

static int allow(const cJSON *table, struct scan_allow *a, struct err *err)
{
	if (target(table, a, err) < 0 || gitleaks_list(table, "regexes", false, &a->regexes, err) < 0 ||
	    gitleaks_list(table, "paths", false, &a->paths, err) < 0 ||
	    gitleaks_list(table, "stopwords", true, &a->words, err) < 0 ||
	    gitleaks_list(table, "commits", true, &a->commits, err) < 0 ||
	    translate(table, "regexes", a->regexes, err) < 0 ||
	    translate(table, "paths", a->paths, err) < 0)
		return -1;
	if (!a->regexes && !a->paths && !a->words && !a->commits)
		return gitleaks_bad(table, err, "an allowlist wants regexes, paths, stopwords or commits", "");
	return 0;
}

static bool wanted(const cJSON *table, const char *id)
{
	const cJSON *list = gitleaks_member(table, "targetRules"), *one;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) == 0)
		return id == NULL;
	cJSON_ArrayForEach(one, list)
		if (id && cJSON_IsString(one) && strcmp(one->valuestring, id) == 0)
			return true;
	return false;
}

int gitleaks_allows(const cJSON *table, const char *id, struct scan_allow **v, size_t *n,
		    struct err *err)
{
	const cJSON *list = gitleaks_member(table, "allowlists"), *one;

	if (list && !cJSON_IsArray(list))
		return gitleaks_bad(table, err, "[[allowlists]] is expected", "");
	cJSON_ArrayForEach(one, list) {
		struct scan_allow *longer;

		if (!cJSON_IsObject(one))
			return gitleaks_bad(table, err, "[[allowlists]] is expected", "");
		if (!wanted(one, id))
			continue;
		longer = realloc(*v, (*n + 1) * sizeof(*longer));
		if (!longer)
			return err_set(err, ERR_INTERNAL, "no memory for a rule file");
		*v = longer;
		longer[*n] = (struct scan_allow){ 0 };
		if (allow(one, &longer[(*n)++], err) < 0)
			return -1;
	}
	return 0;
}
