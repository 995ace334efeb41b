#include "range_tree.h"
#include "range_repo.h"
#include "range_store.h"
#include "lib/base/buf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	PATH_BYTES_MAX = 1 << 20,
	GITLINK = 0160000,
};

struct walk {
	struct range *range;
	const struct range_visitor *visitor;
	const git_oid *commit;
	struct buf path;
	int depth;
};

/* An entry as it stands in a tree: "100644 name", NUL, 20 bytes. */
struct entry {
	const char *start, *name;
	size_t name_len, len;
	unsigned mode;
	git_oid oid;
};

/* A tree, and how far it was read. */
struct cursor {
	struct range_text *text;
	const char *at, *end;
};

int range_tree_in_time(const struct range *range, struct err *err)
{
	if (range->deadline && deadline_over(range->deadline))
		return err_set(err, ERR_TIMEOUT, "the checks took too long");
	return 0;
}

static void open_text(struct cursor *c, struct range_text *text)
{
	*c = (struct cursor){ text, text->data, text->data + text->len };
}

/* false: no entry stands here. */
static bool take_apart(const struct cursor *c, struct entry *e)
{
	const char *p = c->at, *nul;

	*e = (struct entry){ .start = p };
	while (p < c->end && *p >= '0' && *p <= '7' && e->mode <= 0177777)
		e->mode = 8 * e->mode + (unsigned)(*p++ - '0');
	if (p == e->start || p == c->end || *p++ != ' ')
		return false;
	nul = memchr(p, '\0', (size_t)(c->end - p));
	if (!nul || nul == p || c->end - nul <= GIT_OID_RAWSZ)
		return false;
	e->name = p;
	e->name_len = (size_t)(nul - p);
	e->len = (size_t)(nul + 1 + GIT_OID_RAWSZ - e->start);
	git_oid_fromraw(&e->oid, (const unsigned char *)nul + 1);
	return true;
}

/* NULL and 0: a promised tree that is not here. */
static int open_tree(struct range *range, const git_oid *oid, struct range_text **out,
		     struct err *err)
{
	if (range_store_get(range->store, oid, out, err) < 0)
		return -1;
	if (!*out && range->promised) {
		range->missing++;
		return 0;
	}
	if (*out && (*out)->type == GIT_OBJECT_TREE)
		return 0;
	range_store_drop(*out);
	*out = NULL;
	return err_set(err, ERR_INTERNAL, "tree %s cannot be read; see git fsck",
		       git_oid_tostr_s(oid));
}

/* One that cannot be read hides nothing: more is looked at. */
static size_t open_parent(struct range *range, const git_oid *oid, struct cursor *out)
{
	struct err ignored = { 0 };
	struct range_text *text = NULL;

	if (range_store_get(range->store, oid, &text, &ignored) < 0 || !text)
		return 0;
	if (text->type != GIT_OBJECT_TREE) {
		range_store_drop(text);
		return 0;
	}
	open_text(out, text);
	return 1;
}

/* git's order: a folder stands as if its name ended in a slash. */
static int compare(const struct entry *a, const struct entry *b)
{
	size_t n = a->name_len < b->name_len ? a->name_len : b->name_len;
	int order = memcmp(a->name, b->name, n);
	unsigned char x, y;

	if (order)
		return order;
	x = a->name_len > n ? (unsigned char)a->name[n] : S_ISDIR(a->mode) ? '/' : '\0';
	y = b->name_len > n ? (unsigned char)b->name[n] : S_ISDIR(b->mode) ? '/' : '\0';
	return (x > y) - (x < y);
}

/* Moves on to the entry's place; true when one of that name and kind stands there. */
static bool seek(struct cursor *c, const struct entry *e, struct entry *found)
{
	while (c->at < c->end) {
		int order;

		if (!take_apart(c, found)) {
			c->at = c->end;	/* broken from here on */
			return false;
		}
		order = compare(found, e);
		if (order >= 0)
			return order == 0;
		c->at += found->len;
	}
	return false;
}

static int walk_tree(struct walk *w, struct range_text *text, struct cursor *parents, size_t n,
		     struct err *err);

/* A folder of this content at this place. */
static void sign(const struct walk *w, const git_oid *tree, git_oid *out)
{
	unsigned long long hash = 14695981039346656037ULL;
	unsigned char bytes[sizeof(hash)];

	for (size_t i = 0; i < w->path.len; i++)
		hash = (hash ^ (unsigned char)w->path.data[i]) * 1099511628211ULL;
	memcpy(bytes, &hash, sizeof(hash));
	*out = *tree;
	for (size_t i = 0; i < sizeof(bytes); i++)
		out->id[i] ^= bytes[i];
}

static int tell(struct walk *w, const git_oid *blob, unsigned mode, bool named, struct err *err)
{
	bool first = false;

	if (blob && range_set_add(&w->range->blobs, blob, &first, err) < 0)
		return -1;
	return w->visitor->file(w->visitor->arg, w->commit, buf_str(&w->path), mode, blob, first,
				named, err);
}

static int walk_folder(struct walk *w, const struct entry *e, const git_oid *olds, size_t n,
		       struct err *err)
{
	struct cursor *below = calloc(n + 1, sizeof(*below));
	struct range_text *tree = NULL;
	bool fresh = true;
	size_t found = 0;
	int rc = 0;

	if (!below)
		return err_set(err, ERR_INTERNAL, "no memory for %zu trees", n);
	for (size_t i = 0; i < n; i++)
		found += open_parent(w->range, &olds[i], &below[found]);
	/* a folder that is new as a whole, and was new here before: nothing to tell */
	if (found == 0) {
		git_oid place;

		sign(w, &e->oid, &place);
		rc = range_set_add(&w->range->trees, &place, &fresh, err);
	}
	if (rc == 0 && fresh)
		rc = open_tree(w->range, &e->oid, &tree, err);
	if (rc == 0 && tree && tree->len == 0)
		rc = tell(w, NULL, e->mode, n > 0, err);
	else if (rc == 0 && tree)
		rc = walk_tree(w, tree, below, found, err);
	for (size_t i = 0; i < found; i++)
		range_store_drop(below[i].text);
	free(below);
	range_store_drop(tree);
	return rc;
}

/* An entry that no parent has. `olds`: what the parents have of its name. */
static int walk_new(struct walk *w, const struct entry *e, const git_oid *olds, size_t n,
		    struct err *err)
{
	size_t len = w->path.len;
	int rc = 0;

	if (len)
		buf_addc(&w->path, '/');
	buf_add(&w->path, e->name, e->name_len);
	if (w->path.failed)
		return buf_check(&w->path, "a path", err);
	if (S_ISDIR(e->mode))
		rc = walk_folder(w, e, olds, n, err);
	else
		rc = tell(w, (e->mode & S_IFMT) == GITLINK ? NULL : &e->oid, e->mode, n > 0, err);
	w->path.len = len;
	w->path.data[len] = '\0';
	return rc;
}

static int walk_entry(struct walk *w, const struct entry *e, struct cursor *parents, size_t n,
		      git_oid *olds, struct err *err)
{
	struct entry old;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		struct cursor *p = &parents[i];

		if ((size_t)(p->end - p->at) >= e->len && memcmp(p->at, e->start, e->len) == 0) {
			p->at += e->len;
			return 0;
		}
		if (!seek(p, e, &old))
			continue;
		if (git_oid_equal(&old.oid, &e->oid))
			return 0;
		olds[found++] = old.oid;
	}
	return walk_new(w, e, olds, found, err);
}

static int walk_tree(struct walk *w, struct range_text *text, struct cursor *parents, size_t n,
		     struct err *err)
{
	git_oid *olds = NULL;
	struct cursor c;
	struct entry e;
	int rc = 0;

	if (w->depth >= RANGE_DEPTH_MAX)
		return err_set(err, ERR_USAGE, "folders are nested deeper than %d at %.60s...",
			       RANGE_DEPTH_MAX, buf_str(&w->path));
	if (range_tree_in_time(w->range, err) < 0)
		return -1;
	olds = calloc(n + 1, sizeof(*olds));
	if (!olds)
		return err_set(err, ERR_INTERNAL, "no memory for %zu trees", n);
	w->depth++;
	open_text(&c, text);
	while (rc == 0 && c.at < c.end) {
		if (!take_apart(&c, &e)) {
			rc = err_set(err, ERR_INTERNAL, "tree %s is broken; see git fsck",
				     git_oid_tostr_s(&text->oid));
			break;
		}
		c.at += e.len;
		rc = walk_entry(w, &e, parents, n, olds, err);
	}
	w->depth--;
	free(olds);
	return rc;
}

int range_tree_walk(struct range *range, const struct range_visitor *visitor,
		    const git_oid *commit, const git_oid *oid, const git_oid *parents,
		    size_t n_parents, struct err *err)
{
	struct walk w = { .range = range, .visitor = visitor, .commit = commit,
			  .path = BUF_INIT(PATH_BYTES_MAX) };
	struct cursor *olds;
	struct range_text *tree = NULL;
	size_t found = 0;
	int rc;

	for (size_t i = 0; i < n_parents; i++)
		if (git_oid_equal(&parents[i], oid))
			return 0;
	olds = calloc(n_parents + 1, sizeof(*olds));
	if (!olds)
		return err_set(err, ERR_INTERNAL, "no memory for %zu trees", n_parents);
	for (size_t i = 0; i < n_parents; i++)
		found += open_parent(range, &parents[i], &olds[found]);
	rc = open_tree(range, oid, &tree, err);
	if (rc == 0 && tree)
		rc = walk_tree(&w, tree, olds, found, err);
	for (size_t i = 0; i < found; i++)
		range_store_drop(olds[i].text);
	free(olds);
	range_store_drop(tree);
	buf_free(&w.path);
	return rc;
}

int range_tree_blob(struct range *range, const struct range_visitor *visitor,
		    const git_oid *commit, const char *path, const git_oid *blob, struct err *err)
{
	struct walk w = { .range = range, .visitor = visitor, .commit = commit,
			  .path = BUF_INIT(PATH_BYTES_MAX) };
	int rc;

	buf_adds(&w.path, path);
	rc = tell(&w, blob, GIT_FILEMODE_BLOB, true, err);
	buf_free(&w.path);
	return rc;
}

static int collect(struct range *range, const git_oid *oid, struct range_set *set,
		   struct range_set *trees, int depth, struct err *err)
{
	struct cursor c;
	struct entry e;
	bool fresh;
	int rc = range_set_add(trees, oid, &fresh, err);

	if (rc < 0 || !fresh || depth > RANGE_DEPTH_MAX || !open_parent(range, oid, &c))
		return rc;
	for (; rc == 0 && c.at < c.end && take_apart(&c, &e); c.at += e.len) {
		if (S_ISDIR(e.mode))
			rc = collect(range, &e.oid, set, trees, depth + 1, err);
		else if ((e.mode & S_IFMT) != GITLINK)
			rc = range_set_add(set, &e.oid, NULL, err);
	}
	range_store_drop(c.text);
	return rc;
}

int range_tree_collect(struct range *range, const git_oid *tree, struct range_set *set,
		       struct range_set *trees, struct err *err)
{
	return collect(range, tree, set, trees, 0, err);
}
