#include "build.h"

#include "lib/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GIT_TIMEOUT_MS = 10 * 60 * 1000, GIT_OUTPUT_MAX = 16384 };

/* Runs git; `out`, when not NULL, gets what it prints. */
static int git(struct build *b, const char *const *argv, struct buf *out, struct err *err)
{
	struct buf errors = BUF_INIT(GIT_OUTPUT_MAX), unused = BUF_INIT(GIT_OUTPUT_MAX);
	struct strs env = STRS_INIT;
	struct proc_result result = { 0 };
	int rc;

	build_environment_inherit(&env);
	strs_add(&env, "GIT_TERMINAL_PROMPT=0");
	if (env.failed)
		rc = err_set(err, ERR_INTERNAL, "the environment is too large");
	else
		rc = proc_run(&(struct proc){ .argv = argv, .envp = (const char *const *)env.v,
			      .out = out ? out : &unused, .errors = &errors, .stop = b->stop,
			      .timeout_ms = GIT_TIMEOUT_MS }, &result, err);
	if (rc == 0 && (result.exit_code != 0 || result.timed_out || result.stopped))
		rc = err_set(err, ERR_USAGE, "git: %s", result.timed_out ? "timed out"
			     : result.stopped ? "stopped" : buf_str(&errors));
	strs_free(&env);
	buf_free(&errors);
	buf_free(&unused);
	return rc;
}

/* The commit that a revision stands for; the end of the line is cut off. */
static int resolve(struct build *b, const char *dir, const char *revision, struct err *err)
{
	struct buf out = BUF_INIT(GIT_OUTPUT_MAX), name = BUF_INIT(4096);
	int rc;

	buf_addf(&name, "%s^{commit}", revision);
	if (buf_check(&name, "the revision", err) < 0)
		rc = -1;
	else
		rc = git(b, (const char *const[]){ "git", "-C", dir, "rev-parse", "--verify", "--quiet",
			 "--end-of-options", buf_str(&name), NULL }, &out, err);
	if (rc == 0 && strcspn(buf_str(&out), "\n") < sizeof(b->commit))
		snprintf(b->commit, sizeof(b->commit), "%.*s", (int)strcspn(buf_str(&out), "\n"),
			 buf_str(&out));
	buf_free(&out);
	buf_free(&name);
	return rc;
}

static int clone(struct build *b, struct err *err)
{
	char *repo = realpath(b->options->repo, NULL);
	int rc = -1;

	if (!repo)
		return err_set(err, ERR_USAGE, "there is no repository %s", b->options->repo);
	if (resolve(b, repo, b->options->commit, err) < 0)
		err_set(err, ERR_USAGE, "%s has no commit \"%s\"; see git -C %s log", repo,
			b->options->commit, repo);
	/* An absolute path is never taken for a URL. No template: no hooks of this machine. */
	else if (git(b, (const char *const[]){ "git", "clone", "--quiet", "--no-checkout", "--shared",
		     "--template=", "--", repo, b->source, NULL }, NULL, err) < 0 ||
		 git(b, (const char *const[]){ "git", "-C", b->source, "checkout", "--quiet", "--detach",
		     "--force", b->commit, "--", NULL }, NULL, err) < 0)
		err_prefix(err, "cannot check out %s of %s: ", b->commit, repo);
	else
		rc = 0;
	free(repo);
	return rc;
}

static char *join(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

int build_checkout(struct build *b, struct err *err)
{
	struct err unknown = { 0 };

	b->source = b->options->repo ? join(b->temporary, "src") : getcwd(NULL, 0);
	if (!b->source)
		return err_errno(err, "cannot tell the source directory");
	if (b->options->repo)
		return clone(b, err);
	if (resolve(b, b->source, "HEAD", &unknown) < 0)
		b->commit[0] = '\0';	/* no repository: nothing to tell */
	return 0;
}

int build_checkout_again(struct build *b, struct err *err)
{
	if (!b->options->repo)
		return 0;
	if (build_temporary_empty(b->source, err) < 0)
		return -1;
	return clone(b, err);
}
