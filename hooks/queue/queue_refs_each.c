#include "queue_refs_private.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REF_MAX = 4096, DEPTH_MAX = 128, ASK_MAX = 256 << 20, ASK_TIMEOUT_MS = 60000 };

struct entry {
	char *ref;
	char oid[QUEUE_REFS_OID];	/* "": there, but nothing of ours, whatever is packed */
	bool packed;
};

struct walk {
	const char *gitdir;
	struct entry *v;
	size_t n, room;
};

static int add(struct walk *w, const char *ref, const char *oid, bool packed, struct err *err)
{
	if (w->n == QUEUE_REFS_MOST)
		return err_set(err, ERR_INTERNAL, "%s has more than %d refs", w->gitdir,
			       QUEUE_REFS_MOST);
	if (w->n == w->room) {
		size_t room = w->room ? w->room * 2 : 256;
		struct entry *more = realloc(w->v, room * sizeof(*more));

		if (!more)
			return err_set(err, ERR_INTERNAL, "no memory for the refs of %s", w->gitdir);
		w->v = more;
		w->room = room;
	}
	w->v[w->n] = (struct entry){ .ref = strdup(ref), .packed = packed };
	if (!w->v[w->n].ref)
		return err_set(err, ERR_INTERNAL, "no memory for the refs of %s", w->gitdir);
	snprintf(w->v[w->n].oid, QUEUE_REFS_OID, "%s", oid);
	w->n++;
	return 0;
}

static int add_packed(void *arg, const char *ref, const char *oid, struct err *err)
{
	return add(arg, ref, oid, true, err);
}

static int add_loose(struct walk *w, const char *ref, struct err *err)
{
	char text[REF_MAX + 16], oid[QUEUE_REFS_OID];
	struct err quiet = { 0 };
	const char *to;

	switch (queue_refs_read_loose(w->gitdir, ref, oid, text, sizeof(text), &to, &quiet)) {
	case QUEUE_REFS_NONE:
		return 0;	/* packed or deleted by now */
	case QUEUE_REFS_OID_THERE:
		return add(w, ref, oid, false, err);
	default:
		return add(w, ref, "", false, err);
	}
}

static int walk_folder(struct walk *w, const char *ref, int depth, struct err *err);

static int walk_entry(struct walk *w, int fd, const char *folder, const struct dirent *entry,
		      int depth, struct err *err)
{
	char ref[REF_MAX + 1];
	unsigned char type = entry->d_type;
	struct stat st;

	if ((size_t)snprintf(ref, sizeof(ref), "%s/%s", folder, entry->d_name) >= sizeof(ref) ||
	    !queue_refs_good_name(ref))
		return 0;
	if (type == DT_UNKNOWN && fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_UNKNOWN;
	if (type == DT_DIR)
		return walk_folder(w, ref, depth + 1, err);
	return type == DT_REG ? add_loose(w, ref, err) : 0;
}

static int walk_folder(struct walk *w, const char *ref, int depth, struct err *err)
{
	char path[PATH_MAX_BYTES];
	struct dirent *entry;
	int rc = 0;
	DIR *dir;

	if (depth > DEPTH_MAX ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s", w->gitdir, ref) >= sizeof(path))
		return 0;
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
		       err_errno(err, "cannot read the folder %s", path);
	while (rc == 0 && (entry = readdir(dir)))
		rc = walk_entry(w, dirfd(dir), ref, entry, depth, err);
	closedir(dir);
	return rc;
}

bool queue_refs_elsewhere(const char *gitdir)
{
	static const char *const signs[] = { "reftable", "commondir" };
	char path[PATH_MAX_BYTES];

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", gitdir, signs[i]) < sizeof(path) &&
		    access(path, F_OK) == 0)
			return true;
	return false;
}

/* "OID REF" or "OID REF OTHER" by line, of all refs or those that begin so. */
static int ask(const char *gitdir, const char *ref, struct buf *out, struct err *err)
{
	const char *const argv[] = { "git", "--git-dir", gitdir, "for-each-ref",
				     "--format=%(objectname) %(refname) %(symref)", ref, NULL };
	struct buf errors = BUF_INIT(1024);
	struct proc p = { .argv = argv, .out = out, .errors = &errors,
			  .timeout_ms = ASK_TIMEOUT_MS };
	struct proc_result result;
	int rc = proc_run(&p, &result, err);

	if (rc == 0 && (result.exit_code || result.truncated))
		rc = err_set(err, ERR_INTERNAL, "git cannot list the refs of %s: %s", gitdir,
			     buf_str(&errors));
	buf_free(&errors);
	return rc;
}

/* The line in its three parts; false when it is none. */
static bool split(char *line, char **oid, char **ref, char **to)
{
	*oid = line;
	*ref = strchr(line, ' ');
	if (!*ref)
		return false;
	*(*ref)++ = '\0';
	*to = strchr(*ref, ' ');
	if (!*to)
		return false;
	*(*to)++ = '\0';
	return strlen(*oid) < QUEUE_REFS_OID && queue_refs_good_name(*ref);
}

static int ask_each(struct walk *w, struct err *err)
{
	struct buf out = BUF_INIT(ASK_MAX);
	char *line, *next, *oid, *ref, *to;
	int rc = ask(w->gitdir, NULL, &out, err);

	for (line = out.data; rc == 0 && line && (next = strchr(line, '\n')); line = next + 1) {
		*next = '\0';
		if (split(line, &oid, &ref, &to) && !*to)
			rc = add(w, ref, oid, false, err);
	}
	buf_free(&out);
	return rc;
}

int queue_refs_ask_one(const char *gitdir, const char *ref, struct buf *name, char *oid,
		       struct err *err)
{
	struct buf out = BUF_INIT(ASK_MAX);
	char *line, *next, *id, *found, *to;
	int rc = ask(gitdir, ref, &out, err);

	for (line = out.data; rc == 0 && line && (next = strchr(line, '\n')); line = next + 1) {
		*next = '\0';
		if (!split(line, &id, &found, &to) || strcmp(found, ref) != 0)
			continue;
		snprintf(oid, QUEUE_REFS_OID, "%s", id);
		if (*to) {
			buf_clear(name);
			buf_adds(name, to);
		}
	}
	buf_free(&out);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->ref, y->ref);

	return order ? order : x->packed - y->packed;
}

static int walk_files(struct walk *w, struct err *err)
{
	const char *data;
	size_t len;
	int rc;

	if (walk_folder(w, "refs", 0, err) < 0 ||
	    queue_refs_packed_map(w->gitdir, &data, &len, err) < 0)
		return -1;
	rc = data ? queue_refs_packed_each(data, len, add_packed, w, err) : 0;
	queue_refs_packed_unmap(data, len);
	return rc;
}

int queue_refs_each(const char *gitdir, queue_refs_fn *fn, void *arg, struct err *err)
{
	struct walk w = { .gitdir = gitdir };
	int rc = queue_refs_elsewhere(gitdir) ? ask_each(&w, err) : walk_files(&w, err);

	if (rc == 0 && w.n)
		qsort(w.v, w.n, sizeof(*w.v), by_name);
	for (size_t i = 0; rc == 0 && i < w.n; i++)
		if (w.v[i].oid[0] && (i == 0 || strcmp(w.v[i].ref, w.v[i - 1].ref) != 0))
			rc = fn(arg, w.v[i].ref, w.v[i].oid, err);
	while (w.n)
		free(w.v[--w.n].ref);
	free(w.v);
	return rc;
}
