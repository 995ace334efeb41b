/*
 * What the tables of rules share. To add a rule: a function that looks at
 * r->at and calls spec_rules_fault, and a row in the operation's table.
 *
 * A path is json_get's ("InputDataConfig[2].DataSource"); a fault at a path that
 * is not there is told at the nearest ancestor that is.
 */
#ifndef CODETRAIN_SPEC_RULES_TABLE_H
#define CODETRAIN_SPEC_RULES_TABLE_H

#include "lib/spec/json.h"
#include "lib/spec/spec_rules.h"

#define SPEC_RULES_PATH_MAX 192

struct spec_rules {
	const cJSON *at;	/* the request, or the part of it that the rules are for */
	const char *prefix;	/* the pointer of that part */
	const struct spec_rules_options *options;
	shape_report_fn *report;
	void *arg;
	const char *id;		/* of the rule that runs */
	bool warning;
	int faults;
};

struct spec_rule {
	const char *id;
	void (*check)(struct spec_rules *r);
	bool warning;	/* the service takes it, and people regret it */
	const char *page;	/* where AWS says so */
};

/* Pages of the service's API reference and of its guide. */
#define SPEC_RULES_API(name) "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_" name ".html"
#define SPEC_RULES_GUIDE(name) "https://docs.aws.amazon.com/sagemaker/latest/dg/" name ".html"

struct spec_rule_set {
	const char *operation;
	const char *part;		/* "" or the path that the rules are for */
	const struct spec_rule *rules;	/* ends with a NULL id */
};

extern const struct spec_rule spec_rules_training_job[];	/* CreateTrainingJob alone */
extern const struct spec_rule spec_rules_training[];		/* and tuning definitions */
extern const struct spec_rule spec_rules_channel[];
extern const struct spec_rule spec_rules_resource[];
extern const struct spec_rule spec_rules_uri[];
extern const struct spec_rule spec_rules_tags[];
extern const struct spec_rule spec_rules_environment[];		/* plain text, and images */
extern const struct spec_rule spec_rules_model[];
extern const struct spec_rule spec_rules_artifact[];
extern const struct spec_rule spec_rules_tuning[];
extern const struct spec_rule spec_rules_processing[];
extern const struct spec_rule spec_rules_transform[];

__attribute__((format(printf, 3, 4)))
void spec_rules_fault(struct spec_rules *r, const char *path, const char *fmt, ...);

/* The string at a path; NULL when there is none, or it will be filled in later. */
const char *spec_rules_text(const struct spec_rules *r, const char *path);
bool spec_rules_number(const struct spec_rules *r, const char *path, double *out);
bool spec_rules_has(const struct spec_rules *r, const char *path);

/* Is the string at a path this one? A missing one is `fallback`. */
bool spec_rules_is(const struct spec_rules *r, const char *path, const char *value,
		   const char *fallback);

/* Call `element` with the path of each element of a list. */
void spec_rules_each(struct spec_rules *r, const char *list,
		     void (*element)(struct spec_rules *r, const char *path));

/* Call `check` with the path of the container of a model, or of each of them. */
void spec_rules_model_each(struct spec_rules *r,
			   void (*check)(struct spec_rules *r, const char *path));

/* PATH.NAME in a buffer of SPEC_RULES_PATH_MAX, which it returns. */
char *spec_rules_join(char out[static SPEC_RULES_PATH_MAX], const char *path, const char *name);

/* A fault for each element of a list whose member (NULL: the element itself)
 * was there before. */
void spec_rules_unique(struct spec_rules *r, const char *list, const char *member,
		       const char *what);

#endif
