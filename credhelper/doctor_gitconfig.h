/*
 * git's configuration as git reads it, with where each line comes from, and
 * which of it counts for a URL (git's urlmatch.c and credential.c).
 */
#ifndef CODETRAIN_DOCTOR_GITCONFIG_H
#define CODETRAIN_DOCTOR_GITCONFIG_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define DOCTOR_HELPERS_MAX 32
#define DOCTOR_GIT_ENTRIES_MAX 8192

/* Strings point into the text of doctor_git. */
struct doctor_git_entry {
	const char *scope;	/* "system", "global", "local", "worktree", "command" */
	const char *file;	/* NULL when it comes from no file */
	const char *key;	/* section and name in lower case, subsection as written */
	const char *value;	/* NULL for a bare key, which is true */
};

struct doctor_git {
	struct buf text;	/* secret memory: headers may hold tokens */
	struct doctor_git_entry *entries;	/* in git's order: the later wins */
	size_t n;
};

/* What "git config --list" says in the working directory. ERR_INTERNAL when git
 * cannot be run, ERR_USAGE when it refuses its files (its own words). */
int doctor_git_read(struct doctor_git *g, struct err *err);
/* Takes "-z --show-scope --show-origin --list" apart, in place. */
int doctor_git_parse(struct doctor_git *g, struct err *err);
void doctor_git_free(struct doctor_git *g);

/* The last value of a key; NULL when there is none. */
const struct doctor_git_entry *doctor_git_last(const struct doctor_git *g, const char *key);
/* git's own reading of a boolean. */
bool doctor_git_true(const struct doctor_git_entry *e);

/* ---- URLs ------------------------------------------------------------------------ */

/* A URL in parts, scheme and host in lower case. "" is what it does not have. */
struct doctor_url {
	char scheme[16], user[256], host[256], port[8], path[512];	/* path without slashes at its ends */
	bool password;	/* there was one; it is not kept */
};

/* False for what is no SCHEME://HOST… */
bool doctor_url_parse(const char *url, struct doctor_url *out);
/* Without user and password. */
void doctor_url_print(const struct doctor_url *url, char *out, size_t cap);
/* Does the subsection of credential.PATTERN.x or http.PATTERN.x mean this URL? */
bool doctor_url_matches(const char *pattern, const struct doctor_url *url);
/* Does the pattern name a host at all? */
bool doctor_url_has_host(const char *pattern);

/* The next entry at or after *at that is SECTION.NAME or SECTION.PATTERN.NAME for
 * this URL; *at is moved behind it, `pattern` gets a copy of PATTERN ("": none).
 * NULL at the end. */
#define DOCTOR_PATTERN_MAX 1024
const struct doctor_git_entry *doctor_git_next(const struct doctor_git *g, const char *section,
					       const char *name, const struct doctor_url *url,
					       size_t *at, char pattern[static DOCTOR_PATTERN_MAX]);
/* The one that wins where git takes the last (credential.*); NULL: none. */
const struct doctor_git_entry *doctor_git_winner(const struct doctor_git *g, const char *section,
						 const char *name, const struct doctor_url *url,
						 char pattern[static DOCTOR_PATTERN_MAX]);

/* ---- credential helpers ---------------------------------------------------------- */

enum doctor_helper_kind {
	DOCTOR_OURS,
	DOCTOR_AWS_CLI,
	DOCTOR_KEEPS,		/* stores what others answered, and answers with it */
	DOCTOR_OTHER,
};

struct doctor_helper {
	const struct doctor_git_entry *entry;
	enum doctor_helper_kind kind;
	bool any_host;		/* its key names no host */
	bool shell;		/* "!…": the words mean what a shell makes of them */
	bool ignore_host_check;
	char program[512];	/* the first word: "codecommit", "/path/x"; of "!…" what it runs */
	char profile[256];	/* its --profile; "" when none */
	char file[512];		/* its --file; "" when none */
	char label[512];	/* for people; only what holds no secret */
	char pattern[DOCTOR_PATTERN_MAX];
};

/* The helpers that git asks for this URL, in its order. */
size_t doctor_git_helpers(const struct doctor_git *g, const struct doctor_url *url,
			  struct doctor_helper out[static DOCTOR_HELPERS_MAX]);
/* What one line configures; `entry` and `any_host` stay as they are. */
void doctor_helper_read(const char *value, struct doctor_helper *out);

#endif
