/*
 * The queue's tables, as a list of steps from one version to the next.
 */
#ifndef CODETRAIN_QUEUE_SCHEMA_H
#define CODETRAIN_QUEUE_SCHEMA_H

#define QUEUE_SCHEMA_APPLICATION 0x6374716e	/* "ctqn" in PRAGMA application_id */

/* Step n brings version n to n + 1. Never edit one that was released: add. */
extern const char *const queue_schema_steps[];
extern const int queue_schema_version;

#endif
