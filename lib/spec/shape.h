/*
 * Requests checked against the service model: every fault in one pass.
 *
 * The tables are generated (tools/shapes.py) from botocore's model. A request
 * is a cJSON tree; a fault is told by the JSON pointer (RFC 6901) of the value
 * that is wrong, so that json_locate finds its line. A missing member is told
 * at the object that should have it.
 *
 * Lengths are in code points, as the model means them. The type rule includes
 * the 32 bits of the model's "integer".
 */
#ifndef CODETRAIN_SHAPE_H
#define CODETRAIN_SHAPE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHAPE_POINTER_MAX 2048	/* bytes; deeper faults are told at an ancestor */
#define SHAPE_MESSAGE_MAX 512	/* bytes; longer ones are cut */
#define SHAPE_FAULTS_MAX 10000

enum shape_kind {
	SHAPE_STRUCTURE,
	SHAPE_LIST,		/* members[0] is the element */
	SHAPE_MAP,		/* members[0] is the key, [1] the value */
	SHAPE_STRING,
	SHAPE_INTEGER,
	SHAPE_LONG,
	SHAPE_FLOAT,
	SHAPE_DOUBLE,
	SHAPE_BOOLEAN,
	SHAPE_TIMESTAMP,
	SHAPE_BLOB,
};

/* A pattern as a deterministic automaton over classes of code points. A code
 * point is in the class of the last range that starts at or before it. */
struct shape_range {
	uint32_t first;
	uint16_t class;
};

struct shape_edge {
	uint16_t class;
	uint16_t to;
};

#define SHAPE_DEAD 0xFFFFu	/* a state from which nothing matches any more */

struct shape_state {
	uint16_t first_edge;	/* up to the next state's first_edge */
	uint16_t otherwise;	/* where the classes without an edge lead */
	bool accepts;
};

struct shape_pattern {
	const char *text;	/* the regular expression as the model has it */
	const struct shape_range *ranges;
	const struct shape_edge *edges;
	const struct shape_state *states;	/* one more than there are, as the end */
	uint16_t n_ranges;
};

struct shape;

struct shape_member {
	const char *name;
	const struct shape *shape;
	bool required;
};

struct shape {
	const char *name;
	enum shape_kind kind;
	bool has_min, has_max;
	int64_t min, max;	/* of the value, the length, or the number of elements */
	const struct shape_pattern *pattern;
	const struct shape_member *members;	/* by name, ascending */
	const char *const *values;		/* what an enum allows, ascending */
	uint16_t n_members, n_values;
};

struct shape_operation {
	const char *name;
	const struct shape *input;
};

struct shape_fault {
	const char *pointer;	/* "" is the whole request */
	const char *rule;	/* required unknown type min max pattern enum, or a spec_rules id */
	const char *message;	/* one line, with what is allowed */
	const char *suggestion;	/* the name or value that was meant, which the message does
				 * not repeat; or NULL */
	bool warning;		/* the service takes it, and people regret it */
};

typedef void shape_report_fn(void *arg, const struct shape_fault *fault);

struct shape_options {
	/* A string or key with "${" in it will be filled in later: only its
	 * kind is checked. */
	bool allow_templates;
};

/* The input of an operation by its exact name ("CreateTrainingJob"), or NULL. */
const struct shape *shape_for_operation(const char *operation);

/* Report every fault of a request, but no more than SHAPE_FAULTS_MAX; `options` may
 * be NULL. Returns how many. */
int shape_validate(const struct shape *shape, const cJSON *value,
		   const struct shape_options *options, shape_report_fn *report, void *arg);

/* Does the whole of a UTF-8 text match? When not, *at is the index (in code
 * points) of the first one that cannot stand there, or the length of the text
 * when it ends too early. */
bool shape_pattern_match(const struct shape_pattern *pattern, const char *text, size_t *at);

/* The next code point of a UTF-8 text, which moves on; 0 at the end. A byte that
 * is not UTF-8 counts as U+FFFD. */
uint32_t shape_pattern_next(const char **text);

/* The name or value nearest to a word: few changes for its length, or NULL. */
const char *shape_suggest_member(const struct shape *structure, const char *word);
const char *shape_suggest_value(const struct shape *shape, const char *word);

/* Generated. */
extern const struct shape_operation shapes_sagemaker[];	/* ends with a NULL name */
extern const struct shape_pattern shapes_sagemaker_patterns[];
extern const size_t shapes_sagemaker_n_patterns;

#endif
