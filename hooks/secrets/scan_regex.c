#include "scan_regex.h"
#include "scan_regex_allow.h"
#include "scan_regex_back.h"
#include "scan_regex_keyword.h"
#include "scan_regex_match.h"

#include <stdlib.h>
#include <string.h>

enum { SHORT = 256 };	/* bytes in which a match is looked for at once, without its core first */

/* What is known of one rule. */
struct state {
	struct regex_code full, core, path;
	struct allow_state *allows;
	struct allow_state *shared;	/* borrowed from the scanner's list */
	unsigned text;			/* the text that the rest is of */
	size_t next;			/* no match begins before it */
	size_t ended;			/* the last match did there */
	size_t judged;			/* what told of it begins there */
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
	bool far, here;			/* see scan_regex_far */
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
	s->far = s->here = false;
}

bool scan_regex_far(const struct scan_regex *s)
{
	return s && s->far;
}

bool scan_regex_here(const struct scan_regex *s)
{
	return s && s->here;
}

/* The first path that the rule's path meets; NULL: none. */
static const char *meets(struct scan_regex *s, size_t id, const char *const *paths, size_t n_paths)
{
	struct span at;

	for (size_t i = 0; i < n_paths; i++) {
		const char *path = paths[i];
		size_t len = strlen(path);

		if (scan_regex_match(s->text.engine, &s->state[id].path, s->table[id].re->path, false,
				     path, len, 0, len, &at) > 0)
			return path;
	}
	return NULL;
}

bool scan_regex_wants(struct scan_regex *s, size_t id, const char *const *paths, size_t n_paths)
{
	return meets(s, id, paths, n_paths) != NULL;
}

/* Of this text, from its beginning when it is new. */
static struct state *state_of(struct scan_regex *s, size_t id)
{
	const struct rule_regex *re = s->table[id].re;
	struct state *st = &s->state[id];

	if (st->text == s->text.number)
		return st;
	st->text = s->text.number;
	st->next = st->ended = st->judged = 0;
	st->keyword = !re->keywords;
	st->off = (re->path && !meets(s, id, s->text.paths, s->text.n_paths)) ||
		  scan_regex_allow_text(st->allows, re->n_allows, &s->text) ||
		  (st->shared && scan_regex_allow_text(st->shared, re->shared->n, &s->text));
	return st;
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

/* The lines of a match, and whether they are near. */
static bool line_of(const struct scan_regex *s, size_t begin, size_t end, size_t near, struct allow_found *f)
{
	const char *first = begin ? memrchr(s->data, '\n', begin) : NULL;
	const char *last = memchr(s->data + end, '\n', s->len - end);

	f->line = first ? first : s->data;	/* with the line break, as gitleaks has it */
	f->line_len = (size_t)((last ? last : s->data + s->len) - f->line);
	begin = (size_t)(f->line - s->data);
	return near <= begin + SCAN_REGEX_NEAR && begin + f->line_len <= near + SCAN_REGEX_NEAR;
}

/* Of a match that was proposed up to `end`. */
static bool is_secret(struct scan_regex *s, struct state *st, const struct rule_regex *re,
		      struct span match, size_t end, struct scan_value *value)
{
	struct allow_found f = { 0 };
	struct span secret;
	bool line;

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
	line = line_of(s, match.offset, match.offset + match.len, end, &f);
	if ((st->shared && scan_regex_allow_found(st->shared, re->shared->n, &s->text, &f)) ||
	    scan_regex_allow_found(st->allows, re->n_allows, &s->text, &f)) {
		s->far |= f.by_line && !line;
		s->here |= f.by_path;
		return false;
	}
	value->offset = match.offset + secret.offset;
	value->len = secret.len;
	value->n = secret.len < RULES_VALUE_MAX ? secret.len : RULES_VALUE_MAX;
	memcpy(value->text, f.secret, value->n);
	value->text[value->n] = '\0';
	return true;
}

/* A match in the text up to `len` that begins from `from` to `limit`; -1 when more of it may decide. */
static int match_in(struct scan_regex *s, struct regex_code *code, const char *pattern, bool unicode,
		    size_t len, size_t from, size_t limit, struct span *match)
{
	if (len == s->len)
		return scan_regex_match(s->text.engine, code, pattern, unicode, s->data, len, from, limit,
					match);
	return unicode ? -1 : scan_regex_match_cut(s->text.engine, code, pattern, s->data, len, from, limit,
						   match);
}

static int find_in(struct scan_regex *s, struct state *st, const struct rule_regex *re, size_t len,
		   size_t from, size_t limit, struct span *match)
{
	int rc;

	if (re->core && (re->lead_known || limit - from > SHORT)) {
		rc = match_in(s, &st->core, re->core, re->unicode, len, from, limit, match);
		if (rc <= 0)
			return rc;
		limit = match->offset;
		if (re->lead_known)
			from = limit = scan_regex_begin_of(re, s->data, from, limit);
		else if (limit - from > re->lead)
			from = limit - re->lead;
	}
	return match_in(s, &st->full, re->pattern, re->unicode, len, from, limit, match);
}

/* First in as many bytes as scan_regex_far is about. */
static int find(struct scan_regex *s, struct state *st, const struct rule_regex *re, size_t end,
		size_t from, size_t limit, struct span *match)
{
	int rc = -1;

	if (s->len - end <= SCAN_REGEX_NEAR)
		return find_in(s, st, re, s->len, from, limit, match);
	if (limit <= end)
		rc = find_in(s, st, re, end + SCAN_REGEX_NEAR, from, limit, match);
	if (rc >= 0)
		return rc;
	s->far = true;
	return find_in(s, st, re, s->len, from, limit, match);
}

static bool is_off(struct scan_regex *s, struct state *st, const struct rule_regex *re, struct span match)
{
	if (st->keyword)
		return false;
	st->keyword = scan_regex_keyword(s->data + match.offset, match.len, re->keywords) ||
		      scan_regex_keyword(s->data, s->len, re->keywords);
	st->off = !st->keyword;
	return st->off;
}

/* Notes how far before `end` stands what the answer there hangs on. */
static void judge_from(struct scan_regex *s, struct state *st, size_t from, size_t end)
{
	from -= from > 0;	/* \b looks at it */
	if (st->ended <= from || st->judged > from)
		st->judged = from;	/* no match before it has a say in it */
	s->far |= end - st->judged > SCAN_REGEX_NEAR;
}

bool scan_regex_confirm(struct scan_regex *s, size_t id, size_t end, struct scan_value *value)
{
	const struct rule_regex *re = s->table[id].re;
	struct state *st = state_of(s, id);
	size_t near = end > SCAN_REGEX_NEAR ? end - SCAN_REGEX_NEAR - 1 : 0;
	size_t limit = s->len, from = 0;

	s->far |= !re->n_steps;
	s->here |= st->off;
	if (re->n_steps)
		limit = end - (re->least < end ? re->least : end);
	if (st->off || !re->pattern)
		return false;
	if (re->n_steps)
		from = scan_regex_earliest(re, s->data, end, st->next < near ? st->next : near);
	judge_from(s, st, from, end);
	from = from > st->next ? from : st->next;
	while (from <= limit) {
		struct span match;

		if (find(s, st, re, end, from, limit, &match) <= 0)
			break;
		from = st->next = st->ended = match.offset + (match.len ? match.len : 1);
		if (is_off(s, st, re, match)) {
			s->far = true;
			return false;
		}
		if (is_secret(s, st, re, match, end, value))
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
		path = meets(s, i, s->text.paths, s->text.n_paths);
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
