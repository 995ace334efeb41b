#include "target_mirror_parse.h"

#include <string.h>

/* The first line that has the text; NULL. */
static const char *line_with(const char *output, const char *text, int *len)
{
	const char *at = strstr(output, text), *begin = at;

	if (!at)
		return NULL;
	while (begin > output && begin[-1] != '\n')
		begin--;
	*len = (int)strcspn(begin, "\n");
	return begin;
}

/* Signs in git's output (LC_ALL=C) and in what servers send through it. */
static const struct sign {
	const char *text;
	enum err_class class;
} signs[] = {
	{ "(non-fast-forward)", ERR_CONFLICT },
	{ "(fetch first)", ERR_CONFLICT },
	{ "(needs force)", ERR_CONFLICT },
	{ "(already exists)", ERR_CONFLICT },
	{ "(stale info)", ERR_CONFLICT },
	/* of the names and objects that are pushed: no time mends them */
	{ "exists; cannot create", ERR_NO },
	{ "fsck error", ERR_NO },
	/* of another push, at the same time; and a server that is in trouble */
	{ "cannot lock ref", ERR_UNAVAILABLE },
	{ "failed to lock", ERR_UNAVAILABLE },
	{ "failed to update ref", ERR_UNAVAILABLE },
	{ "unpacker error", ERR_UNAVAILABLE },
	{ "remote failed to report status", ERR_UNAVAILABLE },
	{ "does not match any", ERR_NO },		/* a commit that is no longer here */
	{ "unable to create temporary", ERR_UNAVAILABLE },
	{ "returned error: 403", ERR_ACCESS },
	{ "returned error: 401", ERR_ACCESS },
	{ "Authentication failed", ERR_ACCESS },
	{ "could not read Username", ERR_ACCESS },
	{ "could not read Password", ERR_ACCESS },
	{ "Permission denied", ERR_ACCESS },
	{ "returned error: 404", ERR_NO },
	{ "' not found", ERR_NO },
	{ "does not appear to be a git repository", ERR_NO },
	{ "[remote rejected]", ERR_NO },
	{ "[rejected]", ERR_NO },
};

static int say(enum err_class class, const char *line, int len, struct err *err)
{
	while (len > 0 && strchr("!\t ", *line)) {
		line++;
		len--;
	}
	return err_set(err, class, "git push: %.*s", len > 600 ? 600 : len, line);
}

int target_mirror_parse(int exit_code, const char *output, bool deletion, struct err *err)
{
	static const char *const words[] = { "fatal: ", "error: " };
	const char *line;
	int len;

	if (exit_code == 0)
		return 0;
	if (deletion && line_with(output, "remote ref does not exist", &len))
		return 0;
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		line = line_with(output, signs[i].text, &len);
		if (line)
			return say(signs[i].class, line, len, err);
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		line = line_with(output, words[i], &len);
		if (line)
			return say(ERR_UNAVAILABLE, line, len, err);
	}
	return err_set(err, ERR_UNAVAILABLE, "git push ended with %d", exit_code);
}
