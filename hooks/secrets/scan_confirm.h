/*
 * From "the pattern matched up to here" to "this is the value, and it is one".
 */
#ifndef CODETRAIN_SCAN_CONFIRM_H
#define CODETRAIN_SCAN_CONFIRM_H

#include "rules.h"

#include <stdbool.h>
#include <stddef.h>

struct scan_value {
	size_t offset, len;		/* in the text */
	size_t n;			/* of `text` */
	char text[RULES_VALUE_MAX + 1];	/* without white space and escapes; the caller wipes it */
};

/* True when the rule's match that ends before data[end] is a secret. */
bool scan_confirm(const struct rule *rule, const char *data, size_t len, size_t end,
		  struct scan_value *value);

/* Shannon entropy in thousandths of a bit a character. */
unsigned scan_entropy(const char *s, size_t n);

#endif
