/*
 * JSON that people and services write, read through one accessor.
 *
 * A tree is cJSON's. Paths are member names with dots and [n] for elements:
 * "ModelArtifacts.S3ModelArtifacts", "TrainingJobSummaries[0]". A list that
 * came from XML with one element is that element itself: json_count and
 * json_at see one as a list of one.
 */
#ifndef CODETRAIN_JSON_H
#define CODETRAIN_JSON_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 200

/* A whole document (RFC 8259; nothing may follow it but white space; a BOM is
 * skipped; a member named twice, \u0000, numbers of more than 60 characters and
 * what is no UTF-8 are refused). NULL with ERR_USAGE and a message
 * "NAME:LINE:COLUMN: ...". The caller frees with json_free. */
cJSON *json_parse(const char *text, size_t len, const char *name, struct err *err);

/* The same, but a name that stands twice in an object is told and no fault. The
 * pointer's place is the last of them (json_locate), which cJSON finds last, too. */
typedef void json_twice_fn(void *arg, const char *pointer, const char *name);
cJSON *json_parse_twice(const char *text, size_t len, const char *name, json_twice_fn *fn,
			void *arg, struct err *err);

/* The bytes of a byte order mark at the beginning: 3 or 0. */
size_t json_bom(const char *text, size_t len);

/* cJSON_Delete, with every string wiped first; NULL is nothing. */
void json_free(cJSON *tree);

/* The text of a tree, without (or with) white space, into `out`. */
int json_print(const cJSON *tree, bool pretty, struct buf *out, struct err *err);

/* Walk to a path. NULL when something on the way is missing or null. */
const cJSON *json_get(const cJSON *tree, const char *path);

/* The string at a path, or `fallback` when it is missing or no string. */
const char *json_string(const cJSON *tree, const char *path, const char *fallback);

/* The number at a path (also from a string of digits, as XML has them). */
int64_t json_integer(const cJSON *tree, const char *path, int64_t fallback);
double json_number(const cJSON *tree, const char *path, double fallback);
bool json_bool(const cJSON *tree, const char *path, bool fallback);

/* Elements of the list at a path (see above for lists of one). */
size_t json_count(const cJSON *tree, const char *path);
const cJSON *json_at(const cJSON *tree, const char *path, size_t index);

/* Like json_string, but a missing value is an error that names `what`. */
int json_need(const cJSON *tree, const char *path, const char *what, const char **out,
	      struct err *err);

/* Building: each makes missing objects on the way ("a.b.c") and replaces what
 * is there, which is wiped. 0 or -1 (no memory, or a value on the way is not an object). */
int json_set(cJSON *tree, const char *path, cJSON *value);	/* takes the value, also on failure */
int json_set_string(cJSON *tree, const char *path, const char *value);
int json_set_integer(cJSON *tree, const char *path, int64_t value);
int json_set_bool(cJSON *tree, const char *path, bool value);

/* Where a JSON pointer (RFC 6901) stands in the text: line and column from 1.
 * A BOM is no column. 0, or -1 when it is not there. */
int json_locate(const char *text, size_t len, const char *pointer, int *line, int *column);

#endif
