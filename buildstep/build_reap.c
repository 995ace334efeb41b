/* The end of every process that a build started, wherever it went. */
#include "build_shell.h"

#include <ctype.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 200, PAUSE_MS = 5 };

void build_shell_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* The parent of a process, 0 when it is gone. The name in the middle of the
 * line may hold anything, so its end is looked for from behind. */
static pid_t parent_of(const char *pid)
{
	char path[64], line[512];
	const char *end;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	line[0] = '\0';
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	end = strrchr(line, ')');
	return end && strlen(end) > 4 ? (pid_t)strtol(end + 4, NULL, 10) : 0;
}

/* Kills all children; true when there was one. */
static bool kill_children(void)
{
	const struct dirent *e;
	bool any = false;
	DIR *d = opendir("/proc");

	if (!d)
		return false;
	while ((e = readdir(d))) {
		if (!isdigit((unsigned char)e->d_name[0]) || parent_of(e->d_name) != getpid())
			continue;
		any = true;
		kill((pid_t)strtol(e->d_name, NULL, 10), SIGKILL);
	}
	closedir(d);
	return any;
}

void build_shell_reap(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0 || !kill_children())	/* ECHILD: none is left */
			return;
		poll(NULL, 0, round ? PAUSE_MS : 0);
	}
}
