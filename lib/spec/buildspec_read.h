/*
 * Inside the buildspec reader: the schema is tables of keys, and each key has
 * a function that reads its value into the model. The prefix is bspec_.
 */
#ifndef CODETRAIN_BUILDSPEC_READ_H
#define CODETRAIN_BUILDSPEC_READ_H

#include "arena.h"
#include "buildspec.h"
#include "lib/base/buf.h"
#include "yaml.h"

struct bspec {
	struct buildspec *spec;
	struct arena *arena;
	buildspec_report_fn *report;
	void *arg;
	struct buf path;	/* JSON pointer of the value that is being read */
	size_t n_findings;
	bool refused;		/* an error was reported */
	bool no_memory;
	size_t n_variables_looked_at;
	bool batch;		/* the buildspec only names other builds */
};

/* Reads `value`, which is not null, into the member of the model at `to`. */
typedef void bspec_read_fn(struct bspec *b, const struct yml_node *value, void *to);

struct bspec_key {
	const char *name;	/* NULL ends a table */
	bspec_read_fn *read;
	size_t offset;		/* of the member in the struct that bspec_map is given */
};

/* One finding at a node; the path is the reader's. */
void bspec_error(struct bspec *b, const char *rule, const struct yml_node *at, const char *fix,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void bspec_warn(struct bspec *b, const char *rule, const struct yml_node *at, const char *fix,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* The path goes down to a key or element, and back to the length before. */
size_t bspec_enter(struct bspec *b, const char *key);
size_t bspec_enter_index(struct bspec *b, size_t index);
void bspec_leave(struct bspec *b, size_t length);

/* Is the node of that kind? When not, that is reported. */
bool bspec_want(struct bspec *b, const struct yml_node *node, enum yml_kind kind);

/* All keys of a map through a table; null values are as absent. `what` names
 * the place: "the phase build". */
void bspec_map(struct bspec *b, const struct yml_node *map, const char *what,
	       const struct bspec_key *keys, void *to);

/* The name in a NULL-terminated list that a word was meant to be, or NULL. */
const char *bspec_meant(const char *word, const char *const *names);

/* The word of a NULL-terminated list that the scalar is; otherwise that is
 * reported ("is no WHAT of CodeBuild"), and NULL. */
const char *bspec_one_of(struct bspec *b, const struct yml_node *value, const char *what,
			 const char *const *names);

/* A key where people keep anchors: "x-common", ".common". */
bool bspec_is_private(const char *key);

/* Element after the last of an array that the arena holds; NULL: no memory. */
void *bspec_append(struct bspec *b, void *array, size_t *n, size_t element);

const char *bspec_copy(struct bspec *b, const struct yml_node *scalar);

/* Readers for the usual kinds. */
bspec_read_fn bspec_string;	/* to const char * */
bspec_read_fn bspec_flag;	/* to bool */
bspec_read_fn bspec_strings;	/* to struct buildspec_strings; one string is a list of one */
/* Checked, and not kept. */
bspec_read_fn bspec_string_only, bspec_flag_only, bspec_strings_only, bspec_any;

/* Readers of whole parts; `to` is the struct buildspec. */
bspec_read_fn bspec_env, bspec_env_of_0_1, bspec_phases;
bspec_read_fn bspec_batch_variables;	/* plain variables that only a batch's build has */
bspec_read_fn bspec_artifacts, bspec_reports, bspec_cache, bspec_batch;

/* Exported variables that nothing sets; when all else is read. */
void bspec_check_exported(struct bspec *b, const struct yml_node *root);

#endif
