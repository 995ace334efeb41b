/*
 * What is told, without the secrets that it quotes.
 */
#ifndef CODETRAIN_CHECK_REDACT_H
#define CODETRAIN_CHECK_REDACT_H

#include "check.h"
#include "lib/base/buf.h"

/* Replaces what `out` holds by the text with every secret cut down to its first characters.
 * Needs the rules open; not for two threads at once. */
int check_redact(struct check_run *run, const char *text, struct buf *out, struct err *err);

/* The same for what went wrong, which may quote a path. Needs no rules open. */
void check_redact_fault(struct check_run *run, struct err *fault);

/* Cuts a value that is known to be secret out of `text`, where nothing about it says so. */
void check_redact_value(struct buf *text, const char *value, size_t len);

void check_redact_free(struct check_run *run);

#endif
