#include "install_place.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"
#include "lib/base/term.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GIT_TIMEOUT_MS = 20000 };

/* Runs git; `out` gets what it printed without the line end. Returns its exit
 * code, or -1 with err set when it did not run. */
static int git(const char *const *argv, const char *dir, struct buf *out, struct err *err)
{
	struct buf ignored = BUF_INIT(65536);
	const struct proc p = { .argv = argv, .dir = dir, .out = out, .errors = &ignored,
				.timeout_ms = GIT_TIMEOUT_MS };
	struct proc_result result;
	int rc = proc_run(&p, &result, err);

	buf_free(&ignored);
	if (rc < 0)
		return -1;
	if (result.timed_out)
		return err_set(err, ERR_INTERNAL, "git %s did not end", argv[1]);
	if (out->len && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	return result.exit_code;
}

static int ask(struct buf *out, const char *dir, struct err *err, const char *a, const char *b,
	       const char *c, const char *d)
{
	const char *const argv[] = { "git", a, b, c, d, NULL };

	buf_clear(out);
	return git(argv, dir, out, err);
}

/* A path that git gave, made absolute: it is relative to where git ran. */
static int absolute(const char *base, const struct buf *path, struct buf *out, struct err *err)
{
	buf_clear(out);
	if (*buf_str(path) != '/')
		buf_addf(out, "%s/", base);
	buf_adds(out, buf_str(path));
	return buf_check(out, "the path of the hooks", err);
}

static int repository(const struct install *install, struct buf *dir, struct err *err)
{
	struct buf answer = BUF_INIT(PATH_MAX_BYTES), top = BUF_INIT(PATH_MAX_BYTES);
	int rc = ask(&answer, NULL, err, "rev-parse", "--is-bare-repository", NULL, NULL);
	bool bare = strcmp(buf_str(&answer), "true") == 0;

	if (rc > 0)
		rc = err_set(err, ERR_USAGE, "not in a git repository; cd to one, or use --global");
	else if (rc == 0 && bare != install->server)
		rc = err_set(err, ERR_USAGE, bare ? "this is a bare repository; use --server"
						  : "--server is for a bare repository; leave it out");
	/* core.hooksPath is relative to the top of the work tree */
	if (rc == 0)
		rc = bare ? ask(&top, NULL, err, "rev-parse", "--absolute-git-dir", NULL, NULL)
			  : ask(&top, NULL, err, "rev-parse", "--show-toplevel", NULL, NULL);
	if (rc == 0)
		rc = ask(&answer, buf_str(&top), err, "rev-parse", "--git-path", "hooks", NULL);
	if (rc > 0)
		rc = err_set(err, ERR_INTERNAL, "git does not say where its hooks are");
	if (rc == 0)
		rc = absolute(buf_str(&top), &answer, dir, err);
	buf_free(&answer);
	buf_free(&top);
	return rc;
}

static int own_template(struct buf *out, struct err *err)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && *config == '/')
		buf_addf(out, "%s/codetrain/template", config);
	else if (home && *home == '/')
		buf_addf(out, "%s/.config/codetrain/template", home);
	else
		return err_set(err, ERR_USAGE, "HOME is not set");
	return buf_check(out, "the path of the template", err);
}

/* A core.hooksPath for all repositories makes a template's hooks run nowhere. */
static int template(bool make, struct buf *dir, struct err *err)
{
	struct buf answer = BUF_INIT(PATH_MAX_BYTES);
	int rc = ask(&answer, NULL, err, "config", "--global", "--path", "core.hooksPath");

	if (rc == 0 && *buf_str(&answer) == '/') {
		buf_adds(dir, buf_str(&answer));
		buf_free(&answer);
		return buf_check(dir, "core.hooksPath", err);
	}
	if (rc >= 0)
		rc = ask(&answer, NULL, err, "config", "--global", "--path", "init.templateDir");
	if (rc > 0) {
		buf_clear(&answer);
		rc = own_template(&answer, err);
		if (rc == 0 && make) {
			struct buf none = BUF_INIT(64);

			rc = ask(&none, NULL, err, "config", "--global", "init.templateDir",
				 buf_str(&answer));
			if (rc > 0)
				rc = err_set(err, ERR_INTERNAL, "git config --global failed");
			buf_free(&none);
		}
	}
	if (rc == 0)
		buf_addf(dir, "%s/hooks", buf_str(&answer));
	buf_free(&answer);
	return rc < 0 ? rc : buf_check(dir, "the path of the template", err);
}

int install_place(const struct install *install, bool make, struct buf *dir, struct err *err)
{
	return install->global ? template(make, dir, err) : repository(install, dir, err);
}

void install_place_warn(const struct install *install, const char *dir)
{
	struct buf top = BUF_INIT(PATH_MAX_BYTES);
	struct err ignored = { 0 };

	if (!install->global && !install->server &&
	    ask(&top, NULL, &ignored, "rev-parse", "--show-toplevel", NULL, NULL) == 0 &&
	    strncmp(dir, buf_str(&top), top.len) == 0 && dir[top.len] == '/' &&
	    !strstr(dir + top.len, "/.git/"))
		term_warning("codetrain hooks",
			     "core.hooksPath is a folder of the work tree: do not commit the hook, "
			     "and install it again when another tool (husky) writes that folder anew");
	if (install->global)
		term_note("codetrain hooks", "repositories that are here already: run codetrain hooks "
					     "install (or git init) in each");
	buf_free(&top);
}

int install_place_forget(const char *dir, struct err *err)
{
	struct buf own = BUF_INIT(PATH_MAX_BYTES), none = BUF_INIT(64);
	int rc = own_template(&own, err);

	if (rc == 0 && strncmp(dir, buf_str(&own), own.len) == 0 && dir[own.len] == '/') {
		rmdir(dir);
		rmdir(buf_str(&own));
		/* 5: it was not set */
		if (ask(&none, NULL, err, "config", "--global", "--unset", "init.templateDir") < 0)
			rc = -1;
	}
	buf_free(&own);
	buf_free(&none);
	return rc;
}
