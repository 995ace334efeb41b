#include "target_process.h"
#include "lib/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STAT_SESSION = 6, STAT_START = 22, GO = 'g' };

int target_process_start(const char *const *argv, const char *const *envp, const char *dir,
			 pid_t *pid, int *gate, struct err *err)
{
	posix_spawn_file_actions_t act;
	posix_spawnattr_t attr;
	sigset_t none, reset;
	int fd[2], rc;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, "cannot make a pipe");
	posix_spawn_file_actions_init(&act);	/* cannot fail in glibc and musl */
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigfillset(&reset);
	sigdelset(&reset, SIGKILL);
	sigdelset(&reset, SIGSTOP);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &reset);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_adddup2(&act, fd[0], 0);
	posix_spawn_file_actions_addopen(&act, 1, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addopen(&act, 2, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addchdir_np(&act, dir);
	posix_spawn_file_actions_addclosefrom_np(&act, 3);
	rc = posix_spawn(pid, argv[0], &act, &attr, (char *const *)argv, (char *const *)envp);
	posix_spawn_file_actions_destroy(&act);
	posix_spawnattr_destroy(&attr);
	close(fd[0]);
	if (rc) {
		close(fd[1]);
		errno = rc;
		return err_errno(err, "cannot run %s", argv[0]);
	}
	*gate = fd[1];
	return 0;
}

int target_process_open(int gate, const char *input, struct err *err)
{
	const char go = GO;

	if (file_write_fd(gate, &go, 1, "the gate of a worker", err) < 0)
		return -1;
	return input ? file_write_fd(gate, input, strlen(input), "the input of a worker", err) : 0;
}

bool target_process_gate(size_t bytes, struct buf *input)
{
	struct err ignored;
	char byte = 0;
	ssize_t n;
	int null;

	do {
		n = read(STDIN_FILENO, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n != 1 || byte != GO ||
	    (bytes && file_read_fd(STDIN_FILENO, "the gate", input, &ignored) < 0))
		return false;
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		close(null);
	}
	return input->len == bytes;
}

/* Field `field` (from 1) of /proc/PID/stat as a number, and the state letter. */
static bool stat_field(pid_t pid, int field, unsigned long long *out, char *state)
{
	struct buf text = BUF_INIT(4096);
	char path[48];
	struct err ignored;
	char *p;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (file_read(path, &text, NULL, &ignored) < 0 || !text.len) {
		buf_free(&text);
		return false;
	}
	p = strrchr(text.data, ')');	/* the name may hold anything */
	if (p && p[1] == ' ') {
		*state = p[2];
		p += 2;
		for (int i = 3; p && i < field; i++) {
			p = strchr(p, ' ');
			p = p ? p + 1 : NULL;
		}
		*out = p ? strtoull(p, NULL, 10) : 0;
	}
	buf_free(&text);
	return p != NULL;
}

static bool boot_id(char out[static 40])
{
	struct buf text = BUF_INIT(64);
	struct err ignored;
	bool good = file_read("/proc/sys/kernel/random/boot_id", &text, NULL, &ignored) == 0;

	snprintf(out, 40, "%.*s", (int)strcspn(buf_str(&text), "\n"), buf_str(&text));
	buf_free(&text);
	return good && out[0];
}

int target_process_name(pid_t pid, struct buf *out, struct err *err)
{
	unsigned long long start;
	char boot[40], state;

	if (!stat_field(pid, STAT_START, &start, &state) || !boot_id(boot))
		return err_set(err, ERR_INTERNAL, "cannot read /proc/%ld/stat", (long)pid);
	buf_addf(out, "pid %ld start %llu boot %s", (long)pid, start, boot);
	return buf_check(out, "the name of a process", err);
}

static bool parse(const char *name, pid_t *pid, unsigned long long *start)
{
	char boot[40], same[40];
	long number;

	if (sscanf(name, "pid %ld start %llu boot %39s", &number, start, boot) != 3 || number <= 1)
		return false;
	*pid = (pid_t)number;
	return boot_id(same) && strcmp(boot, same) == 0;
}

bool target_process_alive(const char *name, pid_t *pid)
{
	unsigned long long want, start;
	char state;

	if (!parse(name, pid, &want))
		return false;
	waitpid(*pid, NULL, WNOHANG);	/* when it is a child of this drainer */
	return stat_field(*pid, STAT_START, &start, &state) && start == want && state != 'Z' &&
	       state != 'X';
}

int target_process_watch(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

void target_process_end_session(const char *name)
{
	unsigned long long want, start, session;
	struct dirent *entry;
	pid_t leader;
	char state;
	DIR *proc;

	if (!parse(name, &leader, &want))
		return;
	/* a stranger that has the number by now leads a session of its own */
	if (stat_field(leader, STAT_START, &start, &state) && start != want)
		return;
	proc = opendir("/proc");
	while (proc && (entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (*end || pid <= 1)
			continue;
		if (stat_field((pid_t)pid, STAT_SESSION, &session, &state) &&
		    session == (unsigned long long)leader)
			kill((pid_t)pid, SIGKILL);
	}
	if (proc)
		closedir(proc);
}
