#include "helper.h"

#include "lib/base/secret.h"

#include <stdio.h>
#include <string.h>

void helper_split(const char *s, struct helper_words *w)
{
	char *out = w->text, *last = w->text + sizeof(w->text) - 1;

	while (*s && w->n < HELPER_WORDS_MAX && out < last) {
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

const char *helper_base(const char *program)
{
	static const char prefix[] = "git-credential-";
	const char *slash = strrchr(program, '/'), *name = slash ? slash + 1 : program;

	return strncmp(name, prefix, sizeof(prefix) - 1) == 0 ? name + sizeof(prefix) - 1 : name;
}

bool helper_has(const struct helper_words *w, const char *word)
{
	for (size_t i = 1; i < w->n; i++)
		if (strcmp(w->v[i], word) == 0)
			return true;
	return false;
}

void helper_option(const struct helper_words *w, const char *name, char *out, size_t cap)
{
	size_t len = strlen(name);

	for (size_t i = 1; i < w->n; i++) {
		if (strcmp(w->v[i], name) == 0 && i + 1 < w->n)
			snprintf(out, cap, "%s", w->v[i + 1]);
		else if (strncmp(w->v[i], name, len) == 0 && w->v[i][len] == '=')
			snprintf(out, cap, "%s", w->v[i] + len + 1);
	}
}

void helper_skip_assignments(struct helper_words *w, char *out, size_t cap)
{
	static const char profile[] = "AWS_PROFILE=";
	size_t n = 0;

	while (n < w->n && strchr(w->v[n], '=')) {
		if (strncmp(w->v[n], profile, sizeof(profile) - 1) == 0)
			snprintf(out, cap, "%s", w->v[n] + sizeof(profile) - 1);
		n++;
	}
	w->n -= n;
	for (size_t i = 0; i < w->n; i++)
		w->v[i] = w->v[i + n];
}

bool helper_is_codecommit(const char *value, char *profile, size_t cap)
{
	bool shell = *value == '!', is;
	struct helper_words w = { 0 };

	*profile = '\0';
	helper_split(value + shell, &w);
	if (shell)
		helper_skip_assignments(&w, profile, cap);
	is = w.n && (strcmp(helper_base(w.v[0]), "codecommit") == 0 ||
		     (helper_has(&w, "codecommit") && helper_has(&w, "credential-helper")));
	helper_option(&w, "--profile", profile, cap);
	secret_wipe(&w, sizeof(w));
	return is;
}
