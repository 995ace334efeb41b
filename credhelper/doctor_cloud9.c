/*
 * AWS Cloud9 with its managed temporary credentials: every few minutes it
 * writes keys with a session token and a region into [default] of the
 * credentials file (docs.aws.amazon.com/cloud9, "AWS managed temporary
 * credentials").
 */
#include "doctor.h"
#include "lib/base/encode.h"

#include <string.h>
#include <unistd.h>

extern char **environ;

static const char switch_off[] =
	"aws cloud9 update-environment --environment-id \"$C9_PID\" --managed-credentials-action DISABLE\n"
	"# or by hand: Preferences, AWS Settings, Credentials, AWS managed temporary credentials: off";

bool doctor_on_cloud9(const struct doctor *d)
{
	char path[4200];

	for (char **e = environ; *e; e++)
		if (strncmp(*e, "C9_", 3) == 0)
			return true;
	snprintf(path, sizeof(path), "%s/.c9", d->home ? d->home : "");
	return d->home && access(path, F_OK) == 0;
}

/* The keys that Cloud9 writes; where. */
static bool managed(const struct doctor *d, struct awsconfig_value *at)
{
	struct awsconfig_value region;

	return d->cloud9 && d->config &&
	       awsconfig_get_credentials(d->config, "default", "aws_session_token", at) &&
	       awsconfig_get_credentials(d->config, "default", "region", &region);
}

/* Does the chain come down to them, perhaps as the source of a role? */
static bool uses_default(const struct doctor *d, const struct doctor_identity *who)
{
	struct chain_input in = doctor_chain_input(d, who);
	struct chain_choice choice = who->choice;
	struct chain_role role;
	struct err err;

	for (int i = 0; i < 8 && choice.provider == CHAIN_ASSUME_ROLE; i++) {
		if (chain_role(&in, choice.profile, &role, &err) < 0)
			return false;
		choice = role.source;
	}
	return choice.provider == CHAIN_CREDENTIALS_FILE && strcmp(choice.profile, "default") == 0;
}

/* A profile that may have been meant; NULL when there is no other. */
static const char *another(const struct doctor *d)
{
	const char *const *p = awsconfig_profiles(d->config);

	while (*p && strcmp(*p, "default") == 0)
		p++;
	return *p;
}

/* What Cloud9 writes the file with is all that is in it. */
static void lost(struct doctor *d, const struct doctor_identity *who,
		 const struct awsconfig_value *at)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "cloud9-lost-profile",
				    .file = at->file, .line = at->line };
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);

	buf_addf(&fix, "%s\naws configure --profile ", switch_off);
	encode_shell(who->label, &fix);
	f.fix = buf_str(&fix);
	doctor_found(d, &f, "Cloud9's managed temporary credentials are on, and the keys of profile %s may "
		     "have been lost when Cloud9 wrote the file: switch them off, and give them again",
		     who->label);
	buf_free(&fix);
}

void doctor_cloud9(struct doctor *d, struct doctor_identity *who)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "cloud9-shadow" };
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);
	struct awsconfig_value at;
	const char *other;

	if (!managed(d, &at))
		return;
	if (!who->chosen) {
		lost(d, who, &at);
		return;
	}
	f.file = at.file;
	f.line = at.line;
	other = another(d);
	buf_adds(&fix, switch_off);
	if (other && strcmp(who->label, "default") == 0) {
		buf_adds(&fix, "\nexport AWS_PROFILE=");
		encode_shell(other, &fix);
	}
	f.fix = buf_str(&fix);
	if (!uses_default(d, who)) {
		f.severity = DOCTOR_NOTE;
		f.rule = "cloud9-credentials";
		doctor_found(d, &f, "Cloud9's managed temporary credentials are on: every tool without a "
			     "profile works as Cloud9 in [default]; profile %s is not touched", who->label);
	} else if (strcmp(who->label, "default") != 0) {
		doctor_found(d, &f, "the role of profile %s is assumed with [default], which Cloud9's "
			     "managed temporary credentials have taken: switch them off and put your own "
			     "keys there", who->label);
	} else if (other) {
		doctor_found(d, &f, "Cloud9's managed temporary credentials are in [default], which is what "
			     "is used here: git and the AWS tools work as Cloud9 and not as profile %s; "
			     "switch them off, and choose the profile", other);
	} else {
		f.severity = DOCTOR_WARNING;
		doctor_found(d, &f, "Cloud9's managed temporary credentials are in [default]: git and the "
			     "AWS tools work as Cloud9, in the account of this environment");
	}
	buf_free(&fix);
}
