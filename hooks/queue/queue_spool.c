#include "queue_spool.h"
#include "queue_db.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".push", aside[] = ".push.damaged";
static const char *const step_names[] = {
	[QUEUE_PUSHED] = "pushed", [QUEUE_PREPARED] = "prepared",
	[QUEUE_COMMITTED] = "committed", [QUEUE_ABORTED] = "aborted",
};
static const char first_line[] = "codetrain-spool 1";

static int spool_path(const char *gitdir, const char *name, struct buf *out, struct err *err)
{
	if (queue_db_path(gitdir, "spool", out, err) < 0)
		return -1;
	if (name)
		buf_addf(out, "/%s", name);
	return buf_check(out, "the path of the queue", err);
}

int queue_spool_print(const struct queue_push *push, struct buf *out, struct err *err)
{
	const char *line = buf_str(&push->options), *end;

	buf_addf(out, "%s\nuid %s\nsource %s\nrecorded %lld\npusher %s\n", first_line, push->uid,
		 push->source, (long long)push->recorded_ms, push->pusher);
	if (push->step != QUEUE_PUSHED)
		buf_addf(out, "step %s\n", step_names[push->step]);
	if (push->run[0])
		buf_addf(out, "run %s\n", push->run);
	for (; (end = strchr(line, '\n')); line = end + 1)
		buf_addf(out, "option %.*s\n", (int)(end - line), line);
	for (size_t i = 0; i < push->updates.n; i++)
		buf_addf(out, "update %s\n", push->updates.v[i]);
	buf_adds(out, "end\n");
	return buf_check(out, "the push", err);
}

/* One more than the highest number of a file that waits; 0: there is none. */
static long long newest(const char *folder)
{
	long long highest = -1;
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		char *end;
		long long number = strtoll(entry->d_name, &end, 10);

		if (*end == '-' && end - entry->d_name == 15 && number > highest)
			highest = number;
	}
	if (dir)
		closedir(dir);
	return highest + 1;
}

int queue_spool_write(const char *gitdir, const struct queue_push *push, struct buf *path,
		      struct err *err)
{
	struct buf text = BUF_INIT(QUEUE_SPOOL_MAX);
	long long order;
	char name[80];
	int rc = -1;

	if (queue_spool_print(push, &text, err) < 0 || spool_path(gitdir, NULL, path, err) < 0 ||
	    file_make_dirs(buf_str(path), 0700, err) < 0)
		goto out;
	/* fixed width: by name is by time, and later also for a clock that was set back */
	order = newest(buf_str(path));
	if (order < push->recorded_ms)
		order = push->recorded_ms;
	snprintf(name, sizeof(name), "%015lld-%s%s", order, push->uid, suffix);
	if (spool_path(gitdir, name, path, err) == 0)
		rc = file_replace(buf_str(path), text.data, text.len, 0600, err);
out:
	buf_free(&text);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return name[0] != '.' && len > n && strcmp(name + len - n, end) == 0;
}

static void keep_oldest(struct strs *names, size_t most)
{
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
	while (names->n > most) {
		free(names->v[--names->n]);
		names->v[names->n] = NULL;
	}
}

static int list(const char *gitdir, const char *end, size_t most, struct strs *names,
		struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct dirent *entry;
	DIR *dir = NULL;
	int rc = -1;

	if (spool_path(gitdir, NULL, &path, err) < 0)
		goto out;
	dir = opendir(buf_str(&path));
	if (!dir && errno != ENOENT) {
		err_errno(err, "cannot read the folder %s", buf_str(&path));
		goto out;
	}
	while (dir && (entry = readdir(dir))) {
		if (!ends_in(entry->d_name, end))
			continue;
		if (names->n == STRS_MAX)
			keep_oldest(names, most);
		strs_add(names, entry->d_name);
	}
	if (names->failed) {
		err_set(err, ERR_INTERNAL, "no memory for the files of %s", buf_str(&path));
		goto out;
	}
	keep_oldest(names, most);
	rc = 0;
out:
	if (dir)
		closedir(dir);
	buf_free(&path);
	return rc;
}

int queue_spool_list(const char *gitdir, size_t most, struct strs *names, struct err *err)
{
	return list(gitdir, suffix, most, names, err);
}

int queue_spool_damaged(const char *gitdir, size_t most, struct strs *names, struct err *err)
{
	return list(gitdir, aside, most, names, err);
}

static bool take_uid(struct queue_push *push, const char *value)
{
	if (strlen(value) != QUEUE_PUSH_UID ||
	    strspn(value, "0123456789abcdef") != QUEUE_PUSH_UID)
		return false;
	memcpy(push->uid, value, QUEUE_PUSH_UID + 1);
	return true;
}

static bool take_step(struct queue_push *push, const char *value)
{
	for (size_t i = 0; i < sizeof(step_names) / sizeof(*step_names); i++)
		if (strcmp(value, step_names[i]) == 0) {
			push->step = (enum queue_step)i;
			return true;
		}
	return false;
}

static bool take_line(struct queue_push *push, const char *key, const char *value)
{
	struct queue_update update;
	long number;

	if (strcmp(key, "uid") == 0)
		return take_uid(push, value);
	if (strcmp(key, "source") == 0)
		return true;	/* what it was spooled from is "spool" from here on */
	if (strcmp(key, "step") == 0)
		return take_step(push, value);
	if (strcmp(key, "run") == 0)
		return (size_t)snprintf(push->run, sizeof(push->run), "%s", value) < sizeof(push->run);
	if (strcmp(key, "pusher") == 0)
		return (size_t)snprintf(push->pusher, sizeof(push->pusher), "%s", value) <
		       sizeof(push->pusher);
	if (strcmp(key, "option") == 0)
		return buf_addf(&push->options, "%s\n", value) == 0;
	if (strcmp(key, "update") == 0)
		return queue_push_split(value, &update) && strs_add(&push->updates, value) == 0;
	if (strcmp(key, "recorded") != 0 || opt_number(value, &number) < 0)
		return false;
	push->recorded_ms = number;
	return true;
}

bool queue_spool_parse(char *text, size_t len, struct queue_push *push)
{
	char *line = text, *newline;
	bool begun = false;

	if (strlen(text) != len)
		return false;
	for (; (newline = strchr(line, '\n')); line = newline + 1) {
		char *space;

		*newline = '\0';
		if (!begun) {
			begun = strcmp(line, first_line) == 0;
			if (!begun)
				return false;
			continue;
		}
		if (strcmp(line, "end") == 0)
			return newline[1] == '\0';
		space = strchr(line, ' ');
		if (!space)
			return false;
		*space = '\0';
		if (!take_line(push, line, space + 1))
			return false;
	}
	return false;
}

int queue_spool_read(const char *gitdir, const char *name, struct queue_push *push,
		     struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), text = BUF_INIT(QUEUE_SPOOL_MAX);
	int fd, rc = -1;

	queue_push_init(push, "spool", 0);
	if (spool_path(gitdir, name, &path, err) < 0)
		goto out;
	fd = open(buf_str(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		int gone = errno == ENOENT;

		err_errno(err, "cannot open %s", buf_str(&path));
		if (gone)
			err->class = ERR_USAGE;
		goto out;
	}
	if (file_read_fd(fd, buf_str(&path), &text, err) == 0) {
		if (text.len && queue_spool_parse(text.data, text.len, push))
			rc = 0;
		else
			err_set(err, ERR_USAGE, "%s is not a whole spool file", buf_str(&path));
	}
	close(fd);
out:
	if (rc < 0)
		queue_push_free(push);
	buf_free(&text);
	buf_free(&path);
	return rc;
}

int queue_spool_remove(const char *gitdir, const char *name, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int rc = spool_path(gitdir, name, &path, err);

	if (rc == 0 && unlink(buf_str(&path)) < 0 && errno != ENOENT)
		rc = err_errno(err, "cannot remove %s", buf_str(&path));
	buf_free(&path);
	return rc;
}

int queue_spool_set_aside(const char *gitdir, const char *name, struct err *err)
{
	struct buf from = BUF_INIT(PATH_MAX_BYTES), to = BUF_INIT(PATH_MAX_BYTES);
	int rc = spool_path(gitdir, name, &from, err);

	if (rc == 0) {
		buf_addf(&to, "%s.damaged", buf_str(&from));
		rc = buf_check(&to, "the path of the queue", err);
	}
	if (rc == 0 && rename(buf_str(&from), buf_str(&to)) < 0 && errno != ENOENT)
		rc = err_errno(err, "cannot rename %s", buf_str(&from));
	buf_free(&from);
	buf_free(&to);
	return rc;
}

/* What file_replace was killed over: NAME.push.XXXXXX. */
static bool is_torn(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && end - name > (ptrdiff_t)sizeof(suffix) && strlen(end) == sizeof(".XXXXXX") - 1 &&
	       strncmp(end - (sizeof(suffix) - 1), suffix, sizeof(suffix) - 1) == 0;
}

int queue_spool_sweep(const char *gitdir, int64_t before_ms, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct dirent *entry;
	struct stat st;
	DIR *dir = NULL;
	int rc = spool_path(gitdir, NULL, &path, err);

	if (rc == 0)
		dir = opendir(buf_str(&path));
	while (dir && rc == 0 && (entry = readdir(dir)))
		if (is_torn(entry->d_name) &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime < before_ms / 1000 && unlinkat(dirfd(dir), entry->d_name, 0) < 0 &&
		    errno != ENOENT)
			rc = err_errno(err, "cannot remove %s/%s", buf_str(&path), entry->d_name);
	if (dir)
		closedir(dir);
	buf_free(&path);
	return rc;
}
