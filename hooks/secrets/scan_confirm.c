#include "scan_confirm.h"

#include <ctype.h>
#include <string.h>

enum {
	/* Of 100 neighbours in a random base64 text 64 differ in kind; in words
	 * written together, SoMuchAsThis1, fewer than 40 do. */
	RANDOM_CHANGES = 42,
	RANDOM_DIGITS = 2,
	PEM_JUNK_MAX = 4,	/* characters of no kind between two lines of a body */
	PEM_LINE_MIN = 32,	/* a body has such a line; prose has no such word */
};

/* log2 in 1/65536, exact to the last bit of that: square, and see if it doubled. */
static uint32_t log2_fixed(uint32_t x)
{
	uint32_t whole = 31 - (uint32_t)__builtin_clz(x);
	uint64_t m = ((uint64_t)x << 31) >> whole;
	uint32_t fraction = 0;

	for (int i = 0; i < 16; i++) {
		m = (m * m) >> 31;
		fraction <<= 1;
		if (m >> 32) {
			m >>= 1;
			fraction |= 1;
		}
	}
	return whole << 16 | fraction;
}

unsigned scan_entropy(const char *s, size_t n)
{
	uint32_t count[256] = { 0 };
	uint64_t sum = 0;

	if (n == 0 || n > RULES_VALUE_MAX)
		return 0;
	for (size_t i = 0; i < n; i++)
		count[(unsigned char)s[i]]++;
	for (int c = 0; c < 256; c++)
		if (count[c])
			sum += (uint64_t)count[c] * log2_fixed(count[c]);
	return (unsigned)(((log2_fixed((uint32_t)n) - sum / n) * 1000) >> 16);
}

static bool in(const rule_set set, char c)
{
	return rule_has(set, (unsigned char)c);
}

static bool keep(struct scan_value *v, char c)
{
	if (v->n >= RULES_VALUE_MAX)
		return false;
	v->text[v->n++] = c;
	return true;
}

/* Back from the end over `min` characters; the backslash of \/ (a slash as
 * PHP writes it in JSON) does not count. */
static bool find_last(const struct rule *r, const char *data, size_t end, struct scan_value *v)
{
	size_t at = end, n = 0;

	while (at > 0 && n < r->min) {
		char c = data[at - 1];

		if (!in(r->alphabet, c))
			return false;
		at--;
		n++;
		if (c == '/' && at > 0 && data[at - 1] == '\\')
			at--;
	}
	if (n < r->min)
		return false;
	v->offset = at;
	v->len = end - at;
	for (size_t i = at; i < end; i++)
		if (data[i] != '\\' && !keep(v, data[i]))
			return false;
	return true;
}

/* The last place of the prefix from which the value is long enough, with nothing but
 * the alphabet up to the match's end; that end when there is none. */
static size_t find_prefix(const struct rule *r, const char *data, size_t end, size_t to)
{
	size_t n = strlen(r->prefix), at = end;

	while (at > 0 && end - at <= r->max && in(r->alphabet, data[at - 1])) {
		at--;
		if (to - at >= r->min && end - at >= n && memcmp(data + at, r->prefix, n) == 0)
			return at;
	}
	return end;
}

static bool find_run(const struct rule *r, const char *data, size_t len, size_t end,
		     struct scan_value *v)
{
	size_t from = end, to = end;

	while (to < len && to - end <= r->max && in(r->alphabet, data[to]))
		to++;
	if (r->prefix)
		from = find_prefix(r, data, end, to);
	/* "=" ends a value in base64; before one it is NAME=value */
	while (!r->prefix && from > 0 && end - from <= r->max && data[from - 1] != '=' &&
	       in(r->alphabet, data[from - 1]))
		from--;
	if (from == end || to - from > r->max)
		return false;
	v->offset = from;
	v->len = to - from;
	v->n = v->len;
	memcpy(v->text, data + from, v->len);
	return true;
}

/* The run that ends here, from its first character to its last. */
static bool find_alone(const struct rule *r, const char *data, size_t len, size_t end,
		       struct scan_value *v)
{
	size_t from = end;

	while (from > 0 && end - from <= r->max && in(r->alphabet, data[from - 1]))
		from--;
	if (end - from < r->min || end - from > r->max || (end < len && in(r->alphabet, data[end])))
		return false;
	v->offset = from;
	v->len = v->n = end - from;
	memcpy(v->text, data + from, v->len);
	return true;
}

/* A line of a PEM header inside the block: "Proc-Type: 4,ENCRYPTED". */
static size_t pem_header(const char *data, size_t len, size_t at)
{
	size_t p = at;

	while (p < len && (isalnum((unsigned char)data[p]) || data[p] == '-'))
		p++;
	if (p == at || p + 1 >= len || data[p] != ':' || data[p + 1] != ' ')
		return at;
	while (p < len && data[p] != '\n' && data[p] != '\\')
		p++;
	return p;
}

/* The base64 text behind the match. Lines may be in quotes, joined by +,
 * indented, or end in a written "\n"; the body ends at "-----" or where other
 * text begins. */
static bool find_pem(const struct rule *r, const char *data, size_t len, size_t end,
		     struct scan_value *v)
{
	size_t p = end, last = end, first = 0, junk = 0, line = 0, longest = 0;

	while (p < len && v->n < r->max) {
		char c = data[p];
		size_t header;

		line = p == last ? line : 0;

		if (c == '-' && p + 5 <= len && memcmp(data + p, "-----", 5) == 0)
			break;
		if (c == '\0' && v->n > 0)	/* another string of a binary file */
			break;
		if (c == '\\' && p + 1 < len && strchr("nrt", data[p + 1])) {
			p += 2;
			continue;
		}
		if (isspace((unsigned char)c) || strchr("\"'`,;.\\()", c)) {
			p++;
			continue;
		}
		header = v->n == 0 ? pem_header(data, len, p) : p;
		if (header > p) {
			p = header;
			continue;
		}
		if (!in(r->alphabet, c)) {
			if (++junk > PEM_JUNK_MAX)
				break;
			p++;
			continue;
		}
		junk = 0;
		if (v->n == 0)
			first = p;
		if (!keep(v, c))
			break;
		last = ++p;
		if (++line > longest)
			longest = line;
	}
	v->offset = v->n ? first : end;
	v->len = last - v->offset;
	return longest >= PEM_LINE_MIN;
}

enum kind { UPPER, LOWER, DIGIT, OTHER };

static enum kind kind_of(char c)
{
	if (isupper((unsigned char)c))
		return UPPER;
	if (islower((unsigned char)c))
		return LOWER;
	return isdigit((unsigned char)c) ? DIGIT : OTHER;
}

static bool looks(const struct rule *r, const struct scan_value *v)
{
	size_t count[4] = { 0 }, changes = 0;

	for (size_t i = 0; i < v->n; i++) {
		count[kind_of(v->text[i])]++;
		changes += i > 0 && kind_of(v->text[i]) != kind_of(v->text[i - 1]);
	}
	if (r->mixed && (!count[UPPER] || !count[LOWER]))
		return false;
	if (r->random && (count[DIGIT] < RANDOM_DIGITS || changes * 100 < v->n * RANDOM_CHANGES))
		return false;
	return scan_entropy(v->text, v->n) >= r->entropy;
}

static bool quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static bool stands_alone(const struct rule *r, const char *data, size_t len,
			 const struct scan_value *v)
{
	size_t after = v->offset + v->len;

	if (r->value == RULE_PEM)
		return true;
	if (r->quoted) {
		if (after < len && data[after] == '\\')		/* \" in a string */
			after++;
		return v->offset > 0 && quote(data[v->offset - 1]) && after < len &&
		       quote(data[after]);
	}
	if (v->offset > 0 && in(r->boundary, data[v->offset - 1]))
		return false;
	return after >= len || !in(r->boundary, data[after]);
}

bool scan_confirm(const struct rule *rule, const char *data, size_t len, size_t end,
		  struct scan_value *value)
{
	bool found = false;

	value->n = 0;
	switch (rule->value) {
	case RULE_LAST:
		found = find_last(rule, data, end, value);
		break;
	case RULE_RUN:
		found = find_run(rule, data, len, end, value);
		break;
	case RULE_PEM:
		found = find_pem(rule, data, len, end, value);
		break;
	case RULE_ALONE:
		found = find_alone(rule, data, len, end, value);
		break;
	case RULE_BEFORE:
		found = end > 0 && find_run(rule, data, end - 1, end - 1, value);
		break;
	case RULE_REGEX:
		break;
	}
	return found && value->n >= rule->min && value->n <= rule->max &&
	       stands_alone(rule, data, len, value) && looks(rule, value) &&
	       rules_check(rule->check, value->text, value->n, data, len, value->offset);
}
