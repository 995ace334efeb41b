/*
 * codetrain build: a buildspec run on this machine as CodeBuild runs it.
 *
 * The parts: build_checkout (a clean tree), build_environment (what CodeBuild
 * sets), build_phases (what runs when, and what a failure means), build_shell
 * (how commands run), build_files (what artifacts and reports name),
 * build_result (what is told afterwards).
 */
#ifndef CODETRAIN_BUILD_H
#define CODETRAIN_BUILD_H

#include "build_output.h"
#include "build_shell.h"
#include "lib/base/strs.h"
#include "lib/spec/buildspec.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum build_status { BUILD_SUCCEEDED, BUILD_FAILED, BUILD_STATUS_TIMED_OUT, BUILD_STATUS_STOPPED };
extern const char *const build_status_names[];	/* "SUCCEEDED", as CodeBuild says it */

struct build_options {
	const char *file;	/* the buildspec, from the source directory */
	const char *repo;	/* a repository to check out of; NULL: the current directory */
	const char *commit;	/* any revision of it */
	struct strs env;	/* NAME=VALUE, or NAME: as in this process */
	const char *log, *result;	/* files, or NULL */
	int64_t timeout_ms;
	bool json;
};

struct build_phase_result {
	bool ran;
	enum build_status status;
	int64_t ms;
	int exit_code;
	char *command;		/* the one that failed; NULL */
	char *message;		/* CodeBuild's message of the failure; NULL */
};

struct build {
	const struct build_options *options;
	const volatile int *stop;
	deadline_t deadline;

	char *temporary;	/* a folder of its own; removed at the end */
	int lock;		/* on that folder, while this build lives; -1: none */
	char *source;		/* where the commands begin */
	char commit[65];	/* "" when it is not known */
	struct strs env;
	struct build_output output;
	struct buildspec *spec;

	int64_t started_ms, ended_ms;
	enum build_status status;
	int attempts;		/* 1, and one more for each RETRY */
	struct build_phase_result phases[BUILDSPEC_PHASES];
	cJSON *exported, *artifacts, *reports;
};

/* The build's own folder below TMPDIR. Those that killed builds have left there
 * (their lock is free) are removed first. */
int build_temporary_make(struct build *b, struct err *err);
int build_temporary_remove(struct build *b, struct err *err);
/* Removes a tree, also what a build left in it without write permission. */
int build_temporary_empty(const char *path, struct err *err);

/* In the temporary folder a clean checkout of options->commit (without a
 * repository: the current directory). Also sets `commit`. */
int build_checkout(struct build *b, struct err *err);
/* The same tree again, for a retry. Without a repository nothing is done. */
int build_checkout_again(struct build *b, struct err *err);

/* Fills b->env; needs the checkout and the buildspec. */
int build_environment(struct build *b, struct err *err);
/* Adds the environment of this process, without what binds git to the hook and
 * the repository that this process may run in. */
void build_environment_inherit(struct strs *env);

/* Runs the phases, with retries. 0 however the build ended; -1 when it could
 * not be run. */
int build_phases(struct build *b, struct err *err);

/* Puts what artifacts and reports name into b->artifacts and b->reports. */
int build_files(struct build *b, struct err *err);
/* Does a path ("a/b.txt") match a pattern of a buildspec? "*" stays within a
 * folder, "**" spans any number of them. */
bool build_files_match(const char *pattern, const char *path);

/* The result as JSON; `fault` (may be NULL) is why there was no build. */
cJSON *build_result(const struct build *b, const struct err *fault);

#endif
