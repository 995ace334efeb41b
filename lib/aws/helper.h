/*
 * One credential.helper line (gitcredentials(7)): a name, a path, or "!" and a
 * shell command, each with options.
 */
#ifndef CODETRAIN_HELPER_H
#define CODETRAIN_HELPER_H

#include <stdbool.h>
#include <stddef.h>

#define HELPER_WORDS_MAX 24

struct helper_words {
	char text[1024];
	const char *v[HELPER_WORDS_MAX];
	size_t n;
};

/* Words as a shell makes them of plain text and quotes; no expansion. */
void helper_split(const char *s, struct helper_words *w);

/* A helper's name: "git-credential-" and the folder left out. */
const char *helper_base(const char *program);

/* Whether one of the words behind the first is this one. */
bool helper_has(const struct helper_words *w, const char *word);

/* The value of "--name VALUE" or "--name=VALUE", the last; `out` stays when there is none. */
void helper_option(const struct helper_words *w, const char *name, char *out, size_t cap);

/* Takes "NAME=VALUE" words off the front of a shell command; AWS_PROFILE's value
 * goes to `profile`. */
void helper_skip_assignments(struct helper_words *w, char *profile, size_t cap);

/* Whether a line is a helper of CodeCommit (codetrain's or the AWS CLI's); then
 * `profile` is what it names, "" when it names none. */
bool helper_is_codecommit(const char *value, char *profile, size_t cap);

#endif
