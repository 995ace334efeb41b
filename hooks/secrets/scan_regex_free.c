#include "scan_regex.h"
#include "scan_regex_match.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void free_list(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

static void free_allows(struct scan_allow *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free_list(v[i].regexes);
		free_list(v[i].paths);
		free_list(v[i].words);
		free_list(v[i].commits);
	}
	free(v);
}

void scan_regex_allows_release(struct scan_allows *shared)
{
	if (!shared || --shared->users > 0)
		return;
	free_allows(shared->v, shared->n);
	free(shared);
}

void scan_regex_free(struct rule_regex *r)
{
	if (!r)
		return;
	free(r->pattern);
	free(r->core);
	free(r->path);
	free_list(r->keywords);
	free_list(r->proposals);
	free(r->steps);
	free_allows(r->allows, r->n_allows);
	scan_regex_allows_release(r->shared);
	free(r);
}

static bool names(const struct scan_allow *v, size_t n, const char *commit)
{
	for (size_t i = 0; i < n; i++)
		for (char **c = v[i].all ? NULL : v[i].commits; c && *c; c++)
			if (strcasecmp(*c, commit) == 0)
				return true;
	return false;
}

bool scan_regex_commit(const struct rule *rule, const char *commit)
{
	const struct rule_regex *r = rule->re;

	return rule->value == RULE_REGEX && r &&
	       (names(r->allows, r->n_allows, commit) ||
		(r->shared && names(r->shared->v, r->shared->n, commit)));
}

static int check(const char *pattern, bool unicode, struct err *err)
{
	return pattern ? scan_regex_match_check(pattern, unicode, err) : 0;
}

static int check_allows(const struct scan_allow *v, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		for (char **p = v[i].regexes; p && *p; p++)
			if (check(*p, false, err) < 0)
				return -1;
		for (char **p = v[i].paths; p && *p; p++)
			if (check(*p, false, err) < 0)
				return -1;
	}
	return 0;
}

int scan_regex_check(const struct rule *rule, struct err *err)
{
	const struct rule_regex *r = rule->re;

	if (check(r->pattern, r->unicode, err) < 0 || check(r->core, r->unicode, err) < 0 ||
	    check(r->path, false, err) < 0 || check_allows(r->allows, r->n_allows, err) < 0)
		return -1;
	return r->shared ? check_allows(r->shared->v, r->shared->n, err) : 0;
}
