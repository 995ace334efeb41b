#include "scan_rules.h"
#include "rules_cache.h"

#include <stdlib.h>

int scan_rules_open(struct scan_rules **out, const struct rules *extra, const char *cache,
		    struct err *err)
{
	struct scan_rules *r = calloc(1, sizeof(*r));

	if (!r)
		return err_set(err, ERR_INTERNAL, "no memory for the rules");
	r->table = extra ? extra->v : rules_table;
	r->n = extra ? extra->n : rules_count;
	/* A libhs of another version than the one that codetrain was built with
	 * refuses the bytes: then the patterns are compiled here, in 50 ms. */
	if ((extra || hs_deserialize_database((const char *)rules_database, rules_database_len, &r->db) !=
			     HS_SUCCESS) &&
	    rules_cache_open(r->table, r->n, cache, &r->db, err) < 0) {
		free(r);
		return -1;
	}
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
