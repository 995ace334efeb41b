/*
 * The front: codetrain VERB … runs libexec/codetrain/codetrain-VERB.
 */
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/proc.h"
#include "lib/base/term.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 32, NEAR = 3 };

static const struct verb {
	const char *name, *help;
} verbs[] = {
	{ "submit", "submit a training job from training-job.json" },
	{ "watch", "wait for a training job and show its states and logs" },
	{ "promote", "make a model of a finished job, in one or more accounts" },
	{ "grant", "plan, check and apply the grants between the accounts" },
	{ "build", "run a buildspec.yml on this machine" },
	{ "check", "look for secrets, broken specs and oversized files" },
	{ "hooks", "install or remove the git hooks" },
	{ "queue", "list, deliver and retry the pushes of a server" },
	{ "credentials", "print AWS credentials, or run a command with them" },
	{ "sandbox", "a local AWS with three accounts: up, down, env" },
};

enum { VERBS = sizeof(verbs) / sizeof(*verbs) };

static int help(void)
{
	puts("usage: codetrain VERB [ARGUMENT…]\n"
	     "       codetrain help [VERB]\n"
	     "\n"
	     "A git push is all it takes to train a model in another AWS account.\n"
	     "\n"
	     "verbs:");
	for (size_t i = 0; i < VERBS; i++)
		printf("  %-12s  %s\n", verbs[i].name, verbs[i].help);
	puts("\noptions:\n"
	     "  --help        this text\n"
	     "  --version     the version\n"
	     "\n"
	     "git calls git-credential-codecommit, pre-push and post-receive by itself;\n"
	     "codetrain help VERB shows a verb's options.");
	return 0;
}

/* Edits (a swap of neighbours is one) from `a` to `b`, both short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[3][NAME_MAX_LEN + 1], n = strlen(b), m = strlen(a);

	for (size_t j = 0; j <= n; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t d = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < d)
				d = last[j] + 1;
			if (now[j - 1] + 1 < d)
				d = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < d)
				d = before[j - 2] + 1;
			now[j] = d;
		}
	}
	return row[m % 3][n];
}

static const char *nearest(const char *word)
{
	const char *best = NULL;
	size_t least = NEAR;	/* as far is no help */

	for (size_t i = 0; i < VERBS && strlen(word) <= NAME_MAX_LEN; i++) {
		size_t len = strlen(word), d = distance(word, verbs[i].name);

		if (len > 1 && strncmp(verbs[i].name, word, len) == 0)
			d = 1;
		if (d < least) {
			least = d;
			best = verbs[i].name;
		}
	}
	return best;
}

static int unknown(const char *word, struct err *err)
{
	const char *near = nearest(word);

	if (near)
		return err_set(err, ERR_USAGE, "there is no verb \"%.64s\"; did you mean codetrain "
			       "%s?", word, near);
	return err_set(err, ERR_USAGE, "there is no verb \"%.64s\"; see codetrain help", word);
}

/* Replaces this process; returns only when it cannot. */
static int run(const char *verb, char **argv, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	char name[NAME_MAX_LEN + sizeof("codetrain-")];

	snprintf(name, sizeof(name), "codetrain-%s", verb);
	if (proc_sibling(name, &path, err) == 0) {
		argv[0] = path.data;
		execv(path.data, argv);
		err_errno(err, "cannot run %s", path.data);
	}
	buf_free(&path);
	return -1;
}

static bool is_verb(const char *word)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, word) == 0)
			return true;
	return false;
}

static int front(char **argv, struct err *err)
{
	const char *word = argv[1];
	char ask[] = "--help";
	char *verb_help[] = { argv[0], ask, NULL };

	if (!word)
		return err_set(err, ERR_USAGE, "which verb? see codetrain help");
	if (strcmp(word, "--version") == 0) {
		printf("codetrain %s\n", opt_version);
		return 0;
	}
	if (strcmp(word, "help") == 0 && argv[2])
		return is_verb(argv[2]) ? run(argv[2], verb_help, err) : unknown(argv[2], err);
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return help();
	if (!is_verb(word))
		return unknown(word, err);
	return run(word, argv + 1, err);
}

int main(int argc, char **argv)
{
	struct err err = { 0 };

	if (argc > 0)
		front(argv, &err);
	return term_finish("codetrain", &err);
}
