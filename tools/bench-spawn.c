/*
 * Times whole processes, from just before posix_spawn to the reaped child.
 *
 * usage: bench-spawn [-m] ROUNDS STDIN-FILE <ROWS
 *
 * A row on standard input is NAME<TAB>EVERY<TAB>COMMAND, the command's words
 * separated by single spaces; words such as HOME=/tmp/x before it are set in its
 * environment, as in a shell. In each of ROUNDS rounds every row runs once, in
 * turn, so that a machine whose speed drifts slows all of them alike; a row with
 * EVERY = n takes part in each nth round only (slow programs). The first row is
 * the measure of the others. Prints a Markdown table of medians, 95th percentiles
 * and ratios of the medians; with -m one of peaks of resident memory, read at
 * every system call, so that a program that becomes another counts too (those that it
 * has started do not).
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS_MAX = 32, WORDS_MAX = 32, ENVIRONMENT_MAX = 64, LINE_MAX_BYTES = 4096, WARM_UP = 3 };

extern char **environ;

static struct row {
	char line[LINE_MAX_BYTES];
	char *name, *words[WORDS_MAX + 1], *environment[ENVIRONMENT_MAX + 1];
	char **command;		/* in words, behind the environment's */
	long every;
	double *ms;		/* or kB */
	size_t n;
} rows[ROWS_MAX];

static void die(const char *why)
{
	fprintf(stderr, "bench-spawn: %s\n", why);
	exit(2);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double timed(const struct row *r, const char *input)
{
	posix_spawn_file_actions_t act;
	double start;
	int status, failed;
	pid_t pid;

	posix_spawn_file_actions_init(&act);
	posix_spawn_file_actions_addopen(&act, 0, input, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&act, 1, "/dev/null", O_WRONLY, 0);
	start = now_ms();
	failed = posix_spawnp(&pid, r->command[0], &act, NULL, r->command, r->environment);
	if (failed) {
		fprintf(stderr, "bench-spawn: %s: %s\n", r->command[0], strerror(failed));
		exit(2);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		die(r->name);
	posix_spawn_file_actions_destroy(&act);
	return now_ms() - start;
}

static double peak_of(pid_t pid)
{
	char path[64], line[256];
	double kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtod(line + 6, NULL);
	if (f)
		fclose(f);
	return kb;
}

static double measured(const struct row *r, const char *input)
{
	pid_t pid = fork();
	double kb = 0;
	int status;

	if (pid == 0) {
		if (!freopen(input, "r", stdin) || !freopen("/dev/null", "w", stdout) ||
		    ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(127);
		execvpe(r->command[0], r->command, r->environment);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0)
		die("a command cannot be traced");
	for (;;) {
		int signal = 0;

		if (WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80))
			kb = peak_of(pid) > kb ? peak_of(pid) : kb;
		else if (WIFSTOPPED(status) && WSTOPSIG(status) != SIGTRAP)
			signal = WSTOPSIG(status);
		if (ptrace(PTRACE_SYSCALL, pid, NULL, signal) < 0 || waitpid(pid, &status, 0) != pid)
			die("a traced command was lost");
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return kb;
		if (!WIFSTOPPED(status))
			die(r->name);
	}
}

/* NAME=VALUE words go to the environment, in place of the same name there. */
static void take_environment(struct row *r)
{
	size_t n = 0;

	r->command = r->words;
	while (*r->command && strchr(*r->command, '=') && n < ENVIRONMENT_MAX)
		r->environment[n++] = *r->command++;
	for (char **e = environ; *e && n < ENVIRONMENT_MAX; e++) {
		size_t name = strcspn(*e, "=") + 1;
		bool own = false;

		for (char **w = r->words; w < r->command; w++)
			own = own || strncmp(*w, *e, name) == 0;
		if (!own)
			r->environment[n++] = *e;
	}
}

static size_t read_rows(long rounds)
{
	size_t n = 0;

	while (n < ROWS_MAX && fgets(rows[n].line, LINE_MAX_BYTES, stdin)) {
		struct row *r = &rows[n++];
		char *rest = r->line;
		size_t words = 0;

		r->line[strcspn(r->line, "\n")] = '\0';
		r->name = strsep(&rest, "\t");
		r->every = rest ? strtol(strsep(&rest, "\t"), NULL, 10) : 0;
		while (rest && words < WORDS_MAX)
			r->words[words++] = strsep(&rest, " ");
		r->ms = calloc((size_t)rounds, sizeof(*r->ms));
		if (r->every < 1 || !words || !r->ms)
			die("a row is NAME<TAB>EVERY<TAB>COMMAND");
		take_environment(r);
	}
	return n;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(struct row *r)
{
	qsort(r->ms, r->n, sizeof(*r->ms), ascending);
	return r->ms[r->n / 2];
}

static void print_times(size_t n)
{
	double base = median_of(&rows[0]);

	printf("| command | runs | median, ms | 95th, ms | beside `%s` |\n|---|--:|--:|--:|--:|\n",
	       rows[0].name);
	for (size_t i = 0; i < n; i++) {
		double median = median_of(&rows[i]);

		printf("| `%s` | %zu | %.2f | %.2f | %.2f × |\n", rows[i].name, rows[i].n, median,
		       rows[i].ms[rows[i].n * 95 / 100], median / base);
	}
}

static void print_peaks(size_t n)
{
	printf("| command | peak resident, MB |\n|---|--:|\n");
	for (size_t i = 0; i < n; i++)
		printf("| `%s` | %.1f |\n", rows[i].name, median_of(&rows[i]) / 1024);
}

int main(int argc, char **argv)
{
	bool memory = argc == 4 && strcmp(argv[1], "-m") == 0;
	long rounds = argc == 3 + memory ? strtol(argv[1 + memory], NULL, 10) : 0;
	double (*once)(const struct row *r, const char *input) = memory ? measured : timed;
	const char *input = argv[argc - 1];
	size_t n;

	if (rounds < 1)
		die("usage: bench-spawn [-m] ROUNDS STDIN-FILE <ROWS");
	n = read_rows(rounds);
	if (!n)
		die("no rows");
	for (size_t i = 0; i < n && !memory; i++)
		for (int k = 0; k < (rows[i].every > 1 ? 1 : WARM_UP); k++)
			once(&rows[i], input);
	for (long round = 0; round < rounds; round++)
		for (size_t i = 0; i < n; i++)
			if (round % rows[i].every == 0)
				rows[i].ms[rows[i].n++] = once(&rows[i], input);
	if (memory)
		print_peaks(n);
	else
		print_times(n);
	return 0;
}
