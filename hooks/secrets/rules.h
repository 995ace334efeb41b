/*
 * Rules that say what a secret looks like.
 *
 * They are written in hooks/secrets/rules/, in git's configuration syntax (see the
 * head of aws.rules), and compiled when codetrain is built: the patterns into
 * one serialized Hyperscan database, the rest into the table below.
 */
#ifndef CODETRAIN_RULES_H
#define CODETRAIN_RULES_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULES_MAX 1024			/* rules in one set */
#define RULES_VALUE_MAX 32768		/* bytes of a value that is confirmed and hashed */

/* How the value is found once the pattern has matched. */
enum rule_value {
	RULE_LAST,	/* the last `min` characters of the match */
	RULE_RUN,	/* the whole run of the alphabet that the match ends in */
	RULE_PEM,	/* the base64 body that follows the match */
};

/* A set of bytes: bit b of word b / 32. */
typedef uint32_t rule_set[8];

struct rule {
	const char *id;
	const char *description;	/* "AWS access key id" */
	const char *regex;		/* Hyperscan's subset of PCRE */
	const char *rotate;		/* where a leaked value is made useless */
	const char *prefix;		/* the value begins with it; NULL: any */
	enum rule_value value;
	unsigned min, max;		/* characters of the value */
	unsigned entropy;		/* least Shannon entropy, in thousandths of a bit a character */
	bool mixed;			/* has upper and lower case letters */
	bool random;			/* changes between kinds of characters as chance would have it */
	bool quoted;			/* a quote stands on either side */
	bool warning;			/* does not stop a push */
	rule_set alphabet;
	rule_set boundary;		/* the bytes beside the value are none of these */
	const char *const *allow;	/* SHA-256 of values that are no secret, hex; ends with NULL */
};

static inline bool rule_has(const rule_set set, unsigned char c)
{
	return set[c / 32] >> (c % 32) & 1;
}

/* The embedded set (made by compile-rules). */
extern const struct rule rules_table[];
extern const size_t rules_count;
extern const unsigned char rules_database[];
extern const size_t rules_database_len;

/* Rules as read from text. */
struct rules {
	struct rule *v;
	size_t n;
};

/* Adds the rules of a file. 0, or -1 with ERR_USAGE and "NAME:LINE: ...". */
int rules_read(struct rules *rules, const char *text, size_t len, const char *name,
	       struct err *err);
void rules_free(struct rules *rules);

#endif
