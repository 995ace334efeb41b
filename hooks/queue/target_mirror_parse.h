/*
 * What `git push --porcelain` says, read. Pure; the other side may say anything.
 */
#ifndef CODETRAIN_TARGET_MIRROR_PARSE_H
#define CODETRAIN_TARGET_MIRROR_PARSE_H

#include "lib/base/err.h"

#include <stdbool.h>

/* How the push of one ref ended, from git's exit code and its output (both streams).
 * 0: the mirror has it. -1: ERR_CONFLICT (it has other commits there), ERR_NO (refused, or
 * not there), ERR_ACCESS (no or wrong credentials), ERR_UNAVAILABLE (anything else, tried
 * again); the message is git's own line. */
int target_mirror_parse(int exit_code, const char *output, bool deletion, struct err *err);

#endif
