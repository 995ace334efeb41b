/*
 * The members of a rule as a .rules file writes them.
 */
#ifndef CODETRAIN_RULES_KEY_H
#define CODETRAIN_RULES_KEY_H

#include "rules.h"

/* The bit of a key in rule.given; 0 for an unknown one. */
unsigned rules_key_bit(const char *key);

/* Copies the members that `from` was given (but `allow`) over those of `to`, which
 * then borrows them. */
void rules_key_copy(struct rule *to, const struct rule *from);

/* The pattern of a rule with names: one of them, what may stand between a name and
 * its value, and `min` characters of the alphabet. The caller frees; NULL: no memory. */
char *rules_key_names_regex(const struct rule *rule);

#endif
