#include "provider.h"

#include "lib/base/file.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONTAINER_HOST "http://169.254.170.2"

enum { ATTEMPTS = 3, TIMEOUT_MS = 2000, PAUSE_MS = 200, TOKEN_MAX = 16 << 10 };

/* Hosts that plain http may go to: this machine, and the agents of ECS and EKS. */
static bool is_near(const char *url)
{
	static const char *const near[] = { "169.254.170.2", "169.254.170.23", "fd00:ec2::23", "::1" };
	char host[300];
	const char *name = host;
	struct in6_addr a6, b6;
	struct in_addr a4;
	size_t len;

	if (http_authority(url, host, sizeof(host)) < 0)
		return false;
	if (host[0] == '[') {
		len = strcspn(host, "]");
		if (host[len] != ']' || (host[len + 1] && host[len + 1] != ':'))
			return false;
		host[len] = '\0';
		name = host + 1;
	} else {
		host[strcspn(host, ":")] = '\0';
	}
	if (strcasecmp(name, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, name, &a4) == 1 && ntohl(a4.s_addr) >> 24 == 127)
		return true;
	for (size_t i = 0; i < sizeof(near) / sizeof(*near); i++)
		if (strcmp(name, near[i]) == 0 ||
		    (inet_pton(AF_INET6, name, &a6) == 1 && inet_pton(AF_INET6, near[i], &b6) == 1 &&
		     memcmp(&a6, &b6, sizeof(a6)) == 0))
			return true;
	return false;
}

/* The endpoint: RELATIVE before FULL. */
static int find_url(const struct aws *a, struct buf *url, struct err *err)
{
	const char *relative = aws_getenv(a, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	const char *full = aws_getenv(a, "AWS_CONTAINER_CREDENTIALS_FULL_URI");

	if (relative && relative[0] != '/')
		return err_set(err, ERR_USAGE, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin "
			       "with a slash");
	if (relative) {
		buf_addf(url, "%s%s", CONTAINER_HOST, relative);
		return buf_check(url, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", err);
	}
	if (!full)
		return err_set(err, ERR_USAGE, "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
			       "_FULL_URI is set");
	if (strncasecmp(full, "https://", 8) != 0 && !(strncasecmp(full, "http://", 7) == 0 &&
						       is_near(full)))
		return err_set(err, ERR_USAGE, "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or "
			       "http to this machine or the agent of ECS or EKS");
	buf_adds(url, full);
	return buf_check(url, "AWS_CONTAINER_CREDENTIALS_FULL_URI", err);
}

/* The Authorization header, when there is a token: the file before the variable. */
static int find_token(const struct aws *a, struct strs *headers, struct err *err)
{
	const char *path = aws_getenv(a, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	const char *plain = aws_getenv(a, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
	struct buf token = BUF_INIT_SECRET(TOKEN_MAX);
	int result = 0;

	if (path && file_read(path, &token, NULL, err) < 0) {
		result = err_prefix(err, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: ");
		goto out;
	}
	if (path && token.len && token.data[token.len - 1] == '\n') {
		token.data[--token.len] = '\0';
		if (token.len && token.data[token.len - 1] == '\r')
			token.data[--token.len] = '\0';
	} else if (!path && plain) {
		buf_adds(&token, plain);
		result = buf_check(&token, "AWS_CONTAINER_AUTHORIZATION_TOKEN", err);
	}
	if (strpbrk(buf_str(&token), "\r\n") || strlen(buf_str(&token)) != token.len)
		result = err_set(err, ERR_USAGE, "the authorization token has a line break or a NUL "
				 "in it");
	else if (token.len)
		strs_addf(headers, "authorization: %s", buf_str(&token));
out:
	buf_free(&token);
	return result;
}

static bool may_pass(const struct http_response *r)
{
	return r->status / 100 == 5 || r->status == 429;
}

/* Tries again what may pass: a lost connection, a server's own fault. */
static int ask(const struct provider_request *p, const struct provider_local *q,
	       struct http_response *r, struct err *err)
{
	const struct aws_shared *s = p->a->shared;

	for (int i = 1;; i++) {
		int result = provider_local_get(p, q, r, err);

		if (i == ATTEMPTS || (result == 0 && !may_pass(r)) || (result < 0 && r->final))
			return result;
		s->world->sleep_ms(PAUSE_MS, s->stop);
	}
}

static int take(const struct http_response *r, const char *url, struct creds *out, struct err *err)
{
	char host[300], source[sizeof(out->source)];
	struct err parse = { 0 };
	cJSON *tree;
	int result = -1;

	if (http_authority(url, host, sizeof(host)) < 0)
		snprintf(host, sizeof(host), "the endpoint");
	tree = json_parse(buf_str(&r->body), r->body.len, "answer", &parse);
	snprintf(source, sizeof(source), "container endpoint %.200s", host);
	if (r->status == 200 && cJSON_IsObject(tree))
		result = provider_take(tree, source, out, err);
	else if (r->status == 200)
		err_set(err, ERR_ACCESS, "%s answered with %s, not with JSON credentials", host,
			strcmp(aws_answer_kind(r), "JSON") == 0 ? "JSON that breaks off"
								: aws_answer_kind(r));
	else
		err_set(err, may_pass(r) ? ERR_UNAVAILABLE : ERR_ACCESS,
			"%s refused (status %ld)%s%.300s", host, r->status, *json_string(tree, "message",
			json_string(tree, "Message", "")) ? ": " : "", json_string(tree, "message",
			json_string(tree, "Message", "")));
	json_free(tree);
	return result;
}

int provider_container(const struct provider_request *p, struct creds *out, struct err *err)
{
	struct http_response r = { 0 };
	struct buf url = BUF_INIT(2048);
	struct strs headers = STRS_INIT;
	struct provider_local q = { .method = "GET", .headers = &headers, .timeout_ms = TIMEOUT_MS };
	int result = -1;

	if (find_url(p->a, &url, err) < 0 || find_token(p->a, &headers, err) < 0)
		goto out;
	if (strs_add(&headers, "accept: application/json") < 0) {
		err_set(err, ERR_INTERNAL, "no memory for a request");
		goto out;
	}
	q.url = buf_str(&url);
	if (ask(p, &q, &r, err) == 0)
		result = take(&r, q.url, out, err);
out:
	aws_wipe_lines(&headers);
	buf_free(&url);
	http_response_free(&r);
	return result;
}
