/*
 * Rules that say what a secret looks like.
 *
 * They are written in hooks/secrets/rules/, in git's configuration syntax (see the
 * head of aws.rules), and compiled when codetrain is built: the patterns into
 * one serialized Hyperscan database, the rest into the table below. A team's own
 * rules are read at run time and merged into that table.
 */
#ifndef CODETRAIN_RULES_H
#define CODETRAIN_RULES_H

#include "rules_check.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULES_MAX 2048			/* rules in one set */
#define RULES_ALONE_MIN 24		/* characters of a value that nothing but its length proposes */
#define RULES_VALUE_MAX 32768		/* bytes of a value that is confirmed and hashed */

/* How the value is found once the pattern has matched. */
enum rule_value {
	RULE_LAST,	/* the last `min` characters of the match */
	RULE_RUN,	/* the whole run of the alphabet that the match ends in */
	RULE_PEM,	/* the base64 body that follows the match */
	RULE_BEFORE,	/* the run of the alphabet before the match's last character */
	RULE_ALONE,	/* a whole run of letters, digits, + / - _ and no others; without a regex */
	RULE_REGEX,	/* `re` finds and confirms it; no other member says anything of the value */
};

/* A set of bytes: bit b of word b / 32. */
typedef uint32_t rule_set[8];

/* What a rule of a gitleaks file has beside the members below (scan_regex.c). */
struct rule_regex;

struct rule {
	const char *id;
	const char *group;		/* the built-in file that it stands in: "aws"; NULL: a team's own */
	const char *origin;		/* "FILE:LINE" where it begins, for messages; NULL: built in */
	const char *description;	/* "AWS access key id" */
	const char *regex;		/* Hyperscan's subset of PCRE */
	const char *names;		/* "datadog|dd_api": `regex` is made from them and the value */
	const char *rotate;		/* where a leaked value is made useless */
	const char *prefix;		/* the value begins with it; NULL: any */
	struct rule_regex *re;		/* RULE_REGEX */
	enum rule_value value;
	enum rules_check check;		/* what structure or checksum the value must have */
	unsigned min, max;		/* characters of the value */
	unsigned entropy;		/* least Shannon entropy, in thousandths of a bit a character */
	bool disabled;			/* enabled = false: as if it were not there */
	bool mixed;			/* has upper and lower case letters */
	bool random;			/* changes between kinds of characters as chance would have it */
	bool quoted;			/* a quote stands on either side */
	bool warning;			/* does not stop a push */
	unsigned given;			/* which members a file gave (for rules_merge) */
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
extern const unsigned rules_widths[];	/* of each regex; see scan_database_width */
extern const unsigned char rules_database[];
extern const size_t rules_database_len;

/* Reads a file that a rule file names ([extend] path). 0 or -1. */
typedef int rules_read_fn(void *arg, const char *path, struct buf *out, struct err *err);

/* Rules as read from text: whole ones, and changes to built-in ones. Start with { 0 }. */
struct rules {
	struct rule *v;
	size_t n;
	char *builtin;		/* which groups of the embedded set count, "aws github"; NULL: all */
	void (*free_regex)(struct rule_regex *);	/* who makes a RULE_REGEX sets it */
	rules_read_fn *read;	/* NULL: a file that names another is refused */
	void *arg;
	char **made;		/* strings that a merge made */
	size_t n_made;
	bool borrowed;		/* the rules' members belong to others (rules_merge) */
};

/* A rule by its id: the one that is there, or a new one at the end. NULL with err
 * set when there is no room. Valid until the next rule is added. */
struct rule *rules_add(struct rules *rules, const char *id, struct err *err);

/* Sets one member from its text, as a line of a .rules file would. 0, or -1 when the
 * key is not known or cannot have that value. */
int rules_set(struct rule *rule, const char *key, const char *value);

/* Adds the rules of a file. 0, or -1 with ERR_USAGE and "NAME:LINE: ...". A rule that
 * lacks members is no fault yet: it may change one that is known. */
int rules_read(struct rules *rules, const char *text, size_t len, const char *name,
	       struct err *err);

/* One [rule "ID"] variable of a file that holds other sections too. */
struct gitconfig_entry;
int rules_entry(struct rules *rules, const struct gitconfig_entry *entry, const char *name,
		struct err *err);

/* `words`: "all", "none", or groups with spaces between them. The last call counts.
 * ERR_USAGE (with what is known) for a group that is not there. */
int rules_use_builtin(struct rules *rules, const char *words, struct err *err);

/* True when the rule can be used as it is; else -1 and what it lacks. */
int rules_complete(struct rule *rule, struct err *err);

/* `base` (the embedded table), less what `extra` leaves out or disables, with each rule
 * of the same id changed member by member, and then the new ones (a whole one may have the
 * id of one that is left out). `out` borrows from both,
 * which must outlive it; rules_free frees it. An incomplete new rule is ERR_USAGE. */
int rules_merge(const struct rule *base, size_t n, const struct rules *extra, struct rules *out,
		struct err *err);

void rules_free(struct rules *rules);

#endif
