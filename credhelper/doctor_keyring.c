/*
 * Where secrets are kept: the keyring, when a profile names it, and the kernel's
 * for sessions.
 */
#include "doctor.h"

#include "lib/base/encode.h"
#include "lib/aws/creds_run.h"
#include "lib/aws/session_place.h"

#include <string.h>

enum { KEYRING_TIMEOUT_MS = 2000, PROBE_SECONDS = 5 };

/* What is there is read and dropped: only whether it is there is of interest. */
static void ask(struct doctor *d, const struct doctor_identity *who, const char *property, bool git)
{
	const char *entry = doctor_property(d, who, property);
	const char *arguments[] = { "get", "--profile", entry, git ? "--git" : "--format",
				    git ? NULL : "lines", NULL };
	const struct creds_run run = { .program = "codetrain-keyring", .arguments = arguments,
				       .profile = entry, .provider = "the keyring",
				       .timeout_ms = KEYRING_TIMEOUT_MS };
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "keyring" };
	struct buf answer = BUF_INIT_SECRET(CREDS_RUN_MAX), fix = BUF_INIT(DOCTOR_FIX_MAX);
	struct awsconfig_value at = { 0 };
	struct err err = { 0 };

	if (!entry)
		return;
	awsconfig_get(d->config, who->label, property, &at);
	f.file = at.file;
	f.line = at.line;
	if (creds_run_text(&run, &answer, &err) < 0) {
		if (err.class == ERR_ACCESS || err.class == ERR_NO) {
			buf_addf(&fix, "codetrain keyring store %s--profile ", git ? "--git " : "");
			encode_shell(entry, &fix);
			f.fix = buf_str(&fix);
		}
		doctor_found(d, &f, "%s keeps its %s in the keyring, which does not give them: %s",
			     who->label, git ? "git credentials" : "keys", err.message);
	}
	buf_free(&answer);
	buf_free(&fix);
}

/* A key that is also in a file is read from there, in plain text. */
static void check_copy(struct doctor *d, const struct doctor_identity *who)
{
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	struct doctor_finding f;
	struct awsconfig_value at;

	if (!doctor_property(d, who, "codetrain_keyring") ||
	    !awsconfig_get(d->config, who->label, "aws_secret_access_key", &at))
		return;
	buf_adds(&fix, "codetrain keyring store --move --profile ");
	encode_shell(who->label, &fix);
	f = (struct doctor_finding){ .severity = DOCTOR_WARNING, .rule = "keys-beside-keyring",
				     .file = at.file, .line = at.line, .fix = buf_str(&fix) };
	doctor_found(d, &f, "profile %s has its keys in the keyring and in plain text too, and the file "
		     "comes first", who->label);
	buf_free(&fix);
}

void doctor_keyring(struct doctor *d, struct doctor_identity *who)
{
	if (!d->config)
		return;
	ask(d, who, "codetrain_keyring", false);
	ask(d, who, "codetrain_git_keyring", true);
	check_copy(d, who);
}

/* Does the kernel keep something for us? */
static bool kernel_works(const struct doctor *d)
{
	struct session s = { .name = "doctor", .getenv = d->getenv };
	struct buf text = BUF_INIT(16), back = BUF_INIT_SECRET(SESSION_TEXT_MAX);
	bool works;

	buf_adds(&text, "probe");
	works = session_kernel_store(&s, &text, d->now, PROBE_SECONDS) == 0 &&
		session_kernel_load(&s, &back) == 0;
	session_kernel_forget(&s);
	buf_free(&text);
	buf_free(&back);
	return works;
}

void doctor_session_cache(struct doctor *d)
{
	struct doctor_finding f = { .severity = DOCTOR_NOTE, .rule = "session-cache" };
	bool used = false;

	for (size_t i = 0; i < d->identity_count; i++)
		used |= d->identities[i].chosen && !chain_is_local(d->identities[i].choice.provider);
	if (used && !kernel_works(d))
		doctor_found(d, &f, "the kernel keeps no keys for this process (a container often forbids "
			     "it): sessions are kept in a file that only you can read");
}
