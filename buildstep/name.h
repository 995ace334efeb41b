/*
 * The name of a job says what it is: a base for people, and a hash of request,
 * commit and image, so that the same thing submitted twice has one name. The
 * name is CreateTrainingJob's only key against doing it twice.
 */
#ifndef CODETRAIN_NAME_H
#define CODETRAIN_NAME_H

#include "lib/aws/hash.h"
#include "lib/spec/json.h"

#include <stdbool.h>

#define NAME_LEN 64		/* of a job or model, with the NUL: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62} */
#define NAME_HASH_DIGITS 10

/* Tags of codetrain's own begin so; they are not part of a fingerprint. */
#define NAME_TAG_PREFIX "codetrain:"

/* Is it a name that SageMaker takes? */
bool name_valid(const char *name);

/* The nearest valid name of at most `max` characters: other characters become
 * one hyphen, none stands at an end; "job" when nothing is left. */
void name_tidy(const char *base, size_t max, char out[static NAME_LEN]);

/* "scikit-learn-iris" of ".../team/scikit-learn-iris:tag@sha256:...". */
void name_of_image(const char *image, char out[static NAME_LEN]);

/* SHA-256 over the request without its name and codetrain's own tags (the
 * order of members does not count) and the commit (may be ""). */
int name_fingerprint(const cJSON *request, const char *commit, char out[static HASH_HEX_LEN],
		     struct err *err);

/* BASE-HASH, and BASE-HASH-SUFFIX when suffix is not "". */
void name_job(const char *base, const char *fingerprint, const char *suffix,
	      char out[static NAME_LEN]);

#endif
