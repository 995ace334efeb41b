/*
 * Text in git's configuration syntax (git-config(1), "CONFIGURATION FILE"),
 * parsed as data: no file is opened, and include.path means nothing.
 */
#ifndef CODETRAIN_GITCONFIG_H
#define CODETRAIN_GITCONFIG_H

#include "lib/base/err.h"

#include <stddef.h>

#define GITCONFIG_VALUE_MAX 65536	/* bytes of one value */

/* One variable. Section and key are in lower case, the subsection as written
 * (NULL when there is none), the value NULL for a bare key. Valid during the call. */
struct gitconfig_entry {
	const char *section;
	const char *subsection;
	const char *key;
	const char *value;
	int line;
};

/* Returns 0, or -1 with err set; that ends the parse. */
typedef int gitconfig_fn(void *arg, const struct gitconfig_entry *entry, struct err *err);

/* 0, or -1 with ERR_USAGE and a message "NAME:LINE: ..." */
int gitconfig_parse(const char *text, size_t len, const char *name, gitconfig_fn *fn, void *arg,
		    struct err *err);

/* A number with k, m or g after it (1024s), as git reads integers. 0 or -1. */
int gitconfig_size(const char *value, unsigned long long *out);

#endif
