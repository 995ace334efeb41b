#include "queue_wake.h"
#include "queue_config.h"
#include "queue_place.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOMENT_MS = 20 };

static const char fifo_name[] = "wake", lock_name[] = "drainer.lock";

/* The writing end; -1 when nobody reads. */
static int open_writer(const char *gitdir)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct err ignored;
	int fd = -1;

	if (queue_place_path(gitdir, fifo_name, &path, &ignored) == 0)
		fd = open(buf_str(&path), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	buf_free(&path);
	return fd;
}

bool queue_wake(const char *gitdir)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	int fd = open_writer(gitdir);
	struct sigaction old;
	bool woken;

	if (fd < 0)
		return false;
	sigaction(SIGPIPE, &ignore, &old);
	/* full: it has enough to wake up from */
	woken = write(fd, "w", 1) == 1 || errno == EAGAIN;
	sigaction(SIGPIPE, &old, NULL);
	close(fd);
	return woken;
}

bool queue_wake_present(const char *gitdir)
{
	int fd = open_writer(gitdir);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int queue_wake_environment(struct strs *out, struct err *err)
{
	static const char *const keep[] = {
		"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "XDG_*", "AWS_*",
		"CODETRAIN_*", "SSL_CERT_*", "http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy",
		"NO_PROXY", "all_proxy", "ALL_PROXY", NULL
	};

	return proc_environment(keep, out, err);
}

/* codetrain.drainer = none: systemd or cron alone starts it. What cannot be read forbids
 * nothing: the drainer tells of it. */
static bool is_started_elsewhere(const char *gitdir)
{
	struct queue_config config = QUEUE_CONFIG_INIT;
	struct err ignored = { 0 };
	bool elsewhere = queue_config_load(gitdir, &config, &ignored) == 0 &&
			 strcmp(queue_config_get(&config, NULL, "drainer", "hook"), "none") == 0;

	queue_config_free(&config);
	return elsewhere;
}

static int start(const char *gitdir, struct err *err)
{
	struct buf program = BUF_INIT(PATH_MAX_BYTES);
	struct strs env = STRS_INIT;
	int rc = -1;

	if (is_started_elsewhere(gitdir))
		return 0;
	if (proc_sibling("codetrain-queue", &program, err) == 0 &&
	    queue_wake_environment(&env, err) == 0) {
		const char *const argv[] = { buf_str(&program), "run", "--background", "-C", gitdir,
					     NULL };
		const char *const none[] = { NULL };

		rc = proc_detach(argv, env.n ? (const char *const *)env.v : none, gitdir, err);
	}
	strs_free(&env);
	buf_free(&program);
	return rc;
}

int queue_wake_or_start(const char *gitdir, struct err *err)
{
	return queue_wake(gitdir) ? 0 : start(gitdir, err);
}

int queue_wake_lock(const char *gitdir, deadline_t deadline, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int fd = -1;

	if (queue_place_path(gitdir, lock_name, &path, err) == 0)
		fd = file_lock(buf_str(&path), deadline, err);
	buf_free(&path);
	return fd;
}

int queue_wake_listen(const char *gitdir, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int fd = -1;

	if (queue_place_path(gitdir, fifo_name, &path, err) < 0)
		goto out;
	if (mkfifo(buf_str(&path), 0600) < 0 && errno != EEXIST) {
		err_errno(err, "cannot make the FIFO %s", buf_str(&path));
		goto out;
	}
	/* for both, which Linux allows: a last writer that leaves is no end of file */
	fd = open(buf_str(&path), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		err_errno(err, "cannot open the FIFO %s", buf_str(&path));
out:
	buf_free(&path);
	return fd;
}

bool queue_wake_still_there(const char *gitdir, int lock)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct stat ours, there;
	struct err ignored;
	bool same = queue_place_path(gitdir, lock_name, &path, &ignored) == 0 &&
		    fstat(lock, &ours) == 0 && stat(buf_str(&path), &there) == 0 &&
		    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;

	buf_free(&path);
	return same;
}

static bool take(int fd)
{
	char bytes[512];
	bool any = false;

	while (read(fd, bytes, sizeof(bytes)) > 0)
		any = true;
	return any;
}

bool queue_wake_take(int fd)
{
	if (!take(fd))
		return false;
	poll(NULL, 0, MOMENT_MS);
	take(fd);
	return true;
}
