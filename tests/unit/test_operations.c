/* lib/net: the table of operations is whole. */
#include "lib/net/aws.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* What the programs call: a missing row would only be seen when it is needed. */
static const char *const needed[] = {
	"sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob",
	"sagemaker:ListTrainingJobs", "sagemaker:CreateModel", "sagemaker:DescribeModel",
	"sagemaker:DeleteModel", "sagemaker:ListModels", "secretsmanager:GetSecretValue",
	"sts:GetCallerIdentity", "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity",
	"sso:GetRoleCredentials", "sso-oidc:CreateToken", "signin:CreateOAuth2Token", "iam:GetRole", "iam:CreateRole", "iam:UpdateAssumeRolePolicy",
	"iam:PutRolePolicy", "iam:GetRolePolicy", "iam:ListRolePolicies", "iam:CreateGroup",
	"iam:GetGroup", "iam:PutGroupPolicy", "iam:GetGroupPolicy", "iam:AddUserToGroup",
	"iam:GetUser", "iam:CreateUser", "ecr:DescribeRepositories", "ecr:CreateRepository",
	"ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy", "ecr:BatchGetImage",
	"ecr:DescribeImages", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:HeadObject",
	"s3:HeadBucket", "s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls",
	"s3:ListObjectsV2", "s3:GetBucketLocation", "codebuild:StartBuild",
	"codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject", "codebuild:StopBuild",
	"logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents",
	"codecommit:GetRepository", "kms:DescribeKey",
};

static void what_is_needed_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		if (!aws_operation(needed[i]))
			print_message("# no row for %s\n", needed[i]);
		assert_non_null(aws_operation(needed[i]));
	}
}

static void what_is_unknown_is_not(void **state)
{
	static const char *const unknown[] = { "", ":", "sagemaker", "sagemaker:", "CreateModel",
					       "sagemaker:createModel", "s3:CreateModel",
					       "sage:CreateModel", "sagemaker:CreateModel " };

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		assert_null(aws_operation(unknown[i]));
}

static void every_row_is_whole(void **state)
{
	(void)state;
	for (const struct aws_operation *o = aws_operations(); o->name; o++) {
		enum aws_protocol p = o->service->protocol;
		bool rest = p == AWS_S3 || p == AWS_REST_JSON;
		char name[128];

		snprintf(name, sizeof(name), "%s:%s", o->service->name, o->name);
		assert_ptr_equal(aws_operation(name), o);	/* no name stands twice */
		assert_int_equal(rest, o->method != NULL);
		assert_int_equal(rest, o->path != NULL);
		if (rest)
			assert_int_equal(o->path[0], '/');
		else
			assert_true(o->service->target_or_version[0]);
		assert_int_equal(strspn(o->service->id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_3"),
				 strlen(o->service->id));
	}
}

/* A create is never sent again blindly; a read always may be. */
static void creates_are_not_idempotent(void **state)
{
	static const char *const reads[] = { "Get", "Describe", "List", "Head", "Batch", "Filter" };
	static const char *const creates[] = { "Create", "Start", "Send", "PutEvents" };

	(void)state;
	for (const struct aws_operation *o = aws_operations(); o->name; o++) {
		for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
			if (strncmp(o->name, reads[i], strlen(reads[i])) == 0)
				assert_true(o->idempotent);
		for (size_t i = 0; i < sizeof(creates) / sizeof(*creates); i++)
			if (strncmp(o->name, creates[i], strlen(creates[i])) == 0)
				assert_false(o->idempotent);
	}
}

static void secrets_are_marked(void **state)
{
	static const char *const secret[] = { "secretsmanager:GetSecretValue", "sts:AssumeRole",
					      "sts:AssumeRoleWithWebIdentity", "sso:GetRoleCredentials",
					      "sso-oidc:CreateToken", "signin:CreateOAuth2Token" };

	(void)state;
	for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++)
		assert_true(aws_operation(secret[i])->secret_answer);
	assert_false(aws_operation("sagemaker:ListModels")->secret_answer);
	assert_true(aws_operation("sts:AssumeRoleWithWebIdentity")->unsigned_call);
	assert_false(aws_operation("sts:AssumeRole")->unsigned_call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_is_there),
		cmocka_unit_test(what_is_unknown_is_not),
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(creates_are_not_idempotent),
		cmocka_unit_test(secrets_are_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
