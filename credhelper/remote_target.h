/*
 * Where a URL leads: profile, region and host, from the URL, the environment
 * and the config files.
 */
#ifndef CODETRAIN_REMOTE_TARGET_H
#define CODETRAIN_REMOTE_TARGET_H

#include "lib/aws/chain.h"
#include "remote_url.h"

struct remote_target {
	char profile[REMOTE_PROFILE_MAX + 1];	/* "" when the URL names none */
	char region[REGION_MAX];
	char host[REMOTE_HOST_MAX + 1];		/* with ":PORT" when it has one */
	bool foreign;		/* no name of CodeCommit's: the helper has to be told the region */
};

/*
 * `in` has no profile: it is the URL's (percent-decoded when there is none of
 * the name that is written), else the chain's, and it must exist.
 *
 * The region is the URL's, that of a CodeCommit host that overrides, AWS_REGION,
 * AWS_DEFAULT_REGION, the profile's. The host is CODETRAIN_CODECOMMIT_ENDPOINT,
 * CODE_COMMIT_ENDPOINT, the profile's codetrain_codecommit_endpoint, or else
 * CodeCommit's, by region, partition and AWS_USE_FIPS_ENDPOINT or the profile's
 * use_fips_endpoint. ERR_USAGE, with profile, place and the mending text.
 */
int remote_target_choose(const struct chain_input *in, const struct remote_url *url,
			 struct remote_target *out, struct err *err);

#endif
