/*
 * The shared config files: ~/.aws/config and ~/.aws/credentials.
 *
 * Syntax as in the AWS SDKs' reference (docs.aws.amazon.com/sdkref, "Shared
 * config and credentials files"): [profile NAME] (and [default]) in config,
 * [NAME] in credentials, [sso-session NAME], [services NAME]; '#' and ';'
 * comments, also after white space behind a value; continuation lines;
 * sub-properties by indentation. Duplicate sections merge, the later value
 * wins; [profile default] wins over [default].
 *
 * Where botocore is kinder than the reference, so is this: names of properties
 * in any case, ':' for '=', a section whose properties are all indented,
 * comments that are indented, "quoted" profile names, CRLF and a byte order
 * mark. A ';' or '#' inside quotes of a credential_process is no comment.
 */
#ifndef CODETRAIN_AWSCONFIG_H
#define CODETRAIN_AWSCONFIG_H

#include "lib/base/err.h"

#include <stdbool.h>

#define AWSCONFIG_FILE_MAX (1 << 20)	/* bytes in one file */
#define AWSCONFIG_SECTIONS_MAX 4096	/* in both files */
#define AWSCONFIG_ENTRIES_MAX 65536

struct awsconfig;	/* opaque; the text of the files, credentials too, is in secret memory */

struct awsconfig_value {
	const char *value;	/* borrowed from the awsconfig; "\n" where a line was continued */
	const char *file;	/* path as opened */
	int line;		/* from 1 */
};

/* Reads both files: AWS_CONFIG_FILE or ~/.aws/config, and
 * AWS_SHARED_CREDENTIALS_FILE or ~/.aws/credentials. A path is the variable's
 * value; NULL or "" stands for the file below `home`, and so does "~/" at its
 * beginning. A missing file is empty; one that all users can write is
 * ERR_USAGE, since it says which keys are used and which programs are run. A
 * line that is no section, property or comment is ERR_USAGE with
 * "FILE:LINE: ..."; what it holds is not shown. */
struct awsconfig *awsconfig_load(const char *config_path, const char *credentials_path,
				 const char *home, struct err *err);
void awsconfig_free(struct awsconfig *c);	/* wipes; NULL is nothing */

/* Is there such a profile in either file? */
bool awsconfig_has_profile(const struct awsconfig *c, const char *profile);

/* A property of a profile, its name in lower case; the credentials file wins
 * over the config file. "s3.endpoint_url" is a sub-property. False when unset. */
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
/* Is there such a section? */
bool awsconfig_has_section(const struct awsconfig *c, const char *kind, const char *section);

/* Hands over every property of a "profile", "sso-session" or "services" section,
 * in the order of the files; of those that are set twice, both. `parent` is that of
 * a sub-property, or NULL. */
typedef void awsconfig_property(void *arg, const char *file, const char *parent, const char *key,
				const char *value);
void awsconfig_each(const struct awsconfig *c, const char *kind, const char *section,
		    awsconfig_property *each, void *arg);

/* Names of all profiles, in the order of the files; NULL behind the last. */
const char *const *awsconfig_profiles(const struct awsconfig *c);

/* The paths that were looked at, for messages. */
const char *awsconfig_config_path(const struct awsconfig *c);
const char *awsconfig_credentials_path(const struct awsconfig *c);
/* True when group or others may read the credentials file. */
bool awsconfig_credentials_open(const struct awsconfig *c);
/* Are the files too open? A secret that others can read, a file that a group can
 * write, or one that all can replace, their folder being open (a container's volume
 * often is, and its user cannot change that); one that all can write is not loaded
 * at all. Who owns a file is not judged: sudo and containers read those of somebody
 * else. False, or a message (class ERR_NONE) with the command that mends it. */
bool awsconfig_warning(const struct awsconfig *c, struct err *warning);

#endif
