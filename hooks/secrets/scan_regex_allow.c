#include "scan_regex_allow.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* The words in the order of their first bytes. */
static int sort_words(struct allow_state *a)
{
	size_t n = count(a->allow->words), at = 0;

	a->words = calloc(n + 1, sizeof(*a->words));
	a->first = calloc(257, sizeof(*a->first));
	if (!a->words || !a->first)
		return -1;
	for (unsigned c = 0; c < 256; c++) {
		a->first[c] = (unsigned)at;
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)a->allow->words[i][0] == c)
				a->words[at++] = a->allow->words[i];
	}
	a->first[256] = (unsigned)at;
	return 0;
}

int scan_regex_allow_open(const struct scan_allow *v, size_t n, struct allow_state **out)
{
	struct allow_state *all = calloc(n + 1, sizeof(*all));

	*out = all;
	for (size_t i = 0; all && i < n; i++) {
		struct allow_state *a = &all[i];

		a->allow = &v[i];
		a->regexes = calloc(count(v[i].regexes) + 1, sizeof(*a->regexes));
		a->paths = calloc(count(v[i].paths) + 1, sizeof(*a->paths));
		if (!a->regexes || !a->paths || sort_words(a) < 0)
			return -1;
	}
	return all ? 0 : -1;
}

void scan_regex_allow_close(struct allow_state *v, size_t n)
{
	for (size_t i = 0; v && i < n && v[i].allow; i++) {
		for (size_t k = 0; v[i].regexes && k < count(v[i].allow->regexes); k++)
			scan_regex_match_free(&v[i].regexes[k]);
		for (size_t k = 0; v[i].paths && k < count(v[i].allow->paths); k++)
			scan_regex_match_free(&v[i].paths[k]);
		free(v[i].regexes);
		free(v[i].paths);
		free(v[i].words);
		free(v[i].first);
	}
	free(v);
}

static bool any(struct regex_engine *e, char *const *patterns, struct regex_code *codes,
		const char *s, size_t len)
{
	struct span at;

	for (size_t i = 0; len && patterns && patterns[i]; i++)
		if (scan_regex_match(e, &codes[i], patterns[i], false, s, len, 0, len, &at) > 0)
			return true;
	return false;
}

/* Bytes that stand in several places are allowed when all of them are. */
static bool by_path(struct allow_state *a, const struct allow_text *t)
{
	if (a->text == t->number)
		return a->by_path;
	a->text = t->number;
	a->by_path = t->n_paths > 0 && a->allow->paths;
	for (size_t i = 0; i < t->n_paths && a->by_path; i++)
		a->by_path = any(t->engine, a->allow->paths, a->paths, t->paths[i], strlen(t->paths[i]));
	return a->by_path;
}

bool scan_regex_allow_text(struct allow_state *v, size_t n, const struct allow_text *t)
{
	for (size_t i = 0; i < n; i++) {
		const struct scan_allow *a = v[i].allow;
		/* with other conditions the path alone decides nothing */
		bool more = a->all && (a->regexes || a->words || a->commits);

		if (!more && by_path(&v[i], t))
			return true;
	}
	return false;
}

static bool has_word(const struct allow_state *a, const char *s, size_t len)
{
	for (size_t i = 0; a->allow->words && i < len; i++) {
		unsigned char c = (unsigned char)tolower((unsigned char)s[i]);

		for (unsigned k = a->first[c]; k < a->first[c + 1]; k++) {
			const char *w = a->words[k];
			size_t n = 1;

			while (w[n] && i + n < len && tolower((unsigned char)s[i + n]) == (unsigned char)w[n])
				n++;
			if (!w[n])
				return true;
		}
	}
	return false;
}

static bool by_regex(struct allow_state *a, const struct allow_text *t, struct allow_found *f)
{
	switch (a->allow->target) {
	case ALLOW_MATCH:
		return any(t->engine, a->allow->regexes, a->regexes, f->match, f->match_len);
	case ALLOW_LINE:
		f->by_line = true;
		return any(t->engine, a->allow->regexes, a->regexes, f->line, f->line_len);
	default:
		return any(t->engine, a->allow->regexes, a->regexes, f->secret, f->secret_len);
	}
}

bool scan_regex_allow_found(struct allow_state *v, size_t n, const struct allow_text *t,
			    struct allow_found *f)
{
	for (size_t i = 0; i < n; i++) {
		const struct scan_allow *a = v[i].allow;

		f->by_line = false;
		f->by_path = a->all && a->paths;
		if (!a->all) {
			if (has_word(&v[i], f->secret, f->secret_len) || by_regex(&v[i], t, f))
				return true;
			continue;
		}
		/* which commit it is nobody knows here: what wants one is not allowed */
		if (!a->commits && (!a->paths || by_path(&v[i], t)) &&
		    (!a->words || has_word(&v[i], f->secret, f->secret_len)) &&
		    (!a->regexes || by_regex(&v[i], t, f)))
			return true;
	}
	return false;
}
