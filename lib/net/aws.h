/*
 * One signed AWS call, with retries, clock-skew correction and request ids in
 * its errors. Which calls there are is the table in operations.c.
 */
#ifndef CODETRAIN_AWS_H
#define CODETRAIN_AWS_H

#include "http.h"
#include "lib/aws/awsconfig.h"
#include "lib/aws/creds.h"
#include "lib/spec/json.h"

#include <stdbool.h>
#include <stdint.h>

#define AWS_ANSWER_MAX (16 << 20)

enum aws_protocol { AWS_JSON_1_0, AWS_JSON_1_1, AWS_QUERY, AWS_S3, AWS_REST_JSON };

struct aws_service {
	const char *id;			/* "SAGEMAKER": the end of AWS_ENDPOINT_URL_<SERVICE> */
	const char *name;		/* "sagemaker": in front of the colon in aws_operation */
	const char *endpoint_prefix;	/* "api.sagemaker" */
	const char *signing_name;	/* "sagemaker" */
	enum aws_protocol protocol;
	const char *target_or_version;	/* "SageMaker." or "2011-06-15" */
	bool global;
};

struct aws_operation {
	const struct aws_service *service;
	const char *name;		/* "CreateTrainingJob" */
	const char *method, *path;	/* S3 and REST only: "PUT", "/{Bucket}/{Key}?policy" */
	/* May be sent again after the server may have taken it: reads, and writes
	 * that are the same the second time. A create is not. */
	bool idempotent;
	bool secret_answer;		/* the answer holds a secret: kept in secret memory */
	bool unsigned_call;		/* no credentials needed */
	int timeout_s;			/* for an answer that takes long; 0: as any other */
};

/* By "service:Name": aws_operation("sagemaker:CreateTrainingJob"). NULL for a
 * missing row, which is a fault of codetrain. */
const struct aws_operation *aws_operation(const char *name);
/* The table; the row behind the last has no name. */
const struct aws_operation *aws_operations(void);

/* One identity in one region. Freed with aws_close. Not for use by two
 * threads at once, nor are those that were opened beside it. */
struct aws;

struct aws_settings {
	const char *profile;		/* NULL: the chain's own */
	const char *region;		/* NULL: the chain's own; ERR_USAGE when there is none */
	const struct creds *creds;	/* when set, these (copied) and no chain: e.g. from a secret */
	const char *label;		/* for messages: "beta"; NULL: the profile */
	const volatile int *stop;	/* ends waits; may be NULL; beside another: the other's counts */
	bool region_optional;		/* only credentials are wanted: none is no error */
};

/* Reads environment and config files once; fetches credentials at the first
 * call (or at aws_credentials) and again before they end. Time limits: 5 s for
 * a connection, 30 s for an answer (CODETRAIN_HTTP_TIMEOUT, in seconds). */
struct aws *aws_open(const struct aws_settings *settings, struct err *err);
void aws_close(struct aws *a);	/* NULL is nothing */

/* As aws_open, over the HTTP session (kept connections) and the config files
 * of another. Either may be closed first. */
struct aws *aws_open_beside(struct aws *other, const struct aws_settings *settings,
			    struct err *err);

const char *aws_region(const struct aws *a);	/* "" when none was wanted and there is none */
const char *aws_label(const struct aws *a);
/* Resolves now; borrowed until the next call. NULL on failure (ERR_ACCESS …). */
const struct creds *aws_credentials(struct aws *a, struct err *err);
/* By sts:GetCallerIdentity, once; "" never. Borrowed. */
int aws_account(struct aws *a, const char **account, struct err *err);
/* Server time minus ours, in seconds, as learnt from answers. */
int64_t aws_clock_skew(const struct aws *a);

/*
 * The call. `input` is the request: for JSON protocols it is sent as it is;
 * for query it is flattened (Tags.member.1.Key); for S3 and REST, members
 * named in the path are taken from it, "Body" is the payload text, members
 * that begin with "x-amz-" become headers and the rest the query, by their
 * names on the wire ("prefix", "continuation-token"); for a REST POST they are the
 * JSON of the payload. NULL: {}.
 *
 * `output` gets the answer as a tree, never NULL on success; the caller frees
 * it with json_free; NULL: not wanted. XML is turned into the tree that a JSON
 * service would give (xml.h): query answers without XResponse and XResult and
 * with <member> lists as plain lists ("PolicyNames[0]", "Role.Arn"); S3's
 * without the outermost element ("Contents[0].Key"; an answer of one text is
 * {"LocationConstraint": text}). An S3 answer that is no XML is {"Body": text}
 * (a bucket policy). S3 answers also have "headers", by lower-case name:
 * "headers.content-length", "headers.etag".
 *
 * On -1 the class is: ERR_ACCESS (denied, expired, no credentials),
 * ERR_UNAVAILABLE (throttled, 5xx or no connection after retries),
 * ERR_CONFLICT (ResourceInUse and its like), ERR_USAGE (validation),
 * ERR_NO (not found; also SageMaker's ValidationException that says so of a
 * Describe, Delete or Stop); the message is
 * "CreateTrainingJob in beta (us-east-2): AccessDeniedException: … [request ID]".
 * aws_error_code then tells AWS's own code ("ResourceInUse"), "" when the
 * failure was not an answer of AWS. HEAD answers have no body: their code is
 * the status ("404").
 */
int aws_call(struct aws *a, const char *operation, const cJSON *input, cJSON **output,
	     struct err *err);
const char *aws_error_code(const struct aws *a);
/* AWS's own message of the last failure, "" when none. */
const char *aws_error_message(const struct aws *a);
/* After a failed create: it may have been carried out all the same (connection
 * lost after sending, 500, an answer that cannot be read). Look before doing
 * it again. */
bool aws_maybe_done(const struct aws *a);

/* S3 objects by URI ("s3://bucket/key"), streamed. `fd` is a regular file: it
 * is read from its beginning; a download is begun again from the start (and
 * the file cut to nothing) when the connection breaks. */
int aws_s3_get_file(struct aws *a, const char *uri, int fd, struct err *err);
int aws_s3_put_file(struct aws *a, const char *uri, int fd, size_t len, struct err *err);
/* "s3://bucket/key" in two; the key may be "". ERR_USAGE when it is no S3 URI. */
int aws_s3_split(const char *uri, char bucket[static 64], const char **key, struct err *err);

/* Calls until there is no NextToken (nextToken, NextContinuationToken, Marker),
 * and adds up the list at `list_path` in one array (bounded by `most`). */
int aws_call_all(struct aws *a, const char *operation, const cJSON *input, const char *list_path,
		 size_t most, cJSON **list, struct err *err);

/* Credentials from a Secrets Manager secret (JSON in any common spelling, or
 * role_arn with external_id, which is assumed), into `out`. `secret_id` is a
 * name or an ARN, with "#AWSPREVIOUS" (or another stage) behind it when it is
 * not the current version. A secret without keys is ERR_USAGE and
 * names what is in it. */
int aws_secret_credentials(struct aws *a, const char *secret_id, struct creds *out,
			   struct err *err);

/* Credentials of a role, by sts:AssumeRole, into `out`. */
int aws_role_credentials(struct aws *a, const char *role_arn, struct creds *out, struct err *err);

#endif
