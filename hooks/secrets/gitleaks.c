#include "gitleaks.h"
#include "lib/spec/json.h"

#include <stdlib.h>
#include <string.h>

static int number(const cJSON *table, const char *name, double max, double *out, struct err *err)
{
	const cJSON *item = gitleaks_member(table, name);

	if (!item)
		return 0;
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= max))
		return gitleaks_bad(table, err, "no number that can be: ", name);
	*out = item->valuedouble;
	return 0;
}

static int expressions(const cJSON *table, struct rule_regex *re, struct err *err)
{
	const char *regex = NULL, *path = NULL, *id = json_string(table, "id", "");
	struct err fault = { 0 };

	if (gitleaks_string(table, "regex", &regex, err) < 0 ||
	    gitleaks_string(table, "path", &path, err) < 0)
		return -1;
	if ((!regex || !*regex) && (!path || !*path))
		return gitleaks_bad(table, err, "regex or path is missing in rule ", id);
	if (path && *path)
		re->path = scan_regex_translate(path, &fault);
	if (path && *path && !re->path) {
		gitleaks_bad_at(table, gitleaks_member(table, "path"), err, fault.message, "");
		return err_suffix(err, " (path of rule %s)", id);
	}
	if (regex && *regex && scan_regex_compile(regex, re, &fault) < 0) {
		gitleaks_bad_at(table, gitleaks_member(table, "regex"), err, fault.message, "");
		return err_suffix(err, " (rule %s)", id);
	}
	return 0;
}

static struct rule_regex *regex_of(const cJSON *table, const cJSON *tree, struct scan_allows *shared,
				   struct err *err)
{
	struct rule_regex *re = calloc(1, sizeof(*re));
	const char *id = json_string(table, "id", "");
	double group = 0;
	int rc = 0;

	if (!re) {
		err_set(err, ERR_INTERNAL, "no memory for a rule file");
		return NULL;
	}
	re->shared = shared;
	shared->users++;
	if (gitleaks_list(table, "keywords", true, &re->keywords, err) < 0 ||
	    expressions(table, re, err) < 0 || number(table, "entropy", 64, &re->entropy, err) < 0 ||
	    number(table, "secretGroup", 1000, &group, err) < 0 ||
	    gitleaks_allows(table, NULL, &re->allows, &re->n_allows, err) < 0 ||
	    gitleaks_allows(tree, id, &re->allows, &re->n_allows, err) < 0)
		rc = -1;
	re->group = (unsigned)group;
	if (rc == 0 && re->group > re->groups)
		rc = gitleaks_bad(table, err, "secretGroup is a group that regex has not, in rule ", id);
	if (rc == 0)
		return re;
	scan_regex_free(re);
	return NULL;
}

/* A rule of the same id that is there gives way; whether it counts, and how much, stays. Takes `re`. */
static int put(struct rules *rules, const cJSON *table, struct rule_regex *re, struct err *err)
{
	const char *id = json_string(table, "id", ""), *description = id;
	struct rule *r;

	r = gitleaks_string(table, "description", &description, err) < 0 ? NULL : rules_add(rules, id, err);
	if (!r) {
		scan_regex_free(re);
		return -1;
	}
	if (r->re)
		scan_regex_free(r->re);
	free((char *)r->description);
	free((char *)r->origin);
	r->description = strdup(*description ? description : id);
	r->origin = gitleaks_origin(table);
	r->value = RULE_REGEX;
	r->re = re;
	return r->description && r->origin ? 0 : err_set(err, ERR_INTERNAL, "no memory for a rule file");
}

static int add_rule(struct rules *rules, const cJSON *table, const cJSON *tree,
		    struct scan_allows *shared, struct err *err)
{
	const cJSON *skip = gitleaks_member(table, "skipReport");
	struct rule_regex *re;
	const char *id = "";

	if (gitleaks_string(table, "id", &id, err) < 0)
		return -1;
	if (id[strspn(id, " \t\r\n")] == '\0')
		return gitleaks_bad(table, err, "id is missing in a rule", "");
	if (gitleaks_member(table, "required"))
		return gitleaks_bad(table, err, "required (a rule that wants another beside it) is not known, "
				    "in rule ", id);
	if (cJSON_IsTrue(skip))
		return 0;
	re = regex_of(table, tree, shared, err);
	if (!re)
		return -1;
	return put(rules, table, re, err);
}

static bool generic(const cJSON *table)
{
	return strcasestr(json_string(table, "id", ""), "generic") != NULL;
}

static int add_rules(struct rules *rules, const cJSON *tree, struct scan_allows *shared, struct err *err)
{
	const cJSON *table;

	for (int last = 0; last < 2; last++)
		cJSON_ArrayForEach(table, gitleaks_member(tree, "rules"))
			if (generic(table) == last && add_rule(rules, table, tree, shared, err) < 0)
				return -1;
	return 0;
}

int gitleaks_read(struct rules *rules, const char *name, const char *text, size_t len,
		  struct err *err)
{
	cJSON *tree = gitleaks_tree(rules, name, text, len, 0, err);
	struct scan_allows *shared;
	int rc = -1;

	if (!tree)
		return -1;
	rules->free_regex = scan_regex_free;
	shared = calloc(1, sizeof(*shared));
	if (!shared) {
		err_set(err, ERR_INTERNAL, "no memory for %s", name);
	} else {
		shared->users = 1;	/* this function, until it ends */
		rc = gitleaks_allows(tree, NULL, &shared->v, &shared->n, err);
		if (rc == 0)
			rc = add_rules(rules, tree, shared, err);
	}
	scan_regex_allows_release(shared);
	json_free(tree);
	return rc;
}
