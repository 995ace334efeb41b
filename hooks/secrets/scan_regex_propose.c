/*
 * What Hyperscan looks for in place of an expression: a part of it that is cheap, seldom there
 * without the whole, and near the beginning of the match.
 */
#include "scan_regex.h"
#include "scan_regex_measure.h"
#include "scan_regex_tree.h"

#include <stdlib.h>
#include <string.h>

enum {
	WIDE = 128,		/* bytes in a set that says next to nothing */
	WIDE_REPEAT = 64,
	LITERAL_MIN = 2,	/* letters in a row that make a pattern cheap */
	BRANCHES_MAX = 16,
};

/* One after the other, without the groups around them. */
struct pieces {
	const struct tree **v;
	size_t n;
};

/* Takes any number of nearly any bytes: a proposal ends before it. */
static bool wide(const struct tree *t)
{
	if (t->kind == TREE_REPEAT && t->child[0]->kind == TREE_SET)
		return scan_regex_set_count(&t->child[0]->set) >= WIDE && t->max > WIDE_REPEAT;
	for (size_t i = 0; i < t->n; i++)
		if (wide(t->child[i]))
			return true;
	return false;
}

static bool optional(const struct tree *t)
{
	return t->kind == TREE_REPEAT && t->min == 0;
}

static int flatten(const struct tree *t, struct arena *arena, struct pieces *out)
{
	const struct tree **v;

	if (t->kind == TREE_GROUP)
		return flatten(t->child[0], arena, out);
	if (t->kind == TREE_ROW) {
		for (size_t i = 0; i < t->n; i++)
			if (flatten(t->child[i], arena, out) < 0)
				return -1;
		return 0;
	}
	v = arena_grow(arena, out->v, out->n, sizeof(*v));
	if (!v)
		return -1;
	out->v = v;
	v[out->n++] = t;
	return 0;
}

/* The part between two wide pieces with the longest literal: from *begin, its length. */
static size_t best_part(const struct pieces *p, size_t *begin)
{
	size_t best = 0, len = 0;

	*begin = 0;
	for (size_t from = 0; from < p->n; from++) {
		size_t to = from, score;

		while (to < p->n && !wide(p->v[to]))
			to++;
		score = scan_regex_literal(p->v + from, to - from);
		if (to > from && (score > best || len == 0)) {
			best = score;
			*begin = from;
			len = to - from;
		}
		from = to;
	}
	return len;
}

static int add(struct rule_regex *out, const char *pattern)
{
	size_t n = 0;
	char **longer;

	while (out->proposals && out->proposals[n])
		n++;
	longer = realloc(out->proposals, (n + 2) * sizeof(*longer));
	if (!longer)
		return -1;
	out->proposals = longer;
	longer[n] = strdup(pattern);
	longer[n + 1] = NULL;
	return longer[n] ? 0 : -1;
}

/* Nothing in the expression is cheap to look for: then what must be in the text anyway. */
static int add_keywords(struct rule_regex *out)
{
	struct buf pattern = BUF_INIT(SCAN_REGEX_MAX);
	int rc = 0;

	free(out->steps);
	out->steps = NULL;
	out->n_steps = 0;
	out->before = SIZE_MAX;
	for (size_t i = 0; out->keywords[i] && rc == 0; i++) {
		buf_clear(&pattern);
		buf_adds(&pattern, "(?i)");
		for (const char *s = out->keywords[i]; *s; s++)
			buf_addf(&pattern, "\\x%02x", (unsigned char)*s);
		rc = pattern.failed ? -1 : add(out, buf_str(&pattern));
	}
	buf_free(&pattern);
	return rc;
}

static bool has_keywords(const struct rule_regex *r)
{
	for (size_t i = 0; r->keywords && r->keywords[i]; i++)
		if (strlen(r->keywords[i]) < LITERAL_MIN)
			return false;
	return r->keywords && r->keywords[0];
}

static int add_step(struct rule_regex *out, const struct scan_step *step)
{
	struct scan_step *longer = realloc(out->steps, (out->n_steps + 1) * sizeof(*longer));

	if (!longer)
		return -1;
	out->steps = longer;
	longer[out->n_steps++] = *step;
	return 0;
}

/* A repeated set goes back over its own bytes only, which is nearer than as many bytes of any kind. */
static struct scan_step step_of(const struct tree *t, bool unicode)
{
	struct scan_step step = { 0 };

	if (t->kind != TREE_REPEAT || t->child[0]->kind != TREE_SET) {
		step.width = scan_regex_width(t, unicode, step.inside);
		for (size_t i = 0; i < 8; i++)
			step.most = step.inside[i] ? SIZE_MAX : step.most;
		return step;
	}
	scan_regex_add_inside(&t->child[0]->set, step.inside);
	step.most = t->max == TREE_FOREVER ? SIZE_MAX : (size_t)t->max * (unicode ? 4 : 1);
	return step;
}

/* How far a match goes back from the end of p[0..end). With branches there is one step for all. */
static int add_steps(const struct pieces *p, size_t end, bool branch, bool unicode,
		     struct rule_regex *out)
{
	struct scan_step all = { 0 };
	size_t least = 0;

	for (size_t i = 0; i < end; i++) {
		struct tree t = *p->v[i];
		struct scan_step step;

		if (i == end - 1 && t.kind == TREE_REPEAT)
			t.max = t.min;
		least = scan_regex_sum(least, scan_regex_least(&t));
		all.width = scan_regex_sum(all.width, scan_regex_width(&t, unicode, all.inside));
		if (branch)
			continue;
		step = step_of(&t, unicode);
		if ((step.width || step.most) && add_step(out, &step) < 0)
			return -1;
	}
	out->least = out->least < least ? out->least : least;
	out->before = out->before > all.width ? out->before : all.width;
	for (size_t i = 0; i < 8; i++)
		out->inside[i] |= all.inside[i];
	if (!branch)
		return out->n_steps ? 0 : add_step(out, &all);
	all.most = SIZE_MAX;
	if (out->n_steps == 0)
		return add_step(out, &all);
	out->steps->width = out->before;
	memcpy(out->steps->inside, out->inside, sizeof(out->inside));
	return 0;
}

/* The part p[begin..end) as a pattern. What may be missing at its beginning is left out. */
static int add_part(const struct pieces *p, size_t begin, size_t end, bool unicode,
		    struct rule_regex *out)
{
	struct buf pattern = BUF_INIT(SCAN_REGEX_MAX * 4);
	int rc;

	while (begin < end && optional(p->v[begin]))
		begin++;
	for (size_t i = begin; i < end; i++) {
		struct tree least = *p->v[i];

		if (i == end - 1 && least.kind == TREE_REPEAT)
			least.max = least.min;	/* one end for each match is enough */
		scan_regex_print_hs(&least, unicode, SCAN_REGEX_LOOSE, &pattern);
	}
	rc = pattern.failed || pattern.len == 0 ? -1 : add(out, buf_str(&pattern));
	buf_free(&pattern);
	return rc;
}

static int propose_row(const struct tree *t, struct regex_tree *tree, bool branch, struct rule_regex *out,
		       struct err *err)
{
	struct pieces p = { 0 };
	size_t begin, end;

	if (flatten(t, &tree->arena, &p) < 0)
		return err_set(err, ERR_INTERNAL, "no memory for a regular expression");
	end = best_part(&p, &begin);
	/* (|a) has a branch without pieces */
	if ((p.n == 0 || scan_regex_literal(p.v + begin, end) < LITERAL_MIN) && has_keywords(out))
		return 1;
	end += begin;
	while (end > begin && optional(p.v[end - 1]))
		end--;
	if (add_steps(&p, end, branch, tree->unicode, out) < 0 ||
	    add_part(&p, begin, end, tree->unicode, out) < 0)
		return err_set(err, ERR_USAGE, "the expression matches everything");
	return 0;
}

static int propose(struct regex_tree *tree, struct rule_regex *out, struct err *err)
{
	const struct tree *t = tree->root;
	int rc = 0;

	out->least = SIZE_MAX;
	while (t->kind == TREE_GROUP || (t->kind == TREE_ROW && t->n == 1))
		t = t->child[0];
	if (t->kind != TREE_CHOICE || t->n > BRANCHES_MAX)
		rc = propose_row(t, tree, false, out, err);
	else
		for (size_t i = 0; i < t->n && rc == 0; i++)
			rc = propose_row(t->child[i], tree, true, out, err);
	if (rc <= 0)
		return rc;
	for (size_t i = 0; out->proposals && out->proposals[i]; i++)
		free(out->proposals[i]);
	free(out->proposals);
	out->proposals = NULL;
	return add_keywords(out) < 0 ? err_set(err, ERR_INTERNAL, "no memory for keywords") : 0;
}

static char *print(const struct tree *const *v, size_t n, bool unicode, struct err *err)
{
	struct buf text = BUF_INIT(SCAN_REGEX_MAX * 16);
	char *copy = NULL;

	for (size_t i = 0; i < n; i++)
		scan_regex_print_pcre(v[i], unicode, &text);
	if (buf_check(&text, "a regular expression", err) == 0 && !(copy = strdup(buf_str(&text))))
		err_set(err, ERR_INTERNAL, "no memory for a regular expression");
	buf_free(&text);
	return copy;
}

/* What a match has behind what it may begin with: found first, it says where to look. */
static int find_core(struct regex_tree *tree, struct rule_regex *out, struct err *err)
{
	struct pieces p = { 0 };
	rule_set unused = { 0 };
	size_t n = 0, lead = 0;

	if (flatten(tree->root, &tree->arena, &p) < 0)
		return err_set(err, ERR_INTERNAL, "no memory for a regular expression");
	for (; n < p.n && optional(p.v[n]) && p.v[n]->max != TREE_FOREVER; n++)
		lead = scan_regex_sum(lead, p.v[n]->child[0]->kind == TREE_SET
						    ? (size_t)p.v[n]->max * (tree->unicode ? 4 : 1)
						    : scan_regex_width(p.v[n], tree->unicode, unused));
	for (size_t i = 0; i < 8; i++)
		if (unused[i])	/* something in it has no bound */
			return 0;
	if (n == 0 || n == p.n || lead > SCAN_REGEX_LOOSE * WIDE)
		return 0;
	out->core = print(p.v + n, p.n - n, tree->unicode, err);
	out->lead = lead;
	out->lead_known = n == 1 && p.v[0]->child[0]->kind == TREE_SET && !tree->unicode;
	if (out->lead_known)
		scan_regex_add_inside(&p.v[0]->child[0]->set, out->lead_set);
	return out->core ? 0 : -1;
}

int scan_regex_compile(const char *expression, struct rule_regex *out, struct err *err)
{
	struct regex_tree tree;
	const struct tree *root;
	int rc;

	if (scan_regex_parse(expression, strlen(expression), &tree, err) < 0)
		return -1;
	root = tree.root;
	out->unicode = tree.unicode;
	out->groups = tree.groups;
	out->pattern = print(&root, 1, tree.unicode, err);
	rc = out->pattern ? find_core(&tree, out, err) : -1;
	if (rc == 0)
		rc = propose(&tree, out, err);
	scan_regex_tree_free(&tree);
	return rc;
}

char *scan_regex_translate(const char *expression, struct err *err)
{
	struct regex_tree tree;
	const struct tree *root;
	char *text;

	if (scan_regex_parse(expression, strlen(expression), &tree, err) < 0)
		return NULL;
	root = tree.root;
	/* characters, where it says so: PCRE2's own mark for it, since these are strings */
	text = print(&root, 1, tree.unicode, err);
	if (text && tree.unicode) {
		struct buf marked = BUF_INIT(SCAN_REGEX_MAX * 16 + 8);

		buf_addf(&marked, "(*UTF)%s", text);
		free(text);
		text = marked.failed ? NULL : strdup(buf_str(&marked));
		buf_free(&marked);
	}
	scan_regex_tree_free(&tree);
	return text;
}
