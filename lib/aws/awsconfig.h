/*
 * The shared config files: ~/.aws/config and ~/.aws/credentials.
 *
 * Syntax as in the AWS SDKs' reference (docs.aws.amazon.com/sdkref, "Shared
 * config and credentials files"): [profile NAME] (and [default]) in config,
 * [NAME] in credentials, [sso-session NAME], [services NAME]; '#' and ';'
 * comments, also after white space behind a value; continuation lines;
 * sub-properties by indentation. Duplicate sections merge, the later value
 * wins; [profile default] wins over [default].
 */
#ifndef CODETRAIN_AWSCONFIG_H
#define CODETRAIN_AWSCONFIG_H

#include "lib/base/err.h"

#include <stdbool.h>

#define AWSCONFIG_FILE_MAX (1 << 20)	/* bytes in one file */

struct awsconfig;	/* opaque, in secret memory: credential values are in it */

struct awsconfig_value {
	const char *value;	/* borrowed from the awsconfig */
	const char *file;	/* path as opened */
	int line;		/* from 1 */
};

/* Reads both files: AWS_CONFIG_FILE or ~/.aws/config, and
 * AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials. A missing file is empty.
 * A line that is no section, property or comment is ERR_USAGE with
 * "FILE:LINE: ...". `home` may be NULL when both variables are set. */
struct awsconfig *awsconfig_load(const char *config_path, const char *credentials_path,
				 const char *home, struct err *err);
void awsconfig_free(struct awsconfig *c);

/* Is there such a profile in either file? */
bool awsconfig_has_profile(const struct awsconfig *c, const char *profile);

/* A property of a profile; the credentials file wins over the config file for
 * the three key properties, the config file for all others. False when unset. */
bool awsconfig_get(const struct awsconfig *c, const char *profile, const char *name,
		   struct awsconfig_value *out);
/* Only from that file. */
bool awsconfig_get_credentials(const struct awsconfig *c, const char *profile, const char *name,
			       struct awsconfig_value *out);
bool awsconfig_get_config(const struct awsconfig *c, const char *profile, const char *name,
			  struct awsconfig_value *out);

/* A property of another section: kind "sso-session" or "services"; for nested
 * ones ("s3 =\n  endpoint_url = ...") `name` is "s3.endpoint_url". */
bool awsconfig_get_section(const struct awsconfig *c, const char *kind, const char *section,
			   const char *name, struct awsconfig_value *out);

/* Names of all profiles, in the order of the files; NULL behind the last. */
const char *const *awsconfig_profiles(const struct awsconfig *c);

/* The paths that were looked at, for messages. */
const char *awsconfig_config_path(const struct awsconfig *c);
const char *awsconfig_credentials_path(const struct awsconfig *c);
/* True when group or others may read the credentials file. */
bool awsconfig_credentials_open(const struct awsconfig *c);

#endif
