/*
 * Push options (git push -o) that mean something here:
 *
 *	ci.skip			no target that builds takes this push
 *	ci.wait[=TIME]		the pusher follows the build until it ends, or so long (10m, 90s)
 *	ci.env=NAME=VALUE	a variable of the build
 *
 * Options that do not begin with "ci." are somebody else's. An option is text of a
 * pusher: which variables it may set is decided by codetrain.env (names and globs; none
 * by default) in the server's configuration, how long it may wait by codetrain.wait.
 */
#ifndef CODETRAIN_QUEUE_OPTIONS_H
#define CODETRAIN_QUEUE_OPTIONS_H

#include "queue_config.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <stdbool.h>
#include <stdint.h>

#define QUEUE_OPTIONS_WAIT_MS (30 * 60 * 1000)		/* codetrain.wait, when it is not set */
#define QUEUE_OPTIONS_WAIT_MOST_MS (8 * 3600 * 1000)	/* whatever codetrain.wait says */
#define QUEUE_OPTIONS_ENV 100				/* variables of one push */

struct queue_options {
	bool skip, wait;
	int64_t wait_ms;	/* within the bound; when `wait` is set */
	struct strs env;	/* NAME=VALUE, allowed; each name once, the last value given */
	struct strs refused;	/* what is not taken and why, a line each, fit for a terminal */
};

#define QUEUE_OPTIONS_INIT { 0 }

/* `lines`: the options, one to a line, as they are recorded. `instance`: the target
 * whose allow-list counts (codetrain.INSTANCE.env, or else codetrain.env). Replaces what
 * is there; the same lines and configuration give the same result in the same order. -1
 * only when there is no memory. */
int queue_options_parse(const char *lines, const struct queue_config *config, const char *instance,
			struct queue_options *out, struct err *err);
void queue_options_free(struct queue_options *options);

#endif
