/*
 * Runs a command and everything that it starts, and kills or fails chosen
 * processes at chosen system calls.
 *
 *	trace [-c] [-t SECONDS] [-o CLOCK] [-l LOG] [-r ROLE] [-d ROLE]... [-e NAME=VALUE]...
 *	      [-n PLANS] [-k RULE]... -- COMMAND [ARG...]
 *
 * RULE is "ROLE PROCESS CALL enter|exit kill|all" or "ROLE PROCESS CALL ENOSPC|EIO|short TIMES":
 * the PROCESSth process of that role (0: each), at its CALLth system call, before or after its
 * effect, alone or with all that are traced; or its CALLth call that writes or makes files, and TIMES - 1 such calls after it (0: all
 * of them). A role is the program's name, without "git-"; git's is its command, a script's the
 * script's name, and a hook of reference transactions has its state behind it.
 *
 * -r names the command's own role. -n takes the next line of the file PLANS, rules with ";" between
 * them; PLANS.next counts.
 * -o moves the wall clock of those that load no library, as clock.c does that of others.
 * -d lets processes of a role go. -c writes the number of calls of each process to LOG, which
 * also gets a line for each rule that came true. Ends when the last traced process has, with
 * the command's exit code, or 128 and its signal; 124 after SECONDS, when all are killed.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROLE_MAX = 64, RULES_MAX = 32, DETACH_MAX = 8, THREADS_MAX = 512, ARGS_MAX = 16, FAULT = 125 };
enum action { KILL, FAIL, SHORT };

struct rule {
	char role[ROLE_MAX];
	int process;
	long call, times;
	bool at_exit, all;
	enum action action;
	int error;
};

struct process {
	pid_t id;
	char role[ROLE_MAX];
	int ordinal, threads;
	long calls, faultable;
	bool watched, moved;	/* stopped at each call; has its clock moved */
};

struct thread {
	pid_t id;
	struct process *process;
	const struct rule *pending;	/* to be finished at this call's exit */
	unsigned long long argument;	/* what a short write's was */
	long number;			/* of the call that it is in */
	unsigned long long arguments[2];
};

static struct rule rules[RULES_MAX];
static size_t rules_n;
static const char *detach[DETACH_MAX];
static size_t detach_n;
static struct thread threads[THREADS_MAX];
static size_t threads_n;
static char seen[THREADS_MAX][ROLE_MAX];	/* the role of each process that ever was */
static size_t seen_n;
static bool counting;
static const char *first_role;
static const volatile int64_t *offset;
static int log_fd = -1;
static volatile sig_atomic_t over;

static void die(const char *what)
{
	fprintf(stderr, "trace: %s: %s\n", what, strerror(errno));
	exit(FAULT);
}

/* ---- which calls can fail ---------------------------------------------------------- */

static const struct call {
	long number;
	const char *name;
	bool has_count;		/* bytes in its third argument; of parts the first may be empty, and
				 * that nothing was written a kernel never says */
} calls[] = {
	{ SYS_write, "write", true }, { SYS_pwrite64, "pwrite64", true }, { SYS_writev, "writev", false },
	{ SYS_fsync, "fsync", false }, { SYS_fdatasync, "fdatasync", false },
	{ SYS_ftruncate, "ftruncate", false }, { SYS_openat, "openat", false },
	{ SYS_linkat, "linkat", false }, { SYS_mkdirat, "mkdirat", false },
	{ SYS_renameat2, "renameat2", false }, { SYS_fallocate, "fallocate", false },
	{ SYS_renameat, "renameat", false },
#ifdef SYS_rename
	{ SYS_rename, "rename", false }, { SYS_link, "link", false }, { SYS_mkdir, "mkdir", false },
	{ SYS_open, "open", false }, { SYS_creat, "creat", false },
#endif
};

static const struct call *faultable(const struct __ptrace_syscall_info *info)
{
	long flags = (long)info->entry.args[2];

#ifdef SYS_open
	if (info->entry.nr == SYS_open)
		flags = (long)info->entry.args[1];
	else
#endif
	if (info->entry.nr != SYS_openat)
		flags = O_CREAT;
	if (!(flags & O_CREAT))
		return NULL;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (calls[i].number == (long)info->entry.nr)
			return &calls[i];
	return NULL;
}

/* ---- processes ----------------------------------------------------------------------- */

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static size_t arguments(pid_t id, char *text, size_t room, const char **argv)
{
	char path[64];
	size_t n = 0;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", id);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? 0 : read(fd, text, room - 1);
	if (fd >= 0)
		close(fd);
	text[len < 0 ? 0 : len] = '\0';
	for (const char *s = text; s < text + len && n < ARGS_MAX; s += strlen(s) + 1)
		argv[n++] = s;
	return n;
}

static void name_role(pid_t id, char role[static ROLE_MAX])
{
	const char *argv[ARGS_MAX], *name;
	char text[4096];
	size_t n = arguments(id, text, sizeof(text), argv), i = 0;

	if (n == 0) {
		snprintf(role, ROLE_MAX, "none");
		return;
	}
	name = base(argv[0]);
	if ((strcmp(name, "sh") == 0 || strcmp(name, "dash") == 0) && n > 1 && argv[1][0] != '-')
		name = base(argv[i = 1]);
	if (strcmp(name, "git") == 0) {
		for (i = 1; i < n && argv[i][0] == '-'; i++)
			i += argv[i][1] == 'c' || argv[i][1] == 'C' ||
			     strcmp(argv[i], "--shallow-file") == 0;
		name = i < n ? argv[i] : "git";
	}
	if (strncmp(name, "git-", 4) == 0)
		name += 4;
	if (strcmp(name, "reference-transaction") == 0 && i + 1 < n)
		snprintf(role, ROLE_MAX, "%s:%.20s", name, argv[i + 1]);
	else
		snprintf(role, ROLE_MAX, "%.60s", name);
}

static bool concerns(const struct rule *r, const struct process *p)
{
	return strcmp(r->role, p->role) == 0 && (r->process == 0 || r->process == p->ordinal);
}

static void became(struct process *p)
{
	if (first_role)
		snprintf(p->role, ROLE_MAX, "%.60s", first_role);
	else
		name_role(p->id, p->role);
	first_role = NULL;
	p->ordinal = 1;
	p->calls = p->faultable = 0;
	for (size_t i = 0; i < seen_n; i++)
		p->ordinal += strcmp(seen[i], p->role) == 0;
	if (seen_n < THREADS_MAX)
		snprintf(seen[seen_n++], ROLE_MAX, "%s", p->role);
	p->moved = offset && machine_is_static(p->id);
	p->watched = counting || p->moved;
	for (size_t i = 0; i < rules_n; i++)
		p->watched = p->watched || concerns(&rules[i], p);
}

static pid_t group_of(pid_t id)
{
	char path[64], line[128];
	int group = id;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", id);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %d", &group) == 1)
			break;
	if (f)
		fclose(f);
	return group;
}

static struct thread *thread_of(pid_t id)
{
	struct process *p = NULL;
	pid_t group;

	for (size_t i = 0; i < threads_n; i++)
		if (threads[i].id == id)
			return &threads[i];
	if (threads_n == THREADS_MAX) {
		errno = EAGAIN;
		die("too many threads");
	}
	group = group_of(id);
	for (size_t i = 0; i < threads_n; i++)
		if (threads[i].process->id == group)
			p = threads[i].process;
	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			die("calloc");
		p->id = group;
	}
	p->threads++;
	threads[threads_n] = (struct thread){ .id = id, .process = p };
	return &threads[threads_n++];
}

static void report(const struct process *p)
{
	if (counting && *p->role)
		dprintf(log_fd, "count %s %d %ld %ld\n", p->role, p->ordinal, p->calls, p->faultable);
}

static void thread_gone(pid_t id)
{
	for (size_t i = 0; i < threads_n; i++) {
		struct process *p = threads[i].process;

		if (threads[i].id != id)
			continue;
		if (--p->threads == 0) {
			report(p);
			free(p);
		}
		threads[i] = threads[--threads_n];
		return;
	}
}

/* ---- calls ----------------------------------------------------------------------------- */

static void fired(const struct thread *t, const struct rule *r, const char *call, long number)
{
	static const char *const names[] = { "kill", "fail", "short" };

	if (log_fd >= 0)
		dprintf(log_fd, "fired %s %d %ld %s %s%s %s %ld %d\n", r->role, t->process->ordinal, r->call,
			r->at_exit ? "exit" : "enter", r->all ? "kill-all" : names[r->action],
			r->error == ENOSPC ? ":ENOSPC" : r->error == EIO ? ":EIO" : "", call, number,
			t->process->id);
}

static void kill_all(void)
{
	for (size_t i = 0; i < threads_n; i++)
		kill(threads[i].process->id, SIGKILL);
}

static void kill_by(const struct rule *r, const struct thread *t)
{
	kill(t->process->id, SIGKILL);
	if (r->all)
		kill_all();
}

static void enter(struct thread *t, const struct __ptrace_syscall_info *info)
{
	const struct call *call = faultable(info);
	struct process *p = t->process;

	t->number = (long)info->entry.nr;
	t->arguments[0] = info->entry.args[0];
	t->arguments[1] = info->entry.args[1];
	p->calls++;
	p->faultable += call != NULL;
	for (size_t i = 0; i < rules_n; i++) {
		const struct rule *r = &rules[i];
		long at = p->faultable - r->call;

		if (!concerns(r, p) || t->pending)
			continue;
		if (r->action == KILL) {
			if (p->calls != r->call)
				continue;
			if (!r->at_exit) {
				fired(t, r, call ? call->name : "-", (long)info->entry.nr);
				kill_by(r, t);
			}
		} else if (!call || at < 0 || (r->times && at >= r->times)) {
			continue;
		} else if (r->action == FAIL) {
			fired(t, r, call->name, (long)info->entry.nr);
			machine_leave_out(t->id);
		} else if (call->has_count && info->entry.args[2] > 1) {
			fired(t, r, call->name, (long)info->entry.nr);
			t->argument = machine_set_argument2(t->id, info->entry.args[2] / 2);
		} else {
			continue;
		}
		t->pending = r;
	}
}

static void leave(struct thread *t)
{
	const struct rule *r = t->pending;

	t->pending = NULL;
	if (t->process->moved)
		machine_move_clock(t->id, t->number, t->arguments, *offset);
	if (!r)
		return;
	if (r->action == KILL && r->at_exit) {
		fired(t, r, "-", 0);
		kill_by(r, t);
	} else if (r->action == FAIL) {
		machine_set_error(t->id, r->error);
	} else if (r->action == SHORT) {
		machine_set_argument2(t->id, t->argument);	/* a call keeps its arguments' registers */
	}
}

static void at_call(struct thread *t)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->id, (void *)sizeof(info), &info) < 0)
		return;		/* it was killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter(t, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave(t);
}

/* True when the process was let go. */
static bool at_exec(struct thread *t)
{
	report(t->process);
	became(t->process);
	for (size_t i = 0; i < detach_n; i++)
		if (strcmp(detach[i], t->process->role) == 0) {
			pid_t id = t->id;

			ptrace(PTRACE_DETACH, id, NULL, NULL);
			t->process->role[0] = '\0';
			thread_gone(id);
			return true;
		}
	return false;
}

static void at_stop(pid_t id, int status)
{
	struct thread *t = thread_of(id);
	int signal = WSTOPSIG(status), event = status >> 16, pass = 0;
	bool listen = false;

	if (event == PTRACE_EVENT_EXEC) {
		if (at_exec(t))
			return;
	} else if (event == PTRACE_EVENT_STOP) {
		listen = signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
	} else if (signal == (SIGTRAP | 0x80)) {
		at_call(t);
	} else if (!event) {
		pass = signal;
	}
	ptrace(listen ? PTRACE_LISTEN : t->process->watched ? PTRACE_SYSCALL : PTRACE_CONT, id, NULL,
	       (void *)(intptr_t)pass);
}

static void on_alarm(int signal)
{
	(void)signal;
	over = 1;
}

static int follow(pid_t command)
{
	int status, code = FAULT;

	for (;;) {
		pid_t id = waitpid(-1, &status, __WALL);

		if (over)
			kill_all();
		if (id < 0 && errno == EINTR)
			continue;
		if (id < 0)
			return over ? 124 : code;
		if (WIFSTOPPED(status)) {
			at_stop(id, status);
			continue;
		}
		thread_gone(id);
		if (id == command)
			code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

/* ---- the command line -------------------------------------------------------------- */

static void add_rule(const char *text)
{
	char when[16], what[16] = "", times[24] = "";
	struct rule r = { 0 };
	int n = sscanf(text, " %63s %d %ld %15s %15s", r.role, &r.process, &r.call, when, times);

	r.all = n == 5 && strcmp(times, "all") == 0;
	if (n == 5 && (r.all || strcmp(times, "kill") == 0)) {
		r.action = KILL;
		r.at_exit = strcmp(when, "exit") == 0;
	} else if (n == 5) {
		snprintf(what, sizeof(what), "%s", when);
		r.action = strcmp(what, "short") == 0 ? SHORT : FAIL;
		r.error = strcmp(what, "ENOSPC") == 0 ? ENOSPC : strcmp(what, "EIO") == 0 ? EIO : 0;
		r.times = strtol(times, NULL, 10);
	}
	if (n != 5 || r.call < 1 || rules_n == RULES_MAX || (r.action == FAIL && !r.error)) {
		fprintf(stderr, "trace: not a rule: %s\n", text);
		exit(2);
	}
	rules[rules_n++] = r;
}

static long take_number(const char *plans)
{
	char path[PATH_MAX], text[32] = "";
	long n;
	int fd;

	snprintf(path, sizeof(path), "%s.next", plans);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0 || pread(fd, text, sizeof(text) - 1, 0) < 0)
		die(path);
	n = strtol(text, NULL, 10);
	snprintf(text, sizeof(text), "%ld\n", n + 1);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		die(path);
	close(fd);
	return n;
}

static void next_plan(const char *plans)
{
	long n = take_number(plans);
	FILE *f = fopen(plans, "re");
	char line[1024] = "", *rest = line, *rule;

	if (!f)
		die(plans);
	while (n-- >= 0)
		if (!fgets(line, sizeof(line), f)) {
			line[0] = '\0';
			break;
		}
	fclose(f);
	while ((rule = strsep(&rest, ";\n")))
		if (*rule)
			add_rule(rule);
}

static void map_clock(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		die(path);
	close(fd);
	offset = p;
}

static pid_t start(char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	int ready[2];
	char byte = 0;
	pid_t id;

	if (pipe2(ready, O_CLOEXEC) < 0 || (id = fork()) < 0)
		die("cannot start");
	if (id == 0) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) == 1)
			execvp(argv[0], argv);
		die(argv[0]);
	}
	close(ready[0]);
	if (ptrace(PTRACE_SEIZE, id, NULL, (void *)options) < 0) {
		kill(id, SIGKILL);
		die("cannot trace");
	}
	if (write(ready[1], &byte, 1) < 0)
		die("cannot start");
	close(ready[1]);
	return id;
}

int main(int argc, char **argv)
{
	const struct sigaction alarmed = { .sa_handler = on_alarm };
	int c;

	while ((c = getopt(argc, argv, "+ct:o:l:r:d:e:n:k:")) >= 0) {
		switch (c) {
		case 'c': counting = true; break;
		case 't': alarm((unsigned)strtoul(optarg, NULL, 10)); break;
		case 'o': map_clock(optarg); break;
		case 'l': log_fd = open(optarg, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600); break;
		case 'r': first_role = optarg; break;
		case 'd': if (detach_n < DETACH_MAX) detach[detach_n++] = optarg; break;
		case 'e': putenv(optarg); break;
		case 'n': next_plan(optarg); break;
		case 'k': add_rule(optarg); break;
		default: return 2;
		}
	}
	if (optind == argc)
		return 2;
	sigaction(SIGALRM, &alarmed, NULL);
	return follow(start(argv + optind));
}
