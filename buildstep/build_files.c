/* The files that artifacts and reports name. */
#include "build.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	SEGMENTS_MAX = 64,	/* folders in a path or pattern */
	DEPTH_MAX = 60,
	FILES_MAX = 10000,	/* named in the result */
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
	const struct buildspec_files *wanted;
	cJSON *found;
	char path[PATH_BYTES];	/* of the base directory, and on to the entry */
	size_t base;		/* where the path below the base begins */
	int seen, n;
	bool no_memory;
};

static bool any_matches(const struct buildspec_strings *patterns, const char *path)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (build_files_match(patterns->v[i], path))
			return true;
	return false;
}

static void take(struct walk *w)
{
	const char *path = w->path + w->base;

	if (!any_matches(&w->wanted->files, path) || any_matches(&w->wanted->exclude, path))
		return;
	w->n++;
	if (w->n > FILES_MAX)
		return;
	if (!cJSON_AddItemToArray(w->found, cJSON_CreateString(path)))
		w->no_memory = true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Links are files here: a folder behind one is not entered. */
static void walk(struct walk *w, int depth)
{
	struct dirent **entries;
	size_t len = strlen(w->path);
	int n = scandir(w->path, &entries, NULL, by_name);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;
		struct stat st;
		int added;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && ++w->seen <= SEEN_MAX) {
			added = snprintf(w->path + len, sizeof(w->path) - len, "/%s", name);
			if (added > 0 && (size_t)added < sizeof(w->path) - len &&
			    lstat(w->path, &st) == 0) {
				if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
					walk(w, depth + 1);
				else if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))
					take(w);
			}
			w->path[len] = '\0';
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static int gather(struct build *b, const struct buildspec_files *wanted, cJSON *into, struct err *err)
{
	const char *base = wanted->base_directory ? wanted->base_directory : ".";
	struct walk w = { .wanted = wanted };
	cJSON *entry = cJSON_CreateObject();
	int len;

	if (!cJSON_AddItemToArray(into, entry) ||
	    !cJSON_AddStringToObject(entry, "name", wanted->name) ||
	    (wanted->format && !cJSON_AddStringToObject(entry, "format", wanted->format)))
		return err_set(err, ERR_INTERNAL, "no memory for a list of files");
	w.found = cJSON_AddArrayToObject(entry, "files");
	if (*base == '/')
		len = snprintf(w.path, sizeof(w.path), "%s", base);
	else
		len = snprintf(w.path, sizeof(w.path), "%s/%s", b->source, base);
	if (len < 0 || (size_t)len >= sizeof(w.path))
		return err_set(err, ERR_USAGE, "the base directory is too long");
	w.base = (size_t)len + 1;
	if (w.found)
		walk(&w, 0);
	build_output_say(&b->output, "Found %d file(s) for %s%s%s", w.n,
			 wanted->format ? "the report " : "artifacts",
			 *wanted->name && !wanted->format ? " " : "", wanted->name);
	if (w.n > FILES_MAX && !cJSON_AddBoolToObject(entry, "truncated", true))
		w.no_memory = true;
	if (w.no_memory || !w.found)
		return err_set(err, ERR_INTERNAL, "no memory for a list of files");
	return 0;
}

int build_files(struct build *b, struct err *err)
{
	for (size_t i = 0; i < b->spec->n_reports; i++)
		if (gather(b, &b->spec->reports[i], b->reports, err) < 0)
			return -1;
	for (size_t i = 0; i < b->spec->n_artifacts; i++)
		if (gather(b, &b->spec->artifacts[i], b->artifacts, err) < 0)
			return -1;
	return 0;
}
