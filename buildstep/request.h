/*
 * A CreateTrainingJob request from a spec file and options, without a network.
 *
 * The file is the request as `aws sagemaker create-training-job
 * --cli-input-json` takes it, with ${VAR} filled from the environment. Options
 * override its members; what neither says gets the default that the SageMaker
 * SDK's Estimator documents (defaults are in request_complete).
 */
#ifndef CODETRAIN_REQUEST_H
#define CODETRAIN_REQUEST_H

#include "lib/base/buf.h"
#include "lib/base/strs.h"
#include "lib/spec/json.h"
#include "lib/spec/template.h"

#define REQUEST_FILE_MAX (1 << 20)

struct request_options {
	const char *file;	/* spec; NULL: made of options alone; "-": standard input */
	const char *image;
	const char *role;	/* ARN, or a name that is looked up later */
	const char *instance_type;
	long instance_count;	/* -1: not given */
	const char *output_path;
	struct strs inputs;		/* "CHANNEL=S3URI", or "S3URI" for channel "training" */
	struct strs hyperparameters;	/* "K=V" */
	struct strs sets;		/* "PATH=VALUE" */
	const char *base_name;
	const char *job_name;
};

struct request {
	cJSON *tree;
	cJSON *in_file;		/* as the file has it: tells what options changed */
	struct buf text;	/* the file; for places in it */
	const char *file;	/* for messages; NULL without a file */
};

#define REQUEST_INIT { .text = BUF_INIT(REQUEST_FILE_MAX) }

/* Reads, fills in, overrides, completes. ERR_USAGE with FILE:LINE:COLUMN. */
int request_make(const struct request_options *options, template_lookup_fn *lookup, void *arg,
		 struct request *out, struct err *err);
void request_free(struct request *r);

/* The role as given: an ARN, a name, or NULL when there is none. */
const char *request_role(const struct request *r);

/* Checks everything that can be known offline: the service model and the rules
 * of its prose, for a job in `region` (NULL: not known). A role that is still a
 * name is taken for the role's ARN, and the job may have no name yet. Every
 * fault is a line of `report`, a warning one that begins so; ERR_USAGE with the
 * first fault. *faults: how many. */
int request_validate(const struct request *r, const char *region, struct buf *report, int *faults,
		     struct err *err);

/* Adds a tag, unless there is one with that key. An empty value adds none. The
 * value loses what tags may not hold. */
int request_tag(cJSON *tree, const char *key, const char *value, struct err *err);

#endif
