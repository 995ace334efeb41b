/*
 * git itself, and what of its configuration gets between it and CodeCommit.
 */
#include "doctor.h"
#include "doctor_child.h"
#include "doctor_mend.h"
#include "lib/base/encode.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { SUBMODULES_MAX = 64 << 10 };

void doctor_git_version(struct doctor *d)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "git-missing" };
	int major = 0, minor = 0;

	if (!*d->git_version) {
		doctor_found(d, &f, "git is not on PATH, or does not run; install it");
		return;
	}
	if (sscanf(d->git_version, "%d.%d", &major, &minor) != 2 || major > 2 || minor >= 40)
		return;
	f = (struct doctor_finding){ .severity = DOCTOR_NOTE, .rule = "git-old" };
	doctor_found(d, &f, "git %s does not know when a password ends (password_expiry_utc, git "
		     "2.40): let no other helper keep CodeCommit's", d->git_version);
}

void doctor_transport_check(struct doctor *d, struct doctor_place *p)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "plain-http" };
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX), url = BUF_INIT(sizeof(p->url));

	if (p->transport != DOCTOR_HTTP)
		return;
	if (*p->name) {
		buf_adds(&fix, "git remote set-url ");
		encode_shell(p->name, &fix);
		buf_addc(&fix, ' ');
		buf_addf(&url, "https%s", p->url + strlen("http"));
		encode_shell(buf_str(&url), &fix);
	}
	f.fix = buf_str(&fix);
	doctor_found(d, &f, "%s is plain http, for which the helper gives no password", p->url);
	buf_free(&url);
	buf_free(&fix);
}

void doctor_rewritten(struct doctor *d, struct doctor_place *p)
{
	struct doctor_finding f = { .severity = DOCTOR_NOTE, .rule = "rewritten-url" };

	if (p->rewritten)
		doctor_found(d, &f, "the URL of %s is rewritten by url.*.insteadOf; what counts here is "
			     "%s", *p->name ? p->name : "the remote", p->url);
}

/* The value is not shown: it is a password. */
void doctor_extra_header(struct doctor *d, struct doctor_place *p)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "extra-header" };
	char pattern[DOCTOR_PATTERN_MAX];
	const struct doctor_git_entry *e;
	size_t at = 0;

	if (p->transport != DOCTOR_HTTPS)
		return;
	while ((e = doctor_git_next(&d->git, "http", "extraheader", &p->parts, &at, pattern))) {
		struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);

		if (!e->value || strncasecmp(e->value, "authorization:", 14) != 0)
			continue;
		doctor_mend_command(d, e, &fix);
		buf_adds(&fix, "--unset-all ");
		encode_shell(e->key, &fix);
		buf_adds(&fix, " '^[Aa]uthorization:'");
		f.file = e->file;
		f.fix = e->file ? buf_str(&fix) : NULL;
		doctor_found(d, &f, "http.extraHeader sends an Authorization header of another server "
			     "to %s, which refuses it; the value is not shown", p->parts.host);
		buf_free(&fix);
	}
}

void doctor_username(struct doctor *d, struct doctor_place *p)
{
	struct doctor_finding f = { .severity = DOCTOR_NOTE, .rule = "username" };
	char pattern[DOCTOR_PATTERN_MAX];
	const struct doctor_git_entry *e;

	if (p->transport != DOCTOR_HTTPS || p->ours < 0)
		return;
	e = doctor_git_winner(&d->git, "credential", "username", &p->parts, pattern);
	if (*p->parts.user) {
		doctor_found(d, &f, "the URL of %s has a user name; the helper answers with its own, so "
			     "it only serves helpers that keep passwords",
			     *p->name ? p->name : p->parts.host);
	} else if (e && e->value) {
		f.file = e->file;
		doctor_found(d, &f, "credential.username is set for %s; the helper answers with its own, "
			     "so it only serves helpers that keep passwords", p->parts.host);
	}
}

/* ---- TLS ------------------------------------------------------------------------- */

void doctor_tls(struct doctor *d, struct doctor_place *p)
{
	struct doctor_finding f = { .severity = DOCTOR_WARNING, .rule = "tls-not-verified" };
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	char pattern[DOCTOR_PATTERN_MAX];
	const struct doctor_git_entry *e;

	if (p->transport != DOCTOR_HTTPS)
		return;
	e = doctor_git_winner(&d->git, "http", "sslverify", &p->parts, pattern);
	if (e && !doctor_git_true(e)) {
		doctor_mend_command(d, e, &fix);
		buf_adds(&fix, "--unset-all ");
		encode_shell(e->key, &fix);
		f.file = e->file;
		f.fix = e->file ? buf_str(&fix) : NULL;
		doctor_found(d, &f, "http.sslVerify is off for %s: whoever is on the way can take the "
			     "password", p->parts.host);
	}
	if (doctor_env(d, "GIT_SSL_NO_VERIFY"))
		doctor_found(d, &(struct doctor_finding){ .severity = DOCTOR_WARNING, .rule = f.rule,
							  .fix = "unset GIT_SSL_NO_VERIFY" },
			     "GIT_SSL_NO_VERIFY is set: whoever is on the way can take the password");
	buf_clear(&fix);
	e = doctor_git_winner(&d->git, "http", "sslcainfo", &p->parts, pattern);
	if (e && e->value && *e->value && *e->value != '~' && access(e->value, R_OK) < 0) {
		doctor_mend_command(d, e, &fix);
		buf_adds(&fix, "--unset-all ");
		encode_shell(e->key, &fix);
		f = (struct doctor_finding){ .severity = DOCTOR_ERROR, .rule = "ca-file", .file = e->file,
					     .fix = e->file ? buf_str(&fix) : NULL };
		doctor_found(d, &f, "http.sslCAInfo names %s, which cannot be read: git trusts no "
			     "server", e->value);
	}
	buf_free(&fix);
}

/* ---- submodules ------------------------------------------------------------------ */

/* A URL of git-remote-codecommit in .gitmodules? */
static bool uses_remote_program(void)
{
	static const char *const argv[] = { "git", "config", "--file", ".gitmodules", "--get-regexp",
					    "^submodule\\..*\\.url$", "^codecommit:", NULL };
	struct buf text = BUF_INIT(SUBMODULES_MAX);
	struct err unstarted;
	bool found = access(".gitmodules", R_OK) == 0 &&
		     doctor_child(argv, &text, NULL, &unstarted) == 0 && text.len;

	buf_free(&text);
	return found;
}

void doctor_submodules(struct doctor *d)
{
	struct doctor_finding f = { .severity = DOCTOR_WARNING, .rule = "submodule-protocol",
				    .fix = "git config --global protocol.codecommit.allow always" };
	const struct doctor_git_entry *e = doctor_git_last(&d->git, "protocol.codecommit.allow");

	if (!*d->git_version || !uses_remote_program())
		return;
	if (!e)
		e = doctor_git_last(&d->git, "protocol.allow");
	if (e && e->value && strcmp(e->value, "always") == 0)
		return;
	f.file = ".gitmodules";
	doctor_found(d, &f, "a submodule has a codecommit: URL, and git does not fetch submodules by "
		     "such a program unless protocol.codecommit.allow is \"always\"");
}
