/* A bare repository's folder for the tests of the queue, and its removal. */
#ifndef CODETRAIN_TESTS_QUEUE_WORLD_H
#define CODETRAIN_TESTS_QUEUE_WORLD_H

#include "hooks/queue/queue_record.h"
#include "hooks/queue/queue_store.h"
#include "lib/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define OID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OID_0 "0000000000000000000000000000000000000000"

static char world[64];

static __attribute__((unused)) const char *in_world(const char *name)
{
	static char path[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", world, name);
	return path[turn];
}

static __attribute__((unused)) void write_file(const char *name, const char *text)
{
	struct err e = { 0 };

	assert_int_equal(file_replace(in_world(name), text, strlen(text), 0600, &e), 0);
}

static __attribute__((unused)) int world_begin(void **state)
{
	(void)state;
	snprintf(world, sizeof(world), "/tmp/codetrain-queue.XXXXXX");
	return mkdtemp(world) && mkdir(in_world("objects"), 0700) == 0 &&
	       mkdir(in_world("refs"), 0700) == 0 ? 0 : -1;
}

static __attribute__((unused)) int world_end(void **state)
{
	struct err e = { 0 };

	(void)state;
	return file_remove_tree(world, &e);
}

static __attribute__((unused)) struct queue_db *db_open(void)
{
	struct queue_db *db = NULL;
	struct err e = { 0 };

	if (queue_db_open(world, QUEUE_DB_MAKE, 5000, &db, &e) < 0)
		fail_msg("%s", e.message);
	return db;
}

/* Records one update; its event. */
static __attribute__((unused)) int64_t push_one(struct queue_db *db, const char *ref,
						const char *old, const char *new, int64_t now)
{
	struct queue_recorded r;
	struct queue_push push;
	struct err e = { 0 };

	queue_push_init(&push, "test", now);
	assert_int_equal(strs_addf(&push.updates, "%s %s %s", old, new, ref), 0);
	if (queue_record(db, world, &push, &r, &e) < 0)
		fail_msg("%s", e.message);
	queue_push_free(&push);
	return r.last;
}

static __attribute__((unused)) int64_t number(struct queue_db *db, const char *sql)
{
	struct err e = { 0 };
	int64_t n = 0;

	if (queue_db_integer(db, &n, &e, sql, "") < 0)
		fail_msg("%s", e.message);
	return n;
}

#endif
