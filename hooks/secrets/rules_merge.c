#include "rules.h"
#include "rules_key.h"
#include "lib/base/buf.h"
#include "lib/base/suggest.h"

#include <stdlib.h>
#include <string.h>

enum {
	GROUPS_MAX = 64,
	NEAR = 3,	/* changes to an id that may be a slip */
};

/* A string, or a list of strings that others own, that lives as long as `out`. */
static int keep(struct rules *out, void *made)
{
	char **longer = made ? realloc(out->made, (out->n_made + 1) * sizeof(*longer)) : NULL;

	if (!longer) {
		free(made);
		return -1;
	}
	out->made = longer;
	longer[out->n_made++] = made;
	return 0;
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* What a rule allows by itself, and what the team allows beside it. */
static int join_allow(struct rules *out, struct rule *rule, const struct rule *extra)
{
	size_t a = count(rule->allow), b = count(extra->allow);
	const char **all;

	if (b == 0)
		return 0;
	all = calloc(a + b + 1, sizeof(*all));
	if (!all)
		return -1;
	for (size_t i = 0; i < a; i++)
		all[i] = rule->allow[i];
	for (size_t i = 0; i < b; i++)
		all[a + i] = extra->allow[i];
	rule->allow = all;
	return keep(out, all);
}

static int change(struct rules *out, struct rule *rule, const struct rule *extra)
{
	unsigned pattern = rules_key_bit("name") | rules_key_bit("length") |
			   rules_key_bit("alphabet");

	rule->origin = extra->origin;
	if (extra->value == RULE_REGEX) {
		*rule = *extra;
		return 0;
	}
	rules_key_copy(rule, extra);
	if (extra->given & rules_key_bit("regex")) {
		rule->names = NULL;
	} else if (rule->names && extra->given & pattern) {
		char *regex = rules_key_names_regex(rule);

		if (keep(out, regex) < 0)
			return -1;
		rule->regex = regex;
	}
	return join_allow(out, rule, extra);
}

/* A rule that the team wrote itself. Its pattern may have to be made. */
static int complete(struct rules *out, struct rule *rule, struct err *err)
{
	const char *regex = rule->regex;
	struct suggest meant = SUGGEST_INIT(rule->id, NEAR);
	int rc = rules_complete(rule, err);

	if (rule->regex != regex && keep(out, (char *)rule->regex) < 0)
		return err_set(err, ERR_INTERNAL, "no memory for rule %s", rule->id);
	if (rc == 0)
		return 0;
	for (size_t i = 0; i < rules_count; i++)
		suggest_offer(&meant, rules_table[i].id);
	if (meant.nearest && strcmp(meant.nearest, rule->id) != 0)
		err_suffix(err, "; did you mean %s?", meant.nearest);
	return -1;
}

static bool wanted(const struct rule *rule, const char *groups)
{
	size_t len;

	if (!groups || !rule->group)
		return true;
	for (; *(groups += strspn(groups, " \t,")); groups += len) {
		len = strcspn(groups, " \t,");
		if ((len == 3 && memcmp(groups, "all", 3) == 0) ||
		    (strlen(rule->group) == len && memcmp(groups, rule->group, len) == 0))
			return true;
	}
	return false;
}

static struct rule *find(struct rule *v, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].id, id) == 0)
			return &v[i];
	return NULL;
}

/* Leaves out what is disabled or of a group that nobody asked for. */
static int finish(struct rules *out, const char *groups, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < out->n; i++) {
		struct rule *r = &out->v[i];

		if (r->disabled || !wanted(r, groups))
			continue;
		if (complete(out, r, err) < 0)
			return -1;
		out->v[n++] = *r;
	}
	out->n = n;
	return 0;
}

/* Says itself what it looks for: with the built-in rule of that name left out, one of its own. */
static bool is_whole(const struct rule *rule)
{
	unsigned pattern = rules_key_bit("regex") | rules_key_bit("name");

	return rule->given & pattern && rule->given & rules_key_bit("description");
}

int rules_merge(const struct rule *base, size_t n, const struct rules *extra, struct rules *out,
		struct err *err)
{
	*out = (struct rules){ .borrowed = true };
	out->v = calloc(n + extra->n + 1, sizeof(*out->v));
	if (!out->v)
		return err_set(err, ERR_INTERNAL, "no memory for %zu rules", n + extra->n);
	for (size_t i = 0; i < n; i++)
		out->v[out->n++] = base[i];
	for (size_t i = 0; i < extra->n; i++) {
		struct rule *r = find(out->v, n, extra->v[i].id);

		if (!r || (!wanted(r, extra->builtin) && is_whole(&extra->v[i]))) {
			out->v[out->n++] = extra->v[i];
		} else if (change(out, r, &extra->v[i]) < 0) {
			err_set(err, ERR_INTERNAL, "no memory for rule %s", r->id);
			goto fail;
		}
	}
	if (finish(out, extra->builtin, err) == 0)
		return 0;
fail:
	rules_free(out);
	return -1;
}

/* The groups of the embedded set, in its order. */
static size_t groups(const char *out[GROUPS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < rules_count; i++) {
		bool known = !rules_table[i].group;

		for (size_t k = 0; k < n && !known; k++)
			known = strcmp(out[k], rules_table[i].group) == 0;
		if (!known && n < GROUPS_MAX)
			out[n++] = rules_table[i].group;
	}
	return n;
}

static bool is_word(const char *at, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(at, word, len) == 0;
}

static int no_group(const char *at, size_t len, const char *const *known, size_t n,
		    struct err *err)
{
	struct buf list = BUF_INIT(4096);

	for (size_t i = 0; i < n; i++)
		buf_addf(&list, " %s", known[i]);
	err_set(err, ERR_USAGE, "no built-in rules are called %.*s; there are: all, none, or some of%s",
		(int)(len < 100 ? len : 100), at, buf_str(&list));
	buf_free(&list);
	return -1;
}

int rules_use_builtin(struct rules *rules, const char *words, struct err *err)
{
	const char *known[GROUPS_MAX];
	size_t n = groups(known), len;
	char *copy;

	for (const char *at = words; *(at += strspn(at, " \t,")); at += len) {
		bool found;

		len = strcspn(at, " \t,");
		found = is_word(at, len, "all") || is_word(at, len, "none");
		for (size_t i = 0; i < n && !found; i++)
			found = is_word(at, len, known[i]);
		if (!found)
			return no_group(at, len, known, n, err);
	}
	copy = strdup(words);
	if (!copy)
		return err_set(err, ERR_INTERNAL, "no memory for the names of rules");
	free(rules->builtin);
	rules->builtin = copy;
	return 0;
}
