#include "aws_private.h"

#include "lib/base/encode.h"

#include <stdio.h>
#include <string.h>

/* Letters that a bucket's name may have; virtual hosts take fewer. */
static const char lower_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
static const char upper_more[] = "abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ._";

static int check_bucket(const char *bucket, struct err *err)
{
	size_t len = strlen(bucket);

	if (strncmp(bucket, "arn:", 4) == 0)
		return err_set(err, ERR_USAGE, "\"%.200s\" is an ARN; the name of a bucket is "
			       "wanted (access points are not supported)", bucket);
	if (len < 3 || len > 63 || strspn(bucket, upper_more) != len || bucket[0] == '.')
		return err_set(err, ERR_USAGE, "\"%.80s\" is no name of an S3 bucket", bucket);
	return 0;
}

/* A bucket gets a host of its own at AWS; elsewhere (loopback, an endpoint of
 * somebody else) and with dots, which no certificate covers, a path. */
static bool virtual_host(const char *host, const char *bucket)
{
	return strspn(bucket, lower_digits) == strlen(bucket) && region_partition_by_suffix(host);
}

/* Strings as they are, numbers in decimal; NULL for anything else. */
static const char *text_of(const cJSON *v, char number[static 32])
{
	if (cJSON_IsNumber(v)) {
		snprintf(number, 32, "%.0f", v->valuedouble);
		return number;
	}
	return cJSON_IsString(v) ? v->valuestring : NULL;
}

/* Into the host, or else into the path. */
static int put_bucket(struct aws_request *r, const char *bucket, bool *in_host, struct err *err)
{
	char host[sizeof(r->host)];

	if (check_bucket(bucket, err) < 0)
		return -1;
	*in_host = virtual_host(r->host, bucket);
	if (!*in_host) {
		buf_adds(&r->path, bucket);
		return 0;
	}
	memcpy(host, r->host, sizeof(host));
	if ((size_t)snprintf(r->host, sizeof(r->host), "%s.%s", bucket, host) >= sizeof(r->host))
		return err_set(err, ERR_USAGE, "the host of bucket %s is too long", bucket);
	return 0;
}

/* The template with its {Member}s filled in; a {Key} keeps its slashes. */
static int fill_path(const cJSON *input, struct aws_request *r, struct err *err)
{
	const char *s = r->operation->path;

	while (*s && *s != '?') {
		size_t len = strcspn(s, "{?");
		bool in_host = false;
		const char *value;
		char name[40];

		buf_add(&r->path, s, len);
		s += len;
		if (*s != '{')
			continue;
		len = strcspn(++s, "}");
		if (len >= sizeof(name))
			return err_set(err, ERR_INTERNAL, "the path of %s", r->operation->name);
		memcpy(name, s, len);
		name[len] = '\0';
		s += len + 1;
		if (json_need(input, name, r->operation->name, &value, err) < 0)
			return -1;
		if (strcmp(name, "Bucket") != 0)
			encode_percent(value, strlen(value), "/", &r->path);
		else if (put_bucket(r, value, &in_host, err) < 0)
			return -1;
		if (in_host && *s == '/')	/* the slash before the bucket is the key's */
			s++;
	}
	return 0;
}

static void add_parameter(struct buf *query, const char *name, const char *value)
{
	if (query->len)
		buf_addc(query, '&');
	encode_percent(name, strlen(name), "", query);
	buf_addc(query, '=');
	encode_percent(value, strlen(value), "", query);
}

static bool in_path(const struct aws_request *r, const char *name)
{
	const char *at = strstr(r->operation->path, name);

	return at && at > r->operation->path && at[-1] == '{' && at[strlen(name)] == '}';
}

static int fill_rest(const cJSON *input, struct aws_request *r, struct err *err)
{
	const char *fixed = strchr(r->operation->path, '?');
	const cJSON *c;

	if (fixed)
		buf_adds(&r->query, fixed + 1);
	cJSON_ArrayForEach(c, input) {
		char number[32];
		const char *text = text_of(c, number);

		if (in_path(r, c->string) || cJSON_IsNull(c))
			continue;
		if (!text)
			return err_set(err, ERR_USAGE, "\"%s\" must be a string", c->string);
		if (strcmp(c->string, "Body") == 0)
			buf_adds(&r->body, text);
		else if (strncmp(c->string, "x-amz-", 6) != 0)
			add_parameter(&r->query, c->string, text);
		else if (aws_request_header(r, c->string, text, err) < 0)
			return -1;
	}
	return 0;
}

/* S3 compares it with what arrived; some operations want one. */
int aws_rest_checksum(struct aws_request *r, const unsigned char hash[static HASH_LEN],
		      struct err *err)
{
	struct buf text = BUF_INIT(64);
	int result = -1;

	if (encode_base64(hash, HASH_LEN, &text) == 0 &&
	    aws_request_header(r, "x-amz-sdk-checksum-algorithm", "SHA256", err) == 0)
		result = aws_request_header(r, "x-amz-checksum-sha256", buf_str(&text), err);
	buf_free(&text);
	return result;
}

/* A REST request that has a body has its members there. */
static int json_body(const cJSON *input, struct aws_request *r, struct err *err)
{
	if (json_print(input, false, &r->body, err) < 0)
		return -1;
	return aws_request_header(r, "content-type", "application/json", err);
}

int aws_rest_fill(const cJSON *input, struct aws_request *r, struct err *err)
{
	unsigned char hash[HASH_LEN];

	if (http_authority(r->endpoint.url, r->host, sizeof(r->host)) < 0)
		return err_set(err, ERR_USAGE, "the endpoint %s has no host", r->endpoint.url);
	if (fill_path(input, r, err) < 0)
		return -1;
	if (r->operation->service->protocol == AWS_REST_JSON && strcmp(r->method, "POST") == 0)
		return json_body(input, r, err);
	if (fill_rest(input, r, err) < 0)
		return -1;
	if (r->operation->service->protocol != AWS_S3 || r->body.len == 0)
		return 0;
	hash_sha256(buf_str(&r->body), r->body.len, hash);
	return aws_rest_checksum(r, hash, err);
}
