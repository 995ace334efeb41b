#include "region_table.h"

#define PREFIXES(...) (const char *const[]){ __VA_ARGS__, NULL }

const struct partition region_partitions[] = {
	{ "aws", "amazonaws.com", "api.aws",
	  PREFIXES("us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-", "mx-"), "us-east-1" },
	{ "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn",
	  PREFIXES("cn-"), "cn-north-1" },
	{ "aws-us-gov", "amazonaws.com", "api.aws", PREFIXES("us-gov-"), "us-gov-west-1" },
	{ "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu",
	  PREFIXES("eusc-"), "eusc-de-east-1" },
	{ "aws-iso", "c2s.ic.gov", "api.aws.ic.gov", PREFIXES("us-iso-"), "us-iso-east-1" },
	{ "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", PREFIXES("us-isob-"), "us-isob-east-1" },
	{ "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk",
	  PREFIXES("eu-isoe-"), "eu-isoe-west-1" },
	{ "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov",
	  PREFIXES("us-isof-"), "us-isof-south-1" },
	{ .name = NULL },
};

const char *const region_names[] = {
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2",
	"ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2",
	"ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
	"ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1",
	"eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1",
	"me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1",
	"us-west-2",
	"cn-north-1", "cn-northwest-1",
	"us-gov-east-1", "us-gov-west-1",
	"eusc-de-east-1",
	"us-iso-east-1", "us-iso-west-1",
	"us-isob-east-1", "us-isob-west-1",
	"eu-isoe-west-1",
	"us-isof-east-1", "us-isof-south-1",
	NULL,
};

const struct region_exception region_exceptions[] = {
	{ "iam", "aws", false, false, "iam.{s}" },
	{ "iam", "aws", true, false, "iam-fips.{s}" },
	{ "iam", "aws", false, true, "iam.global.{d}" },
	{ "iam", "aws", true, true, "iam-fips.global.{d}" },
	{ "iam", "aws-cn", false, true, "iam.global.{d}" },
	{ "iam", "aws-us-gov", false, false, "iam.us-gov.{s}" },
	{ "iam", "aws-us-gov", true, false, "iam.us-gov.{s}" },
	{ "iam", "aws-us-gov", false, true, "iam.us-gov.{d}" },
	{ "iam", "aws-us-gov", true, true, "iam.us-gov.{d}" },
	{ "api.sagemaker", "aws", true, false, "api-fips.sagemaker.{r}.{s}" },
	{ "api.sagemaker", "aws-us-gov", true, false, "api-fips.sagemaker.{r}.{s}" },
	{ "api.ecr", "aws", true, false, "ecr-fips.{r}.{s}" },
	{ "api.ecr", "aws-us-gov", true, false, "ecr-fips.{r}.{s}" },
	{ "api.ecr", "aws", true, true, "ecr-fips.{r}.{d}" },
	{ "api.ecr", "aws-us-gov", true, true, "ecr-fips.{r}.{d}" },
	{ "api.ecr", NULL, false, true, "ecr.{r}.{d}" },
	{ "sts", "aws-us-gov", true, false, "sts.{r}.{s}" },
	{ "logs", "aws-us-gov", true, false, "logs.{r}.{s}" },
	{ "events", "aws-us-gov", true, false, "events.{r}.{s}" },
	{ "sqs", "aws-us-gov", true, false, "sqs.{r}.{s}" },
	{ "s3", NULL, false, true, "s3.dualstack.{r}.{s}" },
	{ "s3", NULL, true, true, "s3-fips.dualstack.{r}.{s}" },
	{ .endpoint_prefix = NULL },
};
