#include "grant_documents.h"

#include "policy.h"

#include <stdio.h>
#include <string.h>

#define PULL "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"
#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

enum { ARN_MAX = 1024 };

/* arn:PARTITION: and what follows it */
static const char *arn(const struct accounts *a, char out[static ARN_MAX], const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static const char *arn(const struct accounts *a, char out[static ARN_MAX], const char *fmt, ...)
{
	int n = snprintf(out, ARN_MAX, "arn:%s:", a->partition);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, (size_t)(ARN_MAX - n), fmt, ap);
	va_end(ap);
	return out;
}

static const char *role(const struct accounts *a, const struct account *one, const char *name,
			char out[static ARN_MAX])
{
	return arn(a, out, "iam::%s:role/%s", one->id, name);
}

static const char *repository(const struct accounts *a, char out[static ARN_MAX])
{
	return arn(a, out, "ecr:%s:%s:repository/%s", a->region, a->devops->id, a->repository);
}

/* ---- what every execution role needs ---- */

static bool add_pull(cJSON *d, const struct accounts *a)
{
	char text[ARN_MAX];

	return policy_resource(policy_allow(d, "CodetrainPull", LIST(PULL)), repository(a, text)) &&
	       policy_resource(policy_allow(d, "CodetrainPullToken",
					    LIST("ecr:GetAuthorizationToken")), "*");
}

static bool add_telemetry(cJSON *d, const struct accounts *a, const struct account *one)
{
	char text[ARN_MAX];

	return policy_resource(policy_allow(d, "CodetrainLogs",
					    LIST("logs:CreateLogGroup", "logs:CreateLogStream",
						 "logs:DescribeLogStreams", "logs:PutLogEvents")),
			       arn(a, text, "logs:%s:%s:log-group:/aws/sagemaker/*", a->region,
				   one->id)) &&
	       policy_condition(policy_resource(policy_allow(d, "CodetrainMetrics",
							     LIST("cloudwatch:PutMetricData")),
						"*"),
				"StringLike", "cloudwatch:namespace", "/aws/sagemaker/*");
}

static bool add_read(cJSON *d, const struct accounts *a, const char *sid, const char *prefix)
{
	char text[ARN_MAX];

	return policy_resource(policy_allow(d, sid, LIST("s3:GetObject")),
			       arn(a, text, "s3:::%s/%s*", a->bucket, prefix));
}

static cJSON *add_list(cJSON *d, const struct accounts *a, const char *sid, const char *prefix)
{
	char text[ARN_MAX], like[600];

	snprintf(like, sizeof(like), "%s*", prefix);
	return policy_condition(policy_resource(policy_allow(d, sid, LIST("s3:ListBucket")),
						arn(a, text, "s3:::%s", a->bucket)),
				"StringLike", "s3:prefix", like);
}

static bool add_write(cJSON *d, const struct accounts *a)
{
	char text[ARN_MAX];

	return policy_resource(policy_allow(d, "CodetrainWriteOutput",
					    LIST("s3:PutObject", "s3:AbortMultipartUpload")),
			       arn(a, text, "s3:::%s/%s*", a->bucket, a->output));
}

/* ---- builders: 1 done, 0 no memory ---- */

static bool trust_sagemaker(cJSON *d, const struct accounts *a, const struct account *one)
{
	(void)a;
	(void)one;
	return policy_principal(policy_allow(d, "CodetrainSageMaker", LIST("sts:AssumeRole")),
				"Service", "sagemaker.amazonaws.com");
}

/* beta reads the input and writes the artefact; the others read the artefact */
static bool execution_policy(cJSON *d, const struct accounts *a, const struct account *one)
{
	if (!add_pull(d, a) || !add_telemetry(d, a, one))
		return false;
	if (one == a->beta)
		return add_read(d, a, "CodetrainReadInput", a->input) &&
		       add_list(d, a, "CodetrainListInput", a->input) && add_write(d, a);
	return add_read(d, a, "CodetrainReadArtefact", a->output) &&
	       add_list(d, a, "CodetrainListArtefact", a->output);
}

static bool trust_build(cJSON *d, const struct accounts *a, const struct account *one)
{
	char text[ARN_MAX];

	(void)one;
	return policy_principal(policy_allow(d, "CodetrainBuild", LIST("sts:AssumeRole")), "AWS",
				role(a, a->devops, a->devops->build_role, text));
}

/* To make models, and to give them the account's execution role. */
static bool add_release(cJSON *d, const struct accounts *a, const struct account *one,
			const char *const *actions)
{
	char text[ARN_MAX];

	return policy_resource(policy_allow(d, "CodetrainModels", actions),
			       arn(a, text, "sagemaker:%s:%s:model/*", a->region, one->id)) &&
	       policy_condition(policy_resource(policy_allow(d, "CodetrainPassRole",
							     LIST("iam:PassRole")),
						role(a, one, one->role, text)),
				"StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com");
}

static bool release_policy(cJSON *d, const struct accounts *a, const struct account *one)
{
	return add_release(d, a, one, LIST("sagemaker:AddTags", "sagemaker:CreateModel",
					   "sagemaker:DescribeModel"));
}

static bool group_policy(cJSON *d, const struct accounts *a, const struct account *one)
{
	return add_release(d, a, one, LIST("sagemaker:AddTags", "sagemaker:CreateModel",
					   "sagemaker:DeleteModel", "sagemaker:DescribeModel")) &&
	       policy_resource(policy_allow(d, "CodetrainListModels",
					    LIST("sagemaker:ListModels")), "*");
}

/* Secrets Manager puts six random characters behind a name. */
static bool add_secret(cJSON *d, const struct accounts *a)
{
	char text[ARN_MAX];
	cJSON *s;

	if (!a->secret)
		return true;
	s = policy_allow(d, "CodetrainSecret", LIST("secretsmanager:GetSecretValue"));
	if (strncmp(a->secret, "arn:", 4) == 0)
		return policy_resource(s, a->secret);
	return policy_resource(s, arn(a, text, "secretsmanager:%s:%s:secret:%s-??????", a->region,
				      a->devops->id, a->secret));
}

static bool add_release_roles(cJSON *d, const struct accounts *a)
{
	cJSON *s = NULL;
	char text[ARN_MAX];

	for (size_t i = 0; i < a->n; i++) {
		const struct account *one = &a->account[i];

		if (!one->release_role)
			continue;
		if (!s)
			s = policy_allow(d, "CodetrainRelease", LIST("sts:AssumeRole"));
		if (!policy_resource(s, role(a, one, one->release_role, text)))
			return false;
	}
	return true;
}

static bool build_policy(cJSON *d, const struct accounts *a, const struct account *one)
{
	static const char *const push[] = { PULL, "ecr:CompleteLayerUpload",
					    "ecr:InitiateLayerUpload", "ecr:PutImage",
					    "ecr:UploadLayerPart", NULL };
	char text[ARN_MAX];

	return policy_resource(policy_allow(d, "CodetrainPush", push), repository(a, text)) &&
	       policy_resource(policy_allow(d, "CodetrainPushToken",
					    LIST("ecr:GetAuthorizationToken")), "*") &&
	       add_secret(d, a) && add_release_roles(d, a) && release_policy(d, a, one);
}

/* One statement an account, so that taking one away touches no other. */
static bool repository_policy(cJSON *d, const struct accounts *a, const struct account *one)
{
	char text[ARN_MAX], sid[32];

	(void)one;
	for (size_t i = 0; i < a->n; i++) {
		snprintf(sid, sizeof(sid), "CodetrainPull%s", a->account[i].id);
		if (!policy_principal(policy_allow(d, sid, LIST(PULL)), "AWS",
				      role(a, &a->account[i], a->account[i].role, text)))
			return false;
	}
	return true;
}

static bool bucket_policy(cJSON *d, const struct accounts *a, const struct account *one)
{
	char text[ARN_MAX], reader[ARN_MAX], sid[32];

	for (size_t i = 0; i < a->n; i++) {
		if (&a->account[i] == one)
			continue;	/* its own policies are enough in its own account */
		role(a, &a->account[i], a->account[i].role, reader);
		snprintf(sid, sizeof(sid), "CodetrainRead%s", a->account[i].id);
		if (!policy_resource(policy_principal(policy_allow(d, sid, LIST("s3:GetObject")),
						      "AWS", reader),
				     arn(a, text, "s3:::%s/%s*", a->bucket, a->output)))
			return false;
		snprintf(sid, sizeof(sid), "CodetrainList%s", a->account[i].id);
		if (!policy_principal(add_list(d, a, sid, a->output), "AWS", reader))
			return false;
	}
	return true;
}

static bool ownership(cJSON *d, const struct accounts *a, const struct account *one)
{
	(void)a;
	(void)one;
	return policy_part(d, "ObjectOwnership", "BucketOwnerEnforced") == 0;
}

static bool group(cJSON *d, const struct accounts *a, const struct account *one)
{
	(void)a;
	return policy_part(d, "Group", one->group) == 0;
}

static bool user(cJSON *d, const struct accounts *a, const struct account *one)
{
	(void)a;
	return policy_part(d, "User", one->user) == 0 &&
	       policy_part(d, "MemberOf", one->group) == 0;
}

/* ---- the table ---- */

static const char *execution_role(const struct accounts *a, const struct account *one)
{
	(void)a;
	return one->role;
}

static const char *release_role(const struct accounts *a, const struct account *one)
{
	(void)a;
	return one->release_role;
}

static const char *build_role(const struct accounts *a, const struct account *one)
{
	return one == a->devops ? one->build_role : NULL;
}

static const char *the_repository(const struct accounts *a, const struct account *one)
{
	return one == a->devops ? a->repository : NULL;
}

static const char *the_bucket(const struct accounts *a, const struct account *one)
{
	return one == a->beta ? a->bucket : NULL;
}

static const char *the_group(const struct accounts *a, const struct account *one)
{
	(void)a;
	return one->group;
}

static const char *the_user(const struct accounts *a, const struct account *one)
{
	(void)a;
	return one->user;
}

static const struct {
	const struct grant_kind *kind;
	/* what it hangs on in an account; NULL: the account has none */
	const char *(*on)(const struct accounts *a, const struct account *one);
	bool (*build)(cJSON *document, const struct accounts *a, const struct account *one);
} rows[] = {
	{ &grant_kind_role, execution_role, trust_sagemaker },
	{ &grant_kind_role_policy, execution_role, execution_policy },
	{ &grant_kind_role, release_role, trust_build },
	{ &grant_kind_role_policy, release_role, release_policy },
	{ &grant_kind_role_policy, build_role, build_policy },
	{ &grant_kind_repository, the_repository, repository_policy },
	{ &grant_kind_ownership, the_bucket, ownership },
	{ &grant_kind_bucket, the_bucket, bucket_policy },
	{ &grant_kind_group, the_group, group },
	{ &grant_kind_group_policy, the_group, group_policy },
	{ &grant_kind_user, the_user, user },
};

static int add(struct grant_list *l, size_t row, const struct accounts *a,
	       const struct account *one, struct err *err)
{
	const char *name = rows[row].on(a, one);
	struct grant_document *d = &l->v[l->n];

	if (!name)
		return 0;
	if (l->n == GRANT_DOCUMENTS_MAX)
		return err_set(err, ERR_USAGE, "there are too many accounts");
	*d = (struct grant_document){ .kind = rows[row].kind, .account = one, .accounts = a,
				      .name = name, .wanted = policy_new() };
	l->n++;
	if (!d->wanted || !rows[row].build(d->wanted, a, one))
		return err_set(err, ERR_INTERNAL, "no memory for a policy");
	return 0;
}

int grant_documents_list(const struct accounts *a, struct grant_list *out, struct err *err)
{
	out->n = 0;
	for (size_t row = 0; row < sizeof(rows) / sizeof(*rows); row++)
		for (size_t i = 0; i < a->n; i++)
			if (add(out, row, a, &a->account[i], err) < 0) {
				grant_documents_free(out);
				return -1;
			}
	return 0;
}

void grant_documents_free(struct grant_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		json_free(l->v[i].wanted);
	l->n = 0;
}
