/*
 * The URLs of git-remote-codecommit and the HTTPS URL that each stands for.
 * Pure: text in, text out.
 *
 *   codecommit://[PROFILE@]REPOSITORY	git hands over the whole URL
 *   REGION://[PROFILE@]REPOSITORY	what git hands over of codecommit::REGION://…
 *
 * The last '@' ends the profile: a profile may hold '@', '/', ':' and spaces,
 * a repository's name may not.
 */
#ifndef CODETRAIN_REMOTE_URL_H
#define CODETRAIN_REMOTE_URL_H

#include "lib/aws/region.h"
#include "lib/base/buf.h"

#define REMOTE_PROFILE_MAX 512		/* bytes */
#define REMOTE_REPOSITORY_CHARACTERS 100	/* docs: "Quotas in AWS CodeCommit" */
#define REMOTE_REPOSITORY_MAX (4 * REMOTE_REPOSITORY_CHARACTERS)	/* bytes, as UTF-8 */
#define REMOTE_HOST_MAX 260		/* a name of 253 bytes and ":PORT" */
#define REMOTE_HTTPS_MAX (REMOTE_HOST_MAX + 3 * REMOTE_REPOSITORY_MAX + 32)

extern const char remote_url_forms[];	/* both, for messages */

struct remote_url {
	char region[REGION_MAX];	/* "" when the URL names none */
	char profile[REMOTE_PROFILE_MAX + 1];	/* as it is written; "" when none */
	char repository[REMOTE_REPOSITORY_MAX + 1];	/* %XX decoded, without ".git" at its end */
};

/* A region is checked by its syntax alone. Of a repository's name, only what
 * CodeCommit forbids is refused. ERR_USAGE; a password in the URL is not shown. */
int remote_url_parse(const char *text, struct remote_url *out, struct err *err);

/* "https://HOST[:PORT]", with or without a slash at its end, or the bare
 * HOST[:PORT]: the host in lower case, with its port. ERR_USAGE for anything else. */
int remote_url_endpoint(const char *text, char host[static REMOTE_HOST_MAX + 1], struct err *err);

/* "https://HOST/v1/repos/REPOSITORY", percent-encoded. */
int remote_url_https(const char *host, const char *repository, struct buf *out, struct err *err);

#endif
