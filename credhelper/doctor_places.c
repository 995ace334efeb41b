/*
 * Which CodeCommit remotes there are, which helpers git asks for each, and
 * whose credentials those use.
 */
#include "doctor.h"
#include "remote_target.h"

#include <string.h>

static const char any_repository[] = "v1/repos/REPOSITORY";

/* url.BASE.insteadOf: the longest that the URL begins with. */
static bool rewrite(const struct doctor *d, const char *url, struct buf *out)
{
	static const char name[] = ".insteadof";
	const struct doctor_git_entry *best = NULL;

	for (size_t i = 0; i < d->git.n; i++) {
		const struct doctor_git_entry *e = &d->git.entries[i];
		size_t n = strlen(e->key), value = e->value ? strlen(e->value) : 0;

		if (strncmp(e->key, "url.", 4) == 0 && n > 4 + sizeof(name) &&
		    strcmp(e->key + n + 1 - sizeof(name), name) == 0 && value &&
		    strncmp(url, e->value, value) == 0 &&
		    (!best || value > strlen(best->value)))
			best = e;
	}
	if (best)
		buf_addf(out, "%.*s%s", (int)(strlen(best->key) - 4 - (sizeof(name) - 1)),
			 best->key + 4, url + strlen(best->value));
	else
		buf_adds(out, url);
	return best != NULL;
}

/* ---- one place ------------------------------------------------------------------- */

/* [USER@]git-codecommit.REGION.SUFFIX:… is none: CodeCommit has ssh:// only. */
static bool is_codecommit(struct doctor *d, struct doctor_place *p)
{
	char host[sizeof(p->parts.host) + sizeof(p->parts.port) + 1];

	snprintf(host, sizeof(host), "%s", p->parts.host);
	if (region_codecommit_host(host, p->region))
		return true;
	/* a proxy of one's own, for which a helper of ours was set up */
	p->region[0] = '\0';
	p->helper_count = doctor_git_helpers(&d->git, &p->parts, p->helpers);
	for (size_t i = 0; i < p->helper_count; i++)
		if (p->helpers[i].ignore_host_check)
			return true;
	return false;
}

static bool take_scheme(struct doctor_place *p)
{
	static const struct {
		const char *scheme;
		enum doctor_transport transport;
	} schemes[] = { { "https", DOCTOR_HTTPS }, { "http", DOCTOR_HTTP }, { "ssh", DOCTOR_SSH } };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		if (strcmp(p->parts.scheme, schemes[i].scheme) != 0)
			continue;
		p->transport = schemes[i].transport;
		return true;
	}
	return false;
}

/* Of "codecommit://…" and "codecommit::REGION://…", what git gives its program. */
static const char *for_program(const char *url)
{
	if (strncmp(url, "codecommit::", 12) == 0)
		return url + 12;
	return strncmp(url, "codecommit://", 13) == 0 ? url : NULL;
}

static bool take_codecommit_url(struct doctor *d, const char *url, struct doctor_place *p)
{
	struct doctor_identity nobody = { 0 };
	struct chain_input in = doctor_chain_input(d, &nobody);
	struct remote_target target;
	struct remote_url parts;
	struct err err = { 0 };

	p->transport = DOCTOR_HELPER;
	/* as it is only when it is understood: it may be anything else, with a password in it */
	snprintf(p->url, sizeof(p->url), "codecommit:…");
	if (remote_url_parse(url, &parts, &err) == 0 && d->config &&
	    remote_target_choose(&in, &parts, &target, &err) == 0) {
		snprintf(p->url, sizeof(p->url), "%s%s",
			 strncmp(url, "codecommit:", 11) ? "codecommit::" : "", url);
		snprintf(p->region, sizeof(p->region), "%s", target.region);
		snprintf(p->profile, sizeof(p->profile), "%s", target.profile);
		snprintf(p->parts.scheme, sizeof(p->parts.scheme), "https");
		snprintf(p->parts.host, sizeof(p->parts.host), "%.*s",
			 (int)strcspn(target.host, ":"), target.host);
		if (strchr(target.host, ':'))
			snprintf(p->parts.port, sizeof(p->parts.port), "%s",
				 strchr(target.host, ':') + 1);
		return true;
	}
	if (err.message[0]) {
		d->check = "git";
		doctor_found(d, &(struct doctor_finding){ .rule = "remote-url",
							  .severity = DOCTOR_ERROR },
			     "%s%s%s", p->name, *p->name ? ": " : "", err.message);
	}
	return true;
}

/* Is it CodeCommit's, and then what of it? */
static bool take_url(struct doctor *d, const char *url, struct doctor_place *p)
{
	const char *special = for_program(url);

	if (special)
		return take_codecommit_url(d, special, p);
	if (!doctor_url_parse(url, &p->parts) || !take_scheme(p) || !is_codecommit(d, p))
		return false;
	doctor_url_print(&p->parts, p->url, sizeof(p->url));
	return true;
}

/* The helper that signs, and its profile. */
static void take_helpers(struct doctor *d, struct doctor_place *p)
{
	p->ours = p->signs = -1;
	if (p->transport != DOCTOR_HTTPS)
		return;
	p->helper_count = doctor_git_helpers(&d->git, &p->parts, p->helpers);
	for (size_t i = 0; i < p->helper_count; i++) {
		enum doctor_helper_kind kind = p->helpers[i].kind;

		if (kind == DOCTOR_OURS && p->ours < 0)
			p->ours = (int)i;
		if ((kind == DOCTOR_OURS || kind == DOCTOR_AWS_CLI) && p->signs < 0)
			p->signs = (int)i;
	}
	if (p->signs >= 0)
		memcpy(p->profile, p->helpers[p->signs].profile,
		       sizeof(p->helpers[p->signs].profile));
}

static void add_place(struct doctor *d, const char *name, const char *url)
{
	struct doctor_place *p = &d->places[d->place_count];
	struct buf real = BUF_INIT(8192);

	if (d->place_count == DOCTOR_PLACES_MAX)
		return;
	*p = (struct doctor_place){ .ours = -1, .signs = -1 };
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->rewritten = rewrite(d, url, &real);
	/* what is rewritten away from CodeCommit is a place all the same: it was meant so */
	if (take_url(d, buf_str(&real), p) || (p->rewritten && take_url(d, url, p))) {
		take_helpers(d, p);
		if (d->profile)
			snprintf(p->profile, sizeof(p->profile), "%s", d->profile);
		d->place_count++;
	}
	buf_free(&real);
}

/* ---- all places ------------------------------------------------------------------ */

/* NAME of remote.NAME.url or remote.NAME.pushurl; "" when it is no such key. */
static void remote_name(const char *key, char *out, size_t cap)
{
	const char *dot = strrchr(key, '.');

	*out = '\0';
	if (strncmp(key, "remote.", 7) == 0 && dot > key + 7 &&
	    (strcmp(dot, ".url") == 0 || strcmp(dot, ".pushurl") == 0))
		snprintf(out, cap, "%.*s", (int)(dot - key) - 7, key + 7);
}

/* The remotes of the repository, or only the one of that name. */
static size_t add_remotes(struct doctor *d, const char *only)
{
	char name[128];
	size_t found = 0;

	for (size_t i = 0; i < d->git.n; i++) {
		const struct doctor_git_entry *e = &d->git.entries[i];

		remote_name(e->key, name, sizeof(name));
		if (!*name || !e->value || (only && strcmp(only, name) != 0))
			continue;
		found++;
		add_place(d, name, e->value);
	}
	return found;
}

/* No repository: the host that a clone in this region would use. */
static void add_region(struct doctor *d)
{
	const struct doctor_identity who = { .profile = "" };
	struct chain_input in = doctor_chain_input(d, &who);
	const char *region = d->region;
	const struct partition *partition;
	char url[300];

	in.profile = d->profile;
	if (!region && d->config)
		region = chain_region(&in, NULL);
	partition = region ? region_partition(region) : NULL;
	if (!partition)
		return;
	snprintf(url, sizeof(url), "https://git-codecommit.%s.%s/%s", region,
		 partition->dns_suffix, any_repository);
	add_place(d, "", url);
}

static bool is_url(const char *s)
{
	return strstr(s, "://") != NULL;
}

static int choose_places(struct doctor *d, struct err *err)
{
	if (!d->remote) {
		add_remotes(d, NULL);
		if (d->place_count == 0)
			add_region(d);
		return 0;
	}
	if (is_url(d->remote))
		add_place(d, "", d->remote);
	else if (add_remotes(d, d->remote) == 0)
		return err_set(err, ERR_USAGE, "there is no remote \"%.100s\" here; see git remote -v",
			       d->remote);
	if (d->place_count == 0)
		return err_set(err, ERR_USAGE, "%s is not a repository of CodeCommit",
			       is_url(d->remote) ? "the URL" : d->remote);
	return 0;
}

/* ---- whose credentials ----------------------------------------------------------- */

static size_t identity_of(struct doctor *d, const char *profile)
{
	struct doctor_identity *who;
	struct chain_input in;
	size_t i;

	for (i = 0; i < d->identity_count; i++)
		if (strcmp(d->identities[i].profile, profile) == 0)
			return i;
	if (i == DOCTOR_IDENTITIES_MAX)
		return i - 1;
	who = &d->identities[d->identity_count++];
	snprintf(who->profile, sizeof(who->profile), "%s", profile);
	in = doctor_chain_input(d, who);
	who->label = chain_profile(&in);
	return i;
}

int doctor_places(struct doctor *d, struct err *err)
{
	/* without git's configuration nothing can be said of them */
	if (d->git_read && choose_places(d, err) < 0)
		return -1;
	for (size_t i = 0; i < d->place_count; i++)
		d->places[i].identity = identity_of(d, d->places[i].profile);
	if (d->place_count == 0)
		identity_of(d, d->profile ? d->profile : "");
	return 0;
}
