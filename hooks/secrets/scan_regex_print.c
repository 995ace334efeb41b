#include "scan_regex_tree.h"

#include <string.h>

static void byte(unsigned c, struct buf *out)
{
	static const char hex[] = "0123456789abcdef";

	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		buf_addc(out, (char)c);
	else
		buf_add(out, (const char[4]){ '\\', 'x', hex[c >> 4], hex[c & 15] }, 4);
}

/* The bytes of a set up to `end`, as the inside of a class; the number of them. */
static unsigned ranges(const struct tree_set *set, unsigned end, struct buf *out)
{
	unsigned n = 0;

	for (unsigned c = 0; c < end; c++) {
		unsigned from = c;

		if (!scan_regex_set_has(set, (unsigned char)c))
			continue;
		while (c + 1 < end && scan_regex_set_has(set, (unsigned char)(c + 1)))
			c++;
		n += c - from + 1;
		byte(from, out);
		if (c > from + 1)
			buf_addc(out, '-');
		if (c > from)
			byte(c, out);
	}
	return n;
}

static void set_bytes(const struct tree_set *set, struct buf *out)
{
	unsigned n = scan_regex_set_count(set);

	if (n != 1)
		buf_adds(out, n ? "[" : "[^\\x00-\\xff");
	ranges(set, set->high == HIGH_NONE ? 0x80 : 0x100, out);
	if (n != 1)
		buf_addc(out, ']');
}

/* With PCRE2_UTF: characters. */
static void set_runes(const struct tree_set *set, struct buf *out)
{
	struct tree_set ascii = *set;
	bool negated = set->high == HIGH_SOME && set->high_not;

	if (negated)	/* [^...]: what ASCII leaves out stands inside */
		for (size_t i = 0; i < 4; i++)
			ascii.ascii[i] = ~ascii.ascii[i];
	buf_adds(out, negated ? "[^" : "[");
	if (ranges(&ascii, 0x80, out) == 0 && set->high == HIGH_NONE)
		buf_adds(out, "^\\x{0}-\\x{10ffff}");
	if (set->high == HIGH_ALL)
		buf_adds(out, "\\x{80}-\\x{10ffff}");
	else if (set->high == HIGH_SOME)
		buf_adds(out, set->some);
	buf_addc(out, ']');
}

static void set_hs(const struct tree_set *set, bool unicode, struct buf *out)
{
	struct tree_set ascii = *set;

	if (!unicode || set->high == HIGH_NONE) {
		set_bytes(set, out);
		return;
	}
	ascii.high = HIGH_NONE;
	/* a named class of characters may have members in ASCII that are not told apart */
	if (set->high == HIGH_SOME)
		memset(ascii.ascii, 0xff, sizeof(ascii.ascii));
	buf_adds(out, "(?:");
	set_bytes(&ascii, out);
	buf_adds(out, "|[\\x80-\\xff]{1,4})");
}

static void count(uint32_t min, uint32_t max, struct buf *out)
{
	if (min == 0 && max == TREE_FOREVER)
		buf_addc(out, '*');
	else if (min == 1 && max == TREE_FOREVER)
		buf_addc(out, '+');
	else if (min == 0 && max == 1)
		buf_addc(out, '?');
	else if (max == TREE_FOREVER)
		buf_addf(out, "{%u,}", min);
	else if (min == max)
		buf_addf(out, "{%u}", min);
	else
		buf_addf(out, "{%u,%u}", min, max);
}

static const char *edge_pcre(enum tree_kind kind)
{
	switch (kind) {
	case TREE_TEXT_BEGIN: return "\\A";
	case TREE_TEXT_END: return "\\z";
	/* PCRE2's own ^ and $ know no line that begins where the text ends */
	case TREE_LINE_BEGIN: return "(?:\\A|(?<=\\n))";
	case TREE_LINE_END: return "(?=\\n|\\z)";
	case TREE_WORD_EDGE: return "\\b";
	case TREE_NO_WORD_EDGE: return "\\B";
	default: return "";
	}
}

static void repeat_pcre(const struct tree *t, bool unicode, struct buf *out)
{
	bool set = t->child[0]->kind == TREE_SET;

	if (t->max == 0)
		return;
	if (!set)
		buf_adds(out, "(?:");
	scan_regex_print_pcre(t->child[0], unicode, out);
	if (!set)
		buf_addc(out, ')');
	count(t->min, t->max, out);
	if (t->lazy)
		buf_addc(out, '?');
}

void scan_regex_print_pcre(const struct tree *t, bool unicode, struct buf *out)
{
	switch (t->kind) {
	case TREE_SET:
		if (unicode)
			set_runes(&t->set, out);
		else
			set_bytes(&t->set, out);
		break;
	case TREE_GROUP:
		buf_addc(out, '(');
		scan_regex_print_pcre(t->child[0], unicode, out);
		buf_addc(out, ')');
		break;
	case TREE_REPEAT:
		repeat_pcre(t, unicode, out);
		break;
	case TREE_ROW:
		for (size_t i = 0; i < t->n; i++)
			scan_regex_print_pcre(t->child[i], unicode, out);
		break;
	case TREE_CHOICE:
		buf_adds(out, "(?:");
		for (size_t i = 0; i < t->n; i++) {
			if (i)
				buf_addc(out, '|');
			scan_regex_print_pcre(t->child[i], unicode, out);
		}
		buf_addc(out, ')');
		break;
	default:
		buf_adds(out, edge_pcre(t->kind));
		break;
	}
}

static void repeat_hs(const struct tree *t, bool unicode, unsigned loose, struct buf *out)
{
	bool set = t->child[0]->kind == TREE_SET && (!unicode || t->child[0]->set.high == HIGH_NONE);
	/* a state that stays is cheaper than one that counts */
	uint32_t max = set && t->max != t->min && t->max > loose ? TREE_FOREVER : t->max;

	if (t->max == 0)
		return;
	if (!set)
		buf_adds(out, "(?:");
	scan_regex_print_hs(t->child[0], unicode, loose, out);
	if (!set)
		buf_addc(out, ')');
	count(t->min, max, out);
}

void scan_regex_print_hs(const struct tree *t, bool unicode, unsigned loose, struct buf *out)
{
	switch (t->kind) {
	case TREE_SET:
		set_hs(&t->set, unicode, out);
		break;
	case TREE_GROUP:
		buf_adds(out, "(?:");
		scan_regex_print_hs(t->child[0], unicode, loose, out);
		buf_addc(out, ')');
		break;
	case TREE_REPEAT:
		repeat_hs(t, unicode, loose, out);
		break;
	case TREE_ROW:
		for (size_t i = 0; i < t->n; i++)
			scan_regex_print_hs(t->child[i], unicode, loose, out);
		break;
	case TREE_CHOICE:
		buf_adds(out, "(?:");
		for (size_t i = 0; i < t->n; i++) {
			if (i)
				buf_addc(out, '|');
			scan_regex_print_hs(t->child[i], unicode, loose, out);
		}
		buf_addc(out, ')');
		break;
	case TREE_LINE_BEGIN:
		buf_adds(out, "(?m:^)");
		break;
	case TREE_LINE_END:
		buf_adds(out, "(?m:$)");
		break;
	default:
		buf_adds(out, edge_pcre(t->kind));
		break;
	}
}
