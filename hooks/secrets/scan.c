#include "scan.h"
#include "scan_confirm.h"
#include "scan_rules.h"
#include "scan_text.h"
#include "lib/aws/hash.h"
#include "lib/base/encode.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* Hyperscan takes an unsigned int; pieces overlap by more than any match. */
	PIECE = 1 << 30,
	OVERLAP = 8192,
	SHOWN = 4,
};

struct scanner {
	const struct scan_rules *rules;
	hs_scratch_t *scratch;
	struct buf decoded;
	struct scan_value value;
	struct scan_hit hits[SCAN_HITS_MAX];
	size_t n;	/* hits of this text */
	size_t first;	/* those before it are of the pass before */
	int more;	/* SCAN_MORE and the like */
	bool loud;	/* Hyperscan proposed something */
};

/* One text on its way through Hyperscan. */
struct pass {
	struct scanner *s;
	const char *data;
	size_t len;
	size_t start;	/* of the piece */
};

int scan_open(const struct scan_rules *rules, struct scanner **out, struct err *err)
{
	struct scanner *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, ERR_INTERNAL, "no memory to scan");
	s->rules = rules;
	s->decoded = (struct buf)BUF_INIT(SCAN_TEXT_MAX);
	if (hs_alloc_scratch(rules->db, &s->scratch) != HS_SUCCESS) {
		free(s);
		return err_set(err, ERR_INTERNAL, "Hyperscan cannot work on this machine");
	}
	*out = s;
	return 0;
}

void scan_close(struct scanner *s)
{
	if (!s)
		return;
	hs_free_scratch(s->scratch);
	buf_free(&s->decoded);
	explicit_bzero(&s->value, sizeof(s->value));
	free(s);
}

static bool allowed(const struct rule *rule, const char *sha256)
{
	for (const char *const *a = rule->allow; a && *a; a++)
		if (strcmp(*a, sha256) == 0)
			return true;
	return false;
}

static void drop_allowed(struct scanner *s)
{
	size_t n = s->first;

	for (size_t i = s->first; i < s->n; i++)
		if (!allowed(s->hits[i].rule, s->hits[i].sha256))
			s->hits[n++] = s->hits[i];
	s->n = n;
}

/* Whether a hit of a rule that stands earlier (or this one) has the place. A
 * later rule gives way. */
static bool taken(struct scanner *s, const struct rule *rule, const struct scan_value *v)
{
	for (size_t i = s->n; i-- > s->first;) {
		struct scan_hit *h = &s->hits[i];
		bool apart = v->offset >= h->offset + h->len || h->offset >= v->offset + v->len;

		if (apart)
			continue;
		if (h->rule <= rule)
			return true;
		*h = s->hits[--s->n];
	}
	return false;
}

static void add_hit(struct scanner *s, const struct rule *rule, const struct scan_value *v)
{
	struct scan_hit *h;
	size_t shown = v->n < 4 * SHOWN ? v->n / 4 : SHOWN;

	if (s->n == SCAN_HITS_MAX)
		drop_allowed(s);	/* a thousand examples hide no secret */
	if (taken(s, rule, v))
		return;
	if (s->n == SCAN_HITS_MAX) {
		s->more |= SCAN_MORE;
		return;
	}
	h = &s->hits[s->n++];
	*h = (struct scan_hit){ .rule = rule, .offset = v->offset, .len = v->len };
	hash_sha256_hex(v->text, v->n, h->sha256);
	memcpy(h->shown, v->text, shown);
	memcpy(h->shown + shown, "****", sizeof("****"));
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *arg)
{
	struct pass *p = arg;
	const struct rule *rule = &p->s->rules->table[id];

	(void)from;
	(void)flags;
	p->s->loud = true;
	if (scan_confirm(rule, p->data, p->len, p->start + to, &p->s->value))
		add_hit(p->s, rule, &p->s->value);
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct scan_hit *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static int by_line(const void *a, const void *b)
{
	const struct scan_hit *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->column > y->column) - (x->column < y->column);
}

/* Lines and columns of the hits of this pass, in one walk over the text. */
static void place(struct scanner *s, const char *data)
{
	const char *at = data;
	int line = 1, column = 1;

	qsort(s->hits + s->first, s->n - s->first, sizeof(*s->hits), by_offset);
	for (size_t i = s->first; i < s->n; i++) {
		const char *value = data + s->hits[i].offset;
		const char *newline;

		while ((newline = memchr(at, '\n', (size_t)(value - at)))) {
			at = newline + 1;
			line++;
			column = 1;
		}
		for (; at < value; at++)
			column += ((unsigned char)*at & 0xc0) != 0x80;
		s->hits[i].line = line;
		s->hits[i].column = column;
	}
}

/* A file that is UTF-8 here and UTF-16 there: what the first pass found is not
 * reported again. */
static void drop_repeats(struct scanner *s)
{
	size_t n = s->first;

	for (size_t i = s->first; i < s->n; i++) {
		bool repeated = false;

		for (size_t k = 0; k < s->first && !repeated; k++)
			repeated = strcmp(s->hits[k].sha256, s->hits[i].sha256) == 0;
		if (!repeated)
			s->hits[n++] = s->hits[i];
	}
	s->n = n;
}

static int pass(struct scanner *s, const char *data, size_t len, struct err *err)
{
	struct pass p = { .s = s, .data = data, .len = len };

	s->first = s->n;
	for (;;) {
		size_t piece = len - p.start < PIECE ? len - p.start : PIECE;
		hs_error_t rc = hs_scan(s->rules->db, data + p.start, (unsigned)piece, 0,
					s->scratch, on_match, &p);

		if (rc != HS_SUCCESS)
			return err_set(err, ERR_INTERNAL, "Hyperscan failed (%d)", rc);
		if (p.start + piece == len)
			break;
		p.start += PIECE - OVERLAP;
	}
	drop_allowed(s);
	drop_repeats(s);
	place(s, data);
	return 0;
}

int scan_bytes(struct scanner *s, const struct scan_text *text, scan_fn *fn, void *arg,
	       struct err *err)
{
	int failed;

	s->n = 0;
	s->more = 0;
	s->loud = false;
	if (text->len == 0)
		return 0;
	if (pass(s, text->data, text->len, err) < 0)
		return -1;
	if (scan_text_utf16(text->data, text->len, &s->decoded, &failed) &&
	    pass(s, buf_str(&s->decoded), s->decoded.len, err) < 0)
		return -1;
	if (failed)
		return err_set(err, ERR_INTERNAL, "no memory to decode UTF-16");
	qsort(s->hits, s->n, sizeof(*s->hits), by_line);
	for (size_t i = 0; i < s->n; i++)
		if (fn(arg, &s->hits[i], err) < 0)
			return -1;
	return s->more;
}

bool scan_was_quiet(const struct scanner *s)
{
	return !s->loud;
}
