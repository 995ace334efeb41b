#include "scan_database.h"
#include "scan_regex.h"

#include <limits.h>
#include <stdlib.h>

/* For rules that are paths alone: Hyperscan wants a pattern. */
static const char nothing[] = "(?:\\xff\\x00\\xfe\\x01){16}";

/* Hyperscan cannot take some patterns whole: then it proposes more. */
enum { LOOSE = HS_FLAG_PREFILTER | HS_FLAG_ALLOWEMPTY, LOOSE_MAX = 64 };

void scan_database_patterns_free(struct scan_patterns *p)
{
	free(p->regex);
	free(p->ids);
	free(p->flags);
	*p = (struct scan_patterns){ 0 };
}

static size_t count(const struct rule *r)
{
	size_t n = 0;

	if (r->value != RULE_REGEX)
		return r->value != RULE_ALONE;
	while (r->re->proposals && r->re->proposals[n])
		n++;
	return n;
}

int scan_database_patterns(const struct rule *rules, size_t n, struct scan_patterns *out,
			   struct err *err)
{
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += count(&rules[i]);
	*out = (struct scan_patterns){
		.regex = calloc(all + 1, sizeof(*out->regex)),
		.ids = calloc(all + 1, sizeof(*out->ids)),
		.flags = calloc(all + 1, sizeof(*out->flags)),
	};
	if (!out->regex || !out->ids || !out->flags) {
		scan_database_patterns_free(out);
		return err_set(err, ERR_INTERNAL, "no memory for %zu rules", n);
	}
	for (size_t i = 0; i < n; i++) {
		const struct rule_regex *re = rules[i].value == RULE_REGEX ? rules[i].re : NULL;

		for (size_t k = 0; k < count(&rules[i]); k++) {
			out->regex[out->n] = re ? re->proposals[k] : rules[i].regex;
			out->ids[out->n] = (unsigned)i;
			/* of a word that must be somewhere, the first is enough */
			out->flags[out->n++] = re && re->n_steps == 0 ? HS_FLAG_SINGLEMATCH : 0;
		}
	}
	if (n > 0 && out->n == 0)
		out->regex[out->n++] = nothing;
	return 0;
}

/* Which pattern is at fault, and whether there is another way to look for it. */
static int loosen(struct scan_patterns *p, const struct rule *rules, const hs_compile_error_t *fault,
		  struct err *err)
{
	unsigned i = fault && fault->expression >= 0 ? (unsigned)fault->expression : p->n;
	const struct rule *r = i < p->n ? &rules[p->ids[i]] : NULL;

	if (r && r->value == RULE_REGEX && !(p->flags[i] & HS_FLAG_PREFILTER)) {
		p->flags[i] |= LOOSE;
		return 0;
	}
	return err_set(err, ERR_USAGE, "%s%srule %s: regex: %s", r && r->origin ? r->origin : "",
		       r && r->origin ? ": " : "", r ? r->id : "of this machine",
		       fault && fault->message ? fault->message : "cannot be compiled");
}

int scan_database_compile(const struct rule *rules, size_t n, hs_database_t **out,
			  struct err *err)
{
	/* Generic: what is compiled here runs on any machine with SSSE3. */
	const hs_platform_info_t generic = { .tune = HS_TUNE_FAMILY_GENERIC };
	struct scan_patterns p;
	int rc = 0;

	if (scan_database_patterns(rules, n, &p, err) < 0)
		return -1;
	if (p.n == 0)
		rc = err_set(err, ERR_USAGE, "no rules to compile");
	for (int tries = 0; rc == 0; tries++) {
		hs_compile_error_t *fault = NULL;

		if (hs_compile_multi(p.regex, p.flags, p.ids, p.n, HS_MODE_BLOCK, &generic, out, &fault) ==
		    HS_SUCCESS)
			break;
		if (tries < LOOSE_MAX)
			rc = loosen(&p, rules, fault, err);
		else
			rc = err_set(err, ERR_USAGE, "too many rules that Hyperscan cannot take");
		hs_free_compile_error(fault);
	}
	scan_database_patterns_free(&p);
	return rc;
}

int scan_database_serialize(const struct rule *rules, size_t n, char **out, size_t *len,
			    struct err *err)
{
	hs_database_t *db;
	hs_error_t rc;

	if (scan_database_compile(rules, n, &db, err) < 0)
		return -1;
	rc = hs_serialize_database(db, out, len);
	hs_free_database(db);
	if (rc != HS_SUCCESS)
		return err_set(err, ERR_INTERNAL, "Hyperscan cannot serialize (%d)", rc);
	return 0;
}

unsigned scan_database_width(const char *regex)
{
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *fault = NULL;
	unsigned width = 0;

	if (hs_expression_info(regex, 0, &info, &fault) == HS_SUCCESS && info->max_width != UINT_MAX)
		width = info->max_width;
	hs_free_compile_error(fault);
	free(info);
	return width;
}
