/*
 * Rule files of a team: our own syntax (see the head of rules/aws.rules) or gitleaks' TOML.
 */
#ifndef CODETRAIN_RULES_LOAD_H
#define CODETRAIN_RULES_LOAD_H

#include "rules.h"
#include "lib/base/err.h"

#include <stddef.h>

/* Adds the rules of a file to those that are there; a rule with the id of one that is there takes
 * its place. TOML when the name ends in ".toml" or the text looks so, else our own. [extend] path
 * is read by rules->read (rules.h). 0, or -1 with ERR_USAGE and "NAME:LINE: ...; ...". */
int rules_load_file(struct rules *rules, const char *name, const char *text, size_t len,
		    struct err *err);

#endif
