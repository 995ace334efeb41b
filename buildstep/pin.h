/*
 * The image of a request, pinned: a tag may mean something else by the time
 * the job starts, and DescribeTrainingJob does not tell what it meant.
 */
#ifndef CODETRAIN_PIN_H
#define CODETRAIN_PIN_H

#include "identity.h"
#include "lib/spec/json.h"

#include <stdio.h>

/* ERR_USAGE when the image is no image name or is in another region than
 * `region`: nothing can train with it. */
int pin_check(const cJSON *request, const char *region, struct err *err);

/* Replaces AlgorithmSpecification.TrainingImage by REPOSITORY@DIGEST, asking
 * the registry as the build and then as the job's account. Where neither may
 * look, or it is not ECR, the image stays and a warning goes to `notes`. */
int pin_image(struct identity *id, cJSON *request, FILE *notes, struct err *err);

#endif
