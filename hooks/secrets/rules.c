#include "rules.h"
#include "lib/base/opt.h"
#include "lib/spec/gitconfig.h"

#include <stdlib.h>
#include <string.h>

enum { ALLOW_MAX = 64, HEX_LEN = 64 };

struct reader {
	struct rules *rules;
	const char *name;
	int line;
};

static int bad(const struct reader *r, struct err *err, const char *what, const char *which)
{
	return err_set(err, ERR_USAGE, "%s:%d: %s%s", r->name, r->line, what, which);
}

static int set_string(const char **slot, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -1;
	free((char *)*slot);
	*slot = copy;
	return 0;
}

/* "A-Za-z0-9+/": single bytes and ranges; a - that is first or last is itself. */
static int set_bytes(rule_set set, const char *s)
{
	memset(set, 0, sizeof(rule_set));
	for (; *s; s++) {
		unsigned char from = (unsigned char)*s, to = from;

		if (s[1] == '-' && s[2]) {
			to = (unsigned char)s[2];
			s += 2;
		}
		if (to < from)
			return -1;
		for (unsigned c = from; c <= to; c++)
			set[c / 32] |= UINT32_C(1) << (c % 32);
	}
	return 0;
}

/* "113" or "113-275". */
static int set_length(struct rule *rule, const char *s)
{
	const char *dash = strchr(s, '-');
	char first[16];
	long min, max;
	size_t len = dash ? (size_t)(dash - s) : strlen(s);

	if (len >= sizeof(first))
		return -1;
	memcpy(first, s, len);
	first[len] = '\0';
	if (opt_number(first, &min) < 0)
		return -1;
	max = min;
	if (dash && opt_number(dash + 1, &max) < 0)
		return -1;
	if (min < 1 || max < min || max > RULES_VALUE_MAX)
		return -1;
	rule->min = (unsigned)min;
	rule->max = (unsigned)max;
	return 0;
}

/* "3.25" to 3250. */
static int set_thousandths(unsigned *out, const char *s)
{
	unsigned n = 0, digits = 0;
	bool point = false;

	for (; *s && digits < 3; s++) {
		if (*s == '.' && !point) {
			point = true;
			continue;
		}
		if (*s < '0' || *s > '9' || n > 8000)
			return -1;
		n = n * 10 + (unsigned)(*s - '0');
		digits += point;
	}
	if (*s)
		return -1;
	for (; digits < 3; digits++)
		n *= 10;
	*out = n;
	return n <= 8000 ? 0 : -1;
}

static int set_value(struct rule *rule, const char *s)
{
	static const char *const words[] = {
		[RULE_LAST] = "last", [RULE_RUN] = "run", [RULE_PEM] = "pem",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(s, words[i]) == 0) {
			rule->value = (enum rule_value)i;
			return 0;
		}
	}
	return -1;
}

static int set_bool(bool *out, const char *s)
{
	if (strcmp(s, "true") != 0 && strcmp(s, "false") != 0)
		return -1;
	*out = strcmp(s, "true") == 0;
	return 0;
}

static int set_severity(struct rule *rule, const char *s)
{
	if (strcmp(s, "error") != 0 && strcmp(s, "warning") != 0)
		return -1;
	rule->warning = strcmp(s, "warning") == 0;
	return 0;
}

static int add_allow(struct rule *rule, const char *hex)
{
	char **list = (char **)rule->allow, **longer;
	size_t n = 0;

	if (strlen(hex) != HEX_LEN || strspn(hex, "0123456789abcdef") != HEX_LEN)
		return -1;
	while (list && list[n])
		n++;
	if (n >= ALLOW_MAX)
		return -1;
	longer = realloc(list, (n + 2) * sizeof(*longer));
	if (!longer)
		return -1;
	rule->allow = (const char *const *)longer;
	longer[n] = strdup(hex);
	longer[n + 1] = NULL;
	return longer[n] ? 0 : -1;
}

static int set_key(struct rule *rule, const char *key, const char *v)
{
	if (strcmp(key, "description") == 0)
		return set_string(&rule->description, v);
	if (strcmp(key, "regex") == 0)
		return set_string(&rule->regex, v);
	if (strcmp(key, "rotate") == 0)
		return set_string(&rule->rotate, v);
	if (strcmp(key, "prefix") == 0)
		return set_string(&rule->prefix, v);
	if (strcmp(key, "value") == 0)
		return set_value(rule, v);
	if (strcmp(key, "length") == 0)
		return set_length(rule, v);
	if (strcmp(key, "entropy") == 0)
		return set_thousandths(&rule->entropy, v);
	if (strcmp(key, "alphabet") == 0)
		return set_bytes(rule->alphabet, v);
	if (strcmp(key, "boundary") == 0)
		return set_bytes(rule->boundary, v);
	if (strcmp(key, "mixed") == 0)
		return set_bool(&rule->mixed, v);
	if (strcmp(key, "random") == 0)
		return set_bool(&rule->random, v);
	if (strcmp(key, "quoted") == 0)
		return set_bool(&rule->quoted, v);
	if (strcmp(key, "severity") == 0)
		return set_severity(rule, v);
	if (strcmp(key, "allow") == 0)
		return add_allow(rule, v);
	return -1;
}

/* The last rule when it has this id, or a new one. NULL on failure. */
static struct rule *rule_of(struct rules *rules, const char *id)
{
	struct rule *v;

	for (size_t i = 0; i < rules->n; i++)
		if (strcmp(rules->v[i].id, id) == 0)
			return &rules->v[i];
	if (rules->n >= RULES_MAX)
		return NULL;
	v = realloc(rules->v, (rules->n + 1) * sizeof(*v));
	if (!v)
		return NULL;
	rules->v = v;
	v += rules->n;
	*v = (struct rule){ 0 };
	if (set_string(&v->id, id) < 0)
		return NULL;
	rules->n++;
	return v;
}

static int entry(void *arg, const struct gitconfig_entry *e, struct err *err)
{
	struct reader *r = arg;
	struct rule *rule;

	r->line = e->line;
	if (strcmp(e->section, "rule") != 0 || !e->subsection || !*e->subsection)
		return bad(r, err, "a [rule \"ID\"] is expected", "");
	rule = rule_of(r->rules, e->subsection);
	if (!rule)
		return bad(r, err, "no room for rule ", e->subsection);
	if (!e->value || set_key(rule, e->key, e->value) < 0)
		return bad(r, err, "an unknown key or a value that it cannot have: ", e->key);
	return 0;
}

static int complete(const struct reader *r, struct rule *rule, struct err *err)
{
	static const rule_set none;

	if (!rule->description || !rule->regex || !rule->min)
		return bad(r, err, "description, regex or length is missing in rule ", rule->id);
	if (memcmp(rule->alphabet, none, sizeof(none)) == 0)
		return bad(r, err, "alphabet is missing in rule ", rule->id);
	if (rule->value == RULE_LAST && rule->min != rule->max)
		return bad(r, err, "value = last wants one length in rule ", rule->id);
	if (memcmp(rule->boundary, none, sizeof(none)) == 0)
		memcpy(rule->boundary, rule->alphabet, sizeof(none));
	return 0;
}

int rules_read(struct rules *rules, const char *text, size_t len, const char *name,
	       struct err *err)
{
	struct reader r = { .rules = rules, .name = name };

	if (gitconfig_parse(text, len, name, entry, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < rules->n; i++)
		if (complete(&r, &rules->v[i], err) < 0)
			return -1;
	return 0;
}

void rules_free(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct rule *r = &rules->v[i];
		char **allow = (char **)r->allow;

		free((char *)r->id);
		free((char *)r->description);
		free((char *)r->regex);
		free((char *)r->rotate);
		free((char *)r->prefix);
		for (size_t k = 0; allow && allow[k]; k++)
			free(allow[k]);
		free(allow);
	}
	free(rules->v);
	*rules = (struct rules){ 0 };
}
