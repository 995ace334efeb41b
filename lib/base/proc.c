#include "proc.h"
#include "clock.h"
#include "file.h"
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
	GRACE_MS = 2000,	/* between SIGTERM and SIGKILL, and after it */
	DRAIN_MS = 500,		/* for output of grandchildren after the child's end */
	STOP_POLL_MS = 200,	/* how soon *stop is seen */
};

enum { IN, OUT, ERR, STREAMS };

struct child {
	const struct proc *p;
	struct proc_result *r;
	pid_t pid;
	int pidfd;		/* -1 on kernels without it */
	int fd[STREAMS];	/* our ends; -1 when closed or not captured */
	size_t written;
};

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int attributes(posix_spawnattr_t *attr, bool own_group)
{
	sigset_t none, reset;

	sigemptyset(&none);
	sigemptyset(&reset);
	sigaddset(&reset, SIGPIPE);
	sigaddset(&reset, SIGINT);
	sigaddset(&reset, SIGTERM);
	sigaddset(&reset, SIGHUP);
	if (posix_spawnattr_init(attr))
		return -1;
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &reset);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(attr, (short)((own_group ? POSIX_SPAWN_SETPGROUP : 0) |
					       POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
	return 0;
}

/* 0 or an errno. */
static int file_actions(const struct proc *p, const int theirs[STREAMS],
			posix_spawn_file_actions_t *act)
{
	int rc = theirs[IN] >= 0 ? posix_spawn_file_actions_adddup2(act, theirs[IN], 0)
				 : posix_spawn_file_actions_addopen(act, 0, "/dev/null", O_RDONLY, 0);

	if (!rc && theirs[OUT] >= 0)
		rc = posix_spawn_file_actions_adddup2(act, theirs[OUT], 1);
	if (!rc && (theirs[ERR] >= 0 || p->merge))
		rc = posix_spawn_file_actions_adddup2(act, theirs[ERR] >= 0 ? theirs[ERR] : 1, 2);
	if (!rc && p->dir)
		rc = posix_spawn_file_actions_addchdir_np(act, p->dir);
	return rc;
}

static int start(struct child *c, int theirs[STREAMS], struct err *err)
{
	const struct proc *p = c->p;
	posix_spawn_file_actions_t act;
	posix_spawnattr_t attr;
	char *const *envp = p->envp ? (char *const *)p->envp : environ;
	int rc;

	if (posix_spawn_file_actions_init(&act))
		return err_set(err, ERR_INTERNAL, "no memory to start %s", p->argv[0]);
	if (attributes(&attr, !p->asks) < 0) {
		posix_spawn_file_actions_destroy(&act);
		return err_set(err, ERR_INTERNAL, "no memory to start %s", p->argv[0]);
	}
	rc = file_actions(p, theirs, &act);
	if (!rc)
		rc = posix_spawnp(&c->pid, p->argv[0], &act, &attr, (char *const *)p->argv, envp);
	posix_spawn_file_actions_destroy(&act);
	posix_spawnattr_destroy(&attr);
	if (rc) {
		errno = rc;
		return err_errno(err, "cannot run %s", p->argv[0]);
	}
	return 0;
}

static int open_pipe(int fd[2], struct err *err)
{
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, "cannot make a pipe");
	return 0;
}

/* Makes the pipes: ours in c->fd, theirs in theirs[]. */
static int connect_streams(struct child *c, int theirs[STREAMS], struct err *err)
{
	const struct proc *p = c->p;
	const bool wanted[STREAMS] = { p->input, p->out || p->on_output, p->errors && !p->merge };
	int fd[2];

	for (int s = 0; s < STREAMS; s++) {
		if (!wanted[s])
			continue;
		if (open_pipe(fd, err) < 0)
			return -1;
		c->fd[s] = fd[s == IN ? 1 : 0];
		theirs[s] = fd[s == IN ? 0 : 1];
		fcntl(c->fd[s], F_SETFL, O_NONBLOCK);
	}
	return 0;
}

static void feed(struct child *c)
{
	ssize_t n = write(c->fd[IN], (const char *)c->p->input + c->written,
			  c->p->input_len - c->written);

	if (n > 0)
		c->written += (size_t)n;
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || c->written == c->p->input_len)
		shut(&c->fd[IN]);
}

static void drain(struct child *c, int stream)
{
	struct buf *b = stream == OUT ? c->p->out : c->p->errors;
	char chunk[16384];
	ssize_t n = read(c->fd[stream], chunk, sizeof(chunk));

	if (n > 0 && stream == OUT && c->p->on_output)
		c->p->on_output(c->p->arg, chunk, (size_t)n);
	else if (n > 0 && !c->r->truncated) {
		size_t room = b->max - b->len;

		if ((size_t)n > room)
			c->r->truncated = true;
		if (buf_add(b, chunk, (size_t)n > room ? room : (size_t)n) < 0)
			c->r->truncated = true;
	} else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		shut(&c->fd[stream]);
	}
	explicit_bzero(chunk, sizeof(chunk));
}

/* One round of waiting: for output, for the child's end, for *stop. */
static void turn(struct child *c, int wait_ms)
{
	struct pollfd pf[STREAMS + 1];

	for (int s = 0; s < STREAMS; s++)
		pf[s] = (struct pollfd){ .fd = c->fd[s], .events = s == IN ? POLLOUT : POLLIN };
	pf[STREAMS] = (struct pollfd){ .fd = c->pidfd, .events = POLLIN };
	if (c->pidfd < 0 && wait_ms > 20)
		wait_ms = 20;
	if (poll(pf, STREAMS + 1, wait_ms) <= 0)
		return;
	if (c->fd[IN] >= 0 && pf[IN].revents)
		feed(c);
	for (int s = OUT; s <= ERR; s++)
		if (c->fd[s] >= 0 && pf[s].revents)
			drain(c, s);
}

static bool reaped(struct child *c)
{
	int status;
	pid_t pid = waitpid(c->pid, &status, WNOHANG);

	if (pid < 0 && errno == ECHILD) {	/* someone else reaped it */
		c->r->exit_code = 127;
		return true;
	}
	if (pid != c->pid)
		return false;
	c->r->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return true;
}

/* Waits until the child has ended or the deadline or *stop ends it. */
static void supervise(struct child *c)
{
	deadline_t end = deadline_in(c->p->timeout_ms);
	pid_t whom = c->p->asks ? c->pid : -c->pid;
	bool ending = false, killed = false;

	while (!reaped(c)) {
		int left = deadline_left(end);

		if (!ending && stop_is_set(c->p->stop))
			c->r->stopped = true;
		if (!ending && left == 0)
			c->r->timed_out = true;
		if (!ending && (c->r->stopped || c->r->timed_out)) {
			ending = true;
			end = deadline_in(GRACE_MS);
			kill(whom, SIGTERM);
			continue;
		}
		if (ending && left == 0) {
			if (killed) {
				c->r->exit_code = 128 + SIGKILL;
				return;
			}
			killed = true;
			end = deadline_in(GRACE_MS);
			kill(whom, SIGKILL);
			continue;
		}
		turn(c, c->p->stop && left > STOP_POLL_MS ? STOP_POLL_MS : left);
	}
	if (ending && !c->p->asks)
		kill(whom, SIGKILL);	/* what it left behind in its group */
}

static void drain_rest(struct child *c)
{
	deadline_t end = deadline_in(DRAIN_MS);

	shut(&c->fd[IN]);
	shut(&c->pidfd);
	while ((c->fd[OUT] >= 0 || c->fd[ERR] >= 0) && !deadline_over(end))
		turn(c, deadline_left(end));
}

int proc_run(const struct proc *p, struct proc_result *result, struct err *err)
{
	struct child c = { .p = p, .r = result, .pidfd = -1, .fd = { -1, -1, -1 } };
	int theirs[STREAMS] = { -1, -1, -1 };
	const struct sigaction ignore = { .sa_handler = SIG_IGN }, standard = { .sa_handler = SIG_DFL };
	struct sigaction old_pipe, old_child;
	int rc = -1;

	*result = (struct proc_result){ 0 };
	sigaction(SIGPIPE, &ignore, &old_pipe);
	sigaction(SIGCHLD, &standard, &old_child);	/* ignored, children vanish unseen */
	if (connect_streams(&c, theirs, err) == 0)
		rc = start(&c, theirs, err);
	for (int s = 0; s < STREAMS; s++)
		shut(&theirs[s]);
	if (rc == 0) {
		c.pidfd = (int)syscall(SYS_pidfd_open, c.pid, 0);
		if (p->input && p->input_len == 0)
			shut(&c.fd[IN]);
		supervise(&c);
		drain_rest(&c);
	}
	shut(&c.pidfd);
	for (int s = 0; s < STREAMS; s++)
		shut(&c.fd[s]);
	sigaction(SIGCHLD, &old_child, NULL);
	sigaction(SIGPIPE, &old_pipe, NULL);
	return rc;
}

int proc_sibling(const char *name, struct buf *out, struct err *err)
{
	/* The folders of an installed tree, seen from bin/ and from
	 * libexec/codetrain/; the first also serves a build tree. */
	static const char *const places[] = {
		"%.*s/%s", "%.*s/../libexec/codetrain/%s", "%.*s/../../bin/%s"
	};
	char self[PATH_MAX_BYTES];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return err_errno(err, "cannot find my own path in /proc/self/exe");
	self[n] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
		buf_clear(out);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		buf_addf(out, places[i], (int)(slash - self), self, name);
#pragma GCC diagnostic pop
		if (!out->failed && access(buf_str(out), X_OK) == 0)
			return 0;
	}
	return err_set(err, ERR_INTERNAL, "%s is not installed beside %s; run make install again",
		       name, self);
}

/* git's own pipes are for no program of ours. */
static void keep_descriptors(void)
{
	enum { FIRST = 3, MOST = 1024 };

	if (syscall(SYS_close_range, FIRST, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (int fd = FIRST; fd < MOST; fd++)	/* a kernel before 5.11 */
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int proc_detach(const char *const *argv, const char *const *envp, const char *dir,
		struct err *err)
{
	posix_spawn_file_actions_t act;
	posix_spawnattr_t attr;
	sigset_t none;
	pid_t pid;
	int rc = 0;

	if (posix_spawn_file_actions_init(&act))
		return err_set(err, ERR_INTERNAL, "no memory to start %s", argv[0]);
	if (posix_spawnattr_init(&attr)) {
		posix_spawn_file_actions_destroy(&act);
		return err_set(err, ERR_INTERNAL, "no memory to start %s", argv[0]);
	}
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
	for (int fd = 0; fd <= 2 && !rc; fd++)
		rc = posix_spawn_file_actions_addopen(&act, fd, "/dev/null", O_RDWR, 0);
	if (!rc)
		rc = posix_spawn_file_actions_addchdir_np(&act, dir);
	if (!rc)
		keep_descriptors();
	if (!rc)
		rc = posix_spawnp(&pid, argv[0], &act, &attr, (char *const *)argv,
				  envp ? (char *const *)envp : environ);
	posix_spawn_file_actions_destroy(&act);
	posix_spawnattr_destroy(&attr);
	if (rc) {
		errno = rc;
		return err_errno(err, "cannot run %s", argv[0]);
	}
	return 0;
}

static bool listed(const char *entry, const char *const *names)
{
	size_t len = strcspn(entry, "=");

	for (; *names; names++) {
		size_t n = strlen(*names);

		if (n && (*names)[n - 1] == '*' && n - 1 <= len &&
		    strncmp(entry, *names, n - 1) == 0)
			return true;
		if (n == len && strncmp(entry, *names, n) == 0)
			return true;
	}
	return false;
}

int proc_environment(const char *const *names, struct strs *out, struct err *err)
{
	for (char **e = environ; *e; e++)
		if (listed(*e, names))
			strs_add(out, *e);
	if (out->failed)
		return err_set(err, ERR_INTERNAL, "the environment is too large");
	return 0;
}
