#include "aws_private.h"

#include "lib/aws/sigv4.h"
#include "lib/base/clock.h"

#include <stdio.h>
#include <string.h>

enum { HEADERS_MAX = 32, LINE_MAX_BYTES = 20 << 10 };

int aws_request_header(struct aws_request *r, const char *name, const char *value, struct err *err)
{
	if (strpbrk(value, "\r\n"))
		return err_set(err, ERR_USAGE, "the value of %s has a line break", name);
	if (r->names.n >= HEADERS_MAX - 4)
		return err_set(err, ERR_USAGE, "a request with too many headers");
	strs_add(&r->names, name);
	strs_add(&r->values, value);
	if (r->names.failed || r->values.failed)
		return err_set(err, ERR_INTERNAL, "no memory for a request");
	return 0;
}

void aws_request_free(struct aws_request *r)
{
	buf_free(&r->path);
	buf_free(&r->query);
	buf_free(&r->body);
	aws_wipe_lines(&r->names);
	aws_wipe_lines(&r->values);
}

void aws_wipe_lines(struct strs *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		explicit_bzero(lines->v[i], strlen(lines->v[i]));
	strs_free(lines);
}

/* The endpoint's own path, when it has one, in front of the operation's. */
static void base_path(struct aws_request *r)
{
	const char *path = strchr(strstr(r->endpoint.url, "://") + 3, '/');

	if (path)
		buf_adds(&r->path, path);
}

static int json_body(const cJSON *input, struct aws_request *r, struct err *err)
{
	const struct aws_service *s = r->operation->service;
	char target[128];

	if (!input)
		buf_adds(&r->body, "{}");
	else if (json_print(input, false, &r->body, err) < 0)
		return -1;
	snprintf(target, sizeof(target), "%s%s", s->target_or_version, r->operation->name);
	if (aws_request_header(r, "content-type", s->protocol == AWS_JSON_1_0
			       ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1",
			       err) < 0)
		return -1;
	return aws_request_header(r, "x-amz-target", target, err);
}

static int fill(const cJSON *input, struct aws_request *r, struct err *err)
{
	switch (r->operation->service->protocol) {
	case AWS_JSON_1_0:
	case AWS_JSON_1_1:
		buf_addc(&r->path, '/');
		return json_body(input, r, err);
	case AWS_QUERY:
		buf_addc(&r->path, '/');
		if (aws_request_header(r, "content-type",
				       "application/x-www-form-urlencoded; charset=utf-8", err) < 0)
			return -1;
		return aws_query_body(r->operation, input, &r->body, err);
	case AWS_S3:
	case AWS_REST_JSON:
		return aws_rest_fill(input, r, err);
	}
	return err_set(err, ERR_INTERNAL, "%s has no protocol", r->operation->name);
}

int aws_request_make(struct aws *a, const struct aws_operation *operation, const cJSON *input,
		     struct aws_request *out, struct err *err)
{
	struct aws_request r = {
		.operation = operation,
		.method = operation->method ? operation->method : "POST",
		.path = BUF_INIT(8 << 10),
		.query = BUF_INIT(32 << 10),
		.body = BUF_INIT_SECRET(AWS_REQUEST_MAX),
		.upload_fd = -1,
		.download_fd = -1,
	};

	if (aws_endpoint(a, operation->service, &r.endpoint, err) < 0)
		return -1;
	base_path(&r);
	if (fill(input, &r, err) < 0)
		goto fail;
	if (buf_check(&r.path, "the path of a request", err) < 0 ||
	    buf_check(&r.query, "the query of a request", err) < 0 ||
	    buf_check(&r.body, "the body of a request", err) < 0)
		goto fail;
	if (!r.host[0] && http_authority(r.endpoint.url, r.host, sizeof(r.host)) < 0) {
		err_set(err, ERR_USAGE, "the endpoint %s has no host", r.endpoint.url);
		goto fail;
	}
	hash_sha256_hex(buf_str(&r.body), r.body.len, r.payload_hash);
	*out = r;
	return 0;
fail:
	aws_request_free(&r);
	return -1;
}

/* ---- signing --------------------------------------------------------------------- */

struct signing {
	struct sigv4_pair pairs[HEADERS_MAX];
	size_t n;
};

static void pair(struct signing *s, const char *name, const char *value)
{
	if (s->n < HEADERS_MAX)
		s->pairs[s->n++] = (struct sigv4_pair){ name, value };
}

static int sign(const struct aws_request *r, const struct creds *creds, int64_t now,
		const struct signing *s, struct buf *authorization, struct err *err)
{
	bool s3 = r->operation->service->protocol == AWS_S3;
	const struct sigv4_request request = {
		.method = r->method,
		.path = buf_str(&r->path),
		.query = buf_str(&r->query),
		.headers = s->pairs,
		.header_count = s->n,
		.payload_hash = r->payload_hash,
		.normalize = !s3,
		.encode_path_twice = !s3,
	};
	const struct sigv4_scope scope = {
		.region = r->endpoint.signing_region,
		.service = r->endpoint.signing_name,
		.time = now,
	};

	return sigv4_authorization(&request, &scope, creds, authorization, err);
}

int aws_request_sign(const struct aws_request *r, const struct creds *creds, int64_t now,
		     struct strs *lines, struct err *err)
{
	struct buf authorization = BUF_INIT_SECRET(LINE_MAX_BYTES);
	struct signing s = { .n = 0 };
	char date[CLOCK_BASIC_LEN];
	int result = 0;

	clock_basic(now, date);
	pair(&s, "host", r->host);
	for (size_t i = 0; i < r->names.n; i++)
		pair(&s, r->names.v[i], r->values.v[i]);
	if (creds) {
		pair(&s, "x-amz-date", date);
		if (r->operation->service->protocol == AWS_S3)
			pair(&s, "x-amz-content-sha256", r->payload_hash);
		if (creds->session_token[0])
			pair(&s, "x-amz-security-token", creds->session_token);
		result = sign(r, creds, now, &s, &authorization, err);
	}
	for (size_t i = 0; i < s.n; i++)
		strs_addf(lines, "%s: %s", s.pairs[i].name, s.pairs[i].value);
	if (creds)
		strs_addf(lines, "authorization: %s", buf_str(&authorization));
	strs_add(lines, "user-agent: codetrain/" CODETRAIN_VERSION);
	buf_free(&authorization);
	if (result == 0 && lines->failed)
		return err_set(err, ERR_INTERNAL, "no memory for a request");
	return result;
}
