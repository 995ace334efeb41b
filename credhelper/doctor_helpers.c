/*
 * The credential helpers that git asks for a CodeCommit host: ours and no
 * other, for CodeCommit alone, and with the path.
 */
#include "doctor.h"
#include "doctor_mend.h"

#include <string.h>

/* "2.39.5" against 2.40; an unknown version is taken for a new one. */
static bool git_knows_expiry(const struct doctor *d)
{
	int major = 0, minor = 0;

	if (sscanf(d->git_version, "%d.%d", &major, &minor) != 2)
		return true;
	return major > 2 || (major == 2 && minor >= 40);
}

static struct doctor_finding finding(enum doctor_severity severity, const char *rule,
				     const struct doctor_git_entry *e, const struct buf *fix)
{
	return (struct doctor_finding){ .severity = severity, .rule = rule,
					.file = e ? e->file : NULL,
					.fix = fix ? buf_str(fix) : NULL };
}

/* ---- which helpers --------------------------------------------------------------- */

static void none_signs(struct doctor *d, const struct doctor_place *p, const struct buf *fix)
{
	struct doctor_finding f = finding(DOCTOR_ERROR, "no-helper", NULL, fix);
	struct buf labels = BUF_INIT(1024);

	for (size_t i = 0; i < p->helper_count; i++)
		buf_addf(&labels, "%s%s", i ? ", " : "", p->helpers[i].label);
	if (p->helper_count)
		doctor_found(d, &f, "git asks %s for the password of %s, and none of them can sign "
			     "for CodeCommit", buf_str(&labels), p->parts.host);
	else
		doctor_found(d, &f, "git has no credential helper for %s and would ask you for a "
			     "password", p->parts.host);
	buf_free(&labels);
}

static void aws_cli(struct doctor *d, const struct doctor_place *p, size_t i, const struct buf *fix)
{
	const struct doctor_helper *h = &p->helpers[i];
	struct doctor_finding f = finding(DOCTOR_WARNING, "aws-cli-helper", h->entry, fix);
	bool first = p->ours < 0 || (int)i < p->ours;
	struct doctor_identity none = { .profile = "" };
	struct chain_input in = doctor_chain_input(d, &none);

	doctor_found(d, &f, "the AWS CLI's helper (%s) is %s for %s%s; it takes the credentials of "
		     "%s%s, and Python is started for each fetch and push", h->label,
		     first ? "asked first" : "told every password", p->parts.host,
		     d->cloud9 ? ", as Cloud9 sets it up" : "", *h->profile ? "profile " : "",
		     *h->profile ? h->profile : *chain_profile(&in) ? chain_profile(&in) : "default");
}

static void keeps(struct doctor *d, const struct doctor_place *p, size_t i, const struct buf *fix)
{
	const struct doctor_helper *h = &p->helpers[i];
	bool first = (int)i < p->signs;
	/* git drops what the cache tells has expired */
	bool harmless = strcmp(h->program, "cache") == 0 && git_knows_expiry(d);
	struct doctor_finding f = finding(harmless ? DOCTOR_NOTE : first ? DOCTOR_ERROR : DOCTOR_WARNING,
					  "other-helper", h->entry, harmless ? NULL : fix);

	if (p->signs < 0)
		return;		/* no-helper has it */
	if (harmless)
		doctor_found(d, &f, "the helper \"%s\" keeps CodeCommit's 15-minute passwords; "
			     "git %s drops those that have ended", h->label, d->git_version);
	else if (first)
		doctor_found(d, &f, "the helper \"%s\" is asked for %s before the one that signs: it keeps "
			     "the 15-minute password and answers with it when it has ended, which "
			     "CodeCommit refuses with 403", h->label, p->parts.host);
	else
		doctor_found(d, &f, "the helper \"%s\" is told every password for %s and keeps it, "
			     "which is of no use after 15 minutes", h->label, p->parts.host);
}

static void all_hosts(struct doctor *d, const struct doctor_place *p, size_t i,
		      const struct buf *fix)
{
	const struct doctor_helper *h = &p->helpers[i];
	struct doctor_finding f = finding(DOCTOR_WARNING, "helper-all-hosts", h->entry, fix);

	doctor_found(d, &f, "codetrain's helper is set up for all hosts, so git starts it for every "
		     "other server too; bind it to %s", p->parts.host);
}

static void unknown(struct doctor *d, const struct doctor_place *p, size_t i)
{
	const struct doctor_helper *h = &p->helpers[i];
	struct doctor_finding f = finding(DOCTOR_NOTE, "unknown-helper", h->entry, NULL);

	if ((int)i < p->signs)
		doctor_found(d, &f, "git asks another helper (%s) for %s before the one that signs; if "
			     "it answers, the other is not asked", h->label, p->parts.host);
}

void doctor_helper_list(struct doctor *d, struct doctor_place *p)
{
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	bool signs = false;

	if (p->transport != DOCTOR_HTTPS)
		return;
	doctor_mend_helpers(d, p, &fix);
	for (size_t i = 0; i < p->helper_count; i++) {
		switch (p->helpers[i].kind) {
		case DOCTOR_OURS:
			signs = true;
			if (p->helpers[i].any_host)
				all_hosts(d, p, i, &fix);
			break;
		case DOCTOR_AWS_CLI:
			signs = true;
			aws_cli(d, p, i, &fix);
			break;
		case DOCTOR_KEEPS:
			keeps(d, p, i, &fix);
			break;
		case DOCTOR_OTHER:
			unknown(d, p, i);
			break;
		}
	}
	if (!signs)
		none_signs(d, p, &fix);
	buf_free(&fix);
}

/* ---- the path -------------------------------------------------------------------- */

void doctor_use_http_path(struct doctor *d, struct doctor_place *p)
{
	char pattern[DOCTOR_PATTERN_MAX];
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	const struct doctor_git_entry *e;
	struct doctor_finding f;

	if (p->transport != DOCTOR_HTTPS || p->ours < 0)
		return;
	e = doctor_git_winner(&d->git, "credential", "usehttppath", &p->parts, pattern);
	if (!doctor_git_true(e)) {
		doctor_mend_path(d, p, e, pattern, &fix);
		f = finding(DOCTOR_ERROR, "use-http-path", e, &fix);
		doctor_found(d, &f, "credential.useHttpPath is %s for %s: git does not tell the "
			     "helper which repository it is, and the password depends on it",
			     e ? "switched off" : "not set", p->parts.host);
	} else if (!doctor_url_has_host(pattern) && !p->helpers[p->ours].any_host) {
		f = finding(DOCTOR_NOTE, "use-http-path-all-hosts", e, NULL);
		doctor_found(d, &f, "credential.useHttpPath is set for all hosts: helpers that keep "
			     "passwords then ask for one in each repository of any server");
	}
	buf_free(&fix);
}
