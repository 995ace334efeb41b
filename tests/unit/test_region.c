/* lib/aws/region.c: what is in the tables, and hosts that only look alike. */
#include "lib/aws/region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void partitions(void **state)
{
	static const struct {
		const char *region, *partition;
	} rows[] = {
		{ "us-east-2", "aws" }, { "eu-central-1", "aws" }, { "mx-central-1", "aws" },
		{ "cn-north-1", "aws-cn" }, { "us-gov-west-1", "aws-us-gov" },
		{ "eusc-de-east-1", "aws-eusc" }, { "us-iso-east-1", "aws-iso" },
		{ "us-isob-east-1", "aws-iso-b" }, { "eu-isoe-west-1", "aws-iso-e" },
		{ "us-isof-south-1", "aws-iso-f" },
		{ "us-east-99", "aws" }, { "zz-moon-1", "aws" },
	};
	static const char *const malformed[] = {
		"", "us", "us-east", "us-east-", "us-east-2a", "US-EAST-2", "us_east_2", "us--east-2",
		"u-east-2", "us-east-2 ", "us-east-2.evil", "-us-east-2", "us-2", "us-east-2-3",
		"us-verylongverylongverylongverylong-1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_non_null(region_partition(rows[i].region));
		assert_string_equal(region_partition(rows[i].region)->name, rows[i].partition);
	}
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++)
		if (region_partition(malformed[i]))
			fail_msg("\"%s\" passed for a region", malformed[i]);
}

static void suffixes(void **state)
{
	(void)state;
	assert_string_equal(region_partition_by_suffix("x.amazonaws.com")->name, "aws");
	assert_string_equal(region_partition_by_suffix("x.amazonaws.com.cn")->name, "aws-cn");
	assert_string_equal(region_partition_by_suffix("x.amazonaws.eu")->name, "aws-eusc");
	assert_null(region_partition_by_suffix("amazonaws.com"));
	assert_null(region_partition_by_suffix("xamazonaws.com"));
	assert_null(region_partition_by_suffix("x.amazonaws.com.evil.example"));
}

static void unknown_regions_get_a_suggestion(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(region_check("us-east-2", "AWS_REGION", &err), 0);
	assert_int_equal(region_check("us-isof-south-1", "AWS_REGION", &err), 0);
	assert_int_equal(region_check("us-eats-2", "AWS_REGION", &err), -1);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, "did you mean us-east-2?"));
	assert_non_null(strstr(err.message, "AWS_REGION"));
	assert_int_equal(region_check("ohio", "--region", &err), -1);
	assert_null(strstr(err.message, "did you mean"));
	assert_int_equal(region_check("", "--region", &err), -1);
	assert_int_equal(region_check("us-east-2us-east-2us-east-2us-east-2", "--region", &err), -1);
}

static void endpoints(void **state)
{
	static const struct {
		const char *prefix, *region;
		bool global, fips, dualstack;
		const char *url, *signing_region;
	} rows[] = {	/* as botocore answers */
		{ "api.sagemaker", "us-east-2", 0, 0, 0,
		  "https://api.sagemaker.us-east-2.amazonaws.com", "us-east-2" },
		{ "api.sagemaker", "us-east-2", 0, 1, 0,
		  "https://api-fips.sagemaker.us-east-2.amazonaws.com", "us-east-2" },
		{ "api.sagemaker", "us-east-2", 0, 0, 1,
		  "https://api.sagemaker.us-east-2.api.aws", "us-east-2" },
		{ "api.sagemaker", "us-east-2", 0, 1, 1,
		  "https://api.sagemaker-fips.us-east-2.api.aws", "us-east-2" },
		{ "api.sagemaker", "cn-north-1", 0, 1, 0,
		  "https://api.sagemaker-fips.cn-north-1.amazonaws.com.cn", "cn-north-1" },
		{ "api.ecr", "us-east-2", 0, 0, 0,
		  "https://api.ecr.us-east-2.amazonaws.com", "us-east-2" },
		{ "api.ecr", "us-gov-west-1", 0, 1, 0,
		  "https://ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
		{ "api.ecr", "cn-north-1", 0, 1, 0,
		  "https://api.ecr-fips.cn-north-1.amazonaws.com.cn", "cn-north-1" },
		{ "api.ecr", "us-east-2", 0, 0, 1, "https://ecr.us-east-2.api.aws", "us-east-2" },
		{ "sts", "us-iso-east-1", 0, 0, 0,
		  "https://sts.us-iso-east-1.c2s.ic.gov", "us-iso-east-1" },
		{ "sts", "us-gov-west-1", 0, 1, 0,
		  "https://sts.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
		{ "sts", "us-east-2", 0, 1, 0,
		  "https://sts-fips.us-east-2.amazonaws.com", "us-east-2" },
		{ "oidc", "cn-north-1", 0, 0, 0, "https://oidc.cn-north-1.amazonaws.com.cn", "cn-north-1" },
		{ "oidc", "us-gov-west-1", 0, 1, 0, "https://oidc.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
		{ "portal.sso", "us-east-2", 0, 1, 1, "https://portal.sso-fips.us-east-2.api.aws", "us-east-2" },
		{ "portal.sso", "us-gov-west-1", 0, 1, 0,
		  "https://portal.sso.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
		{ "signin", "us-east-2", 0, 0, 0, "https://us-east-2.signin.aws.amazon.com", "us-east-2" },
		{ "signin", "us-east-2", 0, 0, 1, "https://signin.us-east-2.api.aws", "us-east-2" },
		{ "signin", "us-east-2", 0, 1, 0, "https://signin-fips.us-east-2.amazonaws.com", "us-east-2" },
		{ "signin", "us-gov-west-1", 0, 0, 0,
		  "https://us-gov-west-1.signin.amazonaws-us-gov.com", "us-gov-west-1" },
		{ "signin", "us-gov-west-1", 0, 1, 0, "https://signin-fips.amazonaws-us-gov.com", "us-gov-west-1" },
		{ "signin", "eusc-de-east-1", 0, 0, 0,
		  "https://eusc-de-east-1.signin.amazonaws-eusc.eu", "eusc-de-east-1" },
		{ "secretsmanager", "eusc-de-east-1", 0, 0, 0,
		  "https://secretsmanager.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1" },
		{ "codebuild", "eusc-de-east-1", 0, 0, 1,
		  "https://codebuild.eusc-de-east-1.api.amazonwebservices.eu", "eusc-de-east-1" },
		{ "s3", "us-east-2", 0, 0, 1,
		  "https://s3.dualstack.us-east-2.amazonaws.com", "us-east-2" },
		{ "s3", "us-east-2", 0, 1, 0, "https://s3-fips.us-east-2.amazonaws.com", "us-east-2" },
		{ "iam", "us-east-2", 1, 0, 0, "https://iam.amazonaws.com", "us-east-1" },
		{ "iam", "eu-west-1", 1, 1, 0, "https://iam-fips.amazonaws.com", "us-east-1" },
		{ "iam", "us-gov-east-1", 1, 0, 0, "https://iam.us-gov.amazonaws.com",
		  "us-gov-west-1" },
		{ "iam", "cn-northwest-1", 1, 0, 0, "https://iam.cn-north-1.amazonaws.com.cn",
		  "cn-north-1" },
		{ "iam", "us-isob-east-1", 1, 0, 0, "https://iam.us-isob-east-1.sc2s.sgov.gov",
		  "us-isob-east-1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct endpoint_want want = {
			.endpoint_prefix = rows[i].prefix, .signing_name = "n",
			.region = rows[i].region, .global = rows[i].global, .fips = rows[i].fips,
			.dualstack = rows[i].dualstack,
		};
		struct endpoint got;
		struct err err = { 0 };

		assert_int_equal(region_endpoint(&want, &got, &err), 0);
		assert_string_equal(got.url, rows[i].url);
		assert_string_equal(got.signing_region, rows[i].signing_region);
		assert_string_equal(got.signing_name, "n");
	}
}

static void endpoint_overrides(void **state)
{
	static const struct {
		const char *override, *url;	/* NULL: refused */
	} rows[] = {
		{ "http://127.0.0.1:5000", "http://127.0.0.1:5000" },
		{ "https://proxy.example/base//", "https://proxy.example/base" },
		{ "ftp://x", NULL }, { "127.0.0.1:5000", NULL }, { "https://", NULL },
		{ "https:///", NULL }, { "", NULL }, { "https://user@host", NULL },
		{ "https://h/?q", NULL }, { "https://h\r\nX: y", NULL },
	};
	struct endpoint_want want = { .endpoint_prefix = "sts", .signing_name = "sts",
				      .region = "us-east-2" };
	struct endpoint got = { .url = "before" };
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		want.override = rows[i].override;
		if (rows[i].url) {
			assert_int_equal(region_endpoint(&want, &got, &err), 0);
			assert_string_equal(got.url, rows[i].url);
			assert_string_equal(got.signing_region, "us-east-2");
			memcpy(got.url, "before", 7);
		} else {
			assert_int_equal(region_endpoint(&want, &got, &err), -1);
			assert_int_equal(err.class, ERR_USAGE);
			assert_string_equal(got.url, "before");
		}
	}
	want.override = "https://user:p@ssword@host";
	assert_int_equal(region_endpoint(&want, &got, &err), -1);
	assert_null(strstr(err.message, "ssword"));
	assert_non_null(strstr(err.message, "@host"));
	want.override = NULL;
	want.region = "Ohio";
	assert_int_equal(region_endpoint(&want, &got, &err), -1);
}

#define A29 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void codecommit_hosts(void **state)
{
	static const struct {
		const char *host, *region;
	} rows[] = {
		{ "git-codecommit.us-east-1.amazonaws.com", "us-east-1" },
		{ "git-codecommit.us-east-1.amazonaws.com:443", "us-east-1" },
		{ "git-codecommit-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1" },
		{ "git-codecommit.cn-north-1.amazonaws.com.cn", "cn-north-1" },
		{ "git-codecommit.us-iso-east-1.c2s.ic.gov", "us-iso-east-1" },
		{ "git-codecommit.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1" },
		{ "git-codecommit.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1" },
		{ "git-codecommit.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1" },
		{ "git-codecommit.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1" },
		{ "git-codecommit.us-east-42.amazonaws.com", "us-east-42" },
		{ "vpce-0b47-jkl-us-east-1a.git-codecommit.us-east-1.vpce.amazonaws.com",
		  "us-east-1" },
		{ "vpce-0b47-jkl.git-codecommit-fips.us-east-2.vpce.amazonaws.com", "us-east-2" },
		{ "vpce-1a.git-codecommit.cn-north-1.vpce.amazonaws.com.cn", "cn-north-1" },
		{ "vpce-" A29 A29 ".git-codecommit.us-east-1.vpce.amazonaws.com", "us-east-1" },
	};
	char region[REGION_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!region_codecommit_host(rows[i].host, region))
			fail_msg("%s was refused", rows[i].host);
		assert_string_equal(region, rows[i].region);
	}
}

static void look_alikes(void **state)
{
	static const char *const hosts[] = {
		"", "github.com", "amazonaws.com", "us-east-1.amazonaws.com",
		"git-codecommit.us-east-1.amazonaws.com.evil.example",
		"git-codecommit.us-east-1.amazonaws.comevil.example",
		"git-codecommit.us-east-1.amazonaws.co",
		"git-codecommit.us-east-1.amazonaws.com.",
		"git-codecommit.us-east-1.amazonaws.com..",
		".git-codecommit.us-east-1.amazonaws.com",
		"evil.git-codecommit.us-east-1.amazonaws.com",
		"evilgit-codecommit.us-east-1.amazonaws.com",
		"git-codecommit-evil.us-east-1.amazonaws.com",
		"git-codecommit.us-east-1.evil.amazonaws.com",
		"git-codecommit.us-east-1evil.amazonaws.com",
		"git-codecommit..us-east-1.amazonaws.com",
		"git-codecommit.us-east-1..amazonaws.com",
		"git-codecommit..amazonaws.com", "git-codecommit.amazonaws.com",
		"git-codecommit.US-EAST-1.amazonaws.com", "GIT-CODECOMMIT.us-east-1.amazonaws.com",
		"git-codecommit.us-east-1.AMAZONAWS.COM",
		"git-codecommit.us-east-1.amazonaws.com.cn",	/* of another partition */
		"git-codecommit.cn-north-1.amazonaws.com",
		"git-codecommit.us-iso-east-1.amazonaws.com",
		"git-codecommit.us-east-1.amazonaws.com:", "git-codecommit.us-east-1.amazonaws.com:x",
		"git-codecommit.us-east-1.amazonaws.com:443x",
		"git-codecommit.us-east-1.amazonaws.com:0443",
		"git-codecommit.us-east-1.amazonaws.com:123456",
		"git-codecommit.us-east-1.amazonaws.com:443:443",
		"user@git-codecommit.us-east-1.amazonaws.com",
		"git-codecommit.us-east-1.amazonaws.com@evil.example",
		"git-codecommit.us-east-1.amazonaws.com:443@evil.example",
		"git-codecommit.us-east-1.amazonaws.com/", "git-codecommit.us-east-1.amazonaws.com ",
		" git-codecommit.us-east-1.amazonaws.com",
		"git-codecommit.us-east-1.amazonaws.com\n",
		"git-codecommit.us-east-1.vpce.amazonaws.com",	/* no endpoint's name */
		"vpce-0b47.git-codecommit.us-east-1.amazonaws.com",	/* no vpce. */
		"vpce-.git-codecommit.us-east-1.vpce.amazonaws.com",
		"vpce-a-.git-codecommit.us-east-1.vpce.amazonaws.com",
		"vpce-a.b.git-codecommit.us-east-1.vpce.amazonaws.com",
		"vpce-A.git-codecommit.us-east-1.vpce.amazonaws.com",
		"xvpce-a.git-codecommit.us-east-1.vpce.amazonaws.com",
		"vpce-" A29 A29 "a.git-codecommit.us-east-1.vpce.amazonaws.com",	/* 64 bytes */
		"vpce-a.git-codecommit.us-east-1.vpce.amazonaws.com.evil.example",
		"git-codecommit.us-east-1.amazonaws\343\200\202com",
	};
	char region[REGION_MAX] = "before";

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		if (region_codecommit_host(hosts[i], region))
			fail_msg("\"%s\" passed for a CodeCommit host", hosts[i]);
		assert_string_equal(region, "before");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partitions),
		cmocka_unit_test(suffixes),
		cmocka_unit_test(unknown_regions_get_a_suggestion),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(endpoint_overrides),
		cmocka_unit_test(codecommit_hosts),
		cmocka_unit_test(look_alikes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
