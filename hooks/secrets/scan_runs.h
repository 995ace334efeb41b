/*
 * What may be encoded, seen at the speed of memory.
 */
#ifndef CODETRAIN_SCAN_RUNS_H
#define CODETRAIN_SCAN_RUNS_H

#include <stddef.h>

#define SCAN_RUN_MIN 24		/* characters of base64: 18 bytes, shorter than any secret */

/* Where the next run of at least SCAN_RUN_MIN letters, digits, + / - _ begins that
 * ends behind `at`; `len` when there is none. */
size_t scan_runs_next(const char *data, size_t len, size_t at);

/* The same without the processor's help; for tests. */
size_t scan_runs_next_plain(const char *data, size_t len, size_t at);

#endif
