#include "aws_private.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The service's own place in the profile's [services NAME] section: "s3.endpoint_url". */
static const char *from_services(const struct aws *a, const struct aws_service *service)
{
	const char *section = aws_property(a, "services");
	struct awsconfig_value value;
	char name[80];
	size_t i;

	if (!section)
		return NULL;
	for (i = 0; i < 60 && service->id[i]; i++)
		name[i] = (char)tolower((unsigned char)service->id[i]);
	snprintf(name + i, sizeof(name) - i, ".endpoint_url");
	if (awsconfig_get_section(a->shared->config, "services", section, name, &value))
		return value.value;
	return NULL;
}

/* In the SDKs' order; NULL when AWS's own is meant. */
static const char *override(const struct aws *a, const struct aws_service *service)
{
	const char *ignore = aws_getenv(a, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
	char variable[80];
	const char *url;

	if (aws_truth(ignore ? ignore : aws_property(a, "ignore_configured_endpoint_urls")))
		return NULL;
	snprintf(variable, sizeof(variable), "AWS_ENDPOINT_URL_%s", service->id);
	if ((url = aws_getenv(a, variable)) || (url = aws_getenv(a, "AWS_ENDPOINT_URL")) ||
	    (url = from_services(a, service)))
		return url;
	return aws_property(a, "endpoint_url");
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
		.override = override(a, service),
	};

	return region_endpoint(&want, out, err);
}
