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

void check_redact_free(struct check_run *run);

#endif
