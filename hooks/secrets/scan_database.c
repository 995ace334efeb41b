#include "scan_database.h"

#include <stdlib.h>

/* The arrays that hs_compile_multi takes. */
struct patterns {
	const char **regex;
	unsigned *ids, *flags;
};

static void patterns_free(struct patterns *p)
{
	free(p->regex);
	free(p->ids);
	free(p->flags);
}

static int patterns_of(const struct rule *rules, size_t n, struct patterns *p, struct err *err)
{
	*p = (struct patterns){
		.regex = calloc(n, sizeof(*p->regex)),
		.ids = calloc(n, sizeof(*p->ids)),
		.flags = calloc(n, sizeof(*p->flags)),
	};
	if (!p->regex || !p->ids || !p->flags) {
		patterns_free(p);
		return err_set(err, ERR_INTERNAL, "no memory for %zu rules", n);
	}
	for (size_t i = 0; i < n; i++) {
		p->regex[i] = rules[i].regex;
		p->ids[i] = (unsigned)i;
		p->flags[i] = 0;
	}
	return 0;
}

int scan_database_compile(const struct rule *rules, size_t n, hs_database_t **out,
			  struct err *err)
{
	/* Generic: what is compiled here runs on any machine with SSSE3. */
	const hs_platform_info_t generic = { .tune = HS_TUNE_FAMILY_GENERIC };
	hs_compile_error_t *fault = NULL;
	struct patterns p;
	int rc = 0;

	if (n == 0)
		return err_set(err, ERR_USAGE, "no rules to compile");
	if (patterns_of(rules, n, &p, err) < 0)
		return -1;
	if (hs_compile_multi(p.regex, p.flags, p.ids, (unsigned)n, HS_MODE_BLOCK, &generic, out,
			     &fault) != HS_SUCCESS) {
		const char *id = fault && fault->expression >= 0 ? rules[fault->expression].id
								 : "of this machine";

		rc = err_set(err, ERR_USAGE, "rule %s: regex: %s", id,
			     fault && fault->message ? fault->message : "cannot be compiled");
		hs_free_compile_error(fault);
	}
	patterns_free(&p);
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
