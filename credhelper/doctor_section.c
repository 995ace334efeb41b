/*
 * Sections of the AWS config files, as each tool reads their names.
 */
#include "doctor_scan.h"

static bool equal(struct doctor_piece a, struct doctor_piece b)
{
	return a.n == b.n && memcmp(a.s, b.s, a.n) == 0;
}

static bool is_word(struct doctor_piece p, const char *word)
{
	return p.n == strlen(word) && memcmp(p.s, word, p.n) == 0;
}

/* "profile NAME" and its like in the config file: the word and what follows. */
static void take_word(struct doctor_section *x)
{
	static const struct {
		const char *word;
		char letter;
	} words[] = { { "profile", 'p' }, { "sso-session", 's' }, { "services", 'e' } };
	struct doctor_piece t = doctor_trimmed(x->raw.s, x->raw.n);

	x->name = t;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i].word);

		if (t.n < n || memcmp(t.s, words[i].word, n) != 0 || (t.n > n && !doctor_blank(t.s[n])))
			continue;
		x->word = words[i].letter;
		x->name = doctor_trimmed(t.s + n, t.n - n);
		return;
	}
}

static bool is_quoted(struct doctor_piece p)
{
	return p.n >= 2 && (p.s[0] == '"' || p.s[0] == '\'') && p.s[p.n - 1] == p.s[0];
}

static void check_credentials_section(struct doctor_scan *s, struct doctor_section *x)
{
	struct doctor_piece t = doctor_trimmed(x->raw.s, x->raw.n);

	if (x->word && x->name.n == 0) {
		/* a profile that is called "profile" */
	} else if (x->word == 'p') {
		doctor_scan_tell(s, DOCTOR_ERROR, "profile-in-credentials", "s/\\[[[:blank:]]*profile[[:blank:]]*/[/",
				"[%.*s] in the credentials file is a profile with the word \"profile\" in its "
				"name to every tool; here it is [%.*s]", (int)t.n, t.s, (int)x->name.n, x->name.s);
	} else if (x->word) {
		doctor_scan_tell(s, DOCTOR_ERROR, "section-in-credentials", NULL,
				"[%.*s] belongs into the config file; no tool reads it here", (int)t.n, t.s);
	} else if (t.n != x->raw.n) {
		doctor_scan_tell(s, DOCTOR_ERROR, "section-spaces",
				"s/\\[[[:blank:]]*\\([^]]*[^] \\t]\\)[[:blank:]]*\\]/[\\1]/",
				"[%.*s]: the AWS CLI and boto3 take the spaces beside the name for a part of it",
				(int)x->raw.n, x->raw.s);
	}
	x->word = 'p';
	x->name = t;
}

static void check_config_section(struct doctor_scan *s, struct doctor_section *x)
{
	/* of the AWS CLI */
	static const char *const others[] = { "preview", "plugins", "toolkit" };
	struct doctor_piece t = doctor_trimmed(x->raw.s, x->raw.n);
	bool standard = x->word || is_word(t, "default");

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (is_word(t, others[i]))
			return;
	if (!standard) {
		doctor_scan_tell(s, DOCTOR_WARNING, "profile-word-missing",
				doctor_has_blank(t) ? NULL : "s/\\[[[:blank:]]*/[profile /",
				"[%.*s]: no tool reads this as a profile; in the config file it is "
				"[profile %.*s]", (int)t.n, t.s, (int)t.n, t.s);
	} else if (doctor_blank(x->raw.s[0]) || (is_word(t, "default") && t.n != x->raw.n)) {
		doctor_scan_tell(s, DOCTOR_ERROR, "section-spaces",
				"s/\\[[[:blank:]]*\\([^]]*[^] \\t]\\)[[:blank:]]*\\]/[\\1]/",
				"[%.*s]: with spaces beside the name the AWS CLI and boto3 do not read it",
				(int)x->raw.n, x->raw.s);
	} else if (x->word && !is_quoted(x->name) && doctor_has_blank(x->name)) {
		doctor_scan_tell(s, DOCTOR_ERROR, "section-spaces", NULL,
				"[%.*s]: the AWS CLI and boto3 read a name with spaces in quotes only",
				(int)x->raw.n, x->raw.s);
	}
	if (x->word && x->name.n == 0)
		doctor_scan_tell(s, DOCTOR_WARNING, "section-without-name", NULL,
				"[%.*s] has no name: no tool reads it", (int)x->raw.n, x->raw.s);
	if (is_quoted(x->name)) {
		x->name = (struct doctor_piece){ x->name.s + 1, x->name.n - 2 };
		if (x->name.n == 0)
			doctor_scan_tell(s, DOCTOR_ERROR, "broken-line", NULL, "the section has no name");
	}
	if (is_word(t, "default"))
		x->word = 'd';
}

static void check_duplicates(struct doctor_scan *s, const struct doctor_section *x)
{
	for (size_t i = 0; i < s->section_count; i++) {
		const struct doctor_section *y = &s->sections[i];
		bool defaults = (x->word == 'd' && y->word == 'p') || (x->word == 'p' && y->word == 'd');

		if (equal(x->raw, y->raw)) {
			doctor_scan_tell(s, DOCTOR_ERROR, "duplicate-section", NULL,
					"[%.*s] is there a second time (line %d): the AWS CLI and boto3 refuse "
					"the whole file, codetrain and the SDKs merge the two", (int)x->raw.n,
					x->raw.s, y->line);
			return;
		}
		if (defaults && equal(x->name, y->name)) {
			doctor_scan_tell(s, DOCTOR_WARNING, "two-defaults", NULL,
					"both [default] and [profile default] are there (line %d): what is in "
					"[default] is not read", y->line);
			return;
		}
		if (x->word == y->word && equal(x->name, y->name)) {
			doctor_scan_tell(s, DOCTOR_ERROR, "duplicate-section", NULL,
					"[%.*s] is the same as line %d: the AWS CLI and boto3 read the later "
					"alone, codetrain and the SDKs merge the two", (int)x->raw.n, x->raw.s,
					y->line);
			return;
		}
	}
}

void doctor_scan_section(struct doctor_scan *s, struct doctor_piece t)
{
	const char *end = memchr(t.s, ']', t.n);
	struct doctor_section x = { .line = s->line };
	struct doctor_piece rest;

	s->in_section = true;
	s->in_property = s->told_indent = false;
	s->key_count = 0;
	if (!end) {
		doctor_scan_tell(s, DOCTOR_ERROR, "broken-line", NULL, "the ']' of the section is missing: no tool "
				"reads the file");
		return;
	}
	x.raw = (struct doctor_piece){ t.s + 1, (size_t)(end - t.s) - 1 };
	if (doctor_trimmed(x.raw.s, x.raw.n).n == 0) {
		doctor_scan_tell(s, DOCTOR_ERROR, "broken-line", NULL, "the section has no name");
		return;
	}
	rest = doctor_trimmed(end + 1, t.n - (size_t)(end + 1 - t.s));
	if (rest.n && *rest.s != '#' && *rest.s != ';')
		doctor_scan_tell(s, DOCTOR_ERROR, "text-behind-section", "s/\\].*/]/",
				"there is text behind the ']': the AWS CLI and boto3 drop it, codetrain and the "
				"SDKs refuse the file");
	take_word(&x);
	if (s->credentials)
		check_credentials_section(s, &x);
	else
		check_config_section(s, &x);
	check_duplicates(s, &x);
	if (s->section_count < DOCTOR_SCAN_SECTIONS_MAX)
		s->sections[s->section_count++] = x;
}
