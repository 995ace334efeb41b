#include "install.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is there a program of codetrain's beside it? */
static bool has_sibling(const char *program, size_t folder)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	bool there;

	buf_addf(&path, "%.*s/codetrain-queue", (int)folder, program);
	there = !path.failed && access(buf_str(&path), X_OK) == 0;
	buf_free(&path);
	return there;
}

int install_link_program(const struct install_hook *hook, const char *path, struct buf *program)
{
	char target[PATH_MAX_BYTES];
	ssize_t n = hook->server ? readlink(path, target, sizeof(target) - 1) : -1;
	struct stat st;
	char *slash;

	if (n <= 0)
		return -1;
	target[n] = '\0';
	slash = strrchr(target, '/');
	if (target[0] != '/' || !slash || strcmp(slash + 1, hook->program) != 0)
		return -1;
	/* one that leads nowhere was once codetrain's, for no other tool has programs of this name */
	if (stat(target, &st) == 0 && !has_sibling(target, (size_t)(slash - target)))
		return -1;
	return buf_adds(program, target);
}

int install_link(const char *path, const char *program, struct err *err)
{
	struct buf beside = BUF_INIT(PATH_MAX_BYTES);
	int rc = -1;

	buf_addf(&beside, "%s.codetrain-%ld", path, (long)getpid());
	if (buf_check(&beside, "the path of a hook", err) < 0)
		goto out;
	unlink(buf_str(&beside));
	if (symlink(program, buf_str(&beside)) < 0) {
		err_errno(err, "cannot make the link %s", buf_str(&beside));
		goto out;
	}
	if (rename(buf_str(&beside), path) < 0) {
		err_errno(err, "cannot make the link %s", path);
		unlink(buf_str(&beside));
		goto out;
	}
	file_sync_folder_of(path);
	rc = 0;
out:
	buf_free(&beside);
	return rc;
}
