/*
 * Is what stands under a name the thing that was asked for?
 *
 * Describe answers a request's members with defaults filled in and some left
 * out, so that two trees are the same when each member that was asked for is
 * there with its value, and what is there beyond that is only a default.
 */
#ifndef CODETRAIN_SAME_H
#define CODETRAIN_SAME_H

#include "lib/base/buf.h"
#include "lib/spec/json.h"

/* Compares the members of `names` (NULL-terminated; top-level). Returns how
 * many values differ; `out` gets "PATH: THERE there, HERE here; ..." */
int same_differences(const cJSON *wanted, const cJSON *live, const char *const *names,
		     struct buf *out);

/* The members of CreateTrainingJob that DescribeTrainingJob answers. */
extern const char *const same_training_job[];
/* The same for CreateModel. */
extern const char *const same_model[];

#endif
