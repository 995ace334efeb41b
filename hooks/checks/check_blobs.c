#include "check_blobs.h"
#include "hooks/objects/range_repo.h"
#include "hooks/objects/sweep.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MANY = 1000,		/* blobs; fewer are done before a thread has started */
	THREADS_MAX = 16,
	BATCH = 16,		/* blobs that a thread takes at a time */
	QUIET = 1,		/* of a blob in a sweep: see scan_quiet */
	QUIET_AS = 2,		/* and more: in the paths of that todo */
};

/* What the threads share. */
struct crew {
	struct check_run *run;
	const struct check_todos *todos;
	bool *done;		/* of each todo: a sweep did it; NULL: there was none */
	bool scans;		/* the rows that want blobs have them scanned */
	atomic_size_t next;
	atomic_bool stop;
};

/* One thread, and what it counted. */
struct worker {
	struct crew *crew;
	struct scanner *scanner;
	size_t files, missing;
	unsigned long long bytes;
	int rc;
	struct err err;
	pthread_t thread;
};

int check_blobs_add_path(struct check_todo *todo, const char *path, struct err *err)
{
	char **paths = realloc(todo->paths, (todo->n_paths + 1) * sizeof(*paths));

	if (paths) {
		todo->paths = paths;
		paths[todo->n_paths] = strdup(path);
	}
	if (!paths || !paths[todo->n_paths])
		return err_set(err, ERR_INTERNAL, "no memory for the names of files");
	todo->n_paths++;
	return 0;
}

int check_blobs_add(struct check_todos *t, const git_oid *blob, const git_oid *commit,
		    const char *path, unsigned mode, struct err *err)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct check_todo *v = realloc(t->v, cap * sizeof(*v));

		if (!v)
			return err_set(err, ERR_INTERNAL, "no memory for %zu files", cap);
		t->v = v;
		t->cap = cap;
	}
	t->v[t->n++] = (struct check_todo){ .blob = *blob, .commit = *commit, .mode = mode };
	return check_blobs_add_path(&t->v[t->n - 1], path, err);
}

void check_blobs_free(struct check_todos *t)
{
	for (size_t i = 0; i < t->n; i++) {
		while (t->v[i].n_paths)
			free(t->v[i].paths[--t->v[i].n_paths]);
		free(t->v[i].paths);
	}
	free(t->v);
	*t = (struct check_todos){ 0 };
}

int check_blobs_read(const struct check_run *run, const git_oid *oid, const char *path,
		     git_odb_object **out, size_t *missing, struct err *err)
{
	int rc = git_odb_read(out, run->odb, oid);

	if (rc == GIT_ENOTFOUND && run->range.promised) {
		(*missing)++;
		return 0;
	}
	if (rc < 0) {
		range_repo_error(err, "cannot read %.200s (blob %s)", path, git_oid_tostr_s(oid));
		return err_suffix(err, run->range.elsewhere
					       ? "; this clone is partial: git fetch --refetch --no-filter "
						 "brings what is missing"
					       : "; see git fsck");
	}
	return 0;
}

/* The size from the object's header, before the rest is read. */
static int check_size(struct worker *w, struct check_item *item, bool *readable)
{
	git_object_t type;
	size_t size;

	*readable = true;
	if (git_odb_read_header(&size, &type, w->crew->run->odb, item->blob) < 0)
		return 0;	/* reading tells */
	item->subject = CHECK_SIZE;
	item->size = size;
	*readable = size <= CHECK_FILE_SIZE_MAX;
	w->bytes += size;
	return check_item(w->crew->run, item, &w->err);
}

static struct check_item item_of(const struct worker *w, size_t index)
{
	const struct check_todo *todo = &w->crew->todos->v[index];

	return (struct check_item){
		.commit = &todo->commit, .blob = &todo->blob, .path = todo->paths[0],
		.paths = (const char *const *)todo->paths, .n_paths = todo->n_paths,
		.mode = todo->mode, .order = index, .scanner = w->scanner,
		.part = todo->mode == GIT_FILEMODE_LINK ? "link's target" : NULL,
	};
}

static int check_blob(struct worker *w, size_t index)
{
	struct check_run *run = w->crew->run;
	const struct check_todo *todo = &w->crew->todos->v[index];
	struct check_item item = item_of(w, index);
	git_odb_object *object = NULL;
	bool readable;
	int rc;

	if (run->range.deadline && deadline_over(run->range.deadline))
		return err_set(&w->err, ERR_TIMEOUT, "the checks took too long");
	w->files++;
	if (check_size(w, &item, &readable) < 0)
		return -1;
	if (!readable || !w->crew->scans)
		return 0;
	if (check_blobs_read(run, &todo->blob, item.path, &object, &w->missing, &w->err) < 0)
		return -1;
	if (!object)
		return 0;
	item.subject = CHECK_BLOB;
	item.data = git_odb_object_data(object);
	item.len = item.size = git_odb_object_size(object);
	rc = check_item(run, &item, &w->err);
	git_odb_object_free(object);
	return rc;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	size_t n = w->crew->todos->n;

	while (w->rc == 0 && !atomic_load(&w->crew->stop)) {
		size_t from = atomic_fetch_add(&w->crew->next, BATCH);
		size_t to = from + BATCH < n ? from + BATCH : n;

		if (from >= n)
			break;
		for (size_t i = from; i < to && w->rc == 0; i++)
			if (!w->crew->done || !w->crew->done[i])
				w->rc = check_blob(w, i);
	}
	if (w->rc < 0)
		atomic_store(&w->crew->stop, true);
	return NULL;
}

static bool same_paths(const struct check_todo *a, const struct check_todo *b)
{
	if (a->n_paths != b->n_paths)
		return false;
	for (size_t i = 0; i < a->n_paths; i++)
		if (strcmp(a->paths[i], b->paths[i]) != 0)
			return false;
	return true;
}

/* Whether the base's being quiet tells of this blob. */
static bool base_counts(const struct check_todos *todos, size_t index, int base)
{
	return base == QUIET ||
	       (base >= QUIET_AS && same_paths(&todos->v[index], &todos->v[base - QUIET_AS]));
}

/* What was looked at in part is no quieter than its base. */
static int quiet_state(enum scan_quiet quiet, size_t index, int base)
{
	if (quiet == SCAN_LOUD)
		return 0;
	if (quiet == SCAN_QUIET && base < QUIET_AS)
		return QUIET;
	return index < INT_MAX - QUIET_AS ? QUIET_AS + (int)index : 0;
}

/* A blob that a sweep has read. */
static int swept(void *arg, const struct sweep_object *o, int *state, struct err *err)
{
	struct worker *w = arg;
	struct check_item item = item_of(w, o->index);

	w->files++;
	w->bytes += o->len;
	item.subject = CHECK_SIZE;
	item.size = o->len;
	if (check_item(w->crew->run, &item, err) < 0)
		return -1;
	if (!w->crew->scans)
		return 0;
	item.subject = CHECK_BLOB;
	item.data = o->data;
	item.len = o->len;
	if (base_counts(w->crew->todos, o->index, o->base)) {
		item.changed = o->changed;
		item.n_changed = o->n_changed;
	}
	if (check_item(w->crew->run, &item, err) < 0)
		return -1;
	*state = quiet_state(scan_quiet(w->scanner), o->index, item.changed ? o->base : 0);
	return 0;
}

static int sweep_todos(struct crew *crew, struct worker *workers, size_t n, struct err *err)
{
	const struct check_todos *todos = crew->todos;
	git_oid *wanted = malloc((todos->n + 1) * sizeof(*wanted));
	void *args[THREADS_MAX];
	struct packs *packs;
	int rc;

	crew->done = calloc(todos->n + 1, sizeof(*crew->done));
	if (!wanted || !crew->done) {
		free(wanted);
		return err_set(err, ERR_INTERNAL, "no memory for %zu files", todos->n);
	}
	for (size_t i = 0; i < todos->n; i++)
		wanted[i] = todos->v[i].blob;
	for (size_t i = 0; i < n; i++)
		args[i] = &workers[i];
	rc = range_store_packs(crew->run->range.store, &packs, err);
	if (rc == 0)
		rc = sweep(packs, wanted, todos->n, (unsigned)n, swept, args,
			   crew->run->range.deadline, crew->done, err);
	free(wanted);
	return rc;
}

static void count(struct report *report, const struct worker *w)
{
	report->files += w->files;
	report->missing += w->missing;
	report->bytes += w->bytes;
}

/* What no sweep did. This thread works too; one that cannot be started is done without. */
static int work_together(struct worker *workers, size_t n, struct err *err)
{
	size_t started = 1;
	int rc = 0;

	while (started < n &&
	       pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
		started++;
	work(&workers[0]);
	for (size_t i = 1; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	for (size_t i = 0; i < started && rc == 0; i++) {
		if (workers[i].rc < 0) {
			*err = workers[i].err;
			rc = -1;
		}
	}
	return rc;
}

static size_t left_over(const struct crew *crew)
{
	size_t n = 0;

	for (size_t i = 0; i < crew->todos->n; i++)
		n += !crew->done[i];
	return n;
}

/* A thread for each processor, as many of them as have a scanner. */
static int check_many(struct crew *crew, struct err *err)
{
	struct worker workers[THREADS_MAX] = { 0 };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = 1;
	int rc;

	workers[0] = (struct worker){ .crew = crew, .scanner = crew->run->scanner };
	for (; n < THREADS_MAX && (long)n < processors; n++) {
		workers[n].crew = crew;
		if (scan_open(crew->run->rules, &workers[n].scanner, &workers[n].err) < 0)
			break;
	}
	rc = sweep_todos(crew, workers, n, err);
	if (rc == 0)
		rc = work_together(workers, left_over(crew) < MANY ? 1 : n, err);
	for (size_t i = 0; i < n; i++) {
		count(crew->run->report, &workers[i]);
		if (i > 0)
			scan_close(workers[i].scanner);
	}
	free(crew->done);
	return rc;
}

static int check_few(struct crew *crew, struct err *err)
{
	struct worker worker = { .crew = crew, .scanner = crew->run->scanner };
	int rc = work_together(&worker, 1, err);

	count(crew->run->report, &worker);
	return rc;
}

int check_blobs(struct check_run *run, const struct check_todos *todos, struct err *err)
{
	struct crew crew = { .run = run, .todos = todos, .scans = check_wants(run, CHECK_BLOB) };
	size_t before = run->report->n;
	int rc = todos->n < MANY ? check_few(&crew, err) : check_many(&crew, err);

	report_sort(run->report, before);
	return rc;
}
