#include "gitleaks.h"
#include "lib/spec/json.h"
#include "lib/spec/toml.h"

#include <string.h>

enum { FILE_MAX = 4 << 20 };

/* The member that says which file a table stands in: no key of TOML's files that gitleaks knows. */
static const char file_member[] = "codetrain file";

int gitleaks_bad_at(const cJSON *table, const cJSON *item, struct err *err, const char *what,
		    const char *which)
{
	const char *name = json_string(table, file_member, "the rules");
	int line = toml_line(item);

	return err_set(err, ERR_USAGE, "%s:%d: %s%s", name, line ? line : 1, what, which);
}

int gitleaks_bad(const cJSON *table, struct err *err, const char *what, const char *which)
{
	return gitleaks_bad_at(table, table, err, what, which);
}

char *gitleaks_origin(const cJSON *table)
{
	struct buf text = BUF_INIT(ERR_MESSAGE_MAX);
	char *copy = NULL;

	buf_addf(&text, "%s:%d", json_string(table, file_member, "the rules"), toml_line(table));
	if (!text.failed)
		copy = strdup(buf_str(&text));
	buf_free(&text);
	return copy;
}

const cJSON *gitleaks_member(const cJSON *table, const char *name)
{
	return cJSON_GetObjectItem(table, name);
}

int gitleaks_string(const cJSON *table, const char *name, const char **out, struct err *err)
{
	const cJSON *item = gitleaks_member(table, name);

	if (!item)
		return 0;
	if (!cJSON_IsString(item))
		return gitleaks_bad(table, err, "a string is expected: ", name);
	*out = item->valuestring;
	return 0;
}

/* Notes the file in the table and in all below it. */
static int note_file(cJSON *item, const char *name)
{
	for (cJSON *c = item->child; c; c = c->next)
		if ((cJSON_IsObject(c) || cJSON_IsArray(c)) && note_file(c, name) < 0)
			return -1;
	return !cJSON_IsObject(item) || cJSON_AddStringToObject(item, file_member, name) ? 0 : -1;
}

static cJSON *list_of(cJSON *table, const char *name)
{
	cJSON *list = cJSON_GetObjectItem(table, name);

	return list ? list : cJSON_AddArrayToObject(table, name);
}

/* Moves the elements of a list of `from` to the end of the one of `to`. */
static int append(cJSON *to, cJSON *from, const char *name)
{
	cJSON *source = cJSON_GetObjectItem(from, name), *target, *item;

	if (!source)
		return 0;
	target = list_of(to, name);
	if (!cJSON_IsArray(target) || !cJSON_IsArray(source))
		return -1;
	while ((item = cJSON_DetachItemFromArray(source, 0)))
		cJSON_AddItemToArray(target, item);
	return 0;
}

/* [allowlist], the older form, becomes the first of [[allowlists]]. */
static int modern(cJSON *table, struct err *err)
{
	cJSON *old = cJSON_DetachItemFromObject(table, "allowlist"), *one;

	if (!old)
		return 0;
	if (cJSON_GetArraySize(cJSON_GetObjectItem(table, "allowlists")) > 0 ||
	    (!cJSON_IsObject(old) && !cJSON_IsArray(old))) {
		gitleaks_bad(table, err, "allowlist cannot stand beside allowlists", "");
		cJSON_Delete(old);
		return -1;
	}
	if (cJSON_IsObject(old)) {
		cJSON_AddItemToArray(list_of(table, "allowlists"), old);
		return 0;
	}
	while ((one = cJSON_DetachItemFromArray(old, 0)))
		cJSON_AddItemToArray(list_of(table, "allowlists"), one);
	cJSON_Delete(old);
	return 0;
}

static cJSON *rule_named(cJSON *tree, const char *id)
{
	cJSON *rule;

	cJSON_ArrayForEach(rule, cJSON_GetObjectItem(tree, "rules"))
		if (strcmp(json_string(rule, "id", ""), id) == 0)
			return rule;
	return NULL;
}

/* What a rule of this file does not say is as in the file that it extends. */
static int inherit(cJSON *rule, cJSON *base)
{
	static const char *const members[] = { "description", "entropy", "secretGroup", "regex", "path" };

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (!cJSON_GetObjectItem(rule, members[i]) && cJSON_GetObjectItem(base, members[i]))
			cJSON_AddItemToObject(rule, members[i],
					      cJSON_DetachItemFromObject(base, members[i]));
	}
	return append(rule, base, "keywords") < 0 || append(rule, base, "allowlists") < 0 ? -1 : 0;
}

static bool disabled(const cJSON *extend, const char *id)
{
	const cJSON *one;

	cJSON_ArrayForEach(one, gitleaks_member(extend, "disabledRules"))
		if (cJSON_IsString(one) && strcmp(one->valuestring, id) == 0)
			return true;
	return false;
}

static int join(cJSON *tree, cJSON *base, const cJSON *extend, struct err *err)
{
	cJSON *theirs = cJSON_GetObjectItem(base, "rules"), *rules = list_of(tree, "rules"), *rule;

	if (!cJSON_IsArray(rules))
		return gitleaks_bad(tree, err, "[[rules]] is expected", "");
	while ((rule = cJSON_DetachItemFromArray(theirs, 0))) {
		const char *id = json_string(rule, "id", "");
		cJSON *ours = rule_named(tree, id);
		int rc = 0;

		if (!ours && !disabled(extend, id)) {
			cJSON_AddItemToArray(rules, rule);
			continue;
		}
		if (ours && !disabled(extend, id))
			rc = inherit(ours, rule);
		cJSON_Delete(rule);
		if (rc < 0)
			return gitleaks_bad(ours, err, "keywords and allowlists are lists of a rule", "");
	}
	return append(tree, base, "allowlists") < 0
		       ? gitleaks_bad(tree, err, "[[allowlists]] is expected", "") : 0;
}

static int extend_tree(const struct rules *rules, cJSON *tree, unsigned depth, struct err *err)
{
	const cJSON *extend = gitleaks_member(tree, "extend");
	struct buf text = BUF_INIT(FILE_MAX);
	const char *path = NULL;
	cJSON *base = NULL;
	int rc = -1;

	if (!extend)
		return 0;
	if (gitleaks_string(extend, "path", &path, err) < 0)
		return -1;
	if (cJSON_IsTrue(gitleaks_member(extend, "useDefault")))
		return gitleaks_bad(extend, err, "[extend] useDefault means the rules inside a gitleaks "
				    "program; keep its config/gitleaks.toml beside this file and write path = ",
				    "\"gitleaks.toml\" instead");
	if (!path || !*path)
		return 0;
	if (depth >= GITLEAKS_EXTEND_MAX)
		return 0;	/* as gitleaks: the chain ends here */
	if (!rules->read)
		return gitleaks_bad(extend, err, "[extend] path: name that file as well, before this one: ",
				    path);
	if (rules->read(rules->arg, path, &text, err) == 0)
		base = gitleaks_tree(rules, path, buf_str(&text), text.len, depth + 1, err);
	if (base)
		rc = join(tree, base, extend, err);
	json_free(base);
	buf_free(&text);
	return rc;
}

cJSON *gitleaks_tree(const struct rules *rules, const char *name, const char *text, size_t len,
		     unsigned depth, struct err *err)
{
	cJSON *tree = toml_parse(text, len, name, err), *rule, *list;
	int rc = -1;

	if (!tree)
		return NULL;
	list = cJSON_GetObjectItem(tree, "rules");
	if (note_file(tree, name) < 0)
		err_set(err, ERR_INTERNAL, "no memory for %s", name);
	else if (list && !cJSON_IsArray(list))
		gitleaks_bad(tree, err, "[[rules]] is expected", "");
	else
		rc = modern(tree, err);
	for (rule = list ? list->child : NULL; rc == 0 && rule; rule = rule->next)
		rc = cJSON_IsObject(rule) ? modern(rule, err)
					  : gitleaks_bad(tree, err, "[[rules]] is expected", "");
	if (rc == 0)
		rc = extend_tree(rules, tree, depth, err);
	if (rc == 0)
		return tree;
	json_free(tree);
	return NULL;
}
