#include "scan_delta.h"
#include "scan_regex.h"

#include <stdint.h>

enum {
	WALK_MAX = 64 << 10,	/* bytes on one side of a change */
	REACH_MAX = 4096,	/* a pattern that reaches farther makes parts as large as the text */
};

/* What the pattern can match at most; 0: there is no bound. */
static size_t width_of(const struct rule *rule)
{
	for (size_t i = 0; i < rules_count; i++)
		if (rules_table[i].regex == rule->regex)
			return rules_widths[i];
	return scan_database_width(rule->regex);
}

/* What Hyperscan looks for stands between a match's beginning and its end. */
static size_t regex_width(const struct rule_regex *re, rule_set inside)
{
	size_t widest = 0;

	if (re->before != SIZE_MAX) {
		for (int i = 0; i < 8; i++)
			inside[i] |= re->inside[i];
		return re->before;
	}
	for (char *const *p = re->proposals; p && *p; p++) {
		size_t width = scan_database_width(*p);

		if (width == 0)
			return 0;
		widest = width > widest ? width : widest;
	}
	return widest;
}

bool scan_reach_is_limited(const struct rule *rule)
{
	return rule->value == RULE_REGEX && rule->re->path;
}

void scan_reach_of(const struct rule *table, size_t n, bool limited, struct scan_reach *out)
{
	*out = (struct scan_reach){ .known = true };
	for (size_t i = 0; i < n && out->known; i++) {
		const struct rule *r = &table[i];
		size_t width;

		if (r->value == RULE_ALONE || (r->value == RULE_REGEX && !r->re->proposals) ||
		    (!limited && scan_reach_is_limited(r)))
			continue;	/* Hyperscan has no part in it */
		width = r->value == RULE_REGEX ? regex_width(r->re, out->inside) : width_of(r);
		out->known = width > 0 && width <= REACH_MAX;
		if (width > out->bytes)
			out->bytes = width;
	}
}

/* A run is looked at from one end to the other, and a name or a host beside it. */
bool scan_delta_is_near(const struct rule *rule)
{
	return rule->value != RULE_REGEX && rule->value != RULE_PEM && rule->max <= SCAN_NEAR / 4;
}

/* The beginning of what a match that ends behind `at` can touch; false when that is
 * too far away. */
static bool back(const struct scan_reach *r, const char *data, size_t at, size_t *out)
{
	size_t stop = at > WALK_MAX ? at - WALK_MAX : 0, n = 0;

	while (at > stop && n <= r->bytes)
		n += !rule_has(r->inside, (unsigned char)data[--at]);
	*out = at;
	return at == 0 || n > r->bytes;
}

static bool forth(const struct scan_reach *r, const char *data, size_t len, size_t at, size_t *out)
{
	size_t stop = len - at > WALK_MAX ? at + WALK_MAX : len, n = 0;

	while (at < stop && n <= r->bytes)
		n += !rule_has(r->inside, (unsigned char)data[at++]);
	*out = at;
	return at == len || n > r->bytes;
}

static size_t end_of(const struct span *c)
{
	return c->offset + c->len;
}

size_t scan_delta_parts(const struct scan_reach *reach, const struct scan_text *t,
			struct scan_part parts[static SCAN_PARTS_MAX])
{
	size_t n = 0, sum = 0;

	if (!reach->known || !t->changed)
		return 0;
	for (size_t i = 0; i < t->n_changed; i++) {
		size_t end = t->changed[i].offset;
		struct scan_part part = { .first = end > SCAN_NEAR ? end - SCAN_NEAR : 0 };

		/* what one reaches of the next need not be walked over twice */
		while (i + 1 < t->n_changed &&
		       t->changed[i + 1].offset - end_of(&t->changed[i]) <= reach->bytes + SCAN_NEAR)
			i++;
		end = end_of(&t->changed[i]);
		end = t->len - end > SCAN_NEAR ? end + SCAN_NEAR : t->len;
		if (!back(reach, t->data, part.first, &part.from) ||
		    !forth(reach, t->data, t->len, end, &part.to))
			return 0;
		if (n > 0 && part.from <= parts[n - 1].to) {
			if (part.to > parts[n - 1].to)
				parts[n - 1].to = part.to;
			continue;
		}
		if (n == SCAN_PARTS_MAX)
			return 0;
		parts[n++] = part;
	}
	for (size_t i = 0; i < n; i++)
		sum += parts[i].to - parts[i].from;
	return sum < t->len / 4 * 3 ? n : 0;
}
