#include "doctor_gitconfig.h"
#include "doctor_child.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 1 << 20, REASON_MAX = 4096 };

/* ---- reading --------------------------------------------------------------------- */

int doctor_git_read(struct doctor_git *g, struct err *err)
{
	static const char *const argv[] = { "git", "config", "-z", "--show-scope", "--show-origin",
					    "--list", NULL };
	struct buf errors = BUF_INIT(REASON_MAX);
	int rc;

	g->text = (struct buf)BUF_INIT_SECRET(TEXT_MAX);
	rc = doctor_child(argv, &g->text, &errors, err);
	if (rc > 0)
		err_set(err, ERR_USAGE, "git cannot read its configuration: %s", buf_str(&errors));
	buf_free(&errors);
	return rc == 0 ? doctor_git_parse(g, err) : -1;
}

/* The piece up to the next NUL; NULL at the end. */
static char *piece(char **at, const char *end)
{
	char *s = *at, *nul = s < end ? memchr(s, '\0', (size_t)(end - s)) : NULL;

	if (!nul)
		return NULL;
	*at = nul + 1;
	return s;
}

static const char *origin_file(const char *origin)
{
	return strncmp(origin, "file:", 5) == 0 ? origin + 5 : NULL;
}

int doctor_git_parse(struct doctor_git *g, struct err *err)
{
	char *at = g->text.data, *end = at ? at + g->text.len : at;
	char *scope, *origin, *key;

	g->entries = calloc(DOCTOR_GIT_ENTRIES_MAX, sizeof(*g->entries));
	if (!g->entries)
		return err_set(err, ERR_INTERNAL, "no memory for git's configuration");
	while ((scope = piece(&at, end)) && (origin = piece(&at, end)) && (key = piece(&at, end))) {
		char *value = strchr(key, '\n');

		if (g->n == DOCTOR_GIT_ENTRIES_MAX)
			return err_set(err, ERR_USAGE, "git's configuration has more than %d lines",
				       DOCTOR_GIT_ENTRIES_MAX);
		if (value)
			*value++ = '\0';
		g->entries[g->n++] = (struct doctor_git_entry){ scope, origin_file(origin), key,
								value };
	}
	return 0;
}

void doctor_git_free(struct doctor_git *g)
{
	buf_free(&g->text);
	free(g->entries);
	g->entries = NULL;
	g->n = 0;
}

/* ---- asking ---------------------------------------------------------------------- */

const struct doctor_git_entry *doctor_git_last(const struct doctor_git *g, const char *key)
{
	for (size_t i = g->n; i-- > 0;)
		if (strcmp(g->entries[i].key, key) == 0)
			return &g->entries[i];
	return NULL;
}

bool doctor_git_true(const struct doctor_git_entry *e)
{
	static const char *const yes[] = { "true", "yes", "on" };

	if (!e)
		return false;
	if (!e->value)
		return true;
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (strcasecmp(e->value, yes[i]) == 0)
			return true;
	return strtol(e->value, NULL, 0) != 0;
}

/* SECTION.NAME or SECTION.PATTERN.NAME; the pattern to `out`. */
static bool is_named(const char *key, const char *section, const char *name,
		     char out[static DOCTOR_PATTERN_MAX])
{
	size_t n = strlen(section);
	const char *dot = strrchr(key, '.');
	size_t len;

	if (!dot || strncmp(key, section, n) != 0 || key[n] != '.' || strcmp(dot + 1, name) != 0)
		return false;
	len = dot > key + n ? (size_t)(dot - key) - n - 1 : 0;
	if (len >= DOCTOR_PATTERN_MAX)
		return false;
	memcpy(out, key + n + 1, len);
	out[len] = '\0';
	return true;
}

const struct doctor_git_entry *doctor_git_next(const struct doctor_git *g, const char *section,
					       const char *name, const struct doctor_url *url,
					       size_t *at, char pattern[static DOCTOR_PATTERN_MAX])
{
	while (*at < g->n) {
		const struct doctor_git_entry *e = &g->entries[(*at)++];

		if (is_named(e->key, section, name, pattern) &&
		    (!*pattern || doctor_url_matches(pattern, url)))
			return e;
	}
	return NULL;
}

/* credential.*: the later counts, whatever its pattern. http.*: the more exact. */
const struct doctor_git_entry *doctor_git_winner(const struct doctor_git *g, const char *section,
						 const char *name, const struct doctor_url *url,
						 char pattern[static DOCTOR_PATTERN_MAX])
{
	bool exact = strcmp(section, "http") == 0;
	char candidate[DOCTOR_PATTERN_MAX];
	const struct doctor_git_entry *e, *winner = NULL;
	size_t at = 0;

	pattern[0] = '\0';
	while ((e = doctor_git_next(g, section, name, url, &at, candidate))) {
		if (winner && exact && strlen(candidate) < strlen(pattern))
			continue;
		winner = e;
		memcpy(pattern, candidate, sizeof(candidate));
	}
	return winner;
}

size_t doctor_git_helpers(const struct doctor_git *g, const struct doctor_url *url,
			  struct doctor_helper out[static DOCTOR_HELPERS_MAX])
{
	char pattern[DOCTOR_PATTERN_MAX];
	const struct doctor_git_entry *e;
	size_t at = 0, n = 0;

	while ((e = doctor_git_next(g, "credential", "helper", url, &at, pattern))) {
		if (!e->value || !*e->value) {
			n = 0;	/* an empty one takes back those before it */
			continue;
		}
		if (n == DOCTOR_HELPERS_MAX)
			break;
		out[n] = (struct doctor_helper){ .entry = e,
						 .any_host = !doctor_url_has_host(pattern) };
		memcpy(out[n].pattern, pattern, sizeof(pattern));
		doctor_helper_read(e->value, &out[n++]);
	}
	return n;
}
