#include "check.h"
#include "check_rules.h"
#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 256 };

static int visit(struct check_run *run, const char *path, int depth, struct err *err);

static int each_subject(struct check_run *run, struct check_item *item, struct err *err)
{
	static const enum check_subject subjects[] = { CHECK_BLOB, CHECK_FILE };

	for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++) {
		item->subject = subjects[i];
		if (check_item(run, item, err) < 0)
			return -1;
	}
	return 0;
}

/* Mapped, not read: a checkpoint of some gigabytes may be among the files. */
static int content(struct check_run *run, int fd, struct check_item *item, struct err *err)
{
	void *map = MAP_FAILED;
	int rc;

	if (item->size > 0)
		map = mmap(NULL, item->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (item->size > 0 && map == MAP_FAILED)
		return err_errno(err, "cannot read %s", item->path);
	item->data = item->size > 0 ? map : "";
	item->len = item->size;
	rc = each_subject(run, item, err);
	if (item->size > 0)
		munmap(map, item->size);
	return rc;
}

static int visit_file(struct check_run *run, const char *path, bool named, struct err *err)
{
	struct check_item item = { .subject = CHECK_SIZE, .path = path, .named = named };
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int rc = 0;

	if (fd < 0) {
		err_errno(err, "cannot open %s", path);
		err->class = ERR_USAGE;
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		item.size = (unsigned long long)st.st_size;
		item.mode = st.st_mode;
		run->report->files++;
		run->report->bytes += item.size;
		rc = check_item(run, &item, err);
		if (rc == 0 && item.size <= CHECK_FILE_SIZE_MAX)
			rc = content(run, fd, &item, err);
	}
	close(fd);
	return rc;
}

static int visit_link(struct check_run *run, const char *path, struct err *err)
{
	struct check_item item = { .subject = CHECK_BLOB, .path = path, .part = "link's target" };
	char target[PATH_MAX_BYTES];
	ssize_t n = readlink(path, target, sizeof(target));

	if (n < 0)
		return err_errno(err, "cannot read the link %s", path);
	item.data = target;
	item.len = item.size = (size_t)n;
	run->report->files++;
	return check_item(run, &item, err);
}

static int visit_folder(struct check_run *run, const char *path, int depth, struct err *err)
{
	struct buf below = BUF_INIT(PATH_MAX_BYTES);
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, NULL, alphasort), rc = 0;

	if (n < 0) {
		err_errno(err, "cannot list %s", path);
		err->class = ERR_USAGE;
		return -1;
	}
	if (depth >= DEPTH_MAX)
		rc = err_set(err, ERR_USAGE, "%s is more than %d folders deep", path, DEPTH_MAX);
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (rc == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    strcmp(name, ".git") != 0) {
			buf_clear(&below);
			buf_addf(&below, "%s%s%s", path, path[strlen(path) - 1] == '/' ? "" : "/",
				 name);
			rc = buf_check(&below, "a path", err);
			if (rc == 0)
				rc = visit(run, buf_str(&below), depth + 1, err);
		}
		free(entries[i]);
	}
	free(entries);
	buf_free(&below);
	return rc;
}

static int visit(struct check_run *run, const char *path, int depth, struct err *err)
{
	struct check_item name = { .subject = CHECK_NAME, .path = path, .data = path,
				   .len = strlen(path) };
	struct stat st;

	/* what is named on the command line is followed (when it leads somewhere),
	 * what is found is not */
	if ((depth > 0 || stat(path, &st) < 0) && lstat(path, &st) < 0) {
		err_errno(err, "cannot open %s", path);
		err->class = ERR_USAGE;
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return visit_folder(run, path, depth, err);
	/* a pipe or a device that is asked for must not pass as clean */
	if (depth == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return err_set(err, ERR_USAGE, "%s is neither a file nor a folder; keep it in a file "
			       "to have it checked", path);
	if (check_item(run, &name, err) < 0)
		return -1;
	if (S_ISLNK(st.st_mode))
		return visit_link(run, path, err);
	return visit_file(run, path, depth == 0, err);
}

/* A rule file that the .codetrain of a folder names. */
static int read_beside(void *arg, const char *path, struct buf *out, struct err *err)
{
	struct buf whole = BUF_INIT(PATH_MAX_BYTES);
	int rc = check_rules_path(path, err);

	buf_addf(&whole, "%s/%s", (const char *)arg, path);
	if (rc == 0)
		rc = file_read(buf_str(&whole), out, NULL, err);
	if (rc < 0)
		err->class = ERR_USAGE;
	buf_free(&whole);
	return rc;
}

/* The .codetrain of a folder that is checked, or of the working directory. */
static int read_policy(struct check_run *run, char *folder, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), text = BUF_INIT(CHECK_POLICY_BYTES_MAX);
	struct file_info info;
	int rc;

	if (strcmp(folder, ".") == 0)
		buf_adds(&path, CHECK_POLICY_FILE);
	else
		buf_addf(&path, "%s/%s", folder, CHECK_POLICY_FILE);
	rc = file_read(buf_str(&path), &text, &info, err);
	if (rc == 0 && text.len)
		rc = check_policy_read(&run->policy, buf_str(&text), text.len, buf_str(&path), err);
	if (rc == 0)
		rc = check_rules_named(run, buf_str(&path), read_beside, folder, err);
	buf_free(&path);
	buf_free(&text);
	return rc;
}

int check_files(struct check_run *run, const struct strs *paths, struct err *err)
{
	char here[] = ".";
	struct stat st;

	if (read_policy(run, here, err) < 0)
		return -1;
	for (size_t i = 0; i < paths->n; i++)
		if (stat(paths->v[i], &st) == 0 && S_ISDIR(st.st_mode) &&
		    strcmp(paths->v[i], ".") != 0 && read_policy(run, paths->v[i], err) < 0)
			return -1;
	if (check_rules_open(run, err) < 0)
		return -1;
	for (size_t i = 0; i < paths->n; i++)
		if (visit(run, paths->v[i], 0, err) < 0)
			return -1;
	return 0;
}
