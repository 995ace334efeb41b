/*
 * Times whole processes, from just before posix_spawn to the reaped child.
 *
 * usage: bench-spawn ROUNDS STDIN-FILE <ROWS
 *
 * A row on standard input is NAME<TAB>EVERY<TAB>COMMAND, the command's words
 * separated by single spaces. In each of ROUNDS rounds every row runs once, in
 * turn, so that a machine whose speed drifts slows all of them alike; a row with
 * EVERY = n takes part in each nth round only (slow programs). The first row is
 * the measure of the others. Prints a Markdown table of medians, 95th percentiles
 * and ratios of the medians.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROWS_MAX = 32, WORDS_MAX = 32, LINE_MAX_BYTES = 4096, WARM_UP = 3 };

extern char **environ;

static struct row {
	char line[LINE_MAX_BYTES];
	char *name, *words[WORDS_MAX + 1];
	long every;
	double *ms;
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

static double once(const struct row *r, const char *input)
{
	posix_spawn_file_actions_t act;
	double start;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&act);
	posix_spawn_file_actions_addopen(&act, 0, input, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&act, 1, "/dev/null", O_WRONLY, 0);
	start = now_ms();
	if (posix_spawn(&pid, r->words[0], &act, NULL, r->words, environ))
		die("a command cannot be started");
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status))
		die("a command failed");
	posix_spawn_file_actions_destroy(&act);
	return now_ms() - start;
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
	}
	return n;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	long rounds = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	double base = 0;
	size_t n;

	if (rounds < 1)
		die("usage: bench-spawn ROUNDS STDIN-FILE <ROWS");
	n = read_rows(rounds);
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < (rows[i].every > 1 ? 1 : WARM_UP); k++)
			once(&rows[i], argv[2]);
	for (long round = 0; round < rounds; round++)
		for (size_t i = 0; i < n; i++)
			if (round % rows[i].every == 0)
				rows[i].ms[rows[i].n++] = once(&rows[i], argv[2]);
	printf("| command | runs | median, ms | 95th, ms | beside `%s` |\n|---|--:|--:|--:|--:|\n",
	       rows[0].name);
	for (size_t i = 0; i < n; i++) {
		double *v = rows[i].ms, median;

		qsort(v, rows[i].n, sizeof(*v), ascending);
		median = v[rows[i].n / 2];
		if (i == 0)
			base = median;
		printf("| `%s` | %zu | %.2f | %.2f | %.2f × |\n", rows[i].name, rows[i].n, median,
		       v[rows[i].n * 95 / 100], median / base);
		free(v);
	}
	return 0;
}
