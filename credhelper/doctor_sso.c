/*
 * SSO, whose session is kept in a file. Only the times in it are looked at;
 * nothing is renewed.
 */
#include "doctor.h"

#include "lib/aws/signin_file.h"
#include "lib/base/clock.h"
#include "lib/base/encode.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <string.h>

enum { TOKEN_MAX = 64 << 10, SOON = 900 };

/* Of the profile, or of its [sso-session]. */
static const char *setting(const struct doctor *d, const struct doctor_identity *who,
			   const char *session, const char *name)
{
	struct awsconfig_value value;

	if (session && awsconfig_get_section(d->config, "sso-session", session, name, &value))
		return value.value;
	return doctor_property(d, who, name);
}

/* "2020-06-17T10:02:08UTC" is how older versions of the AWS CLI wrote it. */
static bool parse_end(const char *text, int64_t *out)
{
	size_t len = strlen(text);
	char copy[40];

	if (len > 3 && len < sizeof(copy) && strcmp(text + len - 3, "UTC") == 0) {
		snprintf(copy, sizeof(copy), "%.*sZ", (int)len - 3, text);
		return clock_parse(copy, out) == 0;
	}
	return clock_parse(text, out) == 0;
}

/* Can it be renewed without people? */
static bool renewable(const struct doctor *d, const char *session, const cJSON *token)
{
	int64_t end;

	return session && *json_string(token, "refreshToken", "") &&
	       parse_end(json_string(token, "registrationExpiresAt", ""), &end) && end > d->now;
}

static void check_token(struct doctor *d, const struct doctor_identity *who, const char *session,
			const char *path, const char *fix)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "sso-session", .file = path,
				    .fix = fix };
	struct buf text = BUF_INIT_SECRET(TOKEN_MAX);
	struct file_info info = { 0 };
	struct err unread;
	char when[CLOCK_EXTENDED_LEN];
	cJSON *token = NULL;
	int64_t end = 0;

	if (file_read(path, &text, &info, &unread) == 0 && !info.missing)
		token = json_parse(buf_str(&text), text.len, "the token", &unread);
	if (info.missing) {
		f.file = NULL;
		doctor_found(d, &f, "profile %s signs in with SSO, and nobody has signed in yet on this "
			     "machine", who->label);
	} else if (!token || !parse_end(json_string(token, "expiresAt", ""), &end)) {
		doctor_found(d, &f, "the SSO session of profile %s cannot be read", who->label);
	} else if (renewable(d, session, token)) {
		/* whoever uses it next renews it */
	} else if (end <= d->now + SOON) {
		clock_extended(end, when);
		f.severity = end <= d->now ? DOCTOR_ERROR : DOCTOR_WARNING;
		doctor_found(d, &f, "the SSO session of profile %s %s at %s", who->label,
			     end <= d->now ? "expired" : "ends soon,", when);
	}
	json_free(token);
	buf_free(&text);
}

void doctor_sso(struct doctor *d, struct doctor_identity *who)
{
	const char *session, *key;
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	struct err no_path;
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);

	if (!who->chosen || who->choice.provider != CHAIN_SSO || !d->home)
		return;
	session = doctor_property(d, who, "sso_session");
	key = session ? session : setting(d, who, session, "sso_start_url");
	if (!key || signin_file_sso(d->home, key, &path, &no_path) < 0)
		return;
	buf_addf(&fix, "aws sso login %s ", session ? "--sso-session" : "--profile");
	encode_shell(session ? session : who->label, &fix);
	check_token(d, who, session, buf_str(&path), buf_str(&fix));
	buf_free(&path);
	buf_free(&fix);
}
