/*
 * Policy documents: statements built, compared as AWS understands them, and
 * merged by Sid so that what others wrote stays as it is.
 */
#ifndef CODETRAIN_POLICY_H
#define CODETRAIN_POLICY_H

#include "lib/base/err.h"
#include "lib/spec/json.h"

#include <stdbool.h>

/* An empty document, { "Version": "2012-10-17", "Statement": [] }. */
cJSON *policy_new(void);

/* Adds { Sid, Effect: Allow, Action: [...] } and answers it, borrowed, to be
 * completed by the others; NULL: no memory. `actions` ends with NULL. All take
 * NULL for a statement and answer it, so that a chain is checked once. */
cJSON *policy_allow(cJSON *document, const char *sid, const char *const *actions);
cJSON *policy_resource(cJSON *statement, const char *arn);	/* adds one */
cJSON *policy_principal(cJSON *statement, const char *kind, const char *who);
cJSON *policy_condition(cJSON *statement, const char *operator_, const char *key,
			const char *value);	/* adds one value */

/* Adds { Sid, Value }: a part of what is no policy but is compared as one (a
 * setting, a group that exists). 0 or -1: no memory. */
int policy_part(cJSON *document, const char *name, const char *value);

enum policy_change { POLICY_SAME, POLICY_ADDED, POLICY_CHANGED };

/* The statement of that Sid; NULL when there is none. */
const cJSON *policy_find(const cJSON *document, const char *sid);

/* How the live document differs from a wanted statement. */
enum policy_change policy_compare(const cJSON *live, const cJSON *statement);

/* The same to AWS? Order and single values written as lists do not count, nor
 * an account written as its root's ARN. */
bool policy_equal(const cJSON *a, const cJSON *b);

/* A copy of `live` (NULL: a new document) in which every statement of `wanted`
 * stands, in place of the one with its Sid; all others are untouched. */
cJSON *policy_merge(const cJSON *live, const cJSON *wanted);

/* Statements of `live` whose Sid is none of `wanted`'s. */
size_t policy_foreign(const cJSON *live, const cJSON *wanted);

#endif
