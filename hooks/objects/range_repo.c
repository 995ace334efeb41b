#include "range_repo.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Extensions that change nothing for who only reads objects and refs; the last
 * two by their value, see formats. */
static const char *const extensions[] = {
	"noop", "partialclone", "preciousobjects", "worktreeconfig", "relativeworktrees",
	"objectformat", "refstorage",
};

static const char *last_message(void)
{
	const git_error *e = git_error_last();

	return e && e->message ? e->message : "no reason given";
}

int range_repo_error(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(err, ERR_INTERNAL, fmt, ap);
	va_end(ap);
	return err_suffix(err, ": %s", last_message());
}

static int explain(struct err *err, int rc)
{
	const char *message = last_message();

	if (strstr(message, "extension"))
		return err_set(err, ERR_USAGE, "libgit2 %s cannot read this repository: %s",
			       LIBGIT2_VERSION, message);
	if (rc == GIT_EOWNER || strstr(message, "safe.directory") || strstr(message, "owned by"))
		return err_set(err, ERR_USAGE,
			       "this repository belongs to another user; if you trust it: "
			       "git config --global --add safe.directory "
			       "\"$(git rev-parse --absolute-git-dir | sed 's,/.git$,,')\"");
	if (rc == GIT_ENOTFOUND)
		return err_set(err, ERR_USAGE, "not in a git repository; name files or folders, "
					       "for example: codetrain check .");
	return err_set(err, ERR_USAGE, "cannot open the repository: %s", message);
}

/* Opens what libgit2 was told to open anyway, and looks at it again. */
static int formats(void *arg, const char *name, const char *value, struct err *err)
{
	(void)arg;
	if (strcmp(name, "extensions.objectformat") == 0 && strcasecmp(value, "sha1") != 0)
		return err_set(err, ERR_USAGE,
			       "this repository names objects by SHA-256, which libgit2 %s cannot "
			       "read (and CodeCommit does not take); check its files with: "
			       "codetrain check DIR, and push with: "
			       "CODETRAIN_SKIP_CHECKS='SHA-256 repository' git push",
			       LIBGIT2_VERSION);
	if (strcmp(name, "extensions.refstorage") == 0 && strcasecmp(value, "files") != 0)
		return err_set(err, ERR_USAGE,
			       "this repository keeps its refs as %s, which libgit2 %s cannot read; "
			       "git refs migrate --ref-format=files", value, LIBGIT2_VERSION);
	return 0;
}

int range_repo_open(bool trusted, git_repository **out, struct err *err)
{
	int rc;

	if (git_libgit2_init() < 0)
		return range_repo_error(err, "libgit2");
	/* what is pushed has been hashed by git; hashing again takes half the time */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
			 sizeof(extensions) / sizeof(*extensions));
	if (trusted)
		git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	/* nothing is read from the work tree, and libgit2 gives up when it is set */
	unsetenv("GIT_WORK_TREE");
	rc = git_repository_open_ext(out, NULL, GIT_REPOSITORY_OPEN_FROM_ENV, NULL);
	if (rc < 0)
		return explain(err, rc);
	if (range_repo_each_config(*out, formats, NULL, err) == 0)
		return 0;
	git_repository_free(*out);
	*out = NULL;
	return -1;
}

int range_repo_each_config(git_repository *repo, range_repo_config_fn *fn, void *arg,
			   struct err *err)
{
	git_config *config = NULL;
	git_config_iterator *it = NULL;
	git_config_entry *e;
	int rc = 0, next = 0;

	/* every entry: the iterators that take a pattern leak in libgit2 1.5 */
	if (git_repository_config_snapshot(&config, repo) < 0 ||
	    git_config_iterator_new(&it, config) < 0)
		rc = range_repo_error(err, "cannot read git's configuration");
	while (rc == 0 && (next = git_config_next(&e, it)) == 0)
		rc = fn(arg, e->name, e->value ? e->value : "", err);
	if (rc == 0 && next != GIT_ITEROVER)
		rc = range_repo_error(err, "cannot read git's configuration");
	git_config_iterator_free(it);
	git_config_free(config);
	return rc;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static int promisor(void *arg, const char *name, const char *value, struct err *err)
{
	bool *partial = arg;

	(void)err;
	if (strcmp(name, "extensions.partialclone") == 0 ||
	    (strncmp(name, "remote.", 7) == 0 && ends_with(name, ".promisor") &&
	     strcmp(value, "false") != 0))
		*partial = true;
	return 0;
}

int range_repo_is_partial(git_repository *repo, bool *partial, struct err *err)
{
	*partial = false;
	return range_repo_each_config(repo, promisor, partial, err);
}
