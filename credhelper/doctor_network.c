/*
 * What the network says: whose the credentials are, whether the hosts answer,
 * and how far this machine's clock is off.
 */
#include "doctor.h"

#include "lib/base/encode.h"
#include "lib/base/clock.h"
#include "lib/net/http.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	REACH_TIMEOUT_MS = 10000,
	SKEW_FATAL = 300,	/* AWS refuses signatures that are further off */
	SKEW_MATTERS = 120,
};

extern char **environ;

/* ---- what steers it -------------------------------------------------------------- */

static void override(struct doctor *d, const char *name, const char *url,
		     const struct awsconfig_value *at)
{
	struct doctor_finding f = { .severity = DOCTOR_NOTE, .rule = "endpoint-override" };
	struct doctor_url parts;
	char shown[1200];

	if (at) {
		f.file = at->file;
		f.line = at->line;
	}
	if (doctor_url_parse(url, &parts)) {
		doctor_url_print(&parts, shown, sizeof(shown));
		doctor_found(d, &f, "%s sends calls to %s and not to AWS", name, shown);
	} else {
		f.severity = DOCTOR_ERROR;
		doctor_found(d, &f, "%s is no URL", name);
	}
}

void doctor_endpoints(struct doctor *d)
{
	static const char prefix[] = "AWS_ENDPOINT_URL";
	const char *ignored = doctor_env(d, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	struct awsconfig_value at;
	char name[128];

	if (ignored && strcmp(ignored, "true") == 0)
		return;
	for (char **e = environ; *e; e++) {
		size_t n = strcspn(*e, "=");

		if (strncmp(*e, prefix, sizeof(prefix) - 1) != 0 || !(*e)[n] || !(*e)[n + 1] ||
		    ((*e)[sizeof(prefix) - 1] != '=' && (*e)[sizeof(prefix) - 1] != '_'))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)n, *e);
		override(d, name, *e + n + 1, NULL);
	}
	for (size_t i = 0; d->config && i < d->identity_count; i++) {
		if (!awsconfig_get(d->config, d->identities[i].label, "endpoint_url", &at))
			continue;
		snprintf(name, sizeof(name), "endpoint_url of profile %.80s", d->identities[i].label);
		override(d, name, at.value, &at);
	}
}

static void ca_file(struct doctor *d, const char *name, const char *path, const char *fix,
		    const struct awsconfig_value *at)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "ca-file", .fix = fix };

	if (!path || access(path, R_OK) == 0)
		return;
	if (at) {
		f.file = at->file;
		f.line = at->line;
	}
	doctor_found(d, &f, "%s names %s, which cannot be read: no server is trusted", name, path);
}

void doctor_ca(struct doctor *d)
{
	static const char *const variables[] = { "AWS_CA_BUNDLE", "GIT_SSL_CAINFO" };
	struct awsconfig_value at;
	char text[64];

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		snprintf(text, sizeof(text), "unset %s", variables[i]);
		ca_file(d, variables[i], doctor_env(d, variables[i]), text, NULL);
	}
	for (size_t i = 0; d->config && i < d->identity_count; i++)
		if (!doctor_env(d, "AWS_CA_BUNDLE") &&
		    awsconfig_get(d->config, d->identities[i].label, "ca_bundle", &at))
			ca_file(d, "ca_bundle", at.value, NULL, &at);
}

/* ---- the clock ------------------------------------------------------------------- */

/* `skew`: the server's time minus ours. */
static void check_clock(struct doctor *d, int64_t skew, const char *host)
{
	struct doctor_finding f = { .rule = "clock", .fix = "sudo timedatectl set-ntp true" };
	long long off = llabs((long long)skew);

	for (size_t i = 0; i < d->report.n; i++)
		if (strcmp(d->report.v[i].rule, f.rule) == 0)
			return;
	if (off < SKEW_MATTERS)
		return;
	f.severity = off > SKEW_FATAL ? DOCTOR_ERROR : DOCTOR_WARNING;
	doctor_found(d, &f, "this machine's clock is %lld minutes %s by %s's: AWS refuses signatures, and "
		     "CodeCommit passwords, that are more than 5 minutes off", off / 60,
		     skew > 0 ? "slow" : "fast", host);
}

/* ---- whose credentials ----------------------------------------------------------- */

static const char *unset_proxy(const struct doctor *d)
{
	if (doctor_env(d, "https_proxy"))
		return "unset https_proxy";
	return doctor_env(d, "HTTPS_PROXY") ? "unset HTTPS_PROXY" : NULL;
}

/* Is it a code of an MFA device that is missing? It is not asked for here. */
static bool wants_mfa(const struct doctor *d, const struct doctor_identity *who)
{
	return who->choice.provider == CHAIN_ASSUME_ROLE && doctor_property(d, who, "mfa_serial");
}

/* What may lead astray, and can be taken back; NULL when there is no such thing. */
static const char *unset_override(const struct doctor *d)
{
	if (doctor_env(d, "AWS_ENDPOINT_URL_STS"))
		return "unset AWS_ENDPOINT_URL_STS";
	return doctor_env(d, "AWS_ENDPOINT_URL") ? "unset AWS_ENDPOINT_URL" : unset_proxy(d);
}

static void account_failed(struct doctor *d, const struct doctor_identity *who, const struct err *err)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR };
	struct buf fix = BUF_INIT(DOCTOR_FIX_MAX);

	if (err->class == ERR_ACCESS && wants_mfa(d, who)) {
		buf_adds(&fix, "codetrain credentials --profile ");
		encode_shell(who->label, &fix);
		buf_adds(&fix, " -- true");
		f = (struct doctor_finding){ .severity = DOCTOR_NOTE, .rule = "mfa",
					     .fix = buf_str(&fix) };
		doctor_found(d, &f, "the role of profile %s wants an MFA code, which is not asked for "
			     "here: %s", who->label, err->message);
	} else {
		f.rule = err->class == ERR_UNAVAILABLE ? "unreachable" :
			 err->class == ERR_ACCESS ? "refused" : "identity-call";
		if (err->class == ERR_UNAVAILABLE) {
			f.fix = unset_override(d);
		} else if (err->class == ERR_ACCESS && who->choice.provider == CHAIN_CREDENTIALS_FILE) {
			buf_adds(&fix, "aws configure --profile ");
			encode_shell(who->label, &fix);
			f.fix = buf_str(&fix);
		}
		doctor_found(d, &f, "%s", err->message);
	}
	buf_free(&fix);
}

void doctor_account(struct doctor *d, struct doctor_identity *who)
{
	struct aws_settings settings = { .profile = *who->profile ? who->profile : NULL,
					 .region = d->region };
	const struct creds *creds;
	const char *account;
	struct err err = { 0 };
	struct aws *a;

	if (!who->chosen)
		return;
	for (size_t i = 0; i < d->place_count && !settings.region; i++)
		if (*d->places[i].region && &d->identities[d->places[i].identity] == who)
			settings.region = d->places[i].region;
	a = aws_open(&settings, &err);
	if (!a) {
		account_failed(d, who, &err);
		return;
	}
	creds = aws_credentials(a, &err);
	if (creds) {
		doctor_short_key(creds->access_key_id, who->key);
		if (aws_account(a, &account, &err) == 0)
			snprintf(who->account, sizeof(who->account), "%s", account);
	}
	if (err.class != ERR_NONE)
		account_failed(d, who, &err);
	check_clock(d, aws_clock_skew(a), "AWS");
	aws_close(a);
}

/* ---- the git hosts --------------------------------------------------------------- */

/* The CA file that git would take, or else that of the AWS tools. */
static const char *ca_bundle(const struct doctor *d, const struct doctor_place *p)
{
	char pattern[DOCTOR_PATTERN_MAX];
	const struct doctor_git_entry *e = doctor_git_winner(&d->git, "http", "sslcainfo", &p->parts,
							     pattern);
	const char *file = doctor_env(d, "GIT_SSL_CAINFO");

	if (!file && e && e->value && *e->value)
		file = e->value;
	if (!file)
		file = doctor_env(d, "AWS_CA_BUNDLE");
	return file && access(file, R_OK) == 0 ? file : NULL;
}

static bool seen(const struct doctor *d, const struct doctor_place *p)
{
	for (const struct doctor_place *q = d->places; q < p; q++)
		if (strcmp(q->parts.host, p->parts.host) == 0 &&
		    strcmp(q->parts.port, p->parts.port) == 0)
			return true;
	return false;
}

static void reach(struct doctor *d, const struct doctor_place *p, const char *url)
{
	struct doctor_finding f = { .severity = DOCTOR_ERROR, .rule = "unreachable" };
	const struct http_settings settings = { .ca_bundle = ca_bundle(d, p) };
	struct http_request q = HTTP_REQUEST_INIT;
	struct http_response r = { .body = { .max = 1 << 20 } };
	struct err err = { 0 };
	struct http *http = http_new(&settings, &err);
	int64_t server;
	char date[64];

	q.method = "GET";
	q.url = url;
	q.timeout_ms = REACH_TIMEOUT_MS;
	f.fix = unset_proxy(d);
	if (!http || http_do(http, &q, &r, &err) < 0)
		doctor_found(d, &f, "%s cannot be reached: %s", p->parts.host, err.message);
	else if (http_header(&r, "date", date, sizeof(date)) && clock_parse(date, &server) == 0)
		check_clock(d, server - clock_now(), p->parts.host);
	http_response_free(&r);
	http_free(http);
}

void doctor_reach(struct doctor *d, struct doctor_place *p)
{
	char url[300];

	if ((p->transport != DOCTOR_HTTPS && p->transport != DOCTOR_HELPER) || !*p->parts.host ||
	    seen(d, p))
		return;
	snprintf(url, sizeof(url), "https://%s%s%s/", p->parts.host, *p->parts.port ? ":" : "",
		 p->parts.port);
	reach(d, p, url);
}
