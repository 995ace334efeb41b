/*
 * What may be encoded, seen at the speed of memory.
 */
#ifndef CODETRAIN_SCAN_RUNS_H
#define CODETRAIN_SCAN_RUNS_H

#include "rules.h"

#include <stdbool.h>
#include <stddef.h>

#define SCAN_RUN_MIN RULES_ALONE_MIN		/* characters of base64: 18 bytes, shorter than any secret */

/* Where the next run of at least SCAN_RUN_MIN letters, digits, + / - _ begins that
 * ends behind `at`; `len` when there is none. */
size_t scan_runs_next(const char *data, size_t len, size_t at);

/* Where such a run ends that goes on at `at`, or has ended there. */
size_t scan_runs_end(const char *data, size_t len, size_t at);

/* Where the run that `at` stands in or behind begins, or (one that is too long for any
 * value) goes on. */
size_t scan_runs_begin(const char *data, size_t at);

/* Whether a byte 0, 3 or 31 is there: UTF-16, zip and gzip have them, text has none. */
bool scan_runs_binary(const char *data, size_t len);

/* scan_runs_next without the processor's help; for tests. */
size_t scan_runs_next_plain(const char *data, size_t len, size_t at);

#endif
