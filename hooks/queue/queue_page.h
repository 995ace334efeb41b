/*
 * Recent deliveries as one HTML page that needs nothing beside itself: no script,
 * no font, no picture, no network. Everything in it that came from a push, a
 * configuration or an answer is text.
 */
#ifndef CODETRAIN_QUEUE_PAGE_H
#define CODETRAIN_QUEUE_PAGE_H

#include "queue_print.h"

#include "lib/base/buf.h"

#define QUEUE_PAGE_DELIVERIES 200	/* the newest */
#define QUEUE_PAGE_ATTEMPTS 10		/* of each, the newest */
#define QUEUE_PAGE_MAX (32 << 20)

/* With p->token it has forms that ask to deliver again; otherwise the command. */
int queue_page_print(const struct queue_print *p, struct buf *out, struct err *err);

/* Appends text for HTML, between tags or in a quoted attribute: control characters
 * and what is no UTF-8 become '?', markup is escaped. */
int queue_page_escape(const char *text, struct buf *out);

#endif
