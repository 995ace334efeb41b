#include "queue_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ANCESTORS = 32, BOOT = 40 };

struct process {
	char comm[32];
	char state;
	pid_t parent;
	unsigned long long start;
};

/* These files are made by the kernel as they are read, in one piece: no more is needed, and
 * a hook that starts for each ref of a push pays for each call. */
static ssize_t read_small(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	do {
		n = read(fd, out, size - 1);
	} while (n < 0 && errno == EINTR);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	return n;
}

/* 0, or -1 with errno: ENOENT and ESRCH when there is none of this number. */
static int look(pid_t pid, struct process *out)
{
	char path[48], text[1024], *open_bracket, *close_bracket, *p;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (read_small(path, text, sizeof(text)) <= 0)
		return -1;
	open_bracket = strchr(text, '(');
	close_bracket = strrchr(text, ')');	/* the name may hold anything */
	errno = EINVAL;
	if (!open_bracket || !close_bracket || close_bracket[1] != ' ')
		return -1;
	*close_bracket = '\0';
	snprintf(out->comm, sizeof(out->comm), "%s", open_bracket + 1);
	p = close_bracket + 2;
	out->state = *p;
	out->parent = (pid_t)strtol(p + 1, NULL, 10);
	for (int field = 3; field < 22; field++) {
		p = strchr(p, ' ');
		if (!p)
			return -1;
		p++;
	}
	out->start = strtoull(p, NULL, 10);
	return 0;
}

static bool boot_id(char out[static BOOT])
{
	if (read_small("/proc/sys/kernel/random/boot_id", out, BOOT) <= 0)
		return false;
	out[strcspn(out, "\n")] = '\0';
	return out[0] != '\0';
}

static bool own_namespace(unsigned long *out)
{
	char text[48];
	ssize_t n = readlink("/proc/self/ns/pid", text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return sscanf(text, "pid:[%lu]", out) == 1;
}

static bool is_git(const struct process *p)
{
	/* the kernel cuts a name at 15 bytes */
	return strcmp(p->comm, "git") == 0 || strcmp(p->comm, "git-receive-pac") == 0;
}

/* False when /proc shows nothing of the parent either. */
static bool find(pid_t *pid, struct process *out)
{
	struct process p;

	*pid = getppid();
	for (int i = 0; i < ANCESTORS && *pid > 0 && look(*pid, &p) == 0; i++) {
		if (is_git(&p)) {
			*out = p;
			return true;
		}
		*pid = p.parent;
	}
	*pid = getppid();
	/* an orphan: what it belonged to is gone, as it will be itself in a moment */
	if (*pid == 1)
		*pid = getpid();
	return look(*pid, out) == 0;
}

void queue_run_find(char out[static QUEUE_RUN_NAME])
{
	struct process p = { 0 };
	unsigned long namespace;
	char boot[BOOT];
	pid_t pid;

	out[0] = '\0';
	if (find(&pid, &p) && boot_id(boot) && own_namespace(&namespace) &&
	    snprintf(out, QUEUE_RUN_NAME, "pid %ld start %llu boot %s ns %lu", (long)pid, p.start, boot,
		     namespace) >= QUEUE_RUN_NAME)
		out[0] = '\0';
}

static enum queue_run_state find_again(const char *run, pid_t *pid)
{
	unsigned long namespace, own;
	unsigned long long start;
	char boot[BOOT], here[BOOT];
	struct process p = { 0 };
	long number;

	if (sscanf(run, "pid %ld start %llu boot %39s ns %lu", &number, &start, boot, &namespace) != 4 ||
	    number < 1 || !boot_id(here))
		return QUEUE_RUN_UNKNOWN;
	if (strcmp(boot, here) != 0)
		return QUEUE_RUN_DEAD;
	if (!own_namespace(&own) || own != namespace)
		return QUEUE_RUN_UNKNOWN;
	*pid = (pid_t)number;
	if (look(*pid, &p) < 0)
		return errno == ENOENT || errno == ESRCH ? QUEUE_RUN_DEAD : QUEUE_RUN_UNKNOWN;
	return p.start == start && p.state != 'Z' && p.state != 'X' ? QUEUE_RUN_ALIVE : QUEUE_RUN_DEAD;
}

enum queue_run_state queue_run_look(const char *run)
{
	pid_t pid;

	return find_again(run, &pid);
}

int queue_run_watch(const char *run)
{
	pid_t pid;
	int fd;

	if (find_again(run, &pid) != QUEUE_RUN_ALIVE)
		return -1;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	/* its number may be another's since it was looked at */
	if (fd >= 0 && find_again(run, &pid) != QUEUE_RUN_ALIVE) {
		close(fd);
		return -1;
	}
	return fd;
}
