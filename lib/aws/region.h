/*
 * Partitions, regions, endpoints. From botocore's partitions.json and
 * endpoints.json (names and suffixes are facts of AWS).
 */
#ifndef CODETRAIN_REGION_H
#define CODETRAIN_REGION_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>

#define REGION_MAX 32	/* bytes with the NUL */

struct partition {
	const char *name;		/* "aws" */
	const char *dns_suffix;		/* "amazonaws.com" */
	const char *dualstack_suffix;	/* "api.aws" */
	const char *const *prefixes;	/* region name prefixes, "us-", ..., NULL-terminated */
	const char *iam_region;		/* the region in the signature of global services */
};

/* By region name: the longest matching prefix. A well-formed name of an
 * unknown region falls to "aws", as in the SDKs; NULL for a malformed name
 * (not [a-z]{2,}(-[a-z]+)+-[0-9]+). */
const struct partition *region_partition(const char *region);

/* By DNS suffix of a host: "amazonaws.com.cn". NULL when none ends so. */
const struct partition *region_partition_by_suffix(const char *host);

/* True for the names that AWS had when this was built. */
bool region_known(const char *region);

/* 0, or ERR_USAGE with the nearest known name as a suggestion. */
int region_check(const char *region, const char *where, struct err *err);

struct endpoint {
	char url[512];			/* "https://api.sagemaker.us-east-2.amazonaws.com", no trailing slash */
	char signing_region[REGION_MAX];
	char signing_name[32];		/* "sagemaker" */
};

struct endpoint_want {
	const char *endpoint_prefix;	/* "api.sagemaker", "iam", "s3" */
	const char *signing_name;
	const char *region;
	bool global;			/* IAM: one host for the partition */
	bool fips, dualstack;
	const char *override;		/* a whole URL from configuration, or NULL */
};

int region_endpoint(const struct endpoint_want *want, struct endpoint *out, struct err *err);

/* CodeCommit's git hosts, matched whole, in lower case, with an optional port:
 * git-codecommit[-fips].REGION.SUFFIX and
 * vpce-ID[-ZONE].git-codecommit[-fips].REGION.vpce.SUFFIX.
 * True and the region when it is one. */
bool region_codecommit_host(const char *host, char region[static REGION_MAX]);

#endif
