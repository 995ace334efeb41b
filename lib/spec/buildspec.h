/*
 * buildspec.yml: what CodeBuild reads, as a checked model.
 *
 * The schema is https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html.
 * All faults are found in one pass and handed to a callback. An error is what
 * CodeBuild refuses, or passes over in silence though it is plainly a misspelling;
 * a warning is what it accepts and people regret.
 */
#ifndef CODETRAIN_BUILDSPEC_H
#define CODETRAIN_BUILDSPEC_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define BUILDSPEC_FINDINGS_MAX 1000	/* reported of one document */

enum buildspec_severity { BUILDSPEC_WARNING, BUILDSPEC_ERROR };

struct buildspec_finding {
	const char *rule;	/* "buildspec-unknown-key"; the rules are listed in buildspec.c */
	enum buildspec_severity severity;
	const char *message;	/* one line, no place in it, never the value of a variable */
	const char *fix;	/* how to mend it; may be NULL */
	const char *path;	/* JSON pointer of the place: "/phases/build/commands/2" */
	int line, column;	/* from 1 */
};

/* Everything in `finding` is borrowed for the call. */
typedef void buildspec_report_fn(void *arg, const struct buildspec_finding *finding);

struct buildspec_command {
	const char *text;
	int line;
};

struct buildspec_commands {
	struct buildspec_command *v;
	size_t n;
};

enum buildspec_on_failure {
	BUILDSPEC_DEFAULT,	/* build goes on to post_build, the others end the build */
	BUILDSPEC_ABORT,
	BUILDSPEC_CONTINUE,
	BUILDSPEC_RETRY,
};

#define BUILDSPEC_PHASES 4
extern const char *const buildspec_phase_names[BUILDSPEC_PHASES];	/* install … post_build */

struct buildspec_phase {
	bool present;
	int line;
	struct buildspec_commands commands, finally;
	enum buildspec_on_failure on_failure;
	int retries;			/* with BUILDSPEC_RETRY: 0 to 100 */
	const char *retry_pattern;	/* an error message it must match; NULL: any */
	const char *run_as;		/* NULL: as the build */
};

enum buildspec_source { BUILDSPEC_PLAIN, BUILDSPEC_PARAMETER, BUILDSPEC_SECRET };

struct buildspec_variable {
	const char *name, *value;	/* value: the text, or the reference to it */
	enum buildspec_source source;
	int line;
};

struct buildspec_strings {
	const char **v;
	size_t n;
};

/* One of artifacts (primary: name ""), its secondary ones, or reports. */
struct buildspec_files {
	const char *name;
	struct buildspec_strings files, exclude;
	const char *base_directory;	/* NULL: the source directory */
	const char *artifact;		/* what artifacts/name says, in shell syntax; NULL */
	const char *format;		/* of a report, "JUNITXML" by default; NULL for artifacts */
	bool discard_paths, symlinks;
};

struct buildspec {
	int version;			/* 1 for 0.1, 2 for 0.2 */
	const char *shell;		/* "sh" (or "/bin/sh"), "bash", ...; "sh" by default */
	const char *run_as;
	bool has_batch, has_cache, has_proxy, has_git_helper, has_runtimes;	/* checked, and not kept */
	struct buildspec_variable *variables;
	size_t n_variables;
	struct buildspec_strings exported;
	struct buildspec_phase phases[BUILDSPEC_PHASES];
	struct buildspec_files *artifacts, *reports;
	size_t n_artifacts, n_reports;
	void *memory;			/* what holds all of the above */
};

/* Judges a buildspec. 0 when it could be judged, whatever was found: then *out
 * is the model, or NULL when a finding is an error. -1 when there was no memory.
 * `name` is not part of the messages; `report` may be NULL. With `out` NULL only
 * the findings are wanted. */
int buildspec_parse(const char *text, size_t len, const char *name, buildspec_report_fn *report,
		    void *arg, struct buildspec **out, struct err *err);

/* NULL is nothing. */
void buildspec_free(struct buildspec *spec);

#endif
