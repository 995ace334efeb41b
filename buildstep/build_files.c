#include "build_files.h"

#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SEGMENTS_MAX = 64,	/* folders in a path or pattern */
	DEPTH_MAX = 60,
	SEEN_MAX = 1000000,	/* entries looked at */
	PATH_BYTES = 4096,
};

/* Splits in place; -1 when it has too many segments. Empty ones and "." fall out. */
static int split(char *path, char *segments[static SEGMENTS_MAX])
{
	int n = 0;

	while (*path) {
		size_t len = strcspn(path, "/");
		char *next = path + len + (path[len] == '/');

		path[len] = '\0';
		if (len > 0 && strcmp(path, ".") != 0) {
			if (n == SEGMENTS_MAX)
				return -1;
			segments[n++] = path;
		}
		path = next;
	}
	return n;
}

/* match[i][j]: the pattern from segment i on matches the path from j on. */
static bool match_segments(char *const *pattern, int np, char *const *path, int n)
{
	bool match[SEGMENTS_MAX + 1][SEGMENTS_MAX + 1];

	for (int i = np; i >= 0; i--) {
		for (int j = n; j >= 0; j--) {
			if (i == np)
				match[i][j] = j == n;
			else if (strcmp(pattern[i], "**") == 0)
				match[i][j] = match[i + 1][j] || (j < n && match[i][j + 1]);
			else
				match[i][j] = j < n && match[i + 1][j + 1] &&
					      fnmatch(pattern[i], path[j], 0) == 0;
		}
	}
	return match[0][0];
}

bool build_files_match(const char *pattern, const char *path)
{
	char pattern_copy[PATH_BYTES], path_copy[PATH_BYTES];
	char *p[SEGMENTS_MAX], *s[SEGMENTS_MAX];
	int np, n;

	if (strlen(pattern) >= PATH_BYTES || strlen(path) >= PATH_BYTES)
		return false;
	memcpy(pattern_copy, pattern, strlen(pattern) + 1);
	memcpy(path_copy, path, strlen(path) + 1);
	np = split(pattern_copy, p);
	n = split(path_copy, s);
	return np > 0 && n > 0 && match_segments(p, np, s, n);
}

struct walk {
	const struct build_wanted *wanted;
	struct build_found *found;
	const char *source, *skip;
	deadline_t deadline;
	char path[PATH_BYTES];	/* of the base directory, and on to the entry */
	size_t base;		/* where the path below the base begins */
	int seen;
	bool no_memory;
};

/* Patterns are of paths below the base; one of the whole path counts, too. */
static bool any_matches(const struct walk *w, const struct strs *patterns)
{
	for (size_t i = 0; i < patterns->n; i++) {
		const char *pattern = patterns->v[i];

		if (*pattern == '/' && strncmp(pattern, w->path, w->base - 1) == 0 &&
		    pattern[w->base - 1] == '/')
			pattern += w->base;
		else if (*pattern == '/')
			continue;
		if (build_files_match(pattern, w->path + w->base))
			return true;
	}
	return false;
}

static void add(struct walk *w, const char *from, bool link)
{
	struct build_found *f = w->found;

	if (f->n == f->room) {
		size_t room = f->room ? 2 * f->room : 64;
		struct build_file *v = realloc(f->v, room * sizeof(*v));

		w->no_memory = w->no_memory || !v;
		if (!v)
			return;
		f->v = v;
		f->room = room;
	}
	f->v[f->n] = (struct build_file){ strdup(w->path + w->base), strdup(from), link };
	w->no_memory = w->no_memory || !f->v[f->n].path || !f->v[f->n].from;
	f->n++;
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && path[len] == '/';
}

static void take(struct walk *w, bool link)
{
	char *real = NULL;
	struct stat st;

	if (!any_matches(w, &w->wanted->files) || any_matches(w, &w->wanted->exclude))
		return;
	if (!link) {
		add(w, w->path, false);
		return;
	}
	real = realpath(w->path, NULL);
	if (!real || !is_below(real, w->source) || stat(real, &st) < 0)
		w->found->left_out++;
	else if (w->wanted->spec->symlinks)
		add(w, w->path, true);
	else if (S_ISREG(st.st_mode))
		add(w, real, false);
	else
		w->found->left_out++;
	free(real);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void walk(struct walk *w, int depth);

static void look_at(struct walk *w, int depth)
{
	struct stat st;

	if (lstat(w->path, &st) < 0 || (w->skip && strcmp(w->path, w->skip) == 0))
		return;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		walk(w, depth + 1);
	else if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
		take(w, S_ISLNK(st.st_mode));
}

/* A folder behind a link is not entered. */
static void walk(struct walk *w, int depth)
{
	struct dirent **entries;
	size_t len = strlen(w->path);
	int n = scandir(w->path, &entries, NULL, by_name);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		int added;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && ++w->seen <= SEEN_MAX &&
		    !deadline_over(w->deadline)) {
			added = snprintf(w->path + len, sizeof(w->path) - len, "/%s", name);
			if (added > 0 && (size_t)added < sizeof(w->path) - len)
				look_at(w, depth);
			w->path[len] = '\0';
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/* The folders that a base directory stands for, "dist" or "build-*"; what is in
 * the path of the source itself is no pattern. */
static int expand_base(const struct walk *w, glob_t *out)
{
	char pattern[2 * PATH_BYTES];
	const char *base = w->wanted->base;
	size_t n = 0;

	for (const char *s = *base == '/' ? "" : w->source; *s && n + 3 < sizeof(pattern); s++) {
		if (strchr("*?[\\", *s))
			pattern[n++] = '\\';
		pattern[n++] = *s;
	}
	if (snprintf(pattern + n, sizeof(pattern) - n, "%s%s", n ? "/" : "", base) >= (int)(sizeof(pattern) - n))
		return GLOB_NOSPACE;
	return glob(pattern, 0, NULL, out);
}

static int too_much(const struct walk *w, struct err *err)
{
	if (deadline_over(w->deadline))
		return err_set(err, ERR_TIMEOUT, "the files of the build were not all looked at in time");
	if (w->no_memory)
		return err_set(err, ERR_INTERNAL, "no memory for a list of files");
	return 0;
}

int build_files_find(const struct build_wanted *wanted, const char *source, const char *skip,
		     deadline_t deadline, struct build_found *out, struct err *err)
{
	struct walk w = { .wanted = wanted, .found = out, .source = source, .skip = skip,
			  .deadline = deadline };
	glob_t bases = { 0 };
	int rc = expand_base(&w, &bases);

	*out = (struct build_found){ 0 };
	for (size_t i = 0; rc == 0 && i < bases.gl_pathc; i++) {
		char *real = realpath(bases.gl_pathv[i], NULL);
		struct stat st;

		if (real && strlen(real) < sizeof(w.path) && stat(real, &st) == 0 && S_ISDIR(st.st_mode)) {
			out->bases++;
			snprintf(w.path, sizeof(w.path), "%s", real);
			w.base = strlen(real) + 1;
			walk(&w, 0);
		}
		free(real);
	}
	globfree(&bases);
	return too_much(&w, err);
}

void build_files_free(struct build_found *found)
{
	for (size_t i = 0; i < found->n; i++) {
		free(found->v[i].path);
		free(found->v[i].from);
	}
	free(found->v);
	*found = (struct build_found){ 0 };
}
