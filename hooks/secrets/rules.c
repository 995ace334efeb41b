#include "rules.h"
#include "rules_key.h"
#include "lib/spec/gitconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ORIGIN_MAX = 4200 };

/* A file on its way into `rules`. */
struct reader {
	struct rules *rules;
	const char *name;
};

struct rule *rules_add(struct rules *rules, const char *id, struct err *err)
{
	struct rule *v;

	for (size_t i = 0; i < rules->n; i++)
		if (strcmp(rules->v[i].id, id) == 0)
			return &rules->v[i];
	if (rules->n >= RULES_MAX) {
		err_set(err, ERR_USAGE, "more than %d rules", RULES_MAX);
		return NULL;
	}
	v = realloc(rules->v, (rules->n + 1) * sizeof(*v));
	if (v) {
		rules->v = v;
		v += rules->n;
		*v = (struct rule){ .id = strdup(id) };
	}
	if (!v || !v->id) {
		err_set(err, ERR_INTERNAL, "no memory for %zu rules", rules->n + 1);
		return NULL;
	}
	rules->n++;
	return v;
}

int rules_entry(struct rules *rules, const struct gitconfig_entry *e, const char *name,
		struct err *err)
{
	struct rule *rule;

	if (strcmp(e->section, "rule") != 0 || !e->subsection || !*e->subsection)
		return err_set(err, ERR_USAGE, "%s:%d: a [rule \"ID\"] is expected", name, e->line);
	rule = rules_add(rules, e->subsection, err);
	if (!rule)
		return err_prefix(err, "%s:%d: ", name, e->line);
	if (!rule->origin) {
		char origin[ORIGIN_MAX];

		snprintf(origin, sizeof(origin), "%.4000s:%d", name, e->line);
		rule->origin = strdup(origin);
	}
	if (!e->value || rules_set(rule, e->key, e->value) < 0)
		return err_set(err, ERR_USAGE, "%s:%d: an unknown key or a value that it cannot have: %s",
			       name, e->line, e->key);
	return 0;
}

static int entry(void *arg, const struct gitconfig_entry *e, struct err *err)
{
	struct reader *r = arg;

	return rules_entry(r->rules, e, r->name, err);
}

int rules_read(struct rules *rules, const char *text, size_t len, const char *name,
	       struct err *err)
{
	struct reader r = { .rules = rules, .name = name };

	return gitconfig_parse(text, len, name, entry, &r, err);
}

static int lacks(const struct rule *r, const char *what, struct err *err)
{
	return err_set(err, ERR_USAGE, "%s%srule %s: %s", r->origin ? r->origin : "",
		       r->origin ? ": " : "", r->id, what);
}

int rules_complete(struct rule *r, struct err *err)
{
	static const rule_set none;

	if (!r->description || !*r->description)
		return lacks(r, "description is missing", err);
	if (r->value == RULE_REGEX)
		return r->re ? 0 : lacks(r, "regex is missing", err);
	if (!r->min)
		return lacks(r, "length is missing", err);
	if (memcmp(r->alphabet, none, sizeof(none)) == 0)
		return lacks(r, "alphabet is missing", err);
	if (r->names && !r->regex && !(r->regex = rules_key_names_regex(r)))
		return err_set(err, ERR_INTERNAL, "no memory for rule %s", r->id);
	if (r->value == RULE_ALONE && r->min < RULES_ALONE_MIN)
		return lacks(r, "value = alone wants a length of 24 at least", err);
	if (!r->regex && r->value != RULE_ALONE)
		return lacks(r, "regex is missing (or name)", err);
	if (r->value == RULE_LAST && r->min != r->max)
		return lacks(r, "value = last wants one length", err);
	if (!(r->given & rules_key_bit("boundary")))
		memcpy(r->boundary, r->alphabet, sizeof(r->boundary));
	return 0;
}

static void free_members(struct rules *rules, struct rule *r)
{
	char **allow = (char **)r->allow;

	free((char *)r->id);
	free((char *)r->origin);
	free((char *)r->description);
	free((char *)r->regex);
	free((char *)r->names);
	free((char *)r->rotate);
	free((char *)r->prefix);
	for (size_t k = 0; allow && allow[k]; k++)
		free(allow[k]);
	free(allow);
	if (r->re && rules->free_regex)
		rules->free_regex(r->re);
}

void rules_free(struct rules *rules)
{
	for (size_t i = 0; i < rules->n && !rules->borrowed; i++)
		free_members(rules, &rules->v[i]);
	free(rules->v);
	for (size_t i = 0; i < rules->n_made; i++)
		free(rules->made[i]);
	free(rules->made);
	free(rules->builtin);
	*rules = (struct rules){ 0 };
}
