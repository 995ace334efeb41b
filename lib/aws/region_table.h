/*
 * The facts behind region.c. From botocore's partitions.json, endpoints.json
 * and endpoint rule sets.
 */
#ifndef CODETRAIN_REGION_TABLE_H
#define CODETRAIN_REGION_TABLE_H

#include "region.h"

/* "aws" first; ends with a row whose name is NULL. */
extern const struct partition region_partitions[];

/* NULL-terminated. */
extern const char *const region_names[];

/* Hosts that do not follow PREFIX[-fips].REGION.SUFFIX. The first row that
 * fits counts; ends with a row whose endpoint_prefix is NULL. */
struct region_exception {
	const char *endpoint_prefix;
	const char *partition;	/* NULL: any */
	bool fips, dualstack;
	const char *host;	/* {r} region, {s} DNS suffix, {d} dual-stack suffix */
};
extern const struct region_exception region_exceptions[];

#endif
