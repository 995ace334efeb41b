/*
 * TOML 1.0 (toml.io) as a tree of cJSON's.
 *
 * Tables are objects, dates and times are strings as they are written, inf and nan
 * are numbers. What has no place in a C string (\u0000) is refused.
 */
#ifndef CODETRAIN_TOML_H
#define CODETRAIN_TOML_H

#include "lib/base/err.h"

#include <cjson/cJSON.h>
#include <stddef.h>

#define TOML_DEPTH_MAX 64	/* tables and arrays in each other */
#define TOML_KEYS_MAX 1024	/* in one table */

/* NULL with ERR_USAGE and "NAME:LINE:COLUMN: ...". The caller frees with json_free. */
cJSON *toml_parse(const char *text, size_t len, const char *name, struct err *err);

/* The line, from 1, that a table, array or string of such a tree begins in. */
int toml_line(const cJSON *item);

#endif
