/*
 * The small JSON files below ~/.aws that the AWS CLI, the SDKs and we read and
 * write: one object, 0600, replaced by rename. Part of the providers.
 */
#ifndef CODETRAIN_CACHE_FILE_H
#define CODETRAIN_CACHE_FILE_H

#include "aws_private.h"

#include <signal.h>

#define CACHE_FILE_MAX (256 << 10)	/* bytes of one file */

/* Whose word is good. Cached credentials are taken from a file of ours that
 * nobody else can read; a token that people signed in for also from one that
 * others can read, as the AWS CLI does, but not from one that they can write. */
enum cache_file_trust { CACHE_FILE_PRIVATE, CACHE_FILE_TOKEN };

struct cache_file {
	cJSON *tree;	/* an object; NULL when there is none. json_free */
	bool missing;
	bool own;	/* belongs to this user: may be written back */
};

/* 0 also when it is missing. -1 for one that is broken or not to be trusted:
 * ERR_ACCESS with the path and what mends it, never with what is in it. */
int cache_file_read(const char *path, enum cache_file_trust trust, struct cache_file *out,
		    struct err *err);

/* May a file be made in its folder? */
bool cache_file_writable(const char *path);

/* Is its folder ours, or the home in which it would be made? With sudo and another's
 * HOME it is not, and what root makes there would be in his way. */
bool cache_file_at_home(const char *home, const char *path);
/* Makes the folder too. */
int cache_file_write(const char *path, const cJSON *tree, struct err *err);

/* A turn at renewing what is in the file. Signals that end a process wait until it
 * is over: a refresh token may be good only once, and what the server has given in
 * its place must be written. */
struct cache_file_turn {
	int lock;
	sigset_t before;
};
/* Waits for another of our processes that renews it, 40 seconds at most: longer than
 * one answer may take. ERR_UNAVAILABLE then; where no lock can be made, it is no
 * failure. After 0, cache_file_end. */
int cache_file_begin(const char *path, struct cache_file_turn *turn, struct err *err);
void cache_file_end(struct cache_file_turn *turn);

/* A time in a cache: ISO 8601, or with the "UTC" at its end that Python's
 * strftime writes. 0 or -1. */
int cache_file_time(const char *text, int64_t *out);

#endif
