/*
 * Whether people or chance wrote some characters.
 */
#ifndef CODETRAIN_RULES_CHECK_TEXT_H
#define CODETRAIN_RULES_CHECK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* No word that examples are made of, no sequence (123456), no character many times. */
bool rules_check_wordless(const char *s, size_t n);

/* Letters and digits both occur, as in what is drawn from both. */
bool rules_check_mixed(const char *s, size_t n);

/* What someone could have as a password: no placeholder, no variable, more than a word. */
bool rules_check_password(const char *s, size_t n);

/* What may be a key with no form of its own: wordless, mixed, and no path, version,
 * identifier, URL, date, UUID or hash. */
bool rules_check_assigned(const char *s, size_t n);

/* A host that others could reach: not this machine, not one of an example. */
bool rules_check_host(const char *s, size_t n);

#endif
