/*
 * Values that look like secrets and are none, by their SHA-256: they hold wherever
 * the value stands, and so survive a rebase and a rename.
 */
#ifndef CODETRAIN_CHECK_ALLOW_H
#define CODETRAIN_CHECK_ALLOW_H

#include "lib/base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define CHECK_ALLOW_MAX 100000
#define CHECK_ALLOW_LEN 65	/* hex, with the NUL */

struct check_allowance {
	char sha256[CHECK_ALLOW_LEN];
	char *name;		/* the file that says it */
	int line;
	atomic_bool used;
};

/* All zero is the empty list. */
struct check_allow {
	struct check_allowance *v;
	size_t n, cap;
	size_t *slots, n_slots;	/* by hash: index + 1 */
};

/* Adds; the first one counts when it is there already. -1 with ERR_USAGE when `hex` is
 * no SHA-256 ("NAME:LINE: ..."). */
int check_allow_add(struct check_allow *allow, const char *hex, const char *name, int line,
		    struct err *err);

/* Whether the value is allowed; remembers that it was asked for. From any thread. */
bool check_allow_has(const struct check_allow *allow, const char *sha256);

void check_allow_free(struct check_allow *allow);

#endif
