#include "remote_command.h"

#include "lib/base/encode.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <string.h>
#include <unistd.h>

enum { ASK_MS = 10000 };	/* git --exec-path reads no file */

static const char transport[] = "git-remote-https";

/* git gives what follows '!' to sh, with the verb behind it. */
static void helper(const struct remote_target *t, const char *program, struct buf *out)
{
	buf_adds(out, "!exec ");
	encode_shell(program, out);
	if (*t->profile) {
		buf_adds(out, " --profile=");
		encode_shell(t->profile, out);
	}
	if (t->foreign)
		buf_addf(out, " --ignore-host-check --region=%s", t->region);
}

int remote_command(const struct remote_target *t, const char *program, const char *remote,
		   const char *repository, struct strs *out, struct err *err)
{
	struct buf url = BUF_INIT(REMOTE_HTTPS_MAX), ours = BUF_INIT(REMOTE_COMMAND_MAX);
	int rc = -1;

	helper(t, program, &ours);
	if (buf_check(&ours, "the credential helper's command", err) < 0 ||
	    remote_url_https(t->host, repository, &url, err) < 0)
		goto out;
	/* An empty helper takes those away that are configured for this host or for all. */
	strs_add_all(out, "git", "-c", (char *)NULL);
	strs_addf(out, "credential.https://%s.helper=", t->host);
	strs_add(out, "-c");
	strs_addf(out, "credential.https://%s.helper=%s", t->host, buf_str(&ours));
	strs_add(out, "-c");
	strs_addf(out, "credential.https://%s.useHttpPath=true", t->host);
	strs_add_all(out, "remote-https", remote, buf_str(&url), (char *)NULL);
	rc = out->failed ? err_set(err, ERR_INTERNAL, "no memory for git's arguments") : 0;
out:
	buf_free(&url);
	buf_free(&ours);
	return rc;
}

static bool in_folder(const char *folder, size_t len, const char *name)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	bool there;

	buf_addf(&path, "%.*s/%s", len ? (int)len : 1, len ? folder : ".", name);
	there = !path.failed && access(buf_str(&path), X_OK) == 0;
	buf_free(&path);
	return there;
}

static bool on_path(const char *path, const char *name)
{
	while (path) {
		size_t len = strcspn(path, ":");

		if (len < PATH_MAX_BYTES && in_folder(path, len, name))
			return true;
		path = path[len] ? path + len + 1 : NULL;
	}
	return false;
}

/* Where git keeps its programs; it puts that folder on PATH for those that it runs itself. */
static bool in_exec_path(void)
{
	static const char *const argv[] = { "git", "--exec-path", NULL };
	struct buf folder = BUF_INIT(PATH_MAX_BYTES), errors = BUF_INIT(PATH_MAX_BYTES);
	const struct proc ask = { .argv = argv, .out = &folder, .errors = &errors, .timeout_ms = ASK_MS };
	struct proc_result result;
	struct err ignored = { 0 };
	bool there = false;

	if (proc_run(&ask, &result, &ignored) == 0 && result.exit_code == 0)
		there = in_folder(buf_str(&folder), strcspn(buf_str(&folder), "\n"), transport);
	buf_free(&folder);
	buf_free(&errors);
	return there;
}

int remote_command_check(const char *(*getenv)(const char *name), struct err *err)
{
	const char *path = getenv("PATH");

	if (!on_path(path, "git"))
		return err_set(err, ERR_INTERNAL, "there is no git on PATH; install git");
	if (!on_path(path, transport) && !in_exec_path())
		return err_set(err, ERR_INTERNAL, "this git has no %s, by which it speaks HTTPS; "
			       "install the git of your system's packages, or build git with "
			       "libcurl", transport);
	return 0;
}
