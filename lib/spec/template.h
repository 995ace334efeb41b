/*
 * ${VAR} in the strings of a JSON document.
 *
 *	${NAME}			the variable; unset is an error
 *	${NAME:-text}		the text (up to the next '}') when it is unset or empty
 *	$${			a literal ${
 *
 * Every string value is looked at, member names are not. What a variable holds
 * is not looked at again. A string stays a string: "${COUNT}" does not become a
 * number. Any other '$' stands for itself.
 */
#ifndef CODETRAIN_TEMPLATE_H
#define CODETRAIN_TEMPLATE_H

#include "lib/base/err.h"

#include <cjson/cJSON.h>

#define TEMPLATE_STRING_MAX (1u << 20)	/* bytes of one value after expansion */
#define TEMPLATE_TOTAL_MAX (4u << 20)	/* bytes of all expanded values */
#define TEMPLATE_NAME_MAX 255		/* bytes of a variable's name */
#define TEMPLATE_POINTER_MAX 512	/* with the NUL */

/* The value of a variable, NULL when it is unset. Borrowed until the next call. */
typedef const char *template_lookup_fn(void *arg, const char *name);

/* getenv as a lookup; `arg` is not used. */
template_lookup_fn template_environment;

/* Fills in all string values of the tree, in place. On failure: ERR_USAGE with
 * a message that names the variable and the place, and `pointer` holds the JSON
 * pointer of the value, for json_locate. The tree is then expanded in part. */
int template_expand(cJSON *tree, template_lookup_fn *lookup, void *arg,
		    char pointer[static TEMPLATE_POINTER_MAX], struct err *err);

#endif
