#include "aws_private.h"

#include "lib/base/clock.h"
#include "lib/base/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SECRET_ANSWER_MAX = 1 << 20,		/* no such answer has more than about 100 KiB */
	SKEW_MATTERS = 120,			/* seconds; AWS takes signatures within 5 minutes */
	STREAM_TIMEOUT_MS = 6 * 3600 * 1000,	/* the low-speed guard ends what hangs */
};

/* One call in all its attempts. */
struct call {
	struct aws *a;
	struct aws_request *q;
	struct http_response *r;
	int attempt;
	size_t headers;			/* without those of its preparation */
	bool clock_mended, credentials_mended, region_mended;
	struct aws_failure failure;
	struct aws_outcome outcome;
};

static int prefix(const struct call *c, struct err *err)
{
	return err_prefix(err, "%s in %s (%s): ", c->q->operation->name, c->a->label,
			  c->q->endpoint.signing_region);
}

static int make_url(const struct aws_request *q, struct buf *url, struct err *err)
{
	size_t scheme = (size_t)(strstr(q->endpoint.url, "://") + 3 - q->endpoint.url);

	buf_addf(url, "%.*s%s%s", (int)scheme, q->endpoint.url, q->host, buf_str(&q->path));
	if (q->query.len)
		buf_addf(url, "?%s", buf_str(&q->query));
	return buf_check(url, "a URL", err);
}

/* A download that broke off begins again. */
static int rewind_download(int fd, struct err *err)
{
	if (fd >= 0 && (lseek(fd, 0, SEEK_SET) < 0 || ftruncate(fd, 0) < 0))
		return err_errno(err, "cannot begin the download again");
	return 0;
}

static int time_limit(const struct call *c)
{
	int own = c->q->operation->timeout_s * 1000, usual = c->a->shared->timeout_ms;

	if (c->q->upload_fd >= 0 || c->q->download_fd >= 0)
		return STREAM_TIMEOUT_MS;
	return own > usual ? own : usual;
}

/* What an earlier attempt had of its own goes. */
static void drop_behind(struct strs *list, size_t n)
{
	while (list->n > n) {
		char *last = list->v[--list->n];

		explicit_bzero(last, strlen(last));
		free(last);
		list->v[list->n] = NULL;
	}
}

static int prepare(struct call *c, struct err *err)
{
	const struct aws_preparation *p = c->q->prepare;

	if (!p)
		return 0;
	drop_behind(&c->q->names, c->headers);
	drop_behind(&c->q->values, c->headers);
	return p->run(p->arg, c->q, err);
}

/* 0 when the transport was tried; its own success is in c->outcome. */
static int attempt(struct call *c, const struct creds *creds, struct err *err)
{
	const struct aws_shared *s = c->a->shared;
	struct http *http = aws_http(c->a, err);
	struct buf url = BUF_INIT(64 << 10);
	struct strs lines = STRS_INIT;
	struct http_request h = HTTP_REQUEST_INIT;
	int result = -1;

	if (!http || make_url(c->q, &url, err) < 0 || rewind_download(c->q->download_fd, err) < 0 ||
	    prepare(c, err) < 0 ||
	    aws_request_sign(c->q, creds, aws_now(c->a), &lines, err) < 0)
		goto out;
	h.method = c->q->method;
	h.url = buf_str(&url);
	h.headers = &lines;
	h.body = buf_str(&c->q->body);
	h.body_len = c->q->body.len;
	h.timeout_ms = time_limit(c);
	h.once = !c->q->operation->idempotent;
	h.upload_fd = c->q->upload_fd;
	h.upload_len = c->q->upload_len;
	h.download_fd = c->q->download_fd;
	c->outcome = (struct aws_outcome){ .code = "" };
	c->outcome.answered = s->world->send(http, &h, c->r, err) == 0;
	c->outcome.status = c->r->status;
	c->outcome.sent = c->r->sent;
	c->outcome.final = c->r->final;
	result = 0;
out:
	aws_wipe_lines(&lines);
	buf_free(&url);
	return result;
}

/* S3 may find out after it has sent its 200. */
static bool is_success(const struct call *c)
{
	const struct aws_operation *o = c->q->operation;

	if (!c->outcome.answered || c->r->status / 100 != 2)
		return false;
	return !(o->service->protocol == AWS_S3 && strcmp(o->method, "PUT") == 0 &&
		 strstr(buf_str(&c->r->body), "<Error>"));
}

/* Learns the server's time from a refusal that tells of a wrong clock. */
static bool mend_clock(struct call *c)
{
	struct aws_shared *s = c->a->shared;
	int64_t server, skew;
	char date[64];

	if (c->clock_mended || !aws_code_is_skew(c->failure.code) ||
	    !http_header(c->r, "date", date, sizeof(date)) || clock_parse(date, &server) < 0)
		return false;
	skew = server - s->world->now();
	if (llabs(skew - s->skew) < SKEW_MATTERS)
		return false;
	s->skew = skew;
	c->clock_mended = true;
	return true;
}

/* Fetches them anew, once. New ones that AWS does not know would be no better. */
static bool mend_credentials(struct call *c)
{
	if (c->credentials_mended ||
	    !(aws_code_is_expired(c->failure.code) ||
	      (c->a->kept && aws_code_is_unknown_key(c->failure.code))) ||
	    !aws_forget_credentials(c->a))
		return false;
	c->credentials_mended = true;
	return true;
}

/* S3 tells where a bucket is when it was asked elsewhere. The host is one that
 * we make, of a region that we know; it is no redirect that is followed. */
static bool mend_region(struct call *c)
{
	struct aws_request *q = c->q;
	char region[REGION_MAX], old[REGION_MAX + 2], host[sizeof(q->host)];
	const char *at;

	if (c->region_mended || q->operation->service->protocol != AWS_S3 ||
	    !http_header(c->r, "x-amz-bucket-region", region, sizeof(region)) ||
	    !region_known(region) || strcmp(region, q->endpoint.signing_region) == 0)
		return false;
	snprintf(old, sizeof(old), ".%s.", q->endpoint.signing_region);
	at = strstr(q->host, old);
	if (at) {
		int n = snprintf(host, sizeof(host), "%.*s.%s.%s", (int)(at - q->host), q->host, region,
				 at + strlen(old));

		if (n < 0 || (size_t)n >= sizeof(host))
			return false;
		memcpy(q->host, host, (size_t)n + 1);
	}
	snprintf(q->endpoint.signing_region, sizeof(q->endpoint.signing_region), "%s", region);
	c->region_mended = true;
	return true;
}

static int report(struct call *c, const struct creds *creds, struct err *err)
{
	const struct aws_failure *f = &c->failure;
	struct aws *a = c->a;

	a->maybe_done = aws_retry_maybe_done(c->q->operation, &c->outcome);
	if (c->outcome.answered) {
		enum err_class class = aws_failure_class(c->q->operation, c->r->status, f);

		snprintf(a->code, sizeof(a->code), "%s", f->code);
		snprintf(a->message, sizeof(a->message), "%s", f->message);
		if (f->foreign)
			err_set(err, class, "%s answered with %s%s", c->q->host, f->message,
				c->r->status / 100 == 5 ? ""
					: "; check AWS_ENDPOINT_URL and endpoint_url");
		else
			err_set(err, class, "%s%s%s", f->code, f->message[0] ? ": " : "", f->message);
		if (f->request_id[0])
			err_suffix(err, " [%s]", f->request_id);
	}
	if (c->attempt > 1)
		err_suffix(err, " (%d attempts)", c->attempt);
	if (err->class == ERR_ACCESS && creds)
		err_suffix(err, "; called with the credentials of %s", creds->source);
	return prefix(c, err);
}

/* After a failure: 0 to try again, -1 with the message. */
static int judge(struct call *c, const struct creds *creds, struct err *err)
{
	struct aws *a = c->a;
	enum aws_retry_kind kind;
	int pause;

	if (c->outcome.answered) {
		aws_failure_read(c->q->operation, c->r, &c->failure);
		if (creds)
			aws_redact(c->failure.message, creds);
		c->outcome.code = c->failure.code;
		if (c->outcome.status / 100 == 2)
			c->outcome.status = 500;
		if (mend_clock(c) || mend_credentials(c) || mend_region(c)) {
			c->attempt--;
			return 0;
		}
	}
	kind = aws_retry_kind(c->q->operation, &c->outcome);
	if (kind == AWS_RETRY_NEVER || c->attempt >= a->max_attempts ||
	    stop_is_set(a->shared->stop))
		return report(c, creds, err);
	pause = aws_retry_pause(a, kind, c->attempt + 1, c->r);
	if (pause < 0)
		return report(c, creds, err);
	a->shared->world->sleep_ms(pause, a->shared->stop);
	return 0;
}

int aws_perform(struct aws *a, struct aws_request *q, struct http_response *r, struct err *err)
{
	struct call c = { .a = a, .q = q, .r = r, .headers = q->names.n };

	a->code[0] = a->message[0] = '\0';
	a->maybe_done = false;
	r->body.max = q->operation->secret_answer ? SECRET_ANSWER_MAX : AWS_ANSWER_MAX;
	r->body.secret = q->operation->secret_answer;
	for (;;) {
		const struct creds *creds = NULL;

		c.attempt++;
		if (!q->operation->unsigned_call) {
			creds = aws_credentials(a, err);
			if (!creds)
				return -1;
		}
		if (attempt(&c, creds, err) < 0)
			return -1;
		if (is_success(&c)) {
			aws_retry_succeeded(a, c.attempt);
			return 0;
		}
		if (judge(&c, creds, err) < 0)
			return -1;
	}
}

static int unreadable(struct aws *a, const struct aws_request *q, const struct http_response *r,
		      struct err *err)
{
	const char *want = q->operation->service->protocol == AWS_QUERY ||
			   q->operation->service->protocol == AWS_S3 ? "XML" : "JSON";
	const char *kind = aws_answer_kind(r);
	const struct err reason = *err;

	a->maybe_done = !q->operation->idempotent;
	if (strcmp(kind, want) == 0)
		err_set(err, ERR_UNAVAILABLE, "%s in %s (%s): the answer of %s cannot be read: %s",
			q->operation->name, a->label, q->endpoint.signing_region, q->host, reason.message);
	else
		err_set(err, ERR_UNAVAILABLE, "%s in %s (%s): %s answered with %s (status %ld), not "
			"AWS %s; check AWS_ENDPOINT_URL and endpoint_url", q->operation->name,
			a->label, q->endpoint.signing_region, q->host, kind, r->status, want);
	return -1;
}

int aws_call_prepared(struct aws *a, const char *operation, const cJSON *input,
		      const struct aws_preparation *prepare, cJSON **output, struct err *err)
{
	const struct aws_operation *o = aws_operation(operation);
	struct http_response r = { 0 };
	struct aws_request q;
	cJSON *tree;
	int result;

	if (!o)
		return err_set(err, ERR_INTERNAL, "there is no operation %s", operation);
	if (aws_request_make(a, o, input, &q, err) < 0)
		return err_prefix(err, "%s in %s: ", o->name, a->label);
	q.prepare = prepare;
	result = aws_perform(a, &q, &r, err);
	if (result == 0) {
		tree = aws_answer_tree(o, &r, err);
		if (!tree)
			result = unreadable(a, &q, &r, err);
		else if (output)
			*output = tree;
		else
			json_free(tree);
	}
	http_response_free(&r);
	aws_request_free(&q);
	return result;
}

int aws_call(struct aws *a, const char *operation, const cJSON *input, cJSON **output,
	     struct err *err)
{
	return aws_call_prepared(a, operation, input, NULL, output, err);
}
