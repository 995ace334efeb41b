#include "container_repo.h"

#include <string.h>

enum { PATH_BYTES = 4096, PROGRAMS_MAX = 32, FOLDERS_MAX = 200, LEVELS = 2 };

void container_repo_read(const struct container_repo *repo, const char *path, git_odb_object **out,
			 unsigned *mode)
{
	struct buf full = BUF_INIT(PATH_BYTES);
	git_tree_entry *e = NULL;

	*out = NULL;
	*mode = 0;
	buf_addf(&full, "%s%s", repo->context, path);
	if (!full.failed && git_tree_entry_bypath(&e, repo->root, buf_str(&full)) == 0 &&
	    git_tree_entry_type(e) == GIT_OBJECT_BLOB) {
		*mode = (unsigned)git_tree_entry_filemode_raw(e);
		git_odb_read(out, repo->run->odb, git_tree_entry_id(e));
	}
	git_tree_entry_free(e);
	buf_free(&full);
}

bool container_repo_has(const struct container_repo *repo, const char *path)
{
	struct buf full = BUF_INIT(PATH_BYTES);
	git_tree_entry *e = NULL;
	bool has;

	buf_addf(&full, "%s%s", repo->context, path);
	has = !full.failed && git_tree_entry_bypath(&e, repo->root, buf_str(&full)) == 0 &&
	      git_tree_entry_type(e) == GIT_OBJECT_BLOB;
	git_tree_entry_free(e);
	buf_free(&full);
	return has;
}

struct search {
	const struct container_repo *repo;
	struct strs *out;
	int folders;
	int rc;
};

/* Those of one folder, `prefix` deep in the context. */
static void programs_of(struct search *s, git_tree *tree, const char *prefix)
{
	static const char *const names[] = { "train", "serve" };

	for (size_t i = 0; i < 2 && s->rc == 0 && s->out->n < PROGRAMS_MAX; i++) {
		const git_tree_entry *e = git_tree_entry_byname(tree, names[i]);

		if (e && git_tree_entry_type(e) == GIT_OBJECT_BLOB)
			s->rc = strs_addf(s->out, "%s%s", prefix, names[i]);
	}
}

static void level(struct search *s, git_tree *tree, const char *prefix, int more)
{
	programs_of(s, tree, prefix);
	for (size_t i = 0; i < git_tree_entrycount(tree) && more > 0 && s->rc == 0; i++) {
		const git_tree_entry *e = git_tree_entry_byindex(tree, i);
		struct buf below = BUF_INIT(PATH_BYTES);
		git_tree *child = NULL;

		if (git_tree_entry_type(e) != GIT_OBJECT_TREE || ++s->folders > FOLDERS_MAX ||
		    git_tree_lookup(&child, s->repo->run->repo, git_tree_entry_id(e)) < 0)
			continue;
		buf_addf(&below, "%s%s/", prefix, git_tree_entry_name(e));
		if (!below.failed)
			level(s, child, buf_str(&below), more - 1);
		buf_free(&below);
		git_tree_free(child);
	}
}

int container_repo_programs(const struct container_repo *repo, struct strs *out)
{
	struct search s = { .repo = repo, .out = out };
	git_tree_entry *e = NULL;
	git_tree *tree = NULL;
	char folder[PATH_BYTES];
	size_t n = strlen(repo->context);

	if (n == 0) {
		level(&s, repo->root, "", LEVELS);
	} else if (n < sizeof(folder)) {
		memcpy(folder, repo->context, n);
		folder[n - 1] = '\0';	/* the slash */
		if (git_tree_entry_bypath(&e, repo->root, folder) == 0 &&
		    git_tree_lookup(&tree, repo->run->repo, git_tree_entry_id(e)) == 0)
			level(&s, tree, "", LEVELS);
	}
	git_tree_free(tree);
	git_tree_entry_free(e);
	return s.rc;
}

bool container_repo_docker_folder(git_repository *repo, git_tree *root, struct buf *name)
{
	for (size_t i = 0; i < git_tree_entrycount(root) && i < FOLDERS_MAX; i++) {
		const git_tree_entry *e = git_tree_entry_byindex(root, i), *docker;
		git_tree *tree = NULL;
		bool has;

		if (git_tree_entry_type(e) != GIT_OBJECT_TREE ||
		    git_tree_lookup(&tree, repo, git_tree_entry_id(e)) < 0)
			continue;
		docker = git_tree_entry_byname(tree, "Dockerfile");
		has = docker && git_tree_entry_type(docker) == GIT_OBJECT_BLOB;
		git_tree_free(tree);
		if (has) {
			buf_addf(name, "%s/", git_tree_entry_name(e));
			return !name->failed;
		}
	}
	return false;
}
