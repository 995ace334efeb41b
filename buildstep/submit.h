/*
 * From a spec and options to a training job, once.
 */
#ifndef CODETRAIN_SUBMIT_H
#define CODETRAIN_SUBMIT_H

#include "identity.h"
#include "request.h"
#include "wait.h"

struct submit_options {
	struct request_options request;
	struct identity_options identity;
	struct wait_options waiting;
	bool wait, dry_run, json;
	bool fresh;		/* --new: another job, also when there is one of this request */
	const char *report;	/* JUnit file; NULL: none */
};

/* Everything that the environment of the build says; "" when not known. */
struct submit_build {
	const char *commit, *repository, *build;
};

struct submit_result {
	cJSON *described;	/* the job, as far as it is known; NULL: none was made */
	bool attached;		/* it was there already */
};

/* Makes the job or finds it, and waits when that is asked for. On -1 the class
 * is the exit code, and `out` holds the job when there is one. */
int submit_run(const struct submit_options *options, const struct submit_build *build,
	       struct submit_result *out, struct err *err);

/* CreateTrainingJob by its name, at most once whatever happens on the way:
 * after a failure that may have been a success the job is looked up first.
 * A job of that name is taken over when it is the same; ERR_CONFLICT with the
 * difference when not. */
int submit_create(struct identity *id, const cJSON *request, struct submit_result *out,
		  struct err *err);

#endif
