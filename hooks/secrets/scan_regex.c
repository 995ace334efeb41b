#include "scan_regex.h"
#include "scan_regex_allow.h"
#include "scan_regex_match.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR = 256 };	/* bytes in which a match is looked for at once, without its core first */

/* What is known of one rule. */
struct state {
	struct regex_code full, core, path;
	struct allow_state *allows;
	struct allow_state *shared;	/* borrowed from the scanner's list */
	unsigned text;			/* the text that the rest is of */
	size_t next;			/* no match begins before it */
	bool off;			/* nothing of this rule counts in the text */
	bool keyword;			/* one of them is in the text */
};

struct shared {
	const struct scan_allows *allows;
	struct allow_state *v;
};

struct scan_regex {
	const struct rule *table;
	size_t n;
	struct state *state;
	size_t *paths, n_paths;		/* the rules that are a path alone */
	struct shared *shared;		/* one for each file */
	size_t n_shared;
	struct allow_text text;
	const char *data;
	size_t len;
};

static struct allow_state *shared_of(struct scan_regex *s, const struct scan_allows *allows)
{
	struct shared *longer;

	for (size_t i = 0; i < s->n_shared; i++)
		if (s->shared[i].allows == allows)
			return s->shared[i].v;
	longer = realloc(s->shared, (s->n_shared + 1) * sizeof(*longer));
	if (!longer)
		return NULL;
	s->shared = longer;
	longer[s->n_shared] = (struct shared){ .allows = allows };
	s->n_shared++;
	if (scan_regex_allow_open(allows->v, allows->n, &longer[s->n_shared - 1].v) < 0)
		return NULL;
	return longer[s->n_shared - 1].v;
}

static int open_allows(struct scan_regex *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct rule_regex *re = s->table[i].re;

		if (!re)
			continue;
		if (!re->pattern)
			s->paths[s->n_paths++] = i;
		if (scan_regex_allow_open(re->allows, re->n_allows, &s->state[i].allows) < 0)
			return -1;
		if (re->shared && !(s->state[i].shared = shared_of(s, re->shared)))
			return -1;
	}
	return 0;
}

int scan_regex_open(const struct rule *table, size_t n, struct scan_regex **out, struct err *err)
{
	struct scan_regex *s;
	bool any = false;

	*out = NULL;
	for (size_t i = 0; i < n && !any; i++)
		any = table[i].re != NULL;
	if (!any)
		return 0;
	s = calloc(1, sizeof(*s));
	if (s) {
		s->table = table;
		s->n = n;
		s->state = calloc(n + 1, sizeof(*s->state));
		s->paths = calloc(n + 1, sizeof(*s->paths));
	}
	if (!s || !s->state || !s->paths || open_allows(s) < 0) {
		scan_regex_close(s);
		return err_set(err, ERR_INTERNAL, "no memory for regular expressions");
	}
	if (scan_regex_match_open(&s->text.engine, err) < 0) {
		scan_regex_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

void scan_regex_close(struct scan_regex *s)
{
	if (!s)
		return;
	for (size_t i = 0; s->state && i < s->n; i++) {
		struct state *st = &s->state[i];

		scan_regex_match_free(&st->full);
		scan_regex_match_free(&st->core);
		scan_regex_match_free(&st->path);
		if (s->table[i].re)
			scan_regex_allow_close(st->allows, s->table[i].re->n_allows);
	}
	for (size_t i = 0; i < s->n_shared; i++)
		scan_regex_allow_close(s->shared[i].v, s->shared[i].allows->n);
	scan_regex_match_close(s->text.engine);
	free(s->paths);
	free(s->shared);
	free(s->state);
	free(s);
}

void scan_regex_begin(struct scan_regex *s, const char *data, size_t len, const char *const *paths,
		      size_t n_paths)
{
	if (!s)
		return;
	s->data = data;
	s->len = len;
	s->text.paths = paths;
	s->text.n_paths = n_paths;
	s->text.number++;
}

/* The first path that the rule's path meets; NULL: none. */
static const char *meets(struct scan_regex *s, size_t id)
{
	struct span at;

	for (size_t i = 0; i < s->text.n_paths; i++) {
		const char *path = s->text.paths[i];
		size_t len = strlen(path);

		if (scan_regex_match(s->text.engine, &s->state[id].path, s->table[id].re->path, false,
				     path, len, 0, len, &at) > 0)
			return path;
	}
	return NULL;
}

/* Of this text, from its beginning when it is new. */
static struct state *state_of(struct scan_regex *s, size_t id)
{
	const struct rule_regex *re = s->table[id].re;
	struct state *st = &s->state[id];

	if (st->text == s->text.number)
		return st;
	st->text = s->text.number;
	st->next = 0;
	st->keyword = !re->keywords;
	st->off = (re->path && !meets(s, id)) ||
		  scan_regex_allow_text(st->allows, re->n_allows, &s->text) ||
		  (st->shared && scan_regex_allow_text(st->shared, re->shared->n, &s->text));
	return st;
}

static bool contains(const char *data, size_t len, const char *word)
{
	size_t n = strlen(word);
	const char both[2] = { word[0], (char)toupper((unsigned char)word[0]) };

	for (size_t k = 0; k < (both[0] == both[1] ? 1u : 2u); k++) {
		const char *p = data;

		while (n && len >= n && (p = memchr(p, both[k], len - (size_t)(p - data)))) {
			size_t i = 1;

			if (len - (size_t)(p - data) < n)
				break;
			while (i < n && tolower((unsigned char)p[i]) == (unsigned char)word[i])
				i++;
			if (i == n)
				return true;
			p++;
		}
	}
	return n == 0;
}

static bool has_keyword(const char *data, size_t len, char *const *words)
{
	for (; *words; words++)
		if (contains(data, len, *words))
			return true;
	return false;
}

/* The group that is the secret, in a match that stands alone, as gitleaks looks for it. */
static struct span secret_in(struct scan_regex *s, struct state *st, const struct rule_regex *re,
			     const char *match, size_t len)
{
	struct span whole = { 0, len }, group = { 0, 0 };

	if (re->groups == 0 || scan_regex_match(s->text.engine, &st->full, re->pattern, re->unicode,
						match, len, 0, len, &group) <= 0)
		return whole;
	if (re->group) {
		if (!scan_regex_match_group(s->text.engine, re->group, &group))
			group.len = 0;
		return group;
	}
	for (unsigned i = 1; i <= re->groups; i++)
		if (scan_regex_match_group(s->text.engine, i, &group) && group.len)
			return group;
	return whole;
}

static void line_of(const struct scan_regex *s, size_t begin, size_t end, struct allow_found *f)
{
	const char *first = begin ? memrchr(s->data, '\n', begin) : NULL;
	const char *last = memchr(s->data + end, '\n', s->len - end);

	f->line = first ? first : s->data;	/* with the line break, as gitleaks has it */
	f->line_len = (size_t)((last ? last : s->data + s->len) - f->line);
}

static bool is_secret(struct scan_regex *s, struct state *st, const struct rule_regex *re,
		      struct span match, struct scan_value *value)
{
	struct allow_found f = { 0 };
	struct span secret;

	while (match.len && s->data[match.offset] == '\n') {
		match.offset++;
		match.len--;
	}
	while (match.len && s->data[match.offset + match.len - 1] == '\n')
		match.len--;
	f.match = s->data + match.offset;
	f.match_len = match.len;
	secret = secret_in(s, st, re, f.match, f.match_len);
	f.secret = f.match + secret.offset;
	f.secret_len = secret.len;
	if (secret.len == 0 || (re->entropy > 0 && scan_regex_entropy(f.secret, f.secret_len) <= re->entropy))
		return false;
	line_of(s, match.offset, match.offset + match.len, &f);
	if ((st->shared && scan_regex_allow_found(st->shared, re->shared->n, &s->text, &f)) ||
	    scan_regex_allow_found(st->allows, re->n_allows, &s->text, &f))
		return false;
	value->offset = match.offset + secret.offset;
	value->len = secret.len;
	value->n = secret.len < RULES_VALUE_MAX ? secret.len : RULES_VALUE_MAX;
	memcpy(value->text, f.secret, value->n);
	value->text[value->n] = '\0';
	return true;
}

/* Where a match that was proposed up to `end` begins at the earliest. It rises with `end`, so that what
 * was looked at is never before what is left. */
static size_t earliest(const struct scan_regex *s, const struct rule_regex *re, size_t end, size_t floor)
{
	if (end - floor > SCAN_REGEX_BACK_MAX)
		floor = end - SCAN_REGEX_BACK_MAX;
	for (size_t i = re->n_steps; i-- > 0 && end > floor;) {
		const struct scan_step *step = &re->steps[i];
		size_t width = step->width, most = step->most;

		if (most == 0) {
			end = end - floor > width ? end - width : floor;
			continue;
		}
		for (; end > floor; end--) {
			if (rule_has(step->inside, (unsigned char)s->data[end - 1])) {
				if (most-- == 0)
					break;
			} else if (width-- == 0) {
				break;
			}
		}
	}
	return end;
}

static int find(struct scan_regex *s, struct state *st, const struct rule_regex *re, size_t from,
		size_t limit, struct span *match)
{
	struct regex_engine *e = s->text.engine;
	int rc;

	if (re->core && limit - from > NEAR) {
		rc = scan_regex_match(e, &st->core, re->core, re->unicode, s->data, s->len, from, limit,
				      match);
		if (rc <= 0)
			return rc;
		limit = match->offset;
		if (limit - from > re->lead)
			from = limit - re->lead;
	}
	return scan_regex_match(e, &st->full, re->pattern, re->unicode, s->data, s->len, from, limit,
				match);
}

bool scan_regex_confirm(struct scan_regex *s, size_t id, size_t end, struct scan_value *value)
{
	const struct rule_regex *re = s->table[id].re;
	struct state *st = state_of(s, id);
	size_t limit = s->len, from = st->next;

	if (re->n_steps)
		limit = end - (re->least < end ? re->least : end);
	if (st->off || !re->pattern || st->next > limit)
		return false;
	if (re->n_steps)
		from = earliest(s, re, end, st->next);
	while (from <= limit) {
		struct span match;

		if (find(s, st, re, from, limit, &match) <= 0)
			break;
		from = st->next = match.offset + (match.len ? match.len : 1);
		if (!st->keyword) {
			st->keyword = has_keyword(s->data + match.offset, match.len, re->keywords) ||
				      has_keyword(s->data, s->len, re->keywords);
			st->off = !st->keyword;
			if (st->off)
				return false;
		}
		if (is_secret(s, st, re, match, value))
			return true;
	}
	st->next = limit + 1;
	return false;
}

bool scan_regex_path(struct scan_regex *s, size_t *id, struct scan_value *value)
{
	for (size_t k = 0; s && s->text.n_paths && k < s->n_paths; k++) {
		size_t i = s->paths[k];
		const char *path;

		if ((*id != SIZE_MAX && i <= *id) || state_of(s, i)->off)
			continue;
		path = meets(s, i);
		if (!path)
			continue;
		*id = i;
		value->offset = value->len = 0;
		value->n = strlen(path) < RULES_VALUE_MAX ? strlen(path) : RULES_VALUE_MAX;
		memcpy(value->text, path, value->n);
		value->text[value->n] = '\0';
		return true;
	}
	return false;
}
