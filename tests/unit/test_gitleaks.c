/*
 * gitleaks' rule files: what they say, what is refused and where, what is kept.
 * Expectations follow gitleaks 8.30.1; tests/e2e/recall.t asks gitleaks itself.
 */
#include "hooks/secrets/rules_load.h"
#include "hooks/secrets/scan.h"
#include "hooks/secrets/scan_regex.h"
#include "lib/base/buf.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define RULE(id, body) "[[rules]]\nid = '" id "'\n" body "\n"
#define REGEX(id, regex) RULE(id, "regex = '''" regex "'''")
#define TOKEN "k9Xw" "2LmQ7vR4tB8z"

struct scanning {
	struct rules rules, merged;
	struct scan_rules *set;
	struct scanner *scanner;
	const char *cache;
};

static void open_rules(struct scanning *s, const char *toml)
{
	struct err err = { 0 };

	if (rules_load_file(&s->rules, "f.toml", toml, strlen(toml), &err) < 0 ||
	    rules_use_builtin(&s->rules, "none", &err) < 0 ||
	    rules_merge(rules_table, rules_count, &s->rules, &s->merged, &err) < 0 ||
	    scan_rules_open(&s->set, &s->merged, s->cache, &err) < 0 ||
	    scan_open(s->set, &s->scanner, &err) < 0)
		fail_msg("%s: %s", toml, err.message);
}

static void close_rules(struct scanning *s)
{
	scan_close(s->scanner);
	scan_rules_close(s->set);
	rules_free(&s->merged);
	rules_free(&s->rules);
}

static int note(void *arg, const struct scan_hit *hit, struct err *err)
{
	(void)err;
	return buf_addf(arg, "%s@%zu+%zu ", hit->rule->id, hit->offset, hit->len);
}

static void scan(struct scanning *s, const char *path, const char *text, size_t len, struct buf *got)
{
	const char *const paths[] = { path };
	const struct scan_text t = {
		.data = text, .len = len, .paths = paths, .n_paths = path != NULL,
	};
	struct err err = { 0 };

	assert_int_equal(scan_bytes(s->scanner, &t, note, got, &err), 0);
}

/* A rule file, a path, a text, and "ID@OFFSET+LENGTH " of each secret. */
struct found {
	const char *toml, *path, *text, *want;
};

static void finds(const struct found *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct scanning s = { 0 };
		struct buf got = BUF_INIT(1 << 20);

		open_rules(&s, cases[i].toml);
		scan(&s, cases[i].path, cases[i].text, strlen(cases[i].text), &got);
		if (strcmp(buf_str(&got), cases[i].want) != 0)
			print_message("# %s\n# in: %s\n", cases[i].toml, cases[i].text);
		assert_string_equal(buf_str(&got), cases[i].want);
		buf_free(&got);
		close_rules(&s);
	}
}

#define FINDS(cases) finds(cases, sizeof(cases) / sizeof(*(cases)))

/* The syntax is RE2's: $ is the end of the text, \s has no \v, flags end with their group. */
static void expressions(void **state)
{
	static const struct found cases[] = {
		{ REGEX("a", "abc\\d+"), NULL, "x abc123 abc", "a@2+6 " },
		{ REGEX("a", "abc$"), NULL, "abc\nabc", "a@4+3 " },
		{ REGEX("a", "abc$"), NULL, "abc\n", "" },
		{ REGEX("a", "(?m)^abc$"), NULL, "xabc\nabc\nabcx", "a@5+3 " },
		{ REGEX("a", "abc\\z"), NULL, "abcabc", "a@3+3 " },
		{ REGEX("a", "\\Aabc"), NULL, "abcabc", "a@0+3 " },
		{ REGEX("a", "ab\\sc"), NULL, "ab\vc ab\fc", "a@5+4 " },
		{ REGEX("a", "ab[[:space:]]c"), NULL, "ab\vc", "a@0+4 " },
		{ REGEX("a", "ab.c"), NULL, "ab\nc ab\rc", "a@5+4 " },
		{ REGEX("a", "ab(?s:.)c."), NULL, "ab\nc\n ab\ncd", "a@6+5 " },
		{ REGEX("a", "x(?i)ab"), NULL, "XAB xAb", "a@4+3 " },
		{ REGEX("a", "(?i:ab)c"), NULL, "ABC ABc", "a@4+3 " },
		{ REGEX("a", "(?i)ab(?-i)c(d)"), NULL, "ABCD ABcd", "a@8+1 " },
		{ REGEX("a", "(?P<x>ab)(?<y>c)"), NULL, "abc", "a@0+2 " },
		{ REGEX("a", "\\x61\\x{62}\\143"), NULL, "abc", "a@0+3 " },
		{ REGEX("a", "\\Qa.c\\E+"), NULL, "abc a.ccc", "a@4+5 " },
		{ REGEX("a", "a{,2}b{x"), NULL, "a{,2}b{x", "a@0+8 " },
		{ REGEX("a", "[]a-]b[^]c]"), NULL, "]bd -b] ab]", "a@0+3 " },
		{ REGEX("a", "[a-c[:digit:]_]{3}!"), NULL, "zab1! a_c!", "a@1+4 a@6+4 " },
		{ REGEX("a", "\\babc\\b"), NULL, "xabc abcx abc", "a@10+3 " },
		{ REGEX("a", "abc\\B."), NULL, "abc- abcd", "a@5+4 " },
		{ REGEX("a", "(?U)ab+"), NULL, "abbb", "a@0+2 " },
		{ REGEX("a", "ab+?"), NULL, "abbb", "a@0+2 " },
		{ REGEX("a", "x\xc3\xa9" "y"), NULL, "x\xc3\xa9y", "a@0+4 " },
		{ REGEX("a", "k=\\pL{3};"), NULL, "k=\xc3\xa9\xc3\xa9z; k=\xc3\xa9\xc3\xa9;", "a@0+8 " },
		{ REGEX("a", "k=[^\\x{e9}]z"), NULL, "k=\xc3\xa9z k=yz", "a@6+4 " },
		{ REGEX("a", "\\D\\W\\Sq"), NULL, "1-xq a-xq", "a@5+4 " },
		{ REGEX("a", "(?:ab|cd){2}e|fgh"), NULL, "abcde fgh", "a@0+5 a@6+3 " },
		{ REGEX("a", "(?i)[a-f0-9]{8}[.](?-i:XY)"), NULL, "DEADbeef.XY deadbeef.xy", "a@0+11 " },
		{ REGEX("a", "aaa"), NULL, "aaaaaaa", "a@0+3 a@3+3 " },
		{ REGEX("a", "-----BEGIN[\\s\\S-]{4,}?KEY-----"), NULL,
		  "-----BEGIN KEY-----x KEY----- KEY-----", "a@0+29 " },
	};

	(void)state;
	FINDS(cases);
}

static void groups_and_entropy(void **state)
{
	static const struct found cases[] = {
		{ REGEX("a", "k=([a-z]+)"), NULL, "k=secret", "a@2+6 " },
		{ REGEX("a", "k=(?:(x1)|(y2))"), NULL, "k=y2", "a@2+2 " },
		{ RULE("a", "regex = 'k(=)([a-z]+)'\nsecretGroup = 2"), NULL, "k=secret", "a@2+6 " },
		{ RULE("a", "regex = 'k(=)([a-z]+)'\nsecretgroup = 1"), NULL, "k=secret", "a@1+1 " },
		{ RULE("a", "regex = 'k=(\\w+)'\nentropy = 2.0"), NULL, "k=abcd", "" },	/* 2.0 exactly */
		{ RULE("a", "regex = 'k=(\\w+)'\nentropy = 1.99"), NULL, "k=abcd", "a@2+4 " },
		{ RULE("a", "regex = 'k=(\\w+)'\nentropy = 3"), NULL, "k=aaaaaaab k=" TOKEN, "a@13+16 " },
		/* a line break that the match ends in is no part of it */
		{ REGEX("a", "k=\\w+\\s"), NULL, "k=abc\n\n", "a@0+5 " },
	};

	(void)state;
	FINDS(cases);
}

static void keywords_and_paths(void **state)
{
	static const struct found cases[] = {
		{ RULE("a", "regex = 'x\\d{4}'\nkeywords = ['Acme']"), NULL, "x1234", "" },
		{ RULE("a", "regex = 'x\\d{4}'\nkeywords = ['no', 'Acme']"), NULL, "x1234 ACME", "a@0+5 " },
		/* nothing in it is cheap to look for but the keyword, which stands behind it */
		{ RULE("a", "regex = '[0-9a-f]{8}'\nkeywords = ['acme']"), NULL, "deadbeef 01234567 acme",
		  "a@0+8 a@9+8 " },
		{ RULE("a", "regex = '[0-9a-f]{8}'\nkeywords = ['acme']"), NULL, "deadbeef", "" },
		{ RULE("a", "regex = '[0-9a-f]{8}'"), NULL, "x deadbeef", "a@2+8 " },
		{ RULE("a", "regex = 'x\\d{4}'\npath = '\\.yml$'"), "a/b.yml", "x1234", "a@0+5 " },
		{ RULE("a", "regex = 'x\\d{4}'\npath = '\\.yml$'"), "a/b.yml.txt", "x1234", "" },
		{ RULE("a", "regex = 'x\\d{4}'\npath = '\\.yml$'"), NULL, "x1234", "" },
		{ RULE("a", "path = '(?i)\\.p12$'"), "key.P12", "anything", "a@0+0 " },
		{ RULE("a", "path = '(?i)\\.p12$'"), "key.p1", "anything", "" },
		{ REGEX("generic-a", "k=(\\w+)") REGEX("b", "abc\\w+"), NULL, "k=abcd", "b@2+4 " },
	};

	(void)state;
	FINDS(cases);
}

#define X1 "x = 'x\\d{4}'\n"
#define ALLOW(body) RULE("a", "regex = '''k=\"?(x\\d{4})'''") "[[rules.allowlists]]\n" body "\n"
#define GLOBAL(body) RULE("a", "regex = '''k=\"?(x\\d{4})'''") "[[allowlists]]\n" body "\n"

static void allowances(void **state)
{
	static const struct found cases[] = {
		{ ALLOW("regexes = ['^x1']"), "p", "k=x1234 k=x2345", "a@10+5 " },
		{ ALLOW("regexes = ['k=x1']"), "p", "k=x1234", "a@2+5 " },
		{ ALLOW("regexTarget = 'match'\nregexes = ['k=x1']"), "p", "k=x1234 k=x2345", "a@10+5 " },
		{ ALLOW("regexTarget = 'line'\nregexes = ['public']"), "p", "k=x1234 public\nk=x2345", "a@17+5 " },
		{ ALLOW("stopwords = ['X12']"), "p", "k=x1234 k=x2345", "a@10+5 " },
		{ ALLOW("paths = ['^docs/']"), "docs/p", "k=x1234", "" },
		{ ALLOW("paths = ['^docs/']"), "src/p", "k=x1234", "a@2+5 " },
		{ ALLOW("paths = ['^docs/']"), NULL, "k=x1234", "a@2+5 " },
		{ ALLOW("condition = 'AND'\npaths = ['^docs/']\nstopwords = ['12']"), "docs/p",
		  "k=x1234 k=x3456", "a@10+5 " },
		{ ALLOW("condition = 'AND'\npaths = ['^docs/']\nstopwords = ['12']"), "src/p", "k=x1234",
		  "a@2+5 " },
		{ ALLOW("condition = 'and'\npaths = ['^docs/']"), "docs/p", "k=x1234", "" },
		{ ALLOW("condition = '&&'\nregexes = ['^x1']\ncommits = ['abc']"), "p", "k=x1234", "a@2+5 " },
		{ ALLOW("condition = 'OR'\npaths = ['^docs/']\nstopwords = ['12']"), "p", "k=x1234", "" },
		{ ALLOW("regexes = ['^x1']\n[[rules.allowlists]]\nregexes = ['^x2']"), "p", "k=x1234 k=x2345", "" },
		{ RULE("a", "regex = 'x\\d{4}'\n[rules.allowlist]\nregexes = ['^x1']"), "p", "x1234 x2345",
		  "a@6+5 " },
		{ GLOBAL("regexes = ['^x1']"), "p", "k=x1234 k=x2345", "a@10+5 " },
		{ GLOBAL("paths = ['^docs/']"), "docs/p", "k=x1234", "" },
		{ GLOBAL("targetRules = ['a']\nregexes = ['^x1']"), "p", "k=x1234", "" },
		{ GLOBAL("targetRules = ['b']\nregexes = ['^x1']"), "p", "k=x1234", "a@2+5 " },
		{ "[allowlist]\nstopwords = ['x12']\n" REGEX("a", "x\\d{4}"), "p", "x1234", "" },
		{ "[allowlist]\npaths = ['p$']\n" RULE("a", "path = 'p$'"), "p", "x1234", "" },
	};

	(void)state;
	FINDS(cases);
}

/* A blob at two paths is allowed when both are. */
static void several_paths(void **state)
{
	const char *const paths[] = { "docs/a", "src/a" };
	struct scan_text t = { .data = "k=x1234", .len = 7, .paths = paths, .n_paths = 2 };
	struct scanning s = { 0 };
	struct buf got = BUF_INIT(1024);
	struct err err = { 0 };

	(void)state;
	open_rules(&s, ALLOW("paths = ['^docs/']"));
	assert_int_equal(scan_bytes(s.scanner, &t, note, &got, &err), 0);
	assert_string_equal(buf_str(&got), "a@2+5 ");
	buf_clear(&got);
	t.n_paths = 1;
	assert_int_equal(scan_bytes(s.scanner, &t, note, &got, &err), 0);
	assert_string_equal(buf_str(&got), "");
	close_rules(&s);
	buf_free(&got);
}

static void commits(void **state)
{
	struct scanning s = { 0 };

	(void)state;
	open_rules(&s, ALLOW("commits = ['ABC123']"));
	assert_true(scan_regex_commit(&s.rules.v[0], "abc123"));
	assert_false(scan_regex_commit(&s.rules.v[0], "abc124"));
	close_rules(&s);
}

static void faults(void **state)
{
	static const struct {
		const char *toml, *want;
	} cases[] = {
		{ "[[rules]\n", "f.toml:1:8: ] is expected" },
		{ RULE("a", ""), "f.toml:1: regex or path is missing in rule a" },
		{ "\n[[rules]]\nregex = 'a'\n", "f.toml:2: id is missing" },
		{ REGEX("a", "(b"), "f.toml:3: ) is missing at byte 3" },
		{ REGEX("a", "b)"), "f.toml:3: a ) too many at byte 2" },
		{ REGEX("a", "(?=b)"), "f.toml:3: an unknown kind of group" },
		{ REGEX("a", "(?<!b)"), "f.toml:3: a group's name" },
		{ REGEX("a", "(b)\\1"), "f.toml:3: an unknown escape" },
		{ REGEX("a", "b**"), "a repeat of a repeat" },
		{ REGEX("a", "*b"), "nothing to repeat" },
		{ REGEX("a", "b{2,1}"), "a repeat of more than 1000" },
		{ REGEX("a", "b{1001}"), "a repeat of more than 1000" },
		{ REGEX("a", "[b"), "] is missing" }, { REGEX("a", "[z-a]"), "a range that ends" },
		{ REGEX("a", "[[:what:]]"), "an unknown class" }, { REGEX("a", "\\x{110000}"), "\\x wants" },
		{ REGEX("a", "ab\\"), "\\ at the end" },
		{ RULE("a", "regex = 'b'\nsecretGroup = 1"), "a group that regex has not, in rule a" },
		{ RULE("a", "regex = 'b'\nentropy = 'x'"), "no number that can be: entropy" },
		{ RULE("a", "regex = 1"), "a string is expected: regex" },
		{ RULE("a", "regex = 'b'\nkeywords = 'c'"), "a list of strings is expected: keywords" },
		{ RULE("a", "regex = 'b'\nkeywords = [1]"), "a list of strings is expected: keywords" },
		{ RULE("a", "path = '('"), "(path of rule a)" },
		{ ALLOW(""), "f.toml:4: an allowlist wants regexes, paths, stopwords or commits" },
		{ ALLOW("regexes = [\n'a',\n'(']"), "f.toml:7: ) is missing" },
		{ ALLOW("regexes = ['a']\nregexTarget = 'x'"), "regexTarget is secret, match or line, not x" },
		{ ALLOW("regexes = ['a']\ncondition = 'x'"), "condition is AND or OR, not x" },
		{ "[extend]\nuseDefault = true\n", "f.toml:1: [extend] useDefault means the rules inside" },
		{ "[extend]\npath = 'b.toml'\n", "f.toml:1: [extend] path: name that file as well" },
		{ "rules = 1\n", "[[rules]] is expected" },
		{ "[allowlist]\nregexes = ['a']\n[[allowlists]]\nregexes = ['b']\n", "cannot stand beside" },
		{ RULE("a", "regex = 'b'\n[[rules.required]]\nid = 'c'"), "required (a rule that wants another" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rules rules = { 0 };
		struct err err = { 0 };

		if (rules_load_file(&rules, "f.toml", cases[i].toml, strlen(cases[i].toml), &err) == 0)
			print_message("# %s\n", cases[i].toml);
		assert_int_equal(err.class, ERR_USAGE);
		if (!strstr(err.message, cases[i].want))
			print_message("# %s: %s\n", cases[i].toml, err.message);
		assert_non_null(strstr(err.message, cases[i].want));
		rules_free(&rules);
	}
}

static int read_base(void *arg, const char *path, struct buf *out, struct err *err)
{
	if (strcmp(path, "base.toml") != 0)
		return err_set(err, ERR_USAGE, "%s: no such file", path);
	return buf_adds(out, arg);
}

static void extends(void **state)
{
	static char base[] = RULE("a", "regex = 'x(\\d{4})'\ndescription = 'A'\nkeywords = ['x']\nentropy = 1")
		REGEX("b", "y\\d{4}") REGEX("c", "z\\d{4}") "[[allowlists]]\nregexes = ['9999']\n";
	static const char top[] = "[extend]\npath = 'base.toml'\ndisabledRules = ['c']\n"
		RULE("a", "entropy = 1.5\n[[rules.allowlists]]\nstopwords = ['1234']") REGEX("d", "w\\d{4}");
	struct scanning s = { .rules = { .read = read_base, .arg = base } };
	struct buf got = BUF_INIT(1024);
	const char *text = "x1234 x1122 x1367 y1234 z1234 w1234 y9999";

	(void)state;
	open_rules(&s, top);
	scan(&s, "p", text, strlen(text), &got);
	assert_string_equal(buf_str(&got), "a@13+4 b@18+5 d@30+5 ");
	assert_string_equal(s.rules.v[0].description, "A");
	close_rules(&s);
	buf_free(&got);
}

static void own_syntax_too(void **state)
{
	static const char text[] = "[rule \"a\"]\ndescription = A\nregex = abc\nlength = 3\nalphabet = a-z\n";
	struct rules rules = { 0 };
	struct err err = { 0 };

	(void)state;
	assert_int_equal(rules_load_file(&rules, "team.rules", text, sizeof(text) - 1, &err), 0);
	assert_int_equal(rules.n, 1);
	rules_free(&rules);
	assert_int_equal(rules_load_file(&rules, "team", REGEX("a", "b"), strlen(REGEX("a", "b")), &err), 0);
	assert_int_equal(rules.v[0].value, RULE_REGEX);
	rules_free(&rules);
}

/* Two matches of one rule that are megabytes apart, and one longer than any window. */
static void large_texts(void **state)
{
	enum { LEN = 4 << 20 };
	static const char toml[] = RULE("a", "regex = '''(?i)[\\w.-]{0,50}?(?:acme)[ =]{0,5}([a-z0-9]{8,})"
					     "(?:[;\\s]|$)'''\nkeywords = ['acme']");
	struct scanning s = { 0 };
	struct buf got = BUF_INIT(1024), want = BUF_INIT(1024);
	char *text = malloc(LEN);

	(void)state;
	assert_non_null(text);
	memset(text, 'q', LEN);
	memcpy(text, "acme=abcdefgh;", 14);
	text[LEN / 2] = '\n';
	memcpy(text + LEN - 20, " my.acme = 12345678\n", 20);
	buf_addf(&want, "a@5+8 a@%d+8 ", LEN - 9);
	open_rules(&s, toml);
	scan(&s, "p", text, LEN, &got);
	assert_string_equal(buf_str(&got), buf_str(&want));
	close_rules(&s);
	buf_free(&got);
	buf_free(&want);
	free(text);
}

/* An expression that backtracking would be at until the stars go out. */
static void ends_in_time(void **state)
{
	struct scanning s = { 0 };
	struct buf got = BUF_INIT(1024);
	char *text = calloc(1, 200001);
	struct timespec from, to;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 200000);
	memcpy(text, "key=", 4);
	open_rules(&s, REGEX("a", "key=(?:a|aa|a+)+(?:a|aa)+b"));
	clock_gettime(CLOCK_MONOTONIC, &from);
	scan(&s, "p", text, 200000, &got);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(to.tv_sec - from.tv_sec < 10);
	assert_string_equal(buf_str(&got), "");
	close_rules(&s);
	buf_free(&got);
	free(text);
}

static size_t files_in(const char *folder, char *path, size_t size)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	size_t n = 0;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, size, "%s/%s", folder, e->d_name);
		n++;
	}
	closedir(dir);
	return n;
}

static void finds_one(const char *cache, const char *toml)
{
	struct scanning s = { .cache = cache };
	struct buf got = BUF_INIT(1024);

	open_rules(&s, toml);
	scan(&s, "p", "x1234", 5, &got);
	assert_string_equal(buf_str(&got), "a@0+5 ");
	close_rules(&s);
	buf_free(&got);
}

static void kept(void **state)
{
	char folder[] = "/tmp/codetrain-rules.XXXXXX", cache[64], path[512];
	struct stat first, second;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(cache, sizeof(cache), "%s/rules", folder);
	finds_one(cache, REGEX("a", "x\\d{4}"));
	assert_int_equal(files_in(cache, path, sizeof(path)), 1);
	assert_int_equal(stat(path, &first), 0);
	assert_int_equal(first.st_mode & 0777, 0600);
	finds_one(cache, REGEX("a", "x\\d{4}"));	/* from there */
	assert_int_equal(stat(path, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	assert_int_equal(truncate(path, 100), 0);	/* broken: made again */
	finds_one(cache, REGEX("a", "x\\d{4}"));
	assert_int_equal(stat(path, &second), 0);
	assert_int_equal(second.st_size, first.st_size);
	assert_int_equal(chmod(path, 0666), 0);		/* others can write it: made again */
	finds_one(cache, REGEX("a", "x\\d{4}"));
	assert_int_equal(stat(path, &second), 0);
	assert_int_equal(second.st_mode & 0777, 0600);
	finds_one(cache, REGEX("a", "x\\d{3,4}"));	/* other rules, another name */
	assert_int_equal(files_in(cache, path, sizeof(path)), 2);
	while (files_in(cache, path, sizeof(path)) > 0)
		assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(cache), 0);
	assert_int_equal(rmdir(folder), 0);
	finds_one("/dev/null/nowhere", REGEX("a", "x\\d{4}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions), cmocka_unit_test(groups_and_entropy),
		cmocka_unit_test(keywords_and_paths), cmocka_unit_test(allowances),
		cmocka_unit_test(several_paths), cmocka_unit_test(commits), cmocka_unit_test(faults),
		cmocka_unit_test(extends), cmocka_unit_test(own_syntax_too), cmocka_unit_test(large_texts),
		cmocka_unit_test(ends_in_time), cmocka_unit_test(kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
