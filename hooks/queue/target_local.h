/*
 * The target "local": codetrain-build on this machine.
 *
 * Each build is a process of its own that outlives the drainer: the worker,
 * `codetrain-queue build`. It writes builds/NAME.log and, last, builds/NAME.json.
 */
#ifndef CODETRAIN_TARGET_LOCAL_H
#define CODETRAIN_TARGET_LOCAL_H

#include "lib/base/err.h"

#define TARGET_LOCAL_VERB "build"

/* The worker: waits at the gate, runs the build, sees to it that there is a
 * result file. args: GITDIR COMMIT NAME MINUTES and what else codetrain-build
 * is to be told. */
int target_local_worker(char *const *args, struct err *err);

#endif
