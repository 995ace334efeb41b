/*
 * git remote helper for codecommit:// and codecommit::REGION:// URLs. It finds
 * out where the URL leads, and becomes git's own HTTPS transport; the password
 * comes from git-credential-codecommit, when git asks for it.
 */
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/proc.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"
#include "remote_command.h"
#include "remote_parent.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAR_MS = 1000 };

static const char name[] = "git-remote-codecommit";

static const char *environment(const char *variable)
{
	return getenv(variable);
}

static int choose(const struct remote_url *url, struct remote_target *out, struct err *err)
{
	struct awsconfig *config = awsconfig_load(getenv("AWS_CONFIG_FILE"),
						  getenv("AWS_SHARED_CREDENTIALS_FILE"),
						  getenv("HOME"), err);
	const struct chain_input in = { .getenv = environment, .config = config };
	int rc = config ? remote_target_choose(&in, url, out, err) : -1;

	awsconfig_free(config);
	return rc;
}

/* git itself would only say that https is "not supported or disabled in libcurl". */
static int allowed(struct err *err)
{
	const char *s = getenv("GIT_ALLOW_PROTOCOL");

	while (s) {
		size_t len = strcspn(s, ":");

		if (len == 5 && strncmp(s, "https", 5) == 0)
			return 0;
		s = s[len] ? s + len + 1 : NULL;
	}
	if (!getenv("GIT_ALLOW_PROTOCOL"))
		return 0;
	return err_set(err, ERR_USAGE, "GIT_ALLOW_PROTOCOL does not name https, which codecommit URLs "
		       "are fetched by; set GIT_ALLOW_PROTOCOL=codecommit:https");
}

static int become_git(const char *remote, const char *text, struct err *err)
{
	struct buf program = BUF_INIT(PATH_MAX_BYTES);
	struct remote_target target;
	struct strs argv = STRS_INIT;
	struct remote_url url;

	if (remote_url_parse(text, &url, err) < 0 || allowed(err) < 0 ||
	    remote_command_check(environment, err) < 0)
		return -1;
	remote_parent_profile(environment, &url);
	if (choose(&url, &target, err) == 0 &&
	    proc_sibling("git-credential-codecommit", &program, err) == 0 &&
	    remote_command(&target, buf_str(&program), remote, url.repository, &argv, err) == 0) {
		execvp(argv.v[0], argv.v);
		err_errno(err, "cannot run git");
	}
	strs_free(&argv);
	buf_free(&program);
	return -1;
}

/* git is about to ask for our capabilities. Gone before it has, we would leave it to die of SIGPIPE. */
static void hear_git(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char question[64];

	if (!isatty(STDIN_FILENO) && poll(&in, 1, HEAR_MS) > 0 &&
	    read(STDIN_FILENO, question, sizeof(question)) < 0)
		return;
}

int main(int argc, char **argv)
{
	const struct opt options[] = { OPT_END };
	const struct opt_program program = {
		.name = name,
		.synopsis = "REMOTE URL",
		.purpose = "git runs it for codecommit URLs, with the AWS profile and the region in them:\n"
			   "  git clone codecommit://[PROFILE@]REPOSITORY\n"
			   "  git clone codecommit::REGION://[PROFILE@]REPOSITORY",
		.notes = "It needs no other configuration. For submodules with such URLs:\n"
			 "  git config --global protocol.codecommit.allow always\n"
			 "\nexit: git's own; 2 invalid URL or configuration; 70 a fault, or no git",
		.options = options,
		.min_args = 1,
		.max_args = 2,
		.stop_at_operand = true,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };

	(void)argc;
	secret_process_init();
	if (opt_parse(&program, argv, &args, &err) == OPT_GO) {
		if (args.n < 2)
			err_set(&err, ERR_USAGE, "the remote \"%.200s\" has no URL; run git remote add "
				"%.200s codecommit::REGION://PROFILE@REPOSITORY", args.v[0], args.v[0]);
		else
			become_git(args.v[0], args.v[1], &err);
		hear_git();
	}
	strs_free(&args);
	return term_finish(name, &err);
}
