/*
 * Changing properties of a profile in ~/.aws/config or ~/.aws/credentials, and
 * nothing else: every other byte stays, comments, line ends and a missing last
 * newline too.
 */
#ifndef CODETRAIN_AWSCONFIG_EDIT_H
#define CODETRAIN_AWSCONFIG_EDIT_H

#include "awsconfig_parse.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"

#define AWSCONFIG_EDIT_LOCK_MS 5000

struct awsconfig_change {
	const char *name;	/* of the property, in lower case; NULL ends a list */
	const char *value;	/* one line, not empty; NULL takes the property out, wherever it is set */
};

/*
 * `in` with the changes, appended to `out` (empty, and as secret as `in`). A
 * property that is there keeps its place; a new one goes behind the last of the
 * profile's section, and a new section behind all. A property that is taken out
 * takes the lines that continue it along.
 *
 * The result is parsed again: unless it says just what was meant, and for every
 * other property what it said before, nothing is changed (ERR_USAGE; a name or
 * value that the syntax cannot hold). `path` is for messages.
 */
int awsconfig_edit_text(enum awsconfig_file file, const char *path, const struct buf *in,
			const char *profile, const struct awsconfig_change *changes,
			struct buf *out, struct err *err);

/*
 * The same with a file, which is replaced at once, with the mode that it has
 * (0600 for a new one, in a folder of 0700). Of a symbolic link the file that
 * it means. One edit at a time, for programs of codetrain: the folder is
 * locked, AWSCONFIG_EDIT_LOCK_MS at most. A file of another user is refused.
 */
int awsconfig_edit(enum awsconfig_file file, const char *path, const char *profile,
		   const struct awsconfig_change *changes, struct err *err);

#endif
