#include "doctor_property.h"

#include "lib/base/suggest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FAR = 2 };

static const struct doctor_property properties[] = {
	{ "aws_access_key_id", true, true, false },
	{ "aws_secret_access_key", true, true, false },
	{ "aws_session_token", true, true, false },
	{ "aws_security_token", true, true, false },
	{ "region", true, false, false },
	{ "role_arn", true, false, false },
	{ "mfa_serial", true, false, false },
	{ "external_id", true, false, false },
	{ "sso_start_url", true, false, false },
	{ "sso_region", true, false, false },
	{ "sso_account_id", true, false, false },
	{ "aws_account_id", true, false, false },
	{ "duration_seconds", true, false, false },
	{ "credential_source", true, false, false },
	{ "role_session_name", true, false, false },
	{ "endpoint_url", true, false, false },
	{ "credential_process", false, false, true },
	{ "source_profile", false, false, false },
	{ "sso_session", false, false, false },
	{ "sso_role_name", false, false, false },
	{ "sso_registration_scopes", false, false, false },
	{ "sso_account_name", false, false, false },
	{ "login_session", false, false, false },
	{ "web_identity_token_file", false, false, false },
	{ "output", false, false, false },
	{ "services", false, false, false },
	{ "ca_bundle", false, false, false },
	{ "api_versions", false, false, false },
	{ "cli_auto_prompt", false, false, false },
	{ "cli_binary_format", false, false, false },
	{ "cli_follow_urlparam", false, false, false },
	{ "cli_history", false, false, false },
	{ "cli_pager", false, false, false },
	{ "cli_timestamp_format", false, false, false },
	{ "max_attempts", false, false, false },
	{ "retry_mode", false, false, false },
	{ "max_concurrent_requests", false, false, false },
	{ "defaults_mode", false, false, false },
	{ "parameter_validation", false, false, false },
	{ "tcp_keepalive", false, false, false },
	{ "sts_regional_endpoints", false, false, false },
	{ "use_dualstack_endpoint", false, false, false },
	{ "use_fips_endpoint", false, false, false },
	{ "ignore_configured_endpoint_urls", false, false, false },
	{ "endpoint_discovery_enabled", false, false, false },
	{ "ec2_metadata_service_endpoint", false, false, false },
	{ "ec2_metadata_service_endpoint_mode", false, false, false },
	{ "ec2_metadata_v1_disabled", false, false, false },
	{ "metadata_service_num_attempts", false, false, false },
	{ "metadata_service_timeout", false, false, false },
	{ "account_id_endpoint_mode", false, false, false },
	{ "request_checksum_calculation", false, false, false },
	{ "response_checksum_validation", false, false, false },
	{ "request_min_compression_size_bytes", false, false, false },
	{ "disable_request_compression", false, false, false },
	{ "sdk_ua_app_id", false, false, false },
	{ "sigv4a_signing_region_set", false, false, false },
	{ "s3_disable_multiregion_access_points", false, false, false },
	{ "s3_use_arn_region", false, false, false },
	{ "s3", false, false, false },
	{ "expiration", false, false, false },
	{ "aws_expiration", false, false, false },
	{ "aws_session_expiration", false, false, false },
	{ "x_security_token_expires", false, false, false },
	{ "codetrain_keyring", false, false, false },
	{ "codetrain_git_keyring", false, false, false },
	{ "codetrain_codecommit_endpoint", false, false, false },
};

enum { PROPERTIES = sizeof(properties) / sizeof(*properties) };

const struct doctor_property *doctor_property_find(const char *name, size_t len)
{
	for (size_t i = 0; i < PROPERTIES; i++)
		if (strlen(properties[i].name) == len &&
		    strncasecmp(properties[i].name, name, len) == 0)
			return &properties[i];
	return NULL;
}

const char *doctor_property_near(const char *name, size_t len)
{
	char word[SUGGEST_WORD_MAX];
	struct suggest s = SUGGEST_INIT(word, FAR);

	if (len < 5 || len >= sizeof(word))
		return NULL;
	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	for (size_t i = 0; i < PROPERTIES; i++)
		if (strlen(properties[i].name) > 4)
			suggest_offer(&s, properties[i].name);
	return s.nearest;
}
