#include "scan_find.h"
#include "scan_runs.h"

enum {
	/* Pieces, so that a deadline is seen; they overlap by more than any pattern. */
	PIECE = 32 << 20,
	OVERLAP = 64 << 10,
};

/* The bytes on their way through Hyperscan. */
struct pass {
	struct scanner *s;
	const char *data;
	size_t len;
	size_t start;	/* of the piece */
	size_t first;	/* matches that end before were told already, or are not new */
	size_t known;	/* of a RULE_REGEX, these are not; but those behind them hang on them */
	size_t cut;	/* here the part ends and the text goes on: what matches an end is no match */
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *arg)
{
	struct pass *p = arg;
	const struct rule *rule = &p->s->rules->table[id];
	size_t end = p->start + to;

	(void)from;
	(void)flags;
	if (end < p->first || end == p->cut)
		return 0;
	if (rule->value == RULE_REGEX) {
		while (scan_regex_confirm(p->s->regex, id, end, &p->s->value))
			if (end >= p->known)
				scan_hits_add(&p->s->hits, rule, &p->s->value);
		return 0;
	}
	if (scan_confirm(rule, p->data, p->len, end, &p->s->value))
		scan_hits_add(&p->s->hits, rule, &p->s->value);
	else
		p->s->loud |= !scan_delta_is_near(rule);
	return 0;
}

int scan_find_in_time(const struct scanner *s, struct err *err)
{
	if (s->text->deadline && deadline_over(s->text->deadline))
		return err_set(err, ERR_TIMEOUT, "the search for secrets took too long");
	return 0;
}

static int find_part(struct pass *p, const struct scan_part *part, struct err *err)
{
	p->start = part->from;
	p->first = part->first;
	p->known = part->first ? part->first + SCAN_REGEX_NEAR : 0;
	p->cut = part->to < p->len ? part->to : SIZE_MAX;
	for (;;) {
		size_t left = part->to - p->start;
		size_t piece = left < PIECE ? left : PIECE;
		hs_error_t rc = hs_scan(p->s->rules->db, p->data + p->start, (unsigned)piece, 0,
					p->s->scratch, on_match, p);

		if (rc != HS_SUCCESS)
			return err_set(err, ERR_INTERNAL, "Hyperscan failed (%d)", rc);
		if (piece == left)
			return 0;
		if (scan_find_in_time(p->s, err) < 0)
			return -1;
		p->first = p->start + piece + 1;
		p->start += PIECE - OVERLAP;
	}
}

/* Rules that want nothing but a run of some length: it is faster found without Hyperscan,
 * for which every letter may begin one. */
static void find_alone(struct pass *p, const struct scan_part *part)
{
	const struct scan_rules *rules = p->s->rules;
	size_t at = scan_runs_begin(p->data, part->from), end;

	for (; (at = scan_runs_next(p->data, p->len, at)) < part->to; at = end) {
		end = scan_runs_end(p->data, p->len, at + SCAN_RUN_MIN);
		for (size_t i = 0; i < rules->n_alone; i++) {
			const struct rule *rule = &rules->table[rules->alone[i]];

			if (end - at >= rule->min && scan_confirm(rule, p->data, p->len, end, &p->s->value))
				scan_hits_add(&p->s->hits, rule, &p->s->value);
		}
	}
}

int scan_find(struct scanner *s, const char *data, size_t len, const struct scan_part *parts,
	      size_t n_parts, struct err *err)
{
	const struct scan_part all = { .to = len };
	struct pass p = { .s = s, .data = data, .len = len };

	scan_hits_begin(&s->hits);
	scan_regex_begin(s->regex, data, len, s->text->paths, s->text->n_paths);
	if (n_parts == 0) {
		parts = &all;
		n_parts = 1;
	}
	for (size_t i = 0; i < n_parts; i++)
		if (find_part(&p, &parts[i], err) < 0)
			return -1;
	for (size_t i = 0; i < n_parts && s->rules->n_alone > 0; i++)
		find_alone(&p, &parts[i]);
	s->loud |= scan_regex_far(s->regex);
	s->here |= scan_regex_here(s->regex);
	return 0;
}
