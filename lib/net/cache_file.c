#include "cache_file.h"

#include "lib/base/clock.h"
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 40 * 1000, FOLDER_MODE = 0755 };

static int judge(const char *path, const struct stat *st, enum cache_file_trust trust,
		 struct err *err)
{
	uid_t me = geteuid();
	bool known = st->st_uid == me || (trust == CACHE_FILE_TOKEN && (me == 0 || st->st_uid == 0));

	if (!S_ISREG(st->st_mode))
		return err_set(err, ERR_ACCESS, "%s is not a file", path);
	if (!known)
		return err_set(err, ERR_ACCESS, "%s belongs to another user (uid %ld); remove it", path,
			       (long)st->st_uid);
	if (st->st_mode & (trust == CACHE_FILE_PRIVATE ? 077 : 022))
		return err_set(err, ERR_ACCESS, "%s is open to other users; run chmod 600 %s", path, path);
	return 0;
}

static int read_object(int fd, const char *path, cJSON **out, struct err *err)
{
	struct buf text = BUF_INIT_SECRET(CACHE_FILE_MAX);
	cJSON *tree = NULL;

	if (file_read_fd(fd, path, &text, err) == 0)
		tree = json_parse(buf_str(&text), text.len, path, err);
	buf_free(&text);
	if (cJSON_IsObject(tree)) {
		*out = tree;
		return 0;
	}
	json_free(tree);
	return err_set(err, ERR_ACCESS, "%s cannot be read; remove it", path);
}

int cache_file_read(const char *path, enum cache_file_trust trust, struct cache_file *out,
		    struct err *err)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags | (trust == CACHE_FILE_PRIVATE ? O_NOFOLLOW : 0));
	struct stat st;
	int result = -1;

	*out = (struct cache_file){ 0 };
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		out->missing = true;
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_errno(err, "cannot open %s", path);
		err->class = ERR_ACCESS;
	} else if (judge(path, &st, trust, err) == 0) {
		out->own = st.st_uid == geteuid();
		result = read_object(fd, path, &out->tree, err);
	}
	if (fd >= 0)
		close(fd);
	return result;
}

/* "" when there is none. */
static void folder_of(const char *path, char out[static PATH_MAX_BYTES])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len >= PATH_MAX_BYTES)
		len = 0;
	memcpy(out, path, len);
	out[len] = '\0';
}

bool cache_file_writable(const char *path)
{
	char folder[PATH_MAX_BYTES];

	folder_of(path, folder);
	return access(folder, W_OK | X_OK) == 0;
}

bool cache_file_at_home(const char *home, const char *path)
{
	char folder[PATH_MAX_BYTES];
	struct stat st;

	folder_of(path, folder);
	return (stat(folder, &st) == 0 || stat(home, &st) == 0) && st.st_uid == geteuid();
}

int cache_file_write(const char *path, const cJSON *tree, struct err *err)
{
	struct buf text = BUF_INIT_SECRET(CACHE_FILE_MAX);
	char folder[PATH_MAX_BYTES];
	int result = -1;

	folder_of(path, folder);
	if (file_make_dirs(folder, FOLDER_MODE, err) == 0 && json_print(tree, false, &text, err) == 0)
		result = file_replace(path, buf_str(&text), text.len, 0600, err);
	buf_free(&text);
	return result;
}

/* -1 also where none can be made; the class tells. */
static int lock(const char *path, struct err *err)
{
	char beside[PATH_MAX_BYTES];
	size_t len = strlen(path), end = strlen(".json");

	if (len <= end || len + 1 > sizeof(beside))
		return err_set(err, ERR_INTERNAL, "no lock for %s", path);
	snprintf(beside, sizeof(beside), "%.*s.lock", (int)(len - end), path);
	return file_lock(beside, deadline_in(LOCK_WAIT_MS), err);
}

int cache_file_begin(const char *path, struct cache_file_turn *turn, struct err *err)
{
	struct err why = { 0 };
	sigset_t ending;

	turn->lock = lock(path, &why);
	if (turn->lock < 0 && why.class == ERR_TIMEOUT)
		return err_set(err, ERR_UNAVAILABLE, "%s", why.message);
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ending, &turn->before);
	return 0;
}

void cache_file_end(struct cache_file_turn *turn)
{
	if (turn->lock >= 0)
		close(turn->lock);
	pthread_sigmask(SIG_SETMASK, &turn->before, NULL);
}

int cache_file_time(const char *text, int64_t *out)
{
	size_t len = strlen(text);
	char copy[40];

	if (len > 3 && len < sizeof(copy) && strcmp(text + len - 3, "UTC") == 0) {
		snprintf(copy, sizeof(copy), "%.*sZ", (int)len - 3, text);
		return clock_parse(copy, out);
	}
	return clock_parse(text, out);
}
