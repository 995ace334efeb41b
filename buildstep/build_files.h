/*
 * The files that one part of artifacts or reports names.
 *
 * Links: with enable-symlinks a link stays one, without it stands for the file
 * that it leads to. Those that lead out of the source directory, nowhere or, as
 * files, to a folder are left out.
 */
#ifndef CODETRAIN_BUILD_FILES_H
#define CODETRAIN_BUILD_FILES_H

#include "build.h"

struct build_file {
	char *path;	/* below its base directory */
	char *from;	/* where it is */
	bool link;	/* to be kept as the link that it is */
};

struct build_found {
	struct build_file *v;
	size_t n, room;
	int bases;	/* base directories that were there */
	int left_out;	/* links */
};

/* `source`: the build's folder. `skip` (may be NULL): a folder that is not looked
 * into, the one for the copies. -1 for no memory, a path that is too long, or the
 * deadline (ERR_TIMEOUT). The caller frees `out`, also then. */
int build_files_find(const struct build_wanted *w, const char *source, const char *skip,
		     deadline_t deadline, struct build_found *out, struct err *err);
void build_files_free(struct build_found *found);

#endif
