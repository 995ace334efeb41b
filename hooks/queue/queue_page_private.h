/*
 * The parts of the page of deliveries.
 */
#ifndef CODETRAIN_QUEUE_PAGE_PRIVATE_H
#define CODETRAIN_QUEUE_PAGE_PRIVATE_H

#include "queue_page.h"

extern const char queue_page_style[];

/* A row of the list, which borrows what SQLite holds until the next step. */
struct queue_page_row {
	int64_t event, ready_ms, changed_ms, recorded_ms, attempts;
	const char *target, *ref, *state, *reason, *outcome, *external, *link, *behind, *old, *new,
		*pusher, *options, *source;
};

/* One delivery with its attempts. Nothing fails but the database; `out` is checked at the end. */
int queue_page_delivery(const struct queue_print *p, const struct queue_page_row *row,
			struct buf *out, struct err *err);

/* "<b>3m</b>"-like: a <time> whose text is how long ago, or in how long. */
void queue_page_time(int64_t ms, int64_t now_ms, struct buf *out);

#endif
