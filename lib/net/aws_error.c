#include "aws_private.h"

#include "xml.h"

#include <stdio.h>
#include <string.h>

/* "com.amazonaws.sagemaker#ValidationException:http://…" */
static void copy_code(char *out, size_t cap, const char *type)
{
	const char *hash = strchr(type, '#');
	size_t len;

	if (hash)
		type = hash + 1;
	len = strcspn(type, ":");
	if (len >= cap)
		len = cap - 1;
	memcpy(out, type, len);
	out[len] = '\0';
}

/* One line. AWS shows the canonical request, and with it the session token,
 * behind the first line of a signature's error. */
static void copy_message(char *out, size_t cap, const char *text)
{
	const char *request = strstr(text, "The Canonical String");
	size_t len = request ? (size_t)(request - text) : strlen(text);

	if (len >= cap)
		len = cap - 1;
	memcpy(out, text, len);
	out[len] = '\0';
	for (char *s = out; *s; s++)
		if (*s == '\n' || *s == '\r' || *s == '\t')
			*s = ' ';
	while (len && out[len - 1] == ' ')
		out[--len] = '\0';
}

void aws_request_id(const struct http_response *r, char *out, size_t cap)
{
	static const char *const names[] = { "x-amzn-requestid", "x-amz-request-id",
					     "x-amzn-request-id" };

	*out = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (http_header(r, names[i], out, cap))
			return;
}

static void from_json(const cJSON *tree, struct aws_failure *f)
{
	/* "error" (RFC 6749) stands beside AWS's own code, or for it, and tells more */
	static const char *const types[] = { "__type", "code", "Code", "error" };
	static const char *const messages[] = { "message", "Message", "errorMessage",
						"error_description" };
	const char *text;

	for (size_t i = 0; !f->code[0] && i < sizeof(types) / sizeof(*types); i++)
		copy_code(f->code, sizeof(f->code), json_string(tree, types[i], ""));
	for (size_t i = 0; !f->message[0] && i < sizeof(messages) / sizeof(*messages); i++) {
		text = json_string(tree, messages[i], "");
		copy_message(f->message, sizeof(f->message), text);
	}
	text = json_string(tree, "error", "");
	if (*text && strcmp(text, f->code) != 0) {
		char message[sizeof(f->message)];

		snprintf(message, sizeof(message), "%.80s%s%.900s", text, f->message[0] ? ": " : "",
			 f->message);
		copy_message(f->message, sizeof(f->message), message);
	}
}

/* STS and IAM: ErrorResponse.Error; S3: Error. */
static void from_xml(const cJSON *tree, struct aws_failure *f)
{
	static const char *const places[] = { "ErrorResponse.Error", "Error",
					      "Response.Errors.Error" };
	static const char *const ids[] = { "ErrorResponse.RequestId", "Error.RequestId",
					   "Response.RequestID" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		const cJSON *e = json_get(tree, places[i]);

		if (!e)
			continue;
		copy_code(f->code, sizeof(f->code), json_string(e, "Code", ""));
		copy_message(f->message, sizeof(f->message), json_string(e, "Message", ""));
		if (!f->request_id[0])
			snprintf(f->request_id, sizeof(f->request_id), "%s",
				 json_string(tree, ids[i], ""));
	}
}

static void from_status(const struct aws_operation *operation,
			const struct http_response *r, struct aws_failure *f)
{
	bool xml = operation->service->protocol == AWS_QUERY ||
		   operation->service->protocol == AWS_S3;
	char type[80] = "", place[300];

	http_header(r, "content-type", type, sizeof(type));
	f->foreign = true;
	if (http_header(r, "location", place, sizeof(place)) && r->status / 100 == 3)
		snprintf(f->message, sizeof(f->message), "a redirect to %s (status %ld), which "
			 "is not followed", place, r->status);
	else
		snprintf(f->message, sizeof(f->message), "%s, not AWS %s (status %ld%s%s)",
			 aws_answer_kind(r), xml ? "XML" : "JSON", r->status,
			 type[0] ? ", " : "", type);
}

/* HEAD answers have no body; their status is all they say. */
static void from_head(const struct http_response *r, struct aws_failure *f)
{
	char region[40];

	snprintf(f->code, sizeof(f->code), "%ld", r->status);
	snprintf(f->message, sizeof(f->message), "%s",
		 r->status == 404 ? "not found" : r->status == 403 ? "access denied"
		 : r->status == 400 ? "bad request" : "no reason given");
	if (http_header(r, "x-amz-bucket-region", region, sizeof(region)) && r->status / 100 != 4)
		snprintf(f->message, sizeof(f->message), "the bucket is in %s", region);
}

void aws_failure_read(const struct aws_operation *operation, const struct http_response *r,
		      struct aws_failure *out)
{
	const char *text = buf_str(&r->body);
	char type[128] = "";
	struct err ignored;
	cJSON *tree = NULL;

	memset(out, 0, sizeof(*out));
	aws_request_id(r, out->request_id, sizeof(out->request_id));
	if (operation->method && strcmp(operation->method, "HEAD") == 0) {
		from_head(r, out);
		return;
	}
	if (http_header(r, "x-amzn-errortype", type, sizeof(type)))
		copy_code(out->code, sizeof(out->code), type);
	text += strspn(text, " \t\r\n");
	if (*text == '{') {
		tree = json_parse(text, strlen(text), "answer", &ignored);
		from_json(tree, out);
	} else if (*text == '<') {
		tree = xml_parse(text, strlen(text), "answer", &ignored);
		from_xml(tree, out);
	}
	json_free(tree);
	if (!out->code[0])
		from_status(operation, r, out);
}

/* ---- what it means --------------------------------------------------------------- */

struct meaning {
	const char *part;	/* of a code */
	enum err_class class;
};

/* The first that occurs in the code counts. */
static const struct meaning meanings[] = {
	{ "AccessDenied", ERR_ACCESS },		{ "Unauthorized", ERR_ACCESS },
	{ "NotAuthorized", ERR_ACCESS },	{ "Forbidden", ERR_ACCESS },
	{ "UnrecognizedClient", ERR_ACCESS },	{ "InvalidClientTokenId", ERR_ACCESS },
	{ "InvalidAccessKeyId", ERR_ACCESS },	{ "SignatureDoesNotMatch", ERR_ACCESS },
	{ "InvalidSignature", ERR_ACCESS },	{ "Expired", ERR_ACCESS },
	{ "InvalidToken", ERR_ACCESS },		{ "RequestTimeTooSkewed", ERR_ACCESS },
	{ "MissingAuthenticationToken", ERR_ACCESS }, { "IncompleteSignature", ERR_ACCESS },
	{ "AuthFailure", ERR_ACCESS },		{ "OptInRequired", ERR_ACCESS },
	{ "InvalidIdentityToken", ERR_ACCESS },	{ "AuthorizationHeaderMalformed", ERR_USAGE },
	{ "ResourceInUse", ERR_CONFLICT },	{ "AlreadyExists", ERR_CONFLICT },
	{ "AlreadyOwnedByYou", ERR_CONFLICT },	{ "ResourceExists", ERR_CONFLICT },
	{ "NameExists", ERR_CONFLICT },		{ "Conflict", ERR_CONFLICT },
	{ "OperationAborted", ERR_CONFLICT },	{ "ConcurrentModification", ERR_CONFLICT },
	{ "NotFound", ERR_NO },			{ "NoSuch", ERR_NO },
	{ "DoesNotExist", ERR_NO },		{ "ResourceLimitExceeded", ERR_UNAVAILABLE },
	{ "AccountLimitExceeded", ERR_UNAVAILABLE }, { "LimitExceeded", ERR_USAGE },
};

/* SageMaker says ValidationException of a job or model that is not there. */
static bool says_missing(const struct aws_operation *operation, const struct aws_failure *f)
{
	return operation->idempotent && strcmp(f->code, "ValidationException") == 0 &&
	       (strstr(f->message, "not found") || strstr(f->message, "Could not find") ||
		strstr(f->message, "does not exist"));
}

enum err_class aws_failure_class(const struct aws_operation *operation, long status,
				 const struct aws_failure *f)
{
	const struct aws_outcome outcome = { .answered = true, .status = status, .code = f->code };

	if (aws_retry_kind(operation, &outcome) != AWS_RETRY_NEVER)
		return ERR_UNAVAILABLE;
	if (says_missing(operation, f))
		return ERR_NO;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (strstr(f->code, meanings[i].part))
			return meanings[i].class;
	if (f->foreign && status != 401 && status != 403)
		return ERR_UNAVAILABLE;
	switch (status) {
	case 401: case 403: return ERR_ACCESS;
	case 404: return ERR_NO;
	case 409: return ERR_CONFLICT;
	default: return status / 100 == 4 ? ERR_USAGE : ERR_UNAVAILABLE;
	}
}

static void blot_out(char *text, const char *secret)
{
	size_t len = strlen(secret);

	if (len < 8)
		return;
	for (char *s = text; (s = strstr(s, secret)); s += len)
		memset(s, '*', len);
}

void aws_redact(char *text, const struct creds *c)
{
	blot_out(text, c->secret_access_key);
	blot_out(text, c->session_token);
}
