#include "pack_file.h"
#include "lib/base/buf.h"
#include "lib/base/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum {
	FOLDERS_MAX = 64,		/* the repository's and its alternates */
	ALTERNATES_MAX = 1 << 20,	/* bytes of the file that names them */
	FIRST = 16,
};

struct folders {
	char *path[FOLDERS_MAX];
	size_t n;
};

static int no_memory(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "no memory for the list of packs");
}

/* What is there already or too much is left out: its objects are not here. */
static int add_folder(struct folders *folders, const char *base, const char *path, size_t len,
		      struct err *err)
{
	struct buf full = BUF_INIT(PATH_MAX_BYTES);

	if (path[0] != '/' && base)
		buf_addf(&full, "%s/", base);
	buf_add(&full, path, len);
	if (full.failed || folders->n == FOLDERS_MAX) {
		buf_free(&full);
		return 0;
	}
	for (size_t i = 0; i < folders->n; i++) {
		if (strcmp(folders->path[i], buf_str(&full)) == 0) {
			buf_free(&full);
			return 0;
		}
	}
	folders->path[folders->n] = strdup(buf_str(&full));
	buf_free(&full);
	if (!folders->path[folders->n])
		return no_memory(err);
	folders->n++;
	return 0;
}

/* One folder a line; a quoted name is left to libgit2. */
static int add_alternates(struct folders *folders, const char *objects, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), text = BUF_INIT(ALTERNATES_MAX);
	struct file_info info = { 0 };
	struct err ignored;
	int rc = 0;

	buf_addf(&path, "%s/info/alternates", objects);
	if (!path.failed && file_read(buf_str(&path), &text, &info, &ignored) == 0) {
		const char *line = buf_str(&text);

		while (rc == 0 && *line) {
			size_t len = strcspn(line, "\n");

			if (len && line[0] != '#' && line[0] != '"')
				rc = add_folder(folders, objects, line, len, err);
			line += len + (line[len] == '\n');
		}
	}
	buf_free(&text);
	buf_free(&path);
	return rc;
}

static int add_pack(struct packs *packs, const char *path, struct err *err)
{
	struct pack_file *file;

	if (packs->n == packs->cap) {
		size_t cap = packs->cap ? 2 * packs->cap : FIRST;
		struct pack_file **v = realloc(packs->v, cap * sizeof(*v));

		if (!v)
			return no_memory(err);
		packs->v = v;
		packs->cap = cap;
	}
	file = pack_file_open(path);
	if (file)
		packs->v[packs->n++] = file;
	return 0;
}

static int add_packs(struct packs *packs, const char *objects, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	const struct dirent *entry;
	DIR *dir = NULL;
	int rc = 0;

	buf_addf(&path, "%s/pack", objects);
	if (!path.failed)
		dir = opendir(buf_str(&path));
	while (dir && rc == 0 && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		if (len < 4 || strcmp(entry->d_name + len - 4, ".idx") != 0)
			continue;
		buf_clear(&path);
		buf_addf(&path, "%s/pack/%s", objects, entry->d_name);
		if (!path.failed)
			rc = add_pack(packs, buf_str(&path), err);
	}
	if (dir)
		closedir(dir);
	buf_free(&path);
	return rc;
}

int pack_open(const char *objects, size_t max, struct packs **out, struct err *err)
{
	struct packs *packs = calloc(1, sizeof(*packs));
	struct folders folders = { .n = 0 };
	int rc = packs ? 0 : no_memory(err);

	if (rc == 0) {
		packs->max = max < PACK_OBJECT_MAX ? max : PACK_OBJECT_MAX;
		rc = add_folder(&folders, NULL, objects, strlen(objects), err);
	}
	for (size_t i = 0; rc == 0 && i < folders.n; i++) {
		rc = add_packs(packs, folders.path[i], err);
		if (rc == 0)
			rc = add_alternates(&folders, folders.path[i], err);
	}
	while (folders.n)
		free(folders.path[--folders.n]);
	if (rc < 0) {
		pack_free(packs);
		return -1;
	}
	*out = packs;
	return 0;
}

int pack_open_of(git_repository *repo, size_t max, struct packs **out, struct err *err)
{
	git_buf path = { 0 };
	int rc;

	if (git_repository_item_path(&path, repo, GIT_REPOSITORY_ITEM_OBJECTS) < 0)
		return err_set(err, ERR_INTERNAL, "the repository has no folder of objects");
	rc = pack_open(path.ptr, max, out, err);
	git_buf_dispose(&path);
	return rc;
}

void pack_free(struct packs *packs)
{
	if (!packs)
		return;
	for (size_t i = 0; i < packs->n; i++)
		pack_file_free(packs->v[i]);
	free(packs->v);
	free(packs);
}

bool pack_has(const struct packs *packs, const git_oid *oid)
{
	uint32_t place;

	return pack_file_of(packs, oid, NULL, &place) != NULL;
}
