#include "aws.h"

#include <string.h>

/*
 * Every AWS operation that codetrain uses. To add one is to add a row (and,
 * for a new service, the service's line): see docs/how-to-add-an-operation.md.
 */

/* ID of AWS_ENDPOINT_URL_<ID>, name in this table, host prefix, name in the signature */
static const struct aws_service sagemaker = { "SAGEMAKER", "sagemaker", "api.sagemaker", "sagemaker",
	AWS_JSON_1_1, "SageMaker.", false };
static const struct aws_service secretsmanager = { "SECRETS_MANAGER", "secretsmanager",
	"secretsmanager", "secretsmanager", AWS_JSON_1_1, "secretsmanager.", false };
static const struct aws_service ssm = { "SSM", "ssm", "ssm", "ssm", AWS_JSON_1_1, "AmazonSSM.", false };
static const struct aws_service sts = { "STS", "sts", "sts", "sts", AWS_QUERY, "2011-06-15", false };
static const struct aws_service iam = { "IAM", "iam", "iam", "iam", AWS_QUERY, "2010-05-08", true };
static const struct aws_service ecr = { "ECR", "ecr", "api.ecr", "ecr", AWS_JSON_1_1,
	"AmazonEC2ContainerRegistry_V20150921.", false };
static const struct aws_service s3 = { "S3", "s3", "s3", "s3", AWS_S3, "", false };
static const struct aws_service codebuild = { "CODEBUILD", "codebuild", "codebuild", "codebuild",
	AWS_JSON_1_1, "CodeBuild_20161006.", false };
static const struct aws_service codepipeline = { "CODEPIPELINE", "codepipeline", "codepipeline",
	"codepipeline", AWS_JSON_1_1, "CodePipeline_20150709.", false };
static const struct aws_service events = { "EVENTBRIDGE", "events", "events", "events",
	AWS_JSON_1_1, "AWSEvents.", false };
static const struct aws_service sqs = { "SQS", "sqs", "sqs", "sqs", AWS_JSON_1_0, "AmazonSQS.", false };
static const struct aws_service logs = { "CLOUDWATCH_LOGS", "logs", "logs", "logs", AWS_JSON_1_1,
	"Logs_20140328.", false };
static const struct aws_service codecommit = { "CODECOMMIT", "codecommit", "codecommit",
	"codecommit", AWS_JSON_1_1, "CodeCommit_20150413.", false };
static const struct aws_service kms = { "KMS", "kms", "kms", "kms", AWS_JSON_1_1, "TrentService.",
	false };
static const struct aws_service sso = { "SSO", "sso", "portal.sso", "awsssoportal", AWS_REST_JSON,
	"", false };
static const struct aws_service sso_oidc = { "SSO_OIDC", "sso-oidc", "oidc", "sso-oauth",
	AWS_REST_JSON, "", false };
static const struct aws_service signin = { "SIGNIN", "signin", "signin", "signin", AWS_REST_JSON, "",
	false };

/* A read, or a write that is the same the second time: may be sent again. */
#define AGAIN .idempotent = true
/* A create: sent again only when it cannot have been carried out. */
#define ONCE  .idempotent = false
#define SECRET .secret_answer = true

static const struct aws_operation operations[] = {
	{ &sagemaker, "CreateTrainingJob", ONCE },
	{ &sagemaker, "DescribeTrainingJob", AGAIN },
	{ &sagemaker, "StopTrainingJob", AGAIN },
	{ &sagemaker, "ListTrainingJobs", AGAIN },
	{ &sagemaker, "CreateModel", ONCE },
	{ &sagemaker, "DescribeModel", AGAIN },
	{ &sagemaker, "DeleteModel", AGAIN },
	{ &sagemaker, "ListModels", AGAIN },
	{ &sagemaker, "AddTags", AGAIN },
	{ &sagemaker, "ListTags", AGAIN },

	{ &secretsmanager, "GetSecretValue", AGAIN, SECRET },
	{ &secretsmanager, "DescribeSecret", AGAIN },
	{ &ssm, "GetParameter", AGAIN, SECRET },

	{ &sts, "GetCallerIdentity", AGAIN },
	{ &sts, "AssumeRole", AGAIN, SECRET },
	{ &sts, "AssumeRoleWithWebIdentity", AGAIN, SECRET, .unsigned_call = true },
	{ &sso, "GetRoleCredentials", "GET", "/federation/credentials", AGAIN, SECRET,
	  .unsigned_call = true },
	/* a refresh token may be good only once */
	{ &sso_oidc, "CreateToken", "POST", "/token", ONCE, SECRET, .unsigned_call = true },
	{ &signin, "CreateOAuth2Token", "POST", "/v1/token", ONCE, SECRET, .unsigned_call = true },

	{ &iam, "GetRole", AGAIN },
	{ &iam, "CreateRole", ONCE },
	{ &iam, "UpdateAssumeRolePolicy", AGAIN },
	{ &iam, "PutRolePolicy", AGAIN },
	{ &iam, "GetRolePolicy", AGAIN },
	{ &iam, "DeleteRolePolicy", AGAIN },
	{ &iam, "ListRolePolicies", AGAIN },
	{ &iam, "ListAttachedRolePolicies", AGAIN },
	{ &iam, "CreateGroup", ONCE },
	{ &iam, "GetGroup", AGAIN },
	{ &iam, "PutGroupPolicy", AGAIN },
	{ &iam, "GetGroupPolicy", AGAIN },
	{ &iam, "ListGroupPolicies", AGAIN },
	{ &iam, "AddUserToGroup", AGAIN },
	{ &iam, "ListGroupsForUser", AGAIN },
	{ &iam, "GetUser", AGAIN },
	{ &iam, "CreateUser", ONCE },

	{ &ecr, "DescribeRepositories", AGAIN },
	{ &ecr, "CreateRepository", ONCE },
	{ &ecr, "GetRepositoryPolicy", AGAIN },
	{ &ecr, "SetRepositoryPolicy", AGAIN },
	{ &ecr, "BatchGetImage", AGAIN },
	{ &ecr, "DescribeImages", AGAIN },

	{ &s3, "GetBucketLocation", "GET", "/{Bucket}?location", AGAIN },
	{ &s3, "HeadBucket", "HEAD", "/{Bucket}", AGAIN },
	{ &s3, "GetBucketPolicy", "GET", "/{Bucket}?policy", AGAIN },
	{ &s3, "PutBucketPolicy", "PUT", "/{Bucket}?policy", AGAIN },
	{ &s3, "GetBucketOwnershipControls", "GET", "/{Bucket}?ownershipControls", AGAIN },
	{ &s3, "PutBucketOwnershipControls", "PUT", "/{Bucket}?ownershipControls", AGAIN },
	{ &s3, "ListObjectsV2", "GET", "/{Bucket}?list-type=2", AGAIN },
	{ &s3, "HeadObject", "HEAD", "/{Bucket}/{Key}", AGAIN },
	{ &s3, "GetObject", "GET", "/{Bucket}/{Key}", AGAIN },
	{ &s3, "PutObject", "PUT", "/{Bucket}/{Key}", AGAIN },
	{ &s3, "CopyObject", "PUT", "/{Bucket}/{Key}", AGAIN, .timeout_s = 900 },
	{ &s3, "DeleteObject", "DELETE", "/{Bucket}/{Key}", AGAIN },

	{ &codebuild, "StartBuild", ONCE },
	{ &codebuild, "BatchGetBuilds", AGAIN },
	{ &codebuild, "BatchGetProjects", AGAIN },
	{ &codebuild, "ListBuildsForProject", AGAIN },
	{ &codebuild, "StopBuild", AGAIN },
	{ &codepipeline, "StartPipelineExecution", ONCE },
	{ &codepipeline, "GetPipelineExecution", AGAIN },
	{ &codepipeline, "ListPipelineExecutions", AGAIN },
	{ &events, "PutEvents", ONCE },
	{ &sqs, "GetQueueUrl", AGAIN },
	{ &sqs, "SendMessage", ONCE },

	{ &logs, "DescribeLogStreams", AGAIN },
	{ &logs, "GetLogEvents", AGAIN },
	{ &logs, "FilterLogEvents", AGAIN },

	{ &codecommit, "GetRepository", AGAIN },
	{ &codecommit, "CreateRepository", ONCE },
	{ &codecommit, "GetBranch", AGAIN },

	{ &kms, "DescribeKey", AGAIN },
	{ 0 },
};

const struct aws_operation *aws_operation(const char *name)
{
	const char *colon = strchr(name, ':');

	if (!colon)
		return NULL;
	for (const struct aws_operation *o = operations; o->name; o++)
		if (strcmp(o->name, colon + 1) == 0 &&
		    strlen(o->service->name) == (size_t)(colon - name) &&
		    strncmp(o->service->name, name, (size_t)(colon - name)) == 0)
			return o;
	return NULL;
}

const struct aws_operation *aws_operations(void)
{
	return operations;
}
