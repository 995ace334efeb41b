/*
 * What a remote is pinned to, as .codetrain says it:
 *
 *	[codetrain "origin"]			("*": every remote)
 *		account = 111122223333		whose credentials push
 *		region = us-east-2
 *		branch = main stage-?		the branches that it takes
 *		protected = main v*		refs that are neither rewritten nor deleted
 *		force = false			no ref is
 *		require = true			an account that cannot be told is refused
 *
 * git config codetrain.REMOTE.* of a machine goes over it, key by key.
 */
#ifndef CODETRAIN_REMOTE_PINS_H
#define CODETRAIN_REMOTE_PINS_H

#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define REMOTE_PINS_MAX 1000
#define REMOTE_PINS_REQUIRE "require"

struct remote_pin {
	char *remote, *key, *value;
};

struct remote_pins {
	struct remote_pin *v;
	size_t n;
};

/* Keeps a pin; a key that is none is left alone, one that is there already is not
 * kept again. ERR_USAGE with "NAME:LINE: ..." for a value that it cannot have. */
int remote_pins_add(struct remote_pins *pins, const char *remote, const char *key,
		    const char *value, const char *name, int line, struct err *err);
void remote_pins_free(struct remote_pins *pins);

/* Whether a name is one of the words, which may be patterns as of a shell. */
bool remote_pins_lists(const char *words, const char *name);

#endif
