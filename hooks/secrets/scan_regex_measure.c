#include "scan_regex_measure.h"

#include <string.h>

enum { FACTOR_MAX = 1 << 20 };

static const size_t endless = SIZE_MAX;

size_t scan_regex_sum(size_t a, size_t b)
{
	return a > endless - b ? endless : a + b;
}

static size_t product(size_t a, size_t b)
{
	return a && b && (a == endless || b == endless || a > FACTOR_MAX || b > FACTOR_MAX) ? endless : a * b;
}

void scan_regex_add_inside(const struct tree_set *set, rule_set inside)
{
	for (unsigned c = 0; c < 256; c++)
		if (set->high == HIGH_SOME || scan_regex_set_has(set, (unsigned char)c))
			inside[c / 32] |= UINT32_C(1) << (c % 32);
}

size_t scan_regex_width(const struct tree *t, bool unicode, rule_set inside)
{
	size_t w = 0, one;
	bool many;

	switch (t->kind) {
	case TREE_SET:
		return unicode && t->set.high != HIGH_NONE ? 4 : 1;
	case TREE_GROUP:
		return scan_regex_width(t->child[0], unicode, inside);
	case TREE_REPEAT:
		one = scan_regex_width(t->child[0], unicode, inside);
		many = t->child[0]->kind == TREE_SET && t->max > SCAN_REGEX_LOOSE && t->max != t->min;
		if ((t->max != TREE_FOREVER && !many) || one == 0)
			return product(one, t->max);
		if (t->child[0]->kind != TREE_SET)
			return endless;
		scan_regex_add_inside(&t->child[0]->set, inside);
		return product(one, t->min);
	case TREE_ROW:
		for (size_t i = 0; i < t->n; i++)
			w = scan_regex_sum(w, scan_regex_width(t->child[i], unicode, inside));
		return w;
	case TREE_CHOICE:
		for (size_t i = 0; i < t->n; i++) {
			one = scan_regex_width(t->child[i], unicode, inside);
			w = one > w ? one : w;
		}
		return w;
	default:
		return 0;
	}
}

size_t scan_regex_least(const struct tree *t)
{
	size_t w = 0, least = endless;

	switch (t->kind) {
	case TREE_SET:
		return 1;
	case TREE_GROUP:
		return scan_regex_least(t->child[0]);
	case TREE_REPEAT:
		return product(scan_regex_least(t->child[0]), t->min);
	case TREE_ROW:
		for (size_t i = 0; i < t->n; i++)
			w = scan_regex_sum(w, scan_regex_least(t->child[i]));
		return w;
	case TREE_CHOICE:
		for (size_t i = 0; i < t->n; i++) {
			w = scan_regex_least(t->child[i]);
			least = w < least ? w : least;
		}
		return least;
	default:
		return 0;
	}
}

static bool letter(const struct tree *t)
{
	struct tree_set folded = { 0 };

	if (t->kind != TREE_SET)
		return false;
	if (scan_regex_set_count(&t->set) == 1)
		return true;
	if (scan_regex_set_count(&t->set) != 2)
		return false;
	for (unsigned c = 'A'; c <= 'Z'; c++) {
		if (!scan_regex_set_has(&t->set, (unsigned char)c))
			continue;
		scan_regex_set_add(&folded, c, c);
		scan_regex_set_fold(&folded);
		return memcmp(folded.ascii, t->set.ascii, sizeof(folded.ascii)) == 0;
	}
	return false;
}

/* Letters in a row that each match has. */
static size_t literal_of(const struct tree *t)
{
	size_t least = endless;

	switch (t->kind) {
	case TREE_SET:
		return letter(t);
	case TREE_GROUP:
		return literal_of(t->child[0]);
	case TREE_REPEAT:
		return t->min == 0 ? 0 : letter(t->child[0]) ? t->min : literal_of(t->child[0]);
	case TREE_ROW:
		return scan_regex_literal((const struct tree *const *)t->child, t->n);
	case TREE_CHOICE:
		for (size_t i = 0; i < t->n; i++) {
			size_t n = literal_of(t->child[i]);

			least = n < least ? n : least;
		}
		return least;
	default:
		return 0;
	}
}

size_t scan_regex_literal(const struct tree *const *v, size_t n)
{
	size_t best = 0, row = 0;

	for (size_t i = 0; i < n; i++) {
		size_t one = literal_of(v[i]);

		row = letter(v[i]) ? row + 1 : 0;
		best = row > best ? row : best;
		best = one > best ? one : best;
	}
	return best;
}
