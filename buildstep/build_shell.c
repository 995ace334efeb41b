#include "build_shell.h"
#include "build_shell_driver.h"

#include "lib/base/file.h"
#include "lib/base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	REPLY_FD = 8,		/* the driver knows these numbers */
	REQUEST_FD = 9,
	FIRST_FREE_FD = 10,
	TICK_MS = 200,		/* how soon *stop and a dead shell are seen */
	GRACE_MS = 1000,	/* between SIGTERM and SIGKILL: shorter than a caller's */
	END_MS = 1000,		/* for a shell's own traps */
	AFTERMATH = 1 << 20,	/* bytes of output read after a command's end */
	STATE_MAX = 8 << 20,
};

void build_shell_init(struct build_shell *s, const char *program, const char *const *envp,
		      const char *dir, struct build_output *output)
{
	*s = (struct build_shell){
		.program = program, .envp = envp, .dir = dir, .output = output,
		.request = -1, .reply = -1, .out = -1,
		.answer = BUF_INIT_SECRET(STATE_MAX), .state = BUF_INIT_SECRET(STATE_MAX),
	};
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A pipe whose ends are above the numbers that the driver uses. */
static int high_pipe(int fd[2])
{
	int low[2];

	if (pipe2(low, O_CLOEXEC) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		fd[i] = fcntl(low[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
		close(low[i]);
	}
	if (fd[0] >= 0 && fd[1] >= 0)
		return 0;
	shut(&fd[0]);
	shut(&fd[1]);
	return -1;
}

static int attributes(posix_spawnattr_t *attr)
{
	sigset_t none, standard;

	sigemptyset(&none);
	sigfillset(&standard);
	sigdelset(&standard, SIGKILL);
	sigdelset(&standard, SIGSTOP);
	if (posix_spawnattr_init(attr))
		return -1;
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &standard);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	return 0;
}

static int spawn(struct build_shell *s, int out, int reply, int request)
{
	const char *const argv[] = { s->program, "-c", build_shell_driver, NULL };
	posix_spawn_file_actions_t act;
	posix_spawnattr_t attr;
	int rc;

	if (posix_spawn_file_actions_init(&act))
		return ENOMEM;
	if (attributes(&attr) < 0) {
		posix_spawn_file_actions_destroy(&act);
		return ENOMEM;
	}
	posix_spawn_file_actions_addopen(&act, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&act, out, 1);
	posix_spawn_file_actions_adddup2(&act, out, 2);
	posix_spawn_file_actions_adddup2(&act, reply, REPLY_FD);
	posix_spawn_file_actions_adddup2(&act, request, REQUEST_FD);
	posix_spawn_file_actions_addclosefrom_np(&act, FIRST_FREE_FD);
	posix_spawn_file_actions_addchdir_np(&act, s->dir);
	rc = posix_spawnp(&s->pid, s->program, &act, &attr, (char *const *)argv,
			  (char *const *)s->envp);
	posix_spawn_file_actions_destroy(&act);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static void reset(struct build_shell *s)
{
	s->pid = 0;
	shut(&s->request);
	shut(&s->reply);
	shut(&s->out);
	buf_clear(&s->answer);
}

static int start(struct build_shell *s, struct err *err)
{
	int out[2] = { -1, -1 }, reply[2] = { -1, -1 }, request[2] = { -1, -1 };
	int rc;

	if (high_pipe(out) < 0 || high_pipe(reply) < 0 || high_pipe(request) < 0) {
		err_errno(err, "cannot make a pipe");
		rc = -1;
	} else {
		rc = spawn(s, out[1], reply[1], request[0]);
		if (rc) {
			errno = rc;
			err_errno(err, "cannot run the shell %s", s->program);
			rc = -1;
		}
	}
	shut(&out[1]);
	shut(&reply[1]);
	shut(&request[0]);
	s->out = out[0];
	s->reply = reply[0];
	s->request = request[1];
	if (rc < 0) {
		reset(s);
		return -1;
	}
	fcntl(s->out, F_SETFL, O_NONBLOCK);
	fcntl(s->reply, F_SETFL, O_NONBLOCK);
	fcntl(s->request, F_SETFL, O_NONBLOCK);
	return 0;
}

/* What came on the output pipe, at most `most` bytes. */
static void forward(struct build_shell *s, size_t most)
{
	char chunk[16384];

	while (s->out >= 0 && most > 0) {
		ssize_t n = read(s->out, chunk, sizeof(chunk));

		if (n > 0)
			build_output_raw(s->output, chunk, (size_t)n);
		else if (n == 0)
			shut(&s->out);
		if (n <= 0)
			break;
		most -= (size_t)n < most ? (size_t)n : most;
	}
	explicit_bzero(chunk, sizeof(chunk));
}

static void listen(struct build_shell *s)
{
	char chunk[16384];
	ssize_t n = read(s->reply, chunk, sizeof(chunk));

	if (n > 0)
		buf_add(&s->answer, chunk, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		shut(&s->reply);
	explicit_bzero(chunk, sizeof(chunk));
}

static void feed(struct build_shell *s, const struct buf *request, size_t *written)
{
	ssize_t n = write(s->request, buf_str(request) + *written, request->len - *written);

	if (n > 0)
		*written += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		*written = request->len;	/* it ended; its status comes by wait */
}

/* One round: gives the request, takes output and answer. */
static void turn(struct build_shell *s, const struct buf *request, size_t *written, int wait_ms)
{
	bool asking = request && *written < request->len;
	struct pollfd pf[3] = {
		{ .fd = s->out, .events = POLLIN },
		{ .fd = s->reply, .events = POLLIN },
		{ .fd = asking ? s->request : -1, .events = POLLOUT },
	};

	if (poll(pf, 3, wait_ms) <= 0)
		return;
	if (asking && pf[2].revents)
		feed(s, request, written);
	if (pf[0].revents)
		forward(s, 1);
	if (pf[1].revents)
		listen(s);
}

/* Takes one record (it ends with NUL) off the answer; NULL: not here yet. */
static const char *record(struct build_shell *s, struct buf *copy)
{
	const char *end = s->answer.len ? memchr(s->answer.data, '\0', s->answer.len) : NULL;
	size_t len;

	if (!end)
		return NULL;
	len = (size_t)(end - s->answer.data);
	buf_clear(copy);
	buf_add(copy, s->answer.data, len);
	memmove(s->answer.data, end + 1, s->answer.len - len - 1);
	s->answer.len -= len + 1;
	return copy->failed ? NULL : buf_str(copy);
}

/* Ends the process group: asks, then kills. Reaps the shell. */
static void finish_group(struct build_shell *s, int grace_ms)
{
	deadline_t end = deadline_in(grace_ms);
	size_t none = 0;

	while (waitpid(s->pid, NULL, WNOHANG) == 0 && !deadline_over(end))
		turn(s, NULL, &none, deadline_left(end) < 20 ? deadline_left(end) : 20);
	kill(-s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	forward(s, AFTERMATH);
	reset(s);
}

static bool interrupted(struct build_shell *s, enum build_end *end)
{
	if (stop_is_set(s->stop))
		*end = BUILD_STOPPED;
	else if (deadline_over(s->deadline))
		*end = BUILD_TIMED_OUT;
	else
		return false;
	kill(-s->pid, SIGTERM);
	finish_group(s, GRACE_MS);
	return true;
}

/* The shell ended inside a command: keeps what it left. Its background
 * processes live on in the old group until the build's end. */
static int ended(struct build_shell *s, int wait_status)
{
	int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status)
					    : 128 + WTERMSIG(wait_status);
	struct buf left = BUF_INIT_SECRET(STATE_MAX);

	while (s->reply >= 0) {
		size_t before = s->answer.len;

		listen(s);
		if (s->answer.len == before)
			break;
	}
	if (record(s, &left) && strcmp(buf_str(&left), "exit") == 0 && record(s, &left)) {
		buf_clear(&s->state);
		buf_add(&s->state, left.data, left.len);
	}
	buf_free(&left);
	forward(s, AFTERMATH);
	reset(s);
	return status;
}

/* Gives a request and waits for its one record, or for the shell's end. Returns
 * true with the record in `answer`; false when the shell is gone, and then
 * *status tells how, or *end is not BUILD_DONE. */
static bool ask(struct build_shell *s, const struct buf *request, struct buf *answer, int *status,
		enum build_end *end)
{
	size_t written = 0;
	int wait_status;

	*end = BUILD_DONE;
	for (;;) {
		int left = deadline_left(s->deadline);

		/* with the reply pipe shut the shell has ended, or has become another program */
		if (s->reply < 0 && left > 10)
			left = 10;
		turn(s, request, &written, left < TICK_MS ? left : TICK_MS);
		if (s->answer.len && memchr(s->answer.data, '\0', s->answer.len) &&
		    strcmp(s->answer.data, "exit") != 0)
			return record(s, answer) != NULL;
		if (waitpid(s->pid, &wait_status, WNOHANG) == s->pid) {
			*status = ended(s, wait_status);
			return false;
		}
		if (interrupted(s, end))
			return false;
	}
}

/* "+line" for each line of a text, and "." behind it. */
static void add_command(struct buf *request, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		buf_addc(request, '+');
		buf_add(request, text, len);
		buf_addc(request, '\n');
		text += len;
		text += *text == '\n';
	}
	buf_adds(request, ".\n");
}

static int exchange(struct build_shell *s, const char *command, int *status, enum build_end *end,
		    struct err *err)
{
	struct buf request = BUF_INIT_SECRET(2 * STATE_MAX), answer = BUF_INIT(64);
	int rc = 0;

	add_command(&request, command);
	if (buf_check(&request, "a command", err) < 0)
		rc = -1;
	else if (ask(s, &request, &answer, status, end))
		*status = (int)strtol(buf_str(&answer), NULL, 10);
	buf_free(&request);
	buf_free(&answer);
	return rc;
}

int build_shell_run(struct build_shell *s, const char *command, int *status, enum build_end *end,
		    struct err *err)
{
	*end = BUILD_DONE;
	*status = 0;
	if (s->pid == 0) {
		if (start(s, err) < 0)
			return -1;
		if (s->state.len && exchange(s, buf_str(&s->state), status, end, err) < 0)
			return -1;
		buf_clear(&s->state);
		if (*end != BUILD_DONE)
			return 0;
	}
	if (exchange(s, command, status, end, err) < 0)
		return -1;
	forward(s, AFTERMATH);
	build_output_flush(s->output);
	return 0;
}

int build_shell_value(struct build_shell *s, const char *name, struct buf *value, bool *set,
		      struct err *err)
{
	struct buf request = BUF_INIT(512), answer = BUF_INIT_SECRET(STATE_MAX);
	enum build_end end;
	int status;

	*set = false;
	if (s->pid == 0) {
		int unused;

		if (!s->state.len || build_shell_run(s, ":", &unused, &end, err) < 0)
			return 0;
	}
	buf_addf(&request, "=%s\n", name);
	if (s->pid && ask(s, &request, &answer, &status, &end) && *buf_str(&answer) == '=') {
		*set = true;
		buf_adds(value, buf_str(&answer) + 1);
	}
	buf_free(&request);
	buf_free(&answer);
	return buf_check(value, "the value of a variable", err);
}

void build_shell_end(struct build_shell *s)
{
	if (s->pid) {
		shut(&s->request);	/* the driver reads the end, and exits */
		finish_group(s, END_MS);
	}
	buf_free(&s->answer);
	buf_free(&s->state);
}
