/*
 * What a delta makes of a text in which gitleaks' rules found nothing is looked at near
 * the changes only: for random texts that finds what a look at the whole text finds.
 */
#include "changes.h"
#include "hooks/secrets/rules_load.h"
#include "hooks/secrets/scan.h"
#include "lib/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Matches that leave others no room, values that go on far behind where they are proposed,
 * what allows them on the same line or in the path, and a beginning that may be missing. */
static const char rules_text[] =
	"[[rules]]\nid = 'generic'\n"
	"regex = '''(?i)[\\w.-]{0,50}?(?:key|token)(?:[ \\t\\w.-]{0,20})[\\s'\"]{0,3}(?:=|:)"
	"[\\x60'\"\\s=]{0,5}([\\w.=-]{10,150}|[a-z0-9][a-z0-9+/]{11,}={0,3})(?:[\\x60'\"\\s;]|\\\\[nr]|$)'''\n"
	"entropy = 3.2\nkeywords = ['key', 'token']\n"
	"[[rules.allowlists]]\nregexTarget = 'line'\nregexes = ['skip']\n"
	"[[rules.allowlists]]\nstopwords = ['example']\n"
	"[[rules]]\nid = 'greedy'\nregex = '''[a-z ]{0,30}id:([a-z]{5})'''\n"
	"[[rules.allowlists]]\nregexes = ['e']\n"
	"[[rules]]\nid = 'chain'\nregex = '''key[key: ]{3,40}[:=]?'''\n"
	"[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['ye', '^.{0,12}$', '::']\n"
	"[[rules]]\nid = 'far'\nregex = '''begin(?s:.){0,300}?end'''\n"
	"[[rules.allowlists]]\nregexTarget = 'match'\nregexes = ['\\s']\n"
	"[[rules]]\nid = 'edge'\nregex = '''\\bpw=(\\w{6})\\b'''\npath = '''\\.tf$'''\n"
	"[[rules.allowlists]]\npaths = ['example']\n"
	"[[rules]]\nid = 'lines'\nregex = '''(?m)^user:(\\w+)$'''\n"
	"[[rules.allowlists]]\ncondition = 'AND'\nregexes = ['^[a-z]+$']\npaths = ['a']\n";

#define VALUE "k9Xw" "2LmQ7vR4tB8z"

/* With these a text is mostly quiet, */
static const char *const words[] = {
	"key", "token", " = ", ": ", "'", "\"", "\n", "\n", "\n    ", " ", "self.", "def ", "return ", "aaaaaaaaaaaa;",
	"value_of_it", "skip", "example", "id:", "eeeee", "keykey: key", "begin", " end", "user:", "name\n", "ye", "::",
	"some_longer_name_for_a_thing", "bbbbbbbbbb ", "(x)", ",", "# comment of some words\n", "pw=",
};

/* and each of these makes one loud. */
static const char *const planted[] = {
	"key = '" VALUE "'\n", "api_token: " VALUE "\n", "id:abcdf ", "key: key: key: key: =", "begin-of-it-end",
	"\npw=abc123\n", "\nuser:A1B2\n", "my-own-key=" VALUE "+/" VALUE "+/" VALUE ";", "\"" VALUE "\"", VALUE,
};

static const char *const paths[] = { "main.tf", "a.py", "example.tf", "b.md" };

struct scanning {
	struct rules rules, merged;
	struct scan_rules *set;
	struct scanner *scanner;
};

#define ANY_OF(list, seed) ((list)[changes_random(seed) % (sizeof(list) / sizeof(*(list)))])

/* The words stand more or less close. */
static void grow(struct buf *b, unsigned *seed, size_t *at)
{
	size_t n = changes_random(seed) % 1500, plant = changes_random(seed) % (n + 1), close = 1 + changes_random(seed) % 24;

	for (size_t i = 0; i <= n; i++) {
		if (i == plant) {
			*at = b->len;
			buf_adds(b, ANY_OF(planted, seed));
		}
		buf_adds(b, changes_random(seed) % close ? "self.x += 1\n" : ANY_OF(words, seed));
	}
}

static int collect(void *arg, const struct scan_hit *hit, struct err *err)
{
	(void)err;
	return buf_addf(arg, "%s %zu+%zu\n", hit->rule->id, hit->offset, hit->len);
}

static int open_rules(void **state)
{
	static struct scanning s;
	struct err err = { 0 };

	*state = &s;
	return rules_load_file(&s.rules, "f.toml", rules_text, strlen(rules_text), &err) < 0 ||
	       rules_use_builtin(&s.rules, "none", &err) < 0 ||
	       rules_merge(rules_table, rules_count, &s.rules, &s.merged, &err) < 0 ||
	       scan_rules_open(&s.set, &s.merged, NULL, &err) < 0 || scan_open(s.set, &s.scanner, &err) < 0;
}

static int close_rules(void **state)
{
	struct scanning *s = *state;

	scan_close(s->scanner);
	scan_rules_close(s->set);
	rules_free(&s->merged);
	rules_free(&s->rules);
	return 0;
}

static void look(const struct scanning *s, const struct buf *text, const char *path, const struct span *changed,
		 size_t n_changed, struct buf *got)
{
	const struct scan_text t = {
		.data = buf_str((struct buf *)text), .len = text->len, .paths = &path, .n_paths = 1,
		.changed = changed, .n_changed = n_changed,
	};
	struct err err = { 0 };

	/* PCRE2's code looks at 16 bytes at once, and forgets those behind the end: valgrind does not know */
	memset(text->data + text->len, 0, text->cap - text->len);
	buf_clear(got);
	assert_int_equal(scan_bytes(s->scanner, &t, collect, got, &err), 0);
}

static void near_the_changes_is_enough(void **state)
{
	const struct scanning *s = *state;
	size_t quiet = 0, here = 0, found = 0;
	unsigned seed = 5;

	for (int i = 0; i < 12000; i++) {
		struct buf text = BUF_INIT(1 << 18), base = BUF_INIT(1 << 18);
		struct buf whole = BUF_INIT(1 << 16), part = BUF_INIT(1 << 16);
		struct span changed[CHANGES_MAX];
		const char *path = ANY_OF(paths, &seed), *before = changes_random(&seed) % 4 ? path : ANY_OF(paths, &seed);
		size_t at = 0, n;
		enum scan_quiet was, is, now;

		grow(&text, &seed, &at);
		n = changes_of(&text, at, &seed, words, sizeof(words) / sizeof(*words), &base, changed);
		look(s, &base, before, NULL, 0, &part);
		was = scan_quiet(s->scanner);
		if (was == SCAN_QUIET || (was == SCAN_QUIET_HERE && strcmp(path, before) == 0)) {
			look(s, &text, path, NULL, 0, &whole);
			is = scan_quiet(s->scanner);
			look(s, &text, path, changed, n, &part);
			if (strcmp(buf_str(&whole), buf_str(&part)) != 0)
				print_message("# %d: %s\n", i, buf_str(&text));
			assert_string_equal(buf_str(&part), buf_str(&whole));
			now = scan_quiet(s->scanner) < was ? scan_quiet(s->scanner) : was;
			assert_true(now <= is);
			assert_int_equal(now == SCAN_LOUD, is == SCAN_LOUD);
			quiet++;
			here += was == SCAN_QUIET_HERE;
			found += whole.len > 0;
		}
		buf_free(&text);
		buf_free(&base);
		buf_free(&whole);
		buf_free(&part);
	}
	print_message("# %zu quiet, %zu of them here, %zu with a secret\n", quiet, here, found);
	assert_true(quiet > 1000 && here > 200 && found > 200);
}

/* The twin: elsewhere nothing is looked at. */
static void only_near_the_changes(void **state)
{
	struct buf text = BUF_INIT(1 << 18), got = BUF_INIT(1 << 16);
	struct span changed = { 1 << 16, 10 };

	buf_adds(&text, "key = '" VALUE "'\n");
	for (int i = 0; i < 1 << 14; i++)
		buf_adds(&text, "self.x\n");
	look(*state, &text, "a.py", &changed, 1, &got);
	assert_string_equal(buf_str(&got), "");
	look(*state, &text, "a.py", NULL, 0, &got);
	assert_string_equal(buf_str(&got), "generic 7+16\n");
	buf_free(&text);
	buf_free(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_the_changes_is_enough),
		cmocka_unit_test(only_near_the_changes),
	};

	return cmocka_run_group_tests(tests, open_rules, close_rules);
}
