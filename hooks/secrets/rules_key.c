#include "rules_key.h"
#include "lib/base/buf.h"
#include "lib/base/opt.h"

#include <stdlib.h>
#include <string.h>

enum { ALLOW_MAX = 1024, HEX_LEN = 64, NAMES_MAX = 1024, REGEX_MAX = 8192 };

static int set_string(const char **slot, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -1;
	free((char *)*slot);
	*slot = copy;
	return 0;
}

static int set_description(struct rule *r, const char *s)
{
	return set_string(&r->description, s);
}

static int set_regex(struct rule *r, const char *s)
{
	return set_string(&r->regex, s);
}

static int set_rotate(struct rule *r, const char *s)
{
	return set_string(&r->rotate, s);
}

static int set_prefix(struct rule *r, const char *s)
{
	return set_string(&r->prefix, s);
}

/* Each name adds to those before it. */
static int set_name(struct rule *r, const char *s)
{
	struct buf all = BUF_INIT(NAMES_MAX);
	int rc;

	if (!*s)
		return -1;
	buf_addf(&all, "%s%s%s", r->names ? r->names : "", r->names ? "|" : "", s);
	rc = all.failed ? -1 : set_string(&r->names, buf_str(&all));
	buf_free(&all);
	return rc;
}

/* "A-Za-z0-9+/": single bytes and ranges; a - that is first or last is itself. */
static int set_bytes(rule_set set, const char *s)
{
	memset(set, 0, sizeof(rule_set));
	for (; *s; s++) {
		unsigned char from = (unsigned char)*s, to = from;

		if (s[1] == '-' && s[2]) {
			to = (unsigned char)s[2];
			s += 2;
		}
		if (to < from)
			return -1;
		for (unsigned c = from; c <= to; c++)
			set[c / 32] |= UINT32_C(1) << (c % 32);
	}
	return 0;
}

static int set_alphabet(struct rule *r, const char *s)
{
	return set_bytes(r->alphabet, s);
}

static int set_boundary(struct rule *r, const char *s)
{
	return set_bytes(r->boundary, s);
}

/* "113" or "113-275". */
static int set_length(struct rule *rule, const char *s)
{
	const char *dash = strchr(s, '-');
	char first[16];
	long min, max;
	size_t len = dash ? (size_t)(dash - s) : strlen(s);

	if (len >= sizeof(first))
		return -1;
	memcpy(first, s, len);
	first[len] = '\0';
	if (opt_number(first, &min) < 0)
		return -1;
	max = min;
	if (dash && opt_number(dash + 1, &max) < 0)
		return -1;
	if (min < 1 || max < min || max > RULES_VALUE_MAX)
		return -1;
	rule->min = (unsigned)min;
	rule->max = (unsigned)max;
	return 0;
}

/* "3.25" to 3250. */
static int set_entropy(struct rule *r, const char *s)
{
	unsigned n = 0, digits = 0;
	bool point = false;

	for (; *s && digits < 3; s++) {
		if (*s == '.' && !point) {
			point = true;
			continue;
		}
		if (*s < '0' || *s > '9' || n > 8000)
			return -1;
		n = n * 10 + (unsigned)(*s - '0');
		digits += point;
	}
	if (*s)
		return -1;
	for (; digits < 3; digits++)
		n *= 10;
	r->entropy = n;
	return n <= 8000 ? 0 : -1;
}

static int set_word(const char *const *words, size_t n, const char *s, unsigned *out)
{
	for (size_t i = 0; i < n; i++) {
		if (words[i] && strcmp(words[i], s) == 0) {
			*out = (unsigned)i;
			return 0;
		}
	}
	return -1;
}

static int set_value(struct rule *r, const char *s)
{
	/* RULE_REGEX has no word: it comes from a gitleaks file */
	static const char *const words[] = {
		[RULE_LAST] = "last", [RULE_RUN] = "run", [RULE_PEM] = "pem",
		[RULE_BEFORE] = "before",
		[RULE_ALONE] = "alone",
	};
	unsigned i = 0;

	if (set_word(words, sizeof(words) / sizeof(*words), s, &i) < 0)
		return -1;
	r->value = (enum rule_value)i;
	return 0;
}

static int set_check(struct rule *r, const char *s)
{
	unsigned i = 0;

	if (set_word(rules_check_names, RULES_CHECKS, s, &i) < 0)
		return -1;
	r->check = (enum rules_check)i;
	return 0;
}

/* `no` for the bool, or `yes`. */
static int set_bool(bool *out, const char *s, const char *no, const char *yes)
{
	if (strcmp(s, yes) != 0 && strcmp(s, no) != 0)
		return -1;
	*out = strcmp(s, yes) == 0;
	return 0;
}

static int set_mixed(struct rule *r, const char *s)
{
	return set_bool(&r->mixed, s, "false", "true");
}

static int set_random(struct rule *r, const char *s)
{
	return set_bool(&r->random, s, "false", "true");
}

static int set_quoted(struct rule *r, const char *s)
{
	return set_bool(&r->quoted, s, "false", "true");
}

static int set_enabled(struct rule *r, const char *s)
{
	return set_bool(&r->disabled, s, "true", "false");
}

static int set_severity(struct rule *r, const char *s)
{
	return set_bool(&r->warning, s, "error", "warning");
}

static int set_allow(struct rule *rule, const char *hex)
{
	char **list = (char **)rule->allow, **longer;
	size_t n = 0;

	if (strlen(hex) != HEX_LEN || strspn(hex, "0123456789abcdef") != HEX_LEN)
		return -1;
	while (list && list[n])
		n++;
	if (n >= ALLOW_MAX)
		return -1;
	longer = realloc(list, (n + 2) * sizeof(*longer));
	if (!longer)
		return -1;
	rule->allow = (const char *const *)longer;
	longer[n] = strdup(hex);
	longer[n + 1] = NULL;
	return longer[n] ? 0 : -1;
}

#define MEMBER(name) offsetof(struct rule, name), sizeof(((struct rule *)0)->name)

static const struct key {
	const char *name;
	int (*set)(struct rule *, const char *);
	size_t at, size;	/* of the member; `length` has two, side by side */
} keys[] = {
	{ "description", set_description, MEMBER(description) },
	{ "regex", set_regex, MEMBER(regex) },
	{ "name", set_name, MEMBER(names) },
	{ "rotate", set_rotate, MEMBER(rotate) },
	{ "prefix", set_prefix, MEMBER(prefix) },
	{ "value", set_value, MEMBER(value) },
	{ "check", set_check, MEMBER(check) },
	{ "length", set_length, offsetof(struct rule, min), 2 * sizeof(unsigned) },
	{ "entropy", set_entropy, MEMBER(entropy) },
	{ "enabled", set_enabled, MEMBER(disabled) },
	{ "mixed", set_mixed, MEMBER(mixed) },
	{ "random", set_random, MEMBER(random) },
	{ "quoted", set_quoted, MEMBER(quoted) },
	{ "severity", set_severity, MEMBER(warning) },
	{ "alphabet", set_alphabet, MEMBER(alphabet) },
	{ "boundary", set_boundary, MEMBER(boundary) },
	{ "allow", set_allow, 0, 0 },
};

enum { KEYS = sizeof(keys) / sizeof(*keys) };

_Static_assert(offsetof(struct rule, max) == offsetof(struct rule, min) + sizeof(unsigned),
	       "length is copied as one");

unsigned rules_key_bit(const char *key)
{
	for (unsigned i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, key) == 0)
			return 1U << i;
	return 0;
}

int rules_set(struct rule *rule, const char *key, const char *value)
{
	for (unsigned i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].name, key) != 0)
			continue;
		rule->given |= 1U << i;
		return keys[i].set(rule, value);
	}
	return -1;
}

void rules_key_copy(struct rule *to, const struct rule *from)
{
	for (unsigned i = 0; i < KEYS; i++)
		if (from->given & 1U << i)
			memcpy((char *)to + keys[i].at, (const char *)from + keys[i].at, keys[i].size);
	to->given |= from->given;
}

char *rules_key_names_regex(const struct rule *rule)
{
	struct buf out = BUF_INIT(REGEX_MAX);

	buf_addf(&out, "(?i:%s)[A-Za-z0-9_. -]{0,20}[\\s\"'`\\\\\\[\\](){}<>=:,;|?$&@*!~#]{1,12}[",
		 rule->names);
	for (int c = 0; c < 256; c++)
		if (rule_has(rule->alphabet, (unsigned char)c))
			buf_addf(&out, "\\x%02x", (unsigned)c);
	buf_addf(&out, "]{%u}", rule->min);
	if (out.failed) {
		buf_free(&out);
		return NULL;
	}
	return out.data;
}
