/*
 * Members of JSON about events; names come from pushers and may be any bytes.
 */
#ifndef CODETRAIN_QUEUE_JSON_H
#define CODETRAIN_QUEUE_JSON_H

#include "lib/spec/json.h"

#include <stdint.h>
#include <stdio.h>

#define QUEUE_JSON_MAX (64 << 20)

/* Only what is UTF-8 may be in JSON: the text cleaned as by queue_text_clean, in
 * which newlines stay. 0 or -1 (no memory). */
int queue_json_clean(cJSON *object, const char *path, const char *text);

/* "2015-08-30T12:36:00Z". */
int queue_json_time(cJSON *object, const char *path, int64_t ms);

/* The tree and a newline. */
int queue_json_print(FILE *out, const cJSON *tree, struct err *err);

#endif
