/*
 * What the server's own configuration says about deliveries: codetrain.* in the
 * file GITDIR/config. Not the user's or the system's configuration, no includes
 * and nothing from a push or the environment of a hook.
 *
 *	codetrain.target	local, codebuild…; several: one delivery to each
 *	codetrain.NAME.type	codebuild…: NAME is an instance of it, and a target, too
 *	codetrain.refs		globs; a "!" in front excludes; default: all branches
 *	codetrain.NAME		what a target needs; codetrain.TARGET.NAME wins over it
 */
#ifndef CODETRAIN_QUEUE_CONFIG_H
#define CODETRAIN_QUEUE_CONFIG_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <stdbool.h>

#define QUEUE_CONFIG_TARGET 32	/* bytes of a target's name, with the NUL */

struct queue_config {
	struct strs keys, values;	/* same length, in the order of the file */
	struct buf stamp;
};

#define QUEUE_CONFIG_INIT { .stamp = BUF_INIT(128) }

/* Replaces what is there. Broken: ERR_USAGE with "FILE:LINE: ...". */
int queue_config_load(const char *gitdir, struct queue_config *config, struct err *err);
void queue_config_free(struct queue_config *config);

/* A text that changes when the file does: device, inode, size and times. */
int queue_config_stamp(const char *gitdir, struct buf *out, struct err *err);

/* The last value of codetrain.TARGET.NAME, or else of codetrain.NAME. `name` in
 * lower case, as git gives it. Borrowed. */
const char *queue_config_get(const struct queue_config *config, const char *target,
			     const char *name, const char *fallback);

/* The last value of codetrain.TARGET.NAME alone; NULL when there is none. */
const char *queue_config_own(const struct queue_config *config, const char *target,
			     const char *name);

/* All values of the same, in their order. */
size_t queue_config_all(const struct queue_config *config, const char *target, const char *name,
			const char **out, size_t most);

/* Does this target take this ref? */
bool queue_config_wants(const struct queue_config *config, const char *target, const char *ref);

#endif
