#include "aws_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The service's own place in the profile's [services NAME] section: "s3.endpoint_url". */
static int from_services(const struct aws *a, const char *id, const char **out, struct err *err)
{
	const char *section = aws_property(a, "services");
	struct awsconfig_value value;
	char name[80];
	size_t i;

	if (!section)
		return 0;
	if (!awsconfig_has_section(a->shared->config, "services", section))
		return err_set(err, ERR_USAGE, "profile %s names the services section \"%.64s\", and "
			       "there is no [services %.64s] in %s", a->label, section, section,
			       awsconfig_config_path(a->shared->config));
	for (i = 0; i < 60 && id[i]; i++)
		name[i] = (char)tolower((unsigned char)id[i]);
	snprintf(name + i, sizeof(name) - i, ".endpoint_url");
	if (awsconfig_get_section(a->shared->config, "services", section, name, &value))
		*out = value.value;
	return 0;
}

/* In the SDKs' order. */
int aws_endpoint_configured(const struct aws *a, const char *id, const char **out, struct err *err)
{
	const char *ignore = aws_getenv(a, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	char variable[80];

	*out = NULL;
	if (aws_truth(ignore ? ignore : aws_property(a, "ignore_configured_endpoint_urls")))
		return 0;
	snprintf(variable, sizeof(variable), "AWS_ENDPOINT_URL_%s", id);
	if ((*out = aws_getenv(a, variable)) || (*out = aws_getenv(a, "AWS_ENDPOINT_URL")))
		return 0;
	if (from_services(a, id, out, err) < 0)
		return -1;
	if (!*out)
		*out = aws_property(a, "endpoint_url");
	return 0;
}

/* Before regions had STS of their own there was one for all; botocore's
 * sts_regional_endpoints = legacy still asks it, for the regions of that time. */
static int global_sts(const struct aws *a, const struct endpoint_want *want, bool *out,
		      struct err *err)
{
	static const char *const regions[] = {
		"ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
		"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
		"us-east-1", "us-east-2", "us-west-1", "us-west-2",
	};
	const char *mode = aws_getenv(a, "AWS_STS_REGIONAL_ENDPOINTS");

	*out = false;
	if (!mode)
		mode = aws_property(a, "sts_regional_endpoints");
	if (!mode || !*mode || strcmp(mode, "regional") == 0)
		return 0;
	if (strcmp(mode, "legacy") != 0)
		return err_set(err, ERR_USAGE, "sts_regional_endpoints (AWS_STS_REGIONAL_ENDPOINTS) is "
			       "\"%.32s\"; it takes regional or legacy", mode);
	for (size_t i = 0; i < sizeof(regions) / sizeof(*regions); i++)
		if (strcmp(regions[i], want->region) == 0)
			*out = !want->override && !want->fips && !want->dualstack;
	return 0;
}

int aws_endpoint(const struct aws *a, const struct aws_service *service, struct endpoint *out,
		 struct err *err)
{
	struct endpoint_want want = {
		.endpoint_prefix = service->endpoint_prefix,
		.signing_name = service->signing_name,
		/* STS and SSO answer before there is a region to choose */
		.region = a->region[0] ? a->region : "us-east-1",
		.global = service->global,
		.fips = a->fips,
		.dualstack = a->dualstack,
	};
	bool one_for_all = false;

	if (aws_endpoint_configured(a, service->id, &want.override, err) < 0 ||
	    (strcmp(service->id, "STS") == 0 && global_sts(a, &want, &one_for_all, err) < 0))
		return -1;
	if (one_for_all) {
		want.override = "https://sts.amazonaws.com";
		want.region = "us-east-1";
	}
	return region_endpoint(&want, out, err);
}
