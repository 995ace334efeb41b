#include "container_entry.h"

#include <string.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool listed(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

/* Programs that run what stands behind them. */
static bool is_wrapper(const char *name)
{
	static const char *const wrappers[] = { "tini", "tini-static", "dumb-init", "env", "exec", "nice",
						"gosu", "su-exec", "sudo", "catchsegv", "stdbuf",
						"nvidia_entrypoint.sh", "_entrypoint.sh", NULL };

	return listed(name, wrappers);
}

static bool is_interpreter(const char *name)
{
	static const char *const names[] = { "sh", "bash", "dash", "ash", "zsh", "perl", "ruby", "node",
					     "Rscript", "julia", "pypy", "pypy3", NULL };

	return listed(name, names) || strncmp(name, "python", 6) == 0;
}

enum container_entry container_entry(const struct dockerfile_instruction *e, const char **script)
{
	size_t i = 0;

	if (!e->json)
		return CONTAINER_ENTRY_SHELL;
	while (i < e->words.n && (is_wrapper(base_name(e->words.v[i])) ||
				  (i > 0 && *e->words.v[i] == '-')))
		i++;
	if (i == e->words.n)
		return CONTAINER_ENTRY_PASSES;
	if (is_interpreter(base_name(e->words.v[i]))) {
		for (i++; i < e->words.n && *e->words.v[i] == '-'; i++)
			if (e->words.v[i][1] != '-' && strchr(e->words.v[i], 'c'))
				return CONTAINER_ENTRY_SHELL;
			else if (strcmp(e->words.v[i], "-m") == 0)
				return CONTAINER_ENTRY_PASSES;	/* a module's own matter */
		if (i == e->words.n)
			return CONTAINER_ENTRY_PASSES;
	}
	if (strcmp(base_name(e->words.v[i]), "train") == 0)
		return CONTAINER_ENTRY_TRAIN;
	if (strcmp(base_name(e->words.v[i]), "serve") == 0)
		return CONTAINER_ENTRY_SERVE;
	*script = e->words.v[i];
	return CONTAINER_ENTRY_SCRIPT;
}

bool container_entry_reads(const char *text, size_t len)
{
	static const char *const signs[] = {
		"sys.argv", "argparse", "click", "typer", "fire", "docopt", "optparse", "getopt",
		"commandArgs", "process.argv", "$1", "${1", "$@", "${@", "$*", "ARGV", "ARGS", "@args",
		"\"train\"", "'train'",
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (memmem(text, len, signs[i], strlen(signs[i])))
			return true;
	return false;
}

bool container_entry_is_ready_made(const char *image)
{
	static const char *const names[] = {
		"sagemaker-", "-training:", "xgboost", "linear-learner", "kmeans", "pca:",
		"factorization-machines", "blazingtext", "image-classification", "object-detection",
		"semantic-segmentation", "seq2seq", "forecasting-deepar", "ntm:", "lda:", "knn:",
		"ipinsights", "object2vec", "randomcutforest", "autogluon",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strstr(base_name(image), names[i]))
			return true;
	return false;
}
