#include "check_reach.h"
#include "hooks/objects/range_repo.h"

#include <stdlib.h>
#include <string.h>

enum {
	SOURCES_MAX = 65535,
	/* What a push leaves hidden is not walked, but for what goes round it through
	 * an old merge; new commits are near the tips. */
	BEHIND_MAX = 100000,
};

/* A commit and the source that came to it first; open addressing. */
struct mark {
	git_oid oid;
	unsigned source;	/* from 1; 0: a free slot */
};

struct check_reach {
	struct check_source *v;
	size_t n, cap;
	struct mark *marks;
	size_t n_marks, n_slots;
	struct range_set hidden;
	bool failed;		/* no memory: fewer commands are known */
};

static struct mark *slot(const struct check_reach *r, const git_oid *oid)
{
	size_t at;

	memcpy(&at, oid->id, sizeof(at));
	for (at &= r->n_slots - 1; r->marks[at].source; at = (at + 1) & (r->n_slots - 1))
		if (git_oid_equal(&r->marks[at].oid, oid))
			break;
	return &r->marks[at];
}

static int grow(struct check_reach *r)
{
	struct check_reach old = *r;

	r->n_slots = old.n_slots ? 2 * old.n_slots : 1024;
	r->marks = calloc(r->n_slots, sizeof(*r->marks));
	if (!r->marks) {
		*r = old;
		return -1;
	}
	for (size_t i = 0; i < old.n_slots; i++)
		if (old.marks[i].source)
			*slot(r, &old.marks[i].oid) = old.marks[i];
	free(old.marks);
	return 0;
}

/* 1 when the commit was not marked before; -1 without memory. */
static int mark(struct check_reach *r, const git_oid *oid, unsigned source)
{
	struct mark *m;

	if (2 * (r->n_marks + 1) > r->n_slots && grow(r) < 0)
		return -1;
	m = slot(r, oid);
	if (m->source)
		return 0;
	*m = (struct mark){ *oid, source };
	r->n_marks++;
	return 1;
}

static int add_source(struct check_reach *r, git_repository *repo, const git_oid *object,
		      const char *ref, bool is_head)
{
	git_object *any = NULL, *commit = NULL;
	int rc = 0;

	if (r->n == r->cap && r->n < SOURCES_MAX) {
		size_t cap = r->cap ? 2 * r->cap : 16;
		struct check_source *v = realloc(r->v, cap * sizeof(*v));

		if (!v)
			return -1;
		r->v = v;
		r->cap = cap;
	}
	if (r->n < r->cap && git_object_lookup(&any, repo, object, GIT_OBJECT_ANY) == 0 &&
	    git_object_peel(&commit, any, GIT_OBJECT_COMMIT) == 0) {
		r->v[r->n] = (struct check_source){ *object, *git_object_id(commit),
						    ref ? strdup(ref) : NULL, is_head, false };
		rc = ref && !r->v[r->n].ref ? -1 : 0;
		r->n++;
	}
	git_object_free(commit);
	git_object_free(any);
	return rc;
}

static int add_refs(struct check_reach *r, git_repository *repo, const char *glob)
{
	git_reference_iterator *it = NULL;
	git_reference *ref;
	int rc = git_reference_iterator_glob_new(&it, repo, glob);

	while (rc == 0 && git_reference_next(&ref, it) == 0) {
		const git_oid *oid = git_reference_target(ref);

		if (oid)
			rc = add_source(r, repo, oid, git_reference_name(ref), false);
		git_reference_free(ref);
	}
	git_reference_iterator_free(it);
	return rc;
}

/* The order is that of preference. */
static int add_sources(struct check_reach *r, const struct check_run *run)
{
	static const char *const all[] = { "refs/heads/*", "refs/notes/*", "refs/tags/*" };
	git_oid head;
	int rc = 0;

	if (git_reference_name_to_id(&head, run->repo, "HEAD") == 0)
		rc = add_source(r, run->repo, &head, NULL, true);
	for (size_t i = 0; i < 2 * run->n_tips && rc == 0; i++) {
		const struct check_tip *t = &run->tips[i % run->n_tips];
		bool branch = t->ref && strncmp(t->ref, "refs/heads/", 11) == 0;

		if (branch == (i < run->n_tips))
			rc = add_source(r, run->repo, &t->object, t->ref, false);
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(*all) && run->range.n_refs == 0 && rc == 0; i++)
		rc = add_refs(r, run->repo, all[i]);
	return rc;
}

static int mark_parents(struct check_reach *r, git_repository *repo, const git_oid *oid,
			struct range_list *queue, unsigned source)
{
	git_commit *commit = NULL;
	struct err ignored;
	int rc = 0;

	/* a shallow clone ends here, and a partial one may */
	if (git_commit_lookup(&commit, repo, oid) < 0)
		return 0;
	r->v[source - 1].merges |= git_commit_parentcount(commit) > 1;
	for (unsigned i = 0; i < git_commit_parentcount(commit) && rc >= 0; i++) {
		const git_oid *parent = git_commit_parent_id(commit, i);

		if (range_set_has(&r->hidden, parent))
			continue;
		rc = mark(r, parent, source);
		if (rc > 0)
			rc = range_set_append(queue, parent, &ignored);
	}
	git_commit_free(commit);
	return rc < 0 ? -1 : 0;
}

/* Breadth first: what is new is near. */
static int walk(struct check_reach *r, git_repository *repo, size_t source, size_t max)
{
	const git_oid *start = &r->v[source].commit;
	struct range_list queue = { 0 };
	struct err ignored;
	int rc = range_set_has(&r->hidden, start) ? 0 : mark(r, start, (unsigned)source + 1);

	if (rc > 0)
		rc = range_set_append(&queue, start, &ignored);
	for (size_t i = 0; i < queue.n && r->n_marks < max && rc == 0; i++) {
		git_oid oid = queue.v[i];

		rc = mark_parents(r, repo, &oid, &queue, (unsigned)source + 1);
	}
	range_set_free_list(&queue);
	return rc;
}

static int fill(struct check_reach *r, struct check_run *run)
{
	size_t max = run->range.hidden.n ? BEHIND_MAX : SIZE_MAX;
	struct err ignored;

	if (grow(r) < 0)
		return -1;
	for (size_t i = 0; i < run->range.hidden.n; i++)
		if (range_set_add(&r->hidden, &run->range.hidden.v[i], NULL, &ignored) < 0)
			return -1;
	if (add_sources(r, run) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (walk(r, run->repo, i, max) < 0)
			return -1;
	return 0;
}

const struct check_source *check_reach(struct check_run *run, const git_oid *commit)
{
	const struct mark *m;

	if (!run->reach) {
		run->reach = calloc(1, sizeof(*run->reach));
		if (!run->reach)
			return NULL;
		run->reach->failed = fill(run->reach, run) < 0;
	}
	if (run->reach->failed)
		return NULL;
	m = slot(run->reach, commit);
	return m->source ? &run->reach->v[m->source - 1] : NULL;
}

void check_reach_free(struct check_reach *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].ref);
	free(r->v);
	free(r->marks);
	range_set_free(&r->hidden);
	free(r);
}
