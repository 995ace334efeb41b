/*
 * codetrain build: a buildspec run on this machine as CodeBuild runs it.
 *
 * The parts: build_slot (not too many at once), build_checkout (a clean tree),
 * build_environment (what CodeBuild sets), build_values (what references stand
 * for), build_phases (what runs when, and what a failure means), build_shell (how
 * commands run), build_files (what artifacts and reports name), build_gather
 * (their copies), build_result (what is told afterwards).
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
	const char *artifacts;		/* a folder for copies of artifacts and reports, or NULL */
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

/* One of artifacts or reports, with what the shell made of its texts. */
struct build_wanted {
	const struct buildspec_files *spec;
	char *base, *artifact;		/* "." when there is none; NULL when there is none */
	struct strs files, exclude;
};

struct build {
	const struct build_options *options;
	const volatile int *stop;
	deadline_t deadline;

	char *temporary;	/* a folder of its own; removed at the end */
	int slot;		/* the lock of one of this machine's slots; -1: none */
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
	struct build_phase_result upload;	/* of artifacts and reports */
	struct build_wanted *wanted;		/* reports, then artifacts; NULL: the build did not get there */
	size_t n_wanted, bytes_listed;
	cJSON *exported, *artifacts, *reports;
};

/* Waits until fewer than CODETRAIN_BUILD_SLOTS builds run (as many as there are
 * processors; 0: no bound). When it does not come to that in time, `status` says so. */
int build_slot_take(struct build *b, struct err *err);
void build_slot_leave(struct build *b);

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

/* One name stands once: the last value counts. */
void build_environment_set(struct strs *env, const char *name, const char *value);
/* The value of a variable; NULL when it has none. Borrowed until it is set again. */
const char *build_environment_value(const struct strs *env, const char *name);
/* Whether --env gives the variable. */
bool build_environment_given(const struct build *b, const char *name);

/* The values of parameters and secrets that --env does not give, into b->env;
 * they, and those that it gives, are written as "***" from then on. ERR_NO: there
 * is no such parameter or secret; ERR_ACCESS, ERR_UNAVAILABLE. */
int build_values(struct build *b, struct err *err);

/* Runs the phases, with retries. 0 however the build ended; -1 when it could
 * not be run. */
int build_phases(struct build *b, struct err *err);

/* At the end of the phases: the values of exported variables, and what the shell
 * makes of the names and paths of artifacts and reports. */
int build_end_export(struct build *b, struct build_shell *sh, struct err *err);
int build_end_expand(struct build *b, struct build_shell *sh, struct err *err);
void build_end_free(struct build *b);
/* $NAME and ${NAME} in a text; any other '$' stands for itself, and what has no
 * value for nothing. `value` is given the name, and adds to the buffer. */
typedef int build_end_value_fn(void *arg, const char *name, struct buf *out, struct err *err);
int build_end_paths(const char *text, build_end_value_fn *value, void *arg, struct buf *out,
		    struct err *err);

/* The phase UPLOAD_ARTIFACTS: what artifacts and reports name goes into
 * b->artifacts and b->reports, and copies of it into `folder` (NULL: nowhere):
 *
 *	artifacts/[NAME/]FILES
 *	secondary-artifacts/ID/[NAME/]FILES
 *	reports/GROUP/FILES
 *
 * With a folder, artifacts without a file make the build fail. */
int build_gather(struct build *b, const char *folder, struct err *err);
/* Can it be the name of an artifact: a path that does not leave its folder? */
bool build_gather_name(const char *name);
/* The phase has failed, and with it the build, for that reason. */
void build_gather_failed(struct build *b, const char *reason);

/* Does a path ("a/b.txt") match a pattern of a buildspec? "*" stays within a
 * folder, "**" spans any number of them. */
bool build_files_match(const char *pattern, const char *path);

/* The result as JSON; `fault` (may be NULL) is why there was no build. */
cJSON *build_result(const struct build *b, const struct err *fault);

#endif
