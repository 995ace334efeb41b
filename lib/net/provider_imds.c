#include "provider.h"

#include "lib/base/opt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ROLES "/latest/meta-data/iam/security-credentials/"
#define ROLE_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-"	/* IAM's */

/* The defaults of the AWS CLI: an instance that is none must not cost long. */
enum { TIMEOUT_S = 1, ATTEMPTS = 1, MOST_S = 60, MOST_ATTEMPTS = 10, TTL_S = 21600 };

struct imds {
	const struct provider_request *p;
	const char *endpoint;
	int timeout_ms, attempts;
	struct strs headers;		/* the token; empty for version 1 */
	struct http_response r;
	struct err no_token;		/* why version 1 is asked */
};

static const char *setting(const struct imds *m, const char *variable, const char *property)
{
	const char *value = aws_getenv(m->p->a, variable);

	return value ? value : provider_property(m->p, property);
}

static int number(const struct imds *m, const char *variable, const char *property, long most,
		  long fallback)
{
	const char *text = setting(m, variable, property);
	long n;

	if (!text || opt_number(text, &n) < 0 || n < 1)
		return (int)fallback;
	return (int)(n > most ? most : n);
}

/* A configured endpoint, or Amazon's own of either kind. */
static int find_endpoint(struct imds *m, struct err *err)
{
	const char *mode = setting(m, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
				   "ec2_metadata_service_endpoint_mode");
	const char *older = setting(m, "AWS_IMDS_USE_IPV6", "imds_use_ipv6");
	bool ipv6 = mode ? strcasecmp(mode, "IPv6") == 0 : aws_truth(older);

	if (mode && !ipv6 && strcasecmp(mode, "IPv4") != 0)
		return err_set(err, ERR_USAGE, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE (in a profile: "
			       "ec2_metadata_service_endpoint_mode) is \"%.32s\"; it takes IPv4 or IPv6",
			       mode);
	m->endpoint = setting(m, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
			      "ec2_metadata_service_endpoint");
	if (!m->endpoint)
		m->endpoint = ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
	if (strncasecmp(m->endpoint, "http://", 7) != 0 && strncasecmp(m->endpoint, "https://", 8) != 0)
		return err_set(err, ERR_USAGE, "AWS_EC2_METADATA_SERVICE_ENDPOINT (in a profile: "
			       "ec2_metadata_service_endpoint) is no http or https URL");
	return 0;
}

static int set_up(struct imds *m, struct err *err)
{
	if (aws_truth(aws_getenv(m->p->a, "AWS_EC2_METADATA_DISABLED")))
		return err_set(err, ERR_ACCESS, "AWS_EC2_METADATA_DISABLED is set");
	if (find_endpoint(m, err) < 0)
		return -1;
	m->timeout_ms = 1000 * number(m, "AWS_METADATA_SERVICE_TIMEOUT",
				      "metadata_service_timeout", MOST_S, TIMEOUT_S);
	m->attempts = number(m, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
			     "metadata_service_num_attempts", MOST_ATTEMPTS, ATTEMPTS);
	return 0;
}

static int ask(struct imds *m, const char *method, const char *path, const char *more,
	       const struct strs *headers, struct err *err)
{
	struct buf url = BUF_INIT(2048);
	struct provider_local q = { .method = method, .headers = headers,
				    .timeout_ms = m->timeout_ms };
	size_t len = strlen(m->endpoint);
	int result;

	while (len && m->endpoint[len - 1] == '/')
		len--;
	buf_addf(&url, "%.*s%s%s", (int)len, m->endpoint, path, more);
	result = buf_check(&url, "the URL of the instance metadata", err);
	q.url = buf_str(&url);
	for (int i = 0; result == 0 && i < m->attempts; i++) {
		result = provider_local_get(m->p, &q, &m->r, err);
		if (result == 0 && m->r.status / 100 != 5)
			break;
		if (result < 0 && (m->r.final || i + 1 == m->attempts ||
				   (m->r.late && strcmp(method, "PUT") == 0)))
			break;
		result = 0;
	}
	buf_free(&url);
	return result;
}

/* What may pass by itself is no proof that there are no credentials. */
static enum err_class class_of(const struct imds *m)
{
	return m->r.status / 100 == 5 || m->r.status == 429 ? ERR_UNAVAILABLE : ERR_ACCESS;
}

/* One word, and no page of somebody else. */
static bool is_token(const struct http_response *r)
{
	const char *s = buf_str(&r->body);

	for (size_t i = 0; i < r->body.len; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	return strcmp(aws_answer_kind(r), "text") == 0;
}

static int read_token(struct imds *m, struct err *err)
{
	if (m->r.status != 200)
		return err_set(err, class_of(m), "no token from %s (status %ld)", m->endpoint,
			       m->r.status);
	if (!is_token(&m->r))
		return err_set(err, ERR_ACCESS, "%s answered with %s, not with a token", m->endpoint,
			       aws_answer_kind(&m->r));
	if (strs_addf(&m->headers, "x-aws-ec2-metadata-token: %s", buf_str(&m->r.body)) < 0)
		return err_set(err, ERR_INTERNAL, "no memory for the token");
	return 0;
}

/* Version 2's token. Where there is none version 1 is asked, as the AWS CLI does: an
 * older service knows none, and in a container the answer to the PUT may be lost,
 * because it crosses one hop only. */
static int take_token(struct imds *m, struct err *err)
{
	const char *v1_off = setting(m, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled");
	struct strs headers = STRS_INIT;
	bool other;
	int result;

	strs_addf(&headers, "x-aws-ec2-metadata-token-ttl-seconds: %d", TTL_S);
	result = ask(m, "PUT", "/latest/api/token", "", &headers, &m->no_token);
	strs_free(&headers);
	other = result < 0 ? !m->r.final && m->r.sent : m->r.status != 200 && m->r.status != 400;
	if (result == 0)
		result = read_token(m, &m->no_token);
	if (result == 0)
		m->no_token.class = ERR_NONE;	/* of what was tried on the way */
	if (result == 0 || (other && !aws_truth(v1_off)))
		return 0;
	*err = m->no_token;
	return -1;
}

static int read_role(struct imds *m, char *role, size_t cap, struct err *err)
{
	size_t len = strcspn(buf_str(&m->r.body), "\r\n");

	if (m->r.status != 200)
		return err_set(err, class_of(m), "the instance has no role (%s, status %ld)",
			       m->endpoint, m->r.status);
	if (len == 0 || len >= cap || strspn(buf_str(&m->r.body), ROLE_CHARACTERS) != len)
		return err_set(err, ERR_ACCESS, "%s answered with %s, not with the name of a role",
			       m->endpoint, aws_answer_kind(&m->r));
	snprintf(role, cap, "%.*s", (int)len, buf_str(&m->r.body));
	return 0;
}

static int read_keys(const struct imds *m, const char *role, struct creds *out, struct err *err)
{
	char source[sizeof(out->source)];
	struct err parse;
	cJSON *tree;
	int result;

	if (m->r.status != 200)
		return err_set(err, class_of(m), "no keys of the instance's role (%s, status %ld)",
			       m->endpoint, m->r.status);
	tree = json_parse(buf_str(&m->r.body), m->r.body.len, "answer", &parse);
	if (!cJSON_IsObject(tree)) {
		result = err_set(err, ERR_ACCESS, "%s answered with %s, not with credentials",
				 m->endpoint, aws_answer_kind(&m->r));
	} else if (strcmp(json_string(tree, "Code", "Success"), "Success") != 0) {
		result = err_set(err, ERR_ACCESS, "%s says %.100s", m->endpoint,
				 json_string(tree, "Code", ""));
	} else {
		snprintf(source, sizeof(source), "instance role %.200s", role);
		result = provider_take(tree, source, out, err);
	}
	json_free(tree);
	return result;
}

static int take_keys(struct imds *m, struct creds *out, struct err *err)
{
	char role[300];

	if (ask(m, "GET", ROLES, "", &m->headers, err) == 0 &&
	    read_role(m, role, sizeof(role), err) == 0 &&
	    ask(m, "GET", ROLES, role, &m->headers, err) == 0 && read_keys(m, role, out, err) == 0)
		return 0;
	if (m->no_token.class != ERR_NONE) {
		err_suffix(err, "; asked as version 1, because: %s", m->no_token.message);
		if (m->no_token.class == ERR_UNAVAILABLE)
			err->class = ERR_UNAVAILABLE;
	}
	return -1;
}

int provider_imds(const struct provider_request *p, struct creds *out, struct err *err)
{
	struct imds m = { .p = p };
	int result = -1;

	if (set_up(&m, err) == 0 && take_token(&m, err) == 0)
		result = take_keys(&m, out, err);
	/* the last of the chain: no answer means that there are no credentials */
	if (result < 0 && !p->choice->source && err->class != ERR_USAGE && err->class != ERR_INTERNAL) {
		err->class = ERR_ACCESS;
		err_suffix(err, "; nothing else is configured: run aws configure, or set AWS_PROFILE");
	}
	aws_wipe_lines(&m.headers);
	http_response_free(&m.r);
	return result;
}
