/*
 * What queue_reconcile.c (what became of each ref) and queue_reconcile_refs.c (all refs
 * beside what is known of them) share.
 */
#ifndef CODETRAIN_QUEUE_RECONCILE_PRIVATE_H
#define CODETRAIN_QUEUE_RECONCILE_PRIVATE_H

#include "queue_reconcile.h"

struct queue_refs_list {
	char **v;
	size_t n, room;
};

/* Refs that are not where the last event left them, or have an undecided event. */
int queue_reconcile_differing(struct queue_db *db, const char *gitdir,
			      struct queue_refs_list *out, struct err *err);
void queue_reconcile_free_list(struct queue_refs_list *list);

#endif
