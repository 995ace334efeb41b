/*
 * Members that an object has twice: which one counts is up to the reader.
 */
#ifndef CODETRAIN_JSON_TWICE_H
#define CODETRAIN_JSON_TWICE_H

#include "json.h"

/* Tells every name that stands more than once, anywhere, with its pointer.
 * 0 or -1 (no memory). */
int json_twice(const cJSON *tree, json_twice_fn *fn, void *arg, struct err *err);

#endif
