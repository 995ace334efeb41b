#include "aws_private.h"

#include "lib/base/opt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The SDKs' standard mode (docs.aws.amazon.com/sdkref, "Retry behavior"). */
enum {
	ATTEMPTS_STANDARD = 3,
	ATTEMPTS_LEGACY = 5,
	ATTEMPTS_MAX = 20,
	QUOTA = 500,
	COST = 5,
	REFUND = 1,		/* for a call that needed no second attempt */
	PAUSE_TRANSIENT_MS = 200,
	PAUSE_THROTTLED_MS = 1000,
	PAUSE_MAX_MS = 20000,
};

static const char *const throttling[] = {
	"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
	"TooManyRequestsException", "ProvisionedThroughputExceededException",
	"TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
	"LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
	NULL,
};

static const char *const transient[] = {
	"RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure",
	"InternalServerError", "InternalServiceError", "ServiceUnavailable",
	"ServiceUnavailableException", "IDPCommunicationError", NULL,
};

static const char *const skewed[] = {
	"RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
	"SignatureDoesNotMatch", "AuthFailure", NULL,
};

static const char *const expired[] = { "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
				       NULL };

/* The role that a session was of is gone, or was made anew. */
static const char *const unknown_key[] = { "UnrecognizedClientException", "InvalidClientTokenId",
					   "InvalidAccessKeyId", NULL };

static bool is_one_of(const char *const *list, const char *code)
{
	for (; *list; list++)
		if (strcmp(*list, code) == 0)
			return true;
	return false;
}

bool aws_code_is_skew(const char *code)
{
	return is_one_of(skewed, code);
}

bool aws_code_is_expired(const char *code)
{
	return is_one_of(expired, code);
}

bool aws_code_is_unknown_key(const char *code)
{
	return is_one_of(unknown_key, code);
}

bool aws_retry_maybe_done(const struct aws_operation *operation, const struct aws_outcome *o)
{
	if (operation->idempotent)
		return false;
	if (!o->answered)
		return o->sent;
	/* throttled, too slow to read and "come again" are answers of a server that took nothing */
	if (is_one_of(throttling, o->code) || strncmp(o->code, "RequestTimeout", 14) == 0)
		return false;
	return o->status / 100 == 2 || o->status == 500 || o->status == 502 || o->status == 504;
}

enum aws_retry_kind aws_retry_kind(const struct aws_operation *operation,
				   const struct aws_outcome *o)
{
	if (!o->answered)
		return o->final || aws_retry_maybe_done(operation, o) ? AWS_RETRY_NEVER
								      : AWS_RETRY_TRANSIENT;
	if (is_one_of(throttling, o->code) || o->status == 429)
		return AWS_RETRY_THROTTLED;
	if (is_one_of(transient, o->code) || o->status == 500 || o->status == 502 ||
	    o->status == 503 || o->status == 504)
		return aws_retry_maybe_done(operation, o) ? AWS_RETRY_NEVER : AWS_RETRY_TRANSIENT;
	return AWS_RETRY_NEVER;
}

int aws_retry_attempts(const struct aws *a, int *out, struct err *err)
{
	const char *mode = aws_getenv(a, "AWS_RETRY_MODE");
	const char *attempts = aws_getenv(a, "AWS_MAX_ATTEMPTS");
	const char *where = attempts ? "AWS_MAX_ATTEMPTS" : "max_attempts";
	long n;

	if (!mode)
		mode = aws_property(a, "retry_mode");
	if (!attempts)
		attempts = aws_property(a, "max_attempts");
	if (mode && strcmp(mode, "standard") != 0 && strcmp(mode, "adaptive") != 0 &&
	    strcmp(mode, "legacy") != 0)
		return err_set(err, ERR_USAGE, "the retry mode \"%.32s\" is none of standard, "
			       "adaptive, legacy", mode);
	*out = mode && strcmp(mode, "legacy") == 0 ? ATTEMPTS_LEGACY : ATTEMPTS_STANDARD;
	if (!attempts)
		return 0;
	if (opt_number(attempts, &n) < 0 || n < 1)
		return err_set(err, ERR_USAGE, "%s is \"%.32s\"; it takes a number from 1", where,
			       attempts);
	*out = n > ATTEMPTS_MAX ? ATTEMPTS_MAX : (int)n;
	return 0;
}

/* What the server asks for, in milliseconds; 0 when it asks for nothing. */
static int asked_pause(const struct http_response *r)
{
	char text[24];
	long n;

	if (http_header(r, "x-amz-retry-after", text, sizeof(text)) && opt_number(text, &n) == 0)
		return n > PAUSE_MAX_MS ? PAUSE_MAX_MS : (int)n;
	if (http_header(r, "retry-after", text, sizeof(text)) && opt_number(text, &n) == 0)
		return n > PAUSE_MAX_MS / 1000 ? PAUSE_MAX_MS : (int)n * 1000;
	return 0;
}

int aws_retry_pause(struct aws *a, enum aws_retry_kind kind, int attempt,
		    const struct http_response *r)
{
	int most = kind == AWS_RETRY_THROTTLED ? PAUSE_THROTTLED_MS : PAUSE_TRANSIENT_MS;
	int asked = asked_pause(r), pause;

	if (a->shared->tokens < COST)
		return -1;
	a->shared->tokens -= COST;
	for (int i = 2; i < attempt && most < PAUSE_MAX_MS; i++)
		most *= 2;
	if (most > PAUSE_MAX_MS)
		most = PAUSE_MAX_MS;
	pause = (int)(a->shared->world->chance() * most);
	return pause > asked ? pause : asked;
}

void aws_retry_succeeded(struct aws *a, int attempt)
{
	int *tokens = &a->shared->tokens;

	*tokens += attempt > 1 ? COST : REFUND;
	if (*tokens > QUOTA)
		*tokens = QUOTA;
}
