#include "grant_documents.h"

#include "policy.h"

#include <string.h>

enum { DOCUMENT_MAX = 256 << 10 };

static int no_memory(struct err *err)
{
	return err_set(err, ERR_INTERNAL, "no memory for a policy");
}

/* ---- who may pull from the repository ---- */

static cJSON *of_repository(const struct grant_document *d)
{
	cJSON *q = cJSON_CreateObject();

	if (json_set_string(q, "registryId", d->account->id) == 0 &&
	    json_set_string(q, "repositoryName", d->name) == 0)
		return q;
	json_free(q);
	return NULL;
}

static int read_repository(struct aws *a, const struct grant_document *d, cJSON **live,
			   struct err *err)
{
	cJSON *q = of_repository(d), *answer = NULL;
	const char *text;
	int result;

	if (!q)
		return no_memory(err);
	result = aws_call(a, "ecr:GetRepositoryPolicy", q, &answer, err);
	json_free(q);
	if (result < 0 && strcmp(aws_error_code(a), "RepositoryPolicyNotFoundException") == 0)
		return 0;
	if (result < 0 && strcmp(aws_error_code(a), "RepositoryNotFoundException") == 0)
		return err_set(err, ERR_NO, "there is no ECR repository %s in %s (account %s); aws ecr "
			       "create-repository --repository-name %s --profile %s", d->name,
			       d->account->name, d->account->id, d->name, d->account->profile);
	if (result < 0)
		return -1;
	text = json_string(answer, "policyText", "{}");
	*live = json_parse(text, strlen(text), "policy of the repository", err);
	json_free(answer);
	return *live ? 0 : -1;
}

static int write_repository(struct aws *a, const struct grant_document *d, const cJSON *live,
			    const cJSON *merged, struct err *err)
{
	struct buf text = BUF_INIT(DOCUMENT_MAX);
	cJSON *q = of_repository(d);
	int result = -1;

	(void)live;
	if (!q || json_print(merged, false, &text, err) < 0 ||
	    json_set_string(q, "policyText", buf_str(&text)) < 0)
		no_memory(err);
	else
		result = aws_call(a, "ecr:SetRepositoryPolicy", q, NULL, err);
	json_free(q);
	buf_free(&text);
	return result;
}

/* ---- the bucket: who owns what is put there, and who may read ---- */

static int no_bucket(struct aws *a, const struct grant_document *d, struct err *err)
{
	if (strcmp(aws_error_code(a), "NoSuchBucket") != 0)
		return -1;
	return err_set(err, ERR_NO, "there is no bucket %s; aws s3 mb s3://%s --profile %s", d->name,
		       d->name, d->account->profile);
}

static int get(struct aws *a, const char *operation, const struct grant_document *d,
	       cJSON **answer, struct err *err)
{
	cJSON *q = cJSON_CreateObject();
	int result = json_set_string(q, "Bucket", d->name) < 0 ?
			     no_memory(err) : aws_call(a, operation, q, answer, err);

	json_free(q);
	return result;
}

static int put(struct aws *a, const char *operation, const struct grant_document *d,
	       const char *body, struct err *err)
{
	cJSON *q = cJSON_CreateObject();
	int result = json_set_string(q, "Bucket", d->name) < 0 ||
				     json_set_string(q, "Body", body) < 0 ?
			     no_memory(err) : aws_call(a, operation, q, NULL, err);

	json_free(q);
	return result;
}

static int read_ownership(struct aws *a, const struct grant_document *d, cJSON **live,
			  struct err *err)
{
	cJSON *answer = NULL;
	int result;

	if (get(a, "s3:GetBucketOwnershipControls", d, &answer, err) < 0)
		return strcmp(aws_error_code(a), "OwnershipControlsNotFoundError") == 0 ?
			       0 : no_bucket(a, d, err);
	*live = policy_new();
	result = policy_part(*live, "ObjectOwnership",
			     json_string(json_at(answer, "Rule", 0), "ObjectOwnership", ""));
	json_free(answer);
	return result < 0 ? no_memory(err) : 0;
}

static int write_ownership(struct aws *a, const struct grant_document *d, const cJSON *live,
			   const cJSON *merged, struct err *err)
{
	(void)live;
	(void)merged;
	return put(a, "s3:PutBucketOwnershipControls", d,
		   "<OwnershipControls xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule>"
		   "<ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>"
		   "</OwnershipControls>", err);
}

static int read_bucket(struct aws *a, const struct grant_document *d, cJSON **live,
		       struct err *err)
{
	cJSON *answer = NULL;
	const char *text;

	if (get(a, "s3:GetBucketPolicy", d, &answer, err) < 0)
		return strcmp(aws_error_code(a), "NoSuchBucketPolicy") == 0 ?
			       0 : no_bucket(a, d, err);
	text = json_string(answer, "Body", "");
	*live = json_parse(text, strlen(text), "policy of the bucket", err);
	json_free(answer);
	return *live ? 0 : -1;
}

static int write_bucket(struct aws *a, const struct grant_document *d, const cJSON *live,
			const cJSON *merged, struct err *err)
{
	struct buf text = BUF_INIT(DOCUMENT_MAX);
	int result = json_print(merged, false, &text, err);

	(void)live;
	if (result == 0)
		result = put(a, "s3:PutBucketPolicy", d, buf_str(&text), err);
	buf_free(&text);
	return result;
}

const struct grant_kind grant_kind_repository = { "ecr", "policy of repository", read_repository,
						  write_repository };
const struct grant_kind grant_kind_ownership = { "s3", "ownership of bucket", read_ownership,
						 write_ownership };
const struct grant_kind grant_kind_bucket = { "s3", "policy of bucket", read_bucket,
					      write_bucket };
