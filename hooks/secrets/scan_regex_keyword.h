/*
 * The words of which a text must have one, in any case, for a rule to count in it.
 */
#ifndef CODETRAIN_SCAN_REGEX_KEYWORD_H
#define CODETRAIN_SCAN_REGEX_KEYWORD_H

#include <stdbool.h>
#include <stddef.h>

/* Words are in lower case; the list ends with NULL. */
bool scan_regex_keyword(const char *data, size_t len, char *const *words);

#endif
