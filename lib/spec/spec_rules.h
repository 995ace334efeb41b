/*
 * What the service asks of a request and its model does not say: rules across
 * members, from the prose of the API reference and the service's own refusals.
 *
 * Each rule is a row of a table in spec_rules_OPERATION.c; docs and checks go
 * through the same tables. Rules look only at what is there and of the right
 * kind: shape_validate tells the rest, so run both.
 */
#ifndef CODETRAIN_SPEC_RULES_H
#define CODETRAIN_SPEC_RULES_H

#include "lib/spec/shape.h"

struct spec_rules_options {
	const char *region;	/* where the request will be sent; NULL when not known */
	bool allow_templates;	/* as in struct shape_options */
};

/* Report every fault; `options` may be NULL. Returns how many, warnings included. */
int spec_rules_check(const char *operation, const cJSON *request,
		     const struct spec_rules_options *options, shape_report_fn *report, void *arg);

/* The operation that a request is for, known by its members, or NULL. */
const char *spec_rules_operation(const cJSON *request);

/* Every rule, for the documentation: calls `row` for each, with the page where AWS
 * says so. */
typedef void spec_rules_row_fn(void *arg, const char *operation, const char *id, bool warning,
			       const char *page);
void spec_rules_list(spec_rules_row_fn *row, void *arg);

#endif
