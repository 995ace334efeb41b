/*
 * Who gets an event: looked up in the configuration when its push is complete,
 * so that its push options are known, too.
 *
 * A build waits for its mirror: where an event goes to a mirror and to a target
 * that builds, the build's delivery is `behind` the mirror's (the first one of
 * the configuration), because the service fetches the commit from there.
 */
#ifndef CODETRAIN_QUEUE_ROUTE_H
#define CODETRAIN_QUEUE_ROUTE_H

#include "target.h"

struct queue_route {
	const struct target *const *targets;
	const struct queue_config *config;
	int64_t now_ms;
	int most;		/* events at once */
};

/* Of every event that waits to be looked up: one delivery to each target that
 * wants it, or skipped with a reason. An event whose push is not complete waits,
 * and the later ones of its ref with it. In the caller's transaction; *count
 * says how many were looked up. */
int queue_route(struct queue_db *db, const struct queue_route *route, int *count,
		struct err *err);

#endif
