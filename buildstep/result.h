/*
 * What became of a job: DescribeTrainingJob's answer as people, programs and
 * exit codes want it.
 */
#ifndef CODETRAIN_RESULT_H
#define CODETRAIN_RESULT_H

#include "lib/spec/json.h"

#include <stdbool.h>
#include <stdio.h>

/* True for Completed, Failed and Stopped. */
bool result_final(const cJSON *described);

/* 0 for Completed. ERR_NO for Failed with its reason (and the grant that is
 * missing, when it is one), ERR_STOPPED for Stopped with its cause. A job that
 * still runs is 0. */
int result_outcome(const cJSON *described, struct err *err);

/* The object of --json:
 * {"job","arn","status","artifact","image","digest","account","region",
 * "metrics":{},"failure","attached"}; members that are not known are left out.
 * NULL: no memory. */
cJSON *result_json(const cJSON *described, bool attached);

/* Prints the object to `out` on one line. */
int result_print(const cJSON *object, FILE *out, struct err *err);

/* A line or two for people, with the metrics. */
void result_summary(const cJSON *described, FILE *out);

/* Account or region of an ARN, "" when it is none. */
void result_arn_part(const char *arn, int index, char out[static 64]);

#endif
