#include "check_blobs.h"
#include "hooks/objects/range_repo.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MANY = 1000,		/* blobs; fewer are done before a thread has started */
	THREADS_MAX = 8,
	BATCH = 16,		/* blobs that a thread takes at a time */
};

/* What the threads share. */
struct crew {
	struct check_run *run;
	const struct check_todos *todos;
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

int check_blobs_add(struct check_todos *t, const struct check_todo *todo, struct err *err)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct check_todo *v = realloc(t->v, cap * sizeof(*v));

		if (!v)
			return err_set(err, ERR_INTERNAL, "no memory for %zu files", cap);
		t->v = v;
		t->cap = cap;
	}
	t->v[t->n] = *todo;
	t->v[t->n].path = strdup(todo->path);
	if (!t->v[t->n].path)
		return err_set(err, ERR_INTERNAL, "no memory for %zu files", t->n);
	t->n++;
	return 0;
}

void check_blobs_free(struct check_todos *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].path);
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

static int check_blob(struct worker *w, size_t index)
{
	struct check_run *run = w->crew->run;
	const struct check_todo *todo = &w->crew->todos->v[index];
	struct check_item item = {
		.commit = &todo->commit, .blob = &todo->blob, .path = todo->path,
		.mode = todo->mode, .order = index, .scanner = w->scanner,
		.part = todo->mode == GIT_FILEMODE_LINK ? "link's target" : NULL,
	};
	git_odb_object *object = NULL;
	bool readable;
	int rc;

	if (run->range.deadline && deadline_over(run->range.deadline))
		return err_set(&w->err, ERR_TIMEOUT, "the checks took too long");
	w->files++;
	if (check_size(w, &item, &readable) < 0)
		return -1;
	if (!readable || !check_wants(run, CHECK_BLOB))
		return 0;
	if (check_blobs_read(run, &todo->blob, todo->path, &object, &w->missing, &w->err) < 0)
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
			w->rc = check_blob(w, i);
	}
	if (w->rc < 0)
		atomic_store(&w->crew->stop, true);
	return NULL;
}

static void count(struct report *report, const struct worker *w)
{
	report->files += w->files;
	report->missing += w->missing;
	report->bytes += w->bytes;
}

/* This thread works too; one that cannot be started is done without. */
static int work_together(struct crew *crew, size_t threads, struct err *err)
{
	struct worker workers[THREADS_MAX] = { 0 };
	size_t started = 1;
	int rc = 0;

	workers[0] = (struct worker){ .crew = crew, .scanner = crew->run->scanner };
	for (; started < threads; started++) {
		struct worker *w = &workers[started];

		w->crew = crew;
		if (scan_open(crew->run->rules, &w->scanner, &w->err) < 0 ||
		    pthread_create(&w->thread, NULL, work, w) != 0) {
			scan_close(w->scanner);
			break;
		}
	}
	work(&workers[0]);
	for (size_t i = 1; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		scan_close(workers[i].scanner);
	}
	for (size_t i = 0; i < started; i++) {
		count(crew->run->report, &workers[i]);
		if (workers[i].rc < 0 && rc == 0) {
			*err = workers[i].err;
			rc = -1;
		}
	}
	return rc;
}

int check_blobs(struct check_run *run, const struct check_todos *todos, struct err *err)
{
	struct crew crew = { .run = run, .todos = todos };
	long processors = todos->n < MANY ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = processors < 1 ? 1 : (size_t)processors;
	size_t before = run->report->n;
	int rc = work_together(&crew, threads < THREADS_MAX ? threads : THREADS_MAX, err);

	report_sort(run->report, before);
	return rc;
}
