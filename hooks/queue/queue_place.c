#include "queue_place.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"

static bool folder(const char *dir, const char *name)
{
	char path[PATH_MAX_BYTES];
	struct stat st;

	return (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path) &&
	       stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What git itself asks of a git folder, without reading it. */
static bool is_gitdir(const char *dir)
{
	char head[PATH_MAX_BYTES];
	struct stat st;

	return folder(dir, "objects") && folder(dir, "refs") &&
	       (size_t)snprintf(head, sizeof(head), "%s/HEAD", dir) < sizeof(head) &&
	       lstat(head, &st) == 0;
}

int queue_place_find(const char *start, struct buf *gitdir, struct err *err)
{
	const char *given = start ? start : getenv("GIT_DIR");
	char dir[PATH_MAX_BYTES], *resolved = realpath(given ? given : ".", NULL);
	int rc = -1;

	buf_clear(gitdir);
	snprintf(dir, sizeof(dir), "%s", resolved ? resolved : "");
	free(resolved);
	while (dir[0]) {
		char *slash = strrchr(dir, '/');

		if (is_gitdir(dir)) {
			rc = buf_adds(gitdir, dir);
			break;
		}
		if (folder(dir, ".git")) {
			rc = buf_addf(gitdir, "%s/.git", dir);
			break;
		}
		*slash = '\0';
	}
	if (rc == 0)
		return buf_check(gitdir, "the path of the repository", err);
	return err_set(err, ERR_USAGE, "%s is not in a git repository; name one: "
		       "codetrain queue COMMAND -C /srv/git/NAME.git",
		       given ? given : "the working directory");
}

int queue_place_path(const char *gitdir, const char *name, struct buf *out, struct err *err)
{
	buf_clear(out);
	buf_addf(out, "%s/codetrain%s%s", gitdir, name ? "/" : "", name ? name : "");
	return buf_check(out, "the path of the queue", err);
}
