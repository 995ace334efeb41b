/*
 * What one credential.helper line configures (gitcredentials(7)): a name, a
 * path, or "!" and a shell command, each with options.
 */
#include "doctor_gitconfig.h"

#include "lib/base/secret.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 24 };

struct words {
	char text[1024];
	const char *v[WORDS_MAX];
	size_t n;
};

/* Words as a shell makes them of plain text and quotes; no expansion. */
static void split(const char *s, struct words *w)
{
	char *out = w->text, *last = w->text + sizeof(w->text) - 1;

	while (*s && w->n < WORDS_MAX && out < last) {
		char quote = '\0';

		s += strspn(s, " \t\n");
		if (!*s)
			break;
		w->v[w->n++] = out;
		for (; *s && out < last && (quote || !strchr(" \t\n", *s)); s++) {
			if (quote ? *s == quote : *s == '\'' || *s == '"')
				quote = quote ? '\0' : *s;
			else
				*out++ = *s;
		}
		if (out < last)
			*out++ = '\0';
	}
	*last = '\0';
}

static const char *base(const char *program)
{
	static const char prefix[] = "git-credential-";
	const char *slash = strrchr(program, '/'), *name = slash ? slash + 1 : program;

	return strncmp(name, prefix, sizeof(prefix) - 1) == 0 ? name + sizeof(prefix) - 1 : name;
}

static bool has_word(const struct words *w, const char *word)
{
	for (size_t i = 1; i < w->n; i++)
		if (strcmp(w->v[i], word) == 0)
			return true;
	return false;
}

static enum doctor_helper_kind kind_of(const struct words *w)
{
	/* They store what git tells them, whoever found it out. */
	static const char *const keepers[] = {
		"store", "cache", "osxkeychain", "libsecret", "gnome-keyring", "wincred", "manager",
		"manager-core", "manager-ui", "netrc", "keepassxc", "pass", "1password", "kwallet5",
	};
	const char *name = w->n ? base(w->v[0]) : "";

	if (strcmp(name, "codecommit") == 0)
		return DOCTOR_OURS;
	if (has_word(w, "codecommit") && has_word(w, "credential-helper"))
		return DOCTOR_AWS_CLI;
	for (size_t i = 0; i < sizeof(keepers) / sizeof(*keepers); i++)
		if (strcmp(name, keepers[i]) == 0)
			return DOCTOR_KEEPS;
	return DOCTOR_OTHER;
}

/* "--name VALUE" or "--name=VALUE" */
static void option(const struct words *w, const char *name, char *out, size_t cap)
{
	size_t len = strlen(name);

	for (size_t i = 1; i < w->n; i++) {
		if (strcmp(w->v[i], name) == 0 && i + 1 < w->n)
			snprintf(out, cap, "%s", w->v[i + 1]);
		else if (strncmp(w->v[i], name, len) == 0 && w->v[i][len] == '=')
			snprintf(out, cap, "%s", w->v[i] + len + 1);
	}
}

/* "!NAME=VALUE … program": the program is what counts; a profile is taken along. */
static void skip_assignments(struct words *w, struct doctor_helper *out)
{
	static const char profile[] = "AWS_PROFILE=";
	size_t n = 0;

	while (n < w->n && strchr(w->v[n], '=')) {
		if (strncmp(w->v[n], profile, sizeof(profile) - 1) == 0)
			snprintf(out->profile, sizeof(out->profile), "%s",
				 w->v[n] + sizeof(profile) - 1);
		n++;
	}
	w->n -= n;
	for (size_t i = 0; i < w->n; i++)
		w->v[i] = w->v[i + n];
}

/* A command of one's own, and what is set before one, may hold a password. */
static void set_label(const struct words *w, bool shell, struct doctor_helper *out)
{
	size_t used = 0;

	if (out->kind == DOCTOR_OTHER) {
		snprintf(out->label, sizeof(out->label), "%s",
			 shell ? "a shell command" : out->program);
		return;
	}
	for (size_t i = 0; i < w->n && used < sizeof(out->label); i++)
		used += (size_t)snprintf(out->label + used, sizeof(out->label) - used, "%s%s",
					 i ? " " : "", w->v[i]);
}

void doctor_helper_read(const char *value, struct doctor_helper *out)
{
	bool shell = *value == '!';
	struct words w = { 0 };

	split(value + shell, &w);
	if (shell)
		skip_assignments(&w, out);
	out->kind = kind_of(&w);
	snprintf(out->program, sizeof(out->program), "%s", w.n ? w.v[0] : "");
	option(&w, "--profile", out->profile, sizeof(out->profile));
	option(&w, "--file", out->file, sizeof(out->file));
	out->ignore_host_check = out->kind == DOCTOR_OURS && has_word(&w, "--ignore-host-check");
	out->shell = shell;
	set_label(&w, shell, out);
	secret_wipe(&w, sizeof(w));
}
