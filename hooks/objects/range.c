#include "range.h"
#include "range_repo.h"
#include "lib/base/strs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { REFS_MAX = 100000, FIELDS = 3, SHA256_HEX = 64, REMOTE_MAX = 1024 };

static bool is_hex(const char *s, size_t n)
{
	return strspn(s, "0123456789abcdef") >= n;
}

/* "LOCAL LOCALOID REMOTE REMOTEOID". The local name is whatever was typed
 * (HEAD^{/some words}) and may hold spaces, so fields are found from the end. */
static int read_line(struct range *range, const char *line, size_t len, struct err *err)
{
	struct range_ref *r = &range->refs[range->n_refs];
	size_t start[FIELDS], end[FIELDS], p = len;

	for (int f = FIELDS - 1; f >= 0; f--) {
		end[f] = p;
		while (p > 0 && line[p - 1] != ' ')
			p--;
		start[f] = p;
		if (p == 0 || start[f] == end[f])
			return err_set(err, ERR_USAGE, "standard input is not what git gives "
						       "pre-push");
		p--;
	}
	if (end[0] - start[0] == SHA256_HEX && is_hex(line + start[0], SHA256_HEX))
		return err_set(err, ERR_USAGE, "this repository names objects by SHA-256, which "
					       "libgit2 " LIBGIT2_VERSION " cannot read");
	/* looked at before libgit2 does, which may not be initialised */
	if (end[0] - start[0] != GIT_OID_HEXSZ || end[2] - start[2] != GIT_OID_HEXSZ ||
	    !is_hex(line + start[0], GIT_OID_HEXSZ) || !is_hex(line + start[2], GIT_OID_HEXSZ))
		return err_set(err, ERR_USAGE, "standard input is not what git gives pre-push");
	git_oid_fromstrn(&r->local, line + start[0], GIT_OID_HEXSZ);
	git_oid_fromstrn(&r->remote, line + start[2], GIT_OID_HEXSZ);
	r->local_name = strndup(line, p);
	r->remote_name = strndup(line + start[1], end[1] - start[1]);
	range->n_refs++;
	if (!r->local_name || !r->remote_name)
		return err_set(err, ERR_INTERNAL, "no memory for the refs");
	return 0;
}

int range_read(struct range *range, const char *text, size_t len, struct err *err)
{
	size_t lines = 0;

	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	if (lines > REFS_MAX)
		return err_set(err, ERR_USAGE, "a push of %zu refs; at most %d are read", lines,
			       REFS_MAX);
	range->refs = calloc(lines + 1, sizeof(*range->refs));
	if (!range->refs)
		return err_set(err, ERR_INTERNAL, "no memory for the refs");
	for (size_t at = 0; at < len;) {
		const char *newline = memchr(text + at, '\n', len - at);
		size_t end = newline ? (size_t)(newline - text) : len;

		if (end > at && read_line(range, text + at, end - at, err) < 0)
			return -1;
		at = end + 1;
	}
	return 0;
}

/* refs/remotes/a/b/main is not of remote a when there is a remote a/b. */
static bool is_of_other(const struct strs *remotes, const char *name, const char *ref)
{
	size_t len = strlen(name);

	ref += strlen("refs/remotes/");
	for (size_t i = 0; i < remotes->n; i++) {
		const char *other = remotes->v[i];
		size_t n = strlen(other);

		if (n > len && other[len] == '/' && strncmp(other, name, len) == 0 &&
		    strncmp(ref, other, n) == 0 && ref[n] == '/')
			return true;
	}
	return false;
}

/* The names of remotes, one for each variable of theirs. (git_remote_list of
 * libgit2 1.5 leaks.) */
static int add_remote(void *arg, const char *variable, const char *value, struct err *err)
{
	static const char section[] = "remote.";
	const char *dot = strrchr(variable, '.');
	size_t n = strlen(section);

	(void)value;
	if (strncmp(variable, section, n) != 0 || dot < variable + n || strcmp(dot, ".url") != 0)
		return 0;
	if (strs_addf(arg, "%.*s", (int)(dot - variable - (ptrdiff_t)n), variable + n) < 0)
		return err_set(err, ERR_USAGE, "more than %d remotes", STRS_MAX);
	return 0;
}

/* Whether the remote has said in this push what it has at this place: that counts, not
 * what was remembered. The branch may be gone there, or have lost a secret. */
static bool is_outdated(const struct range *range, const char *name, const git_reference *ref)
{
	static const char branches[] = "refs/heads/";
	bool is_link = git_reference_type(ref) == GIT_REFERENCE_SYMBOLIC;	/* HEAD there */
	const char *at = is_link ? git_reference_symbolic_target(ref) : git_reference_name(ref);
	char place[REMOTE_MAX + 32];
	size_t n = (size_t)snprintf(place, sizeof(place), "refs/remotes/%s/", name);

	if (n >= sizeof(place) || strncmp(at, place, n) != 0)
		return false;
	for (size_t i = 0; i < range->n_refs; i++) {
		const char *pushed = range->refs[i].remote_name;

		if (strncmp(pushed, branches, strlen(branches)) == 0 &&
		    strcmp(pushed + strlen(branches), at + n) == 0)
			return true;
	}
	return false;
}

/* The commits of refs/remotes/NAME/. */
static int hide_remote(struct range *range, const char *name, struct err *err)
{
	git_reference_iterator *it = NULL;
	struct strs remotes = STRS_INIT;
	git_reference *ref;
	char glob[REMOTE_MAX + 32];
	int rc = 0;

	if ((size_t)snprintf(glob, sizeof(glob), "refs/remotes/%s/*", name) >= sizeof(glob) ||
	    strpbrk(name, "*?[\\"))
		return 0;
	rc = range_repo_each_config(range->repo, add_remote, &remotes, err);
	if (rc == 0 && git_reference_iterator_glob_new(&it, range->repo, glob) < 0)
		rc = range_repo_error(err, "cannot list the remotes' refs");
	while (rc == 0 && git_reference_next(&ref, it) == 0) {
		git_object *commit = NULL;

		/* a ref that leads nowhere hides nothing */
		if (!is_of_other(&remotes, name, git_reference_name(ref)) &&
		    !is_outdated(range, name, ref) &&
		    git_reference_peel(&commit, ref, GIT_OBJECT_COMMIT) == 0)
			rc = range_set_append(&range->hidden, git_object_id(commit), err);
		git_object_free(commit);
		git_reference_free(ref);
	}
	git_reference_iterator_free(it);
	strs_free(&remotes);
	return rc;
}

struct by_url {
	struct range *range;
	const char *url;
};

/* remote.NAME.url, remote.NAME.pushurl */
static int hide_if_url(void *arg, const char *variable, const char *value, struct err *err)
{
	static const char section[] = "remote.";
	const struct by_url *by = arg;
	const char *key = strrchr(variable, '.');
	char name[REMOTE_MAX];
	size_t len;

	if (strncmp(variable, section, strlen(section)) != 0 || strcmp(value, by->url) != 0 ||
	    (strcmp(key, ".url") != 0 && strcmp(key, ".pushurl") != 0))
		return 0;
	variable += strlen(section);
	len = (size_t)(key - variable);
	if (key < variable || len >= sizeof(name))
		return 0;
	memcpy(name, variable, len);
	name[len] = '\0';
	return hide_remote(by->range, name, err);
}

/* `git push URL`: every remote that is this URL speaks for it. */
static int hide_by_url(struct range *range, const char *url, struct err *err)
{
	struct by_url by = { range, url };

	return range_repo_each_config(range->repo, hide_if_url, &by, err);
}

struct promise {
	const char *remote;
	bool made;
};

/* remote.NAME.promisor, or as older gits say it, extensions.partialclone = NAME */
static int promised_by(void *arg, const char *variable, const char *value, struct err *err)
{
	struct promise *p = arg;
	size_t len = strlen(p->remote);

	(void)err;
	if (strcmp(variable, "extensions.partialclone") == 0)
		p->made |= strcmp(value, p->remote) == 0;
	else if (strncmp(variable, "remote.", 7) == 0 && strncmp(variable + 7, p->remote, len) == 0 &&
		 strcmp(variable + 7 + len, ".promisor") == 0)
		p->made |= strcmp(value, "false") != 0;
	return 0;
}

/* What is missing here is on the remote that promised it. On its way to another
 * one git fetches it and sends it, after this hook. */
static int settle_promise(struct range *range, const char *name, struct err *err)
{
	struct promise promise = { .remote = name };

	if (!range->promised)
		return 0;
	if (range_repo_each_config(range->repo, promised_by, &promise, err) < 0)
		return -1;
	range->promised = promise.made;
	range->elsewhere = !promise.made;
	return 0;
}

/* git sends what grafts lead to, and where it is told that history ends; libgit2 knows
 * neither: another history would be looked at than is sent. */
static int refuse_other_history(git_repository *repo, struct err *err)
{
	const char *grafts = getenv("GIT_GRAFT_FILE"), *shallow = getenv("GIT_SHALLOW_FILE");
	char path[REMOTE_MAX * 4];
	struct stat st;

	if (shallow && *shallow)
		return err_set(err, ERR_USAGE, "GIT_SHALLOW_FILE is set; unset GIT_SHALLOW_FILE");
	if (!grafts) {
		snprintf(path, sizeof(path), "%sinfo/grafts", git_repository_commondir(repo));
		grafts = path;
	}
	if (stat(grafts, &st) < 0 || st.st_size == 0)
		return 0;
	return err_set(err, ERR_USAGE, "%.200s gives commits other parents, which cannot be looked at; "
		       "git replace --convert-graft-file", grafts);
}

int range_of_push(struct range *range, const char *name, const char *url, struct err *err)
{
	int rc = refuse_other_history(range->repo, err);

	if (rc == 0)
		rc = settle_promise(range, name, err);
	for (size_t i = 0; i < range->n_refs && rc == 0; i++) {
		const struct range_ref *r = &range->refs[i];

		if (!git_oid_is_zero(&r->local))
			rc = range_set_append(&range->tips, &r->local, err);
		if (rc == 0 && !git_oid_is_zero(&r->remote))
			rc = range_set_append(&range->hidden, &r->remote, err);
	}
	if (rc < 0 || range->tips.n == 0)
		return rc;
	return strcmp(name, url) == 0 ? hide_by_url(range, url, err)
				      : hide_remote(range, name, err);
}

void range_free(struct range *range)
{
	for (size_t i = 0; i < range->n_refs; i++) {
		free(range->refs[i].local_name);
		free(range->refs[i].remote_name);
	}
	free(range->refs);
	range_set_free_list(&range->tips);
	range_set_free_list(&range->hidden);
	range_set_free_list(&range->boundary);
	range_set_free(&range->commits);
	range_set_free(&range->blobs);
	range_set_free(&range->trees);
	range_set_free(&range->published);
	range_store_free(range->store);
	*range = (struct range){ 0 };
}
