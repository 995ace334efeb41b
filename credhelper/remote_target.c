#include "remote_target.h"

#include "lib/base/encode.h"
#include "lib/base/suggest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FAR = 3, LISTED = 5 };	/* changes to a mistyped profile; how many others are named */
enum { WORD_MAX = 300 };	/* of a command that is shown: cut off, its quotes would be open */

static const char *variable(const struct chain_input *in, const char *name)
{
	const char *value = in->getenv(name);

	return value && *value ? value : NULL;
}

/* ---- the profile --------------------------------------------------------------------- */

static int no_profile(const struct chain_input *in, const char *profile, const char *by,
		      struct err *err)
{
	const char *const *others = awsconfig_profiles(in->config);
	struct suggest near = SUGGEST_INIT(profile, FAR);
	struct buf word = BUF_INIT(WORD_MAX);
	size_t n = 0;

	/* PROFILE@ is often taken for USER:PASSWORD@ */
	if (strchr(profile, ':'))
		return err_set(err, ERR_USAGE, "%s has \"%.*s:...\" where an AWS profile stands, and "
			       "there is no such profile; write the profile's name, without keys or "
			       "a password", by, (int)strcspn(profile, ":"), profile);
	err_set(err, ERR_USAGE, "the AWS profile \"%.200s\" (from %s) is neither in %s nor in %s",
		profile, by, awsconfig_config_path(in->config),
		awsconfig_credentials_path(in->config));
	for (size_t i = 0; others[i]; i++)
		suggest_offer(&near, others[i]);
	if (near.nearest)
		return err_suffix(err, "; did you mean \"%s\"?", near.nearest);
	/* a URL may be somebody else's: what is pasted into a shell must stay one word */
	if (encode_shell(profile, &word) == 0)
		err_suffix(err, "; run aws configure --profile %s", buf_str(&word));
	buf_free(&word);
	for (; n < LISTED && others[n]; n++)
		err_suffix(err, "%s%s", n ? ", " : "; there are: ", others[n]);
	return others[n] ? err_suffix(err, " …") : -1;
}

/* A URL may have come through something that percent-encodes. */
static void try_decoded(const struct chain_input *in, char profile[static REMOTE_PROFILE_MAX + 1])
{
	struct buf decoded = BUF_INIT(REMOTE_PROFILE_MAX);

	decode_percent(profile, strlen(profile), &decoded);
	if (strlen(buf_str(&decoded)) == decoded.len &&
	    awsconfig_has_profile(in->config, buf_str(&decoded)))
		memcpy(profile, buf_str(&decoded), decoded.len + 1);
	buf_free(&decoded);
}

static int choose_profile(const struct chain_input *in, struct remote_target *t, struct err *err)
{
	static const char *const names[] = { "AWS_PROFILE", "AWS_DEFAULT_PROFILE" };

	if (*t->profile) {
		if (!awsconfig_has_profile(in->config, t->profile))
			try_decoded(in, t->profile);
		return awsconfig_has_profile(in->config, t->profile) ? 0 :
		       no_profile(in, t->profile, "the URL", err);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *named = variable(in, names[i]);

		if (named)
			return awsconfig_has_profile(in->config, named) ? 0 :
			       no_profile(in, named, names[i], err);
	}
	return 0;
}

/* ---- the host ------------------------------------------------------------------------ */

/* Whose endpoint counts, by its place: 1, or 0 when CodeCommit's own is meant, or -1. */
static int overridden(const struct chain_input *in, const char *profile, struct remote_target *t,
		      struct err *err)
{
	/* the second is git-remote-codecommit's of Python */
	static const char *const names[] = { "CODETRAIN_CODECOMMIT_ENDPOINT", "CODE_COMMIT_ENDPOINT" };
	static const char property[] = "codetrain_codecommit_endpoint";
	struct awsconfig_value value;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *text = variable(in, names[i]);

		if (text && remote_url_endpoint(text, t->host, err) < 0)
			return err_prefix(err, "%s, for profile \"%s\": ", names[i], profile);
		if (text)
			return 1;
	}
	if (!awsconfig_get(in->config, profile, property, &value) || !*value.value)
		return 0;
	if (remote_url_endpoint(value.value, t->host, err) < 0)
		return err_prefix(err, "%s:%d: %s of profile \"%s\": ", value.file, value.line,
				  property, profile);
	return 1;
}

static bool wants_fips(const struct chain_input *in, const char *profile)
{
	const char *flag = variable(in, "AWS_USE_FIPS_ENDPOINT");
	struct awsconfig_value value;

	if (!flag && awsconfig_get(in->config, profile, "use_fips_endpoint", &value))
		flag = value.value;
	return flag && strcasecmp(flag, "true") == 0;
}

static int own_host(const struct chain_input *in, const char *profile, struct remote_target *t,
		    struct err *err)
{
	const struct endpoint_want want = {
		.endpoint_prefix = "git-codecommit",
		.signing_name = "codecommit",
		.region = t->region,
		.fips = wants_fips(in, profile),
	};
	struct endpoint endpoint;

	if (region_endpoint(&want, &endpoint, err) < 0)
		return -1;
	return remote_url_endpoint(endpoint.url, t->host, err);
}

/* ---- the region ---------------------------------------------------------------------- */

static int no_region(const struct chain_input *in, const struct remote_url *url,
		     const char *profile, struct err *err)
{
	return err_set(err, ERR_USAGE, "the URL names no region, and neither AWS_REGION nor profile "
		       "\"%s\" in %s does; write codecommit::us-east-2://%s%s%s, with the "
		       "repository's region", profile, awsconfig_config_path(in->config),
		       url->profile, *url->profile ? "@" : "", url->repository);
}

static int choose_region(const struct chain_input *in, const struct remote_url *url,
			 const char *profile, struct remote_target *t, struct err *err)
{
	struct chain_input of_profile = *in;
	const char *configured;

	if (*url->region) {
		memcpy(t->region, url->region, sizeof(t->region));
		return 0;
	}
	of_profile.profile = profile;
	configured = chain_region(&of_profile, NULL);
	if (!configured)
		return no_region(in, url, profile, err);
	if (!region_partition(configured)) {
		region_check(configured, "AWS_REGION or the configuration", err);
		return err_prefix(err, "profile \"%s\": ", profile);
	}
	snprintf(t->region, sizeof(t->region), "%s", configured);
	return 0;
}

/* A host of CodeCommit's tells its region, and no other is served there. */
static int region_of_host(const struct remote_url *url, const char *profile, const char *region,
			  struct remote_target *t, struct err *err)
{
	if (*url->region && strcmp(url->region, region) != 0)
		return err_set(err, ERR_USAGE, "profile \"%s\": the URL names the region %s, but the "
			       "endpoint %s is in %s; change one of them", profile, url->region,
			       t->host, region);
	snprintf(t->region, sizeof(t->region), "%s", region);
	return 0;
}

int remote_target_choose(const struct chain_input *in, const struct remote_url *url,
			 struct remote_target *out, struct err *err)
{
	struct remote_target t = { 0 };
	char region[REGION_MAX];
	const char *profile;
	int override;

	memcpy(t.profile, url->profile, sizeof(t.profile));
	if (choose_profile(in, &t, err) < 0)
		return -1;
	profile = *t.profile ? t.profile : chain_profile(in);
	override = overridden(in, profile, &t, err);
	if (override < 0)
		return -1;
	if (override && region_codecommit_host(t.host, region)) {
		if (region_of_host(url, profile, region, &t, err) < 0)
			return -1;
	} else if (choose_region(in, url, profile, &t, err) < 0) {
		return -1;
	}
	if (!override && own_host(in, profile, &t, err) < 0)
		return -1;
	t.foreign = !region_codecommit_host(t.host, region);
	*out = t;
	return 0;
}
