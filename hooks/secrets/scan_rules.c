#include "scan_rules.h"
#include "rules_cache.h"

#include <stdlib.h>

int scan_rules_open(struct scan_rules **out, const struct rules *extra, const char *cache,
		    struct err *err)
{
	size_t n = extra ? extra->n : rules_count;
	struct scan_rules *r = calloc(1, sizeof(*r) + n * sizeof(*r->alone));

	if (!r)
		return err_set(err, ERR_INTERNAL, "no memory for the rules");
	r->table = extra ? extra->v : rules_table;
	r->n = n;
	/* A libhs of another version than the one that codetrain was built with
	 * refuses the bytes: then the patterns are compiled here, in 50 ms. */
	if ((extra || hs_deserialize_database((const char *)rules_database, rules_database_len, &r->db) !=
			     HS_SUCCESS) &&
	    rules_cache_open(r->table, r->n, cache, &r->db, err) < 0) {
		free(r);
		return -1;
	}
	for (size_t i = 0; i < r->n; i++)
		if (r->table[i].value == RULE_ALONE)
			r->alone[r->n_alone++] = i;
	*out = r;
	return 0;
}

void scan_rules_close(struct scan_rules *r)
{
	if (!r)
		return;
	hs_free_database(r->db);
	free(r);
}
