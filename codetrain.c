/*
 * The front: codetrain VERB … runs libexec/codetrain/codetrain-VERB.
 */
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/proc.h"
#include "lib/base/suggest.h"
#include "lib/base/term.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 32, FAR = 2 };

static const struct verb {
	const char *name, *help;
} verbs[] = {
	{ "submit", "submit a training job from training-job.json" },
	{ "watch", "wait for a training job and show its states and logs" },
	{ "promote", "make a model of a finished job, in one or more accounts" },
	{ "grant", "plan and apply the grants between the accounts" },
	{ "build", "run a buildspec.yml on this machine" },
	{ "check", "look for secrets, broken specs and oversized files" },
	{ "hooks", "install or remove the git hooks" },
	{ "queue", "list, deliver and retry the pushes of a server" },
	{ "credentials", "print AWS credentials, or run a command with them" },
	{ "doctor", "say what is wrong with this machine's set-up, and what mends it" },
	{ "keyring", "keep long-lived keys in the keyring of the desktop" },
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
	     "git calls git-credential-codecommit, pre-push, reference-transaction and\n"
	     "post-receive by itself;\n"
	     "codetrain help VERB shows a verb's options.");
	return 0;
}

static const char *nearest(const char *word)
{
	struct suggest s = SUGGEST_INIT(word, FAR);
	size_t len = strlen(word);

	for (size_t i = 0; i < VERBS; i++) {
		if (len > 1 && strncmp(verbs[i].name, word, len) == 0)
			return verbs[i].name;
		suggest_offer(&s, verbs[i].name);
	}
	return s.nearest;
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
