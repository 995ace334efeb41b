/*
 * What a rule file says is no secret, looked at for one text.
 */
#ifndef CODETRAIN_SCAN_REGEX_ALLOW_H
#define CODETRAIN_SCAN_REGEX_ALLOW_H

#include "scan_regex.h"
#include "scan_regex_match.h"

/* A struct scan_allow and what is known of it. */
struct allow_state {
	const struct scan_allow *allow;
	struct regex_code *regexes, *paths;	/* one for each */
	const char **words;			/* by their first byte */
	unsigned *first;			/* 257 places in them */
	unsigned text;				/* the text that `by_path` is of */
	bool by_path;
};

int scan_regex_allow_open(const struct scan_allow *v, size_t n, struct allow_state **out);
void scan_regex_allow_close(struct allow_state *v, size_t n);

struct allow_text {
	struct regex_engine *engine;
	const char *const *paths;
	size_t n_paths;
	unsigned number;	/* another for each text */
};

/* All of the text is allowed, by its paths. */
bool scan_regex_allow_text(struct allow_state *v, size_t n, const struct allow_text *t);

/* A secret is: what was matched, and the lines that it stands in; and what else than the match has
 * told when it is allowed. */
struct allow_found {
	const char *secret, *match, *line;
	size_t secret_len, match_len, line_len;
	bool by_line, by_path;
};
bool scan_regex_allow_found(struct allow_state *v, size_t n, const struct allow_text *t,
			    struct allow_found *f);

#endif
