#include "scan_regex_tree.h"

#include <string.h>

unsigned scan_regex_set_count(const struct tree_set *set)
{
	int n = set->high == HIGH_NONE ? 0 : 128;

	for (size_t i = 0; i < 4; i++)
		n += __builtin_popcount(set->ascii[i]);
	return (unsigned)n;
}

void scan_regex_set_add(struct tree_set *set, uint32_t from, uint32_t to)
{
	for (uint32_t c = from; c <= to && c < 0x80; c++)
		set->ascii[c / 32] |= UINT32_C(1) << (c % 32);
}

void scan_regex_set_fold(struct tree_set *set)
{
	for (unsigned c = 'a'; c <= 'z'; c++) {
		unsigned upper = c - 'a' + 'A';

		if (scan_regex_set_has(set, (unsigned char)c))
			scan_regex_set_add(set, upper, upper);
		else if (scan_regex_set_has(set, (unsigned char)upper))
			scan_regex_set_add(set, c, c);
	}
}

void scan_regex_set_negate(struct tree_set *set)
{
	for (size_t i = 0; i < 4; i++)
		set->ascii[i] = ~set->ascii[i];
	if (set->high == HIGH_SOME)
		set->high_not = !set->high_not;
	else
		set->high = set->high == HIGH_ALL ? HIGH_NONE : HIGH_ALL;
}

static void merge(struct tree_set *set, const struct tree_set *other)
{
	for (size_t i = 0; i < 4; i++)
		set->ascii[i] |= other->ascii[i];
	if (other->high == HIGH_ALL)
		set->high = HIGH_ALL;
}

bool scan_regex_set_named(struct tree_set *set, const char *name, size_t len)
{
	/* pairs of first and last; RE2's \s has no vertical tab, [[:space:]] has */
	static const struct {
		const char *name, *ranges;
		size_t n;
	} rows[] = {
		{ "d", "09", 1 },		{ "s", "\t\n\f\r  ", 3 },
		{ "w", "09AZ__az", 4 },		{ "alnum", "09AZaz", 3 },
		{ "alpha", "AZaz", 2 },		{ "ascii", "\0\x7f", 1 },
		{ "blank", "\t\t  ", 2 },	{ "cntrl", "\0\x1f\x7f\x7f", 2 },
		{ "digit", "09", 1 },		{ "graph", "!~", 1 },
		{ "lower", "az", 1 },		{ "print", " ~", 1 },
		{ "punct", "!/:@[`{~", 4 },	{ "space", "\t\r  ", 2 },
		{ "upper", "AZ", 1 },		{ "word", "09AZ__az", 4 },
		{ "xdigit", "09AFaf", 3 },
	};
	bool negated = len > 0 && *name == '^';

	name += negated;
	len -= negated;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct tree_set named = { 0 };

		if (strlen(rows[i].name) != len || memcmp(rows[i].name, name, len) != 0)
			continue;
		for (size_t k = 0; k < rows[i].n; k++)
			scan_regex_set_add(&named, (unsigned char)rows[i].ranges[2 * k],
					   (unsigned char)rows[i].ranges[2 * k + 1]);
		if (negated)
			scan_regex_set_negate(&named);
		merge(set, &named);
		return true;
	}
	return false;
}
