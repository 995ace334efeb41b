/*
 * What one credential.helper line configures (gitcredentials(7)): a name, a
 * path, or "!" and a shell command, each with options.
 */
#include "doctor_gitconfig.h"

#include "lib/aws/helper.h"
#include "lib/base/secret.h"

#include <stdio.h>
#include <string.h>

static enum doctor_helper_kind kind_of(const struct helper_words *w)
{
	/* They store what git tells them, whoever found it out. */
	static const char *const keepers[] = {
		"store", "cache", "osxkeychain", "libsecret", "gnome-keyring", "wincred", "manager",
		"manager-core", "manager-ui", "netrc", "keepassxc", "pass", "1password", "kwallet5",
	};
	const char *name = w->n ? helper_base(w->v[0]) : "";

	if (strcmp(name, "codecommit") == 0)
		return DOCTOR_OURS;
	if (helper_has(w, "codecommit") && helper_has(w, "credential-helper"))
		return DOCTOR_AWS_CLI;
	for (size_t i = 0; i < sizeof(keepers) / sizeof(*keepers); i++)
		if (strcmp(name, keepers[i]) == 0)
			return DOCTOR_KEEPS;
	return DOCTOR_OTHER;
}

/* A command of one's own, and what is set before one, may hold a password. */
static void set_label(const struct helper_words *w, bool shell, struct doctor_helper *out)
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
	struct helper_words w = { 0 };

	helper_split(value + shell, &w);
	if (shell)
		helper_skip_assignments(&w, out->profile, sizeof(out->profile));
	out->kind = kind_of(&w);
	snprintf(out->program, sizeof(out->program), "%s", w.n ? w.v[0] : "");
	helper_option(&w, "--profile", out->profile, sizeof(out->profile));
	helper_option(&w, "--file", out->file, sizeof(out->file));
	out->ignore_host_check = out->kind == DOCTOR_OURS && helper_has(&w, "--ignore-host-check");
	out->shell = shell;
	set_label(&w, shell, out);
	secret_wipe(&w, sizeof(w));
}
