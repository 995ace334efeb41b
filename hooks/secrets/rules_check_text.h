/*
 * Whether people or chance wrote some characters.
 */
#ifndef CODETRAIN_RULES_CHECK_TEXT_H
#define CODETRAIN_RULES_CHECK_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* No word that examples are made of, no sequence (123456), no character many times. */
bool rules_check_wordless(const char *s, size_t n);

/* A digit or a + is in it, which long names seldom have. */
bool rules_check_digit(const char *s, size_t n);

/* A digit, and as many changes between capitals, small letters, digits and signs as a
 * key of both cases has: 62 of 100 neighbours, and no fewer than 36. */
bool rules_check_chance(const char *s, size_t n);

/* One of twelve is a digit, or more. */
bool rules_check_digits(const char *s, size_t n);

/* Letters and digits take turns, as in what is drawn from both. */
bool rules_check_mixed(const char *s, size_t n);

/* What someone could have as a password: no placeholder, no variable, more than a word. */
bool rules_check_password(const char *s, size_t n);

/* What may be a key with no form of its own: wordless, mixed, and no path, version,
 * identifier, URL, date, UUID or hash. */
bool rules_check_assigned(const char *s, size_t n);

/* The name in front of data[at] is one of a secret, not of a page, a hash or an id. */
bool rules_check_name(const char *data, size_t at);

/* A host that others could reach: not this machine, not one of an example. */
bool rules_check_host(const char *s, size_t n);

#endif
