/*
 * What the files of one AWS call share. Nothing outside lib/net includes this
 * but its unit tests, which bring a world of their own.
 */
#ifndef CODETRAIN_AWS_PRIVATE_H
#define CODETRAIN_AWS_PRIVATE_H

#include "aws.h"
#include "http.h"
#include "lib/aws/chain.h"
#include "lib/aws/hash.h"
#include "lib/aws/region.h"

/* Time, environment, chance and transport. */
struct aws_world {
	const char *(*getenv)(const char *name);
	int64_t (*now)(void);
	void (*sleep_ms)(int ms, const volatile int *stop);
	double (*chance)(void);		/* 0 <= x < 1 */
	int (*send)(struct http *h, const struct http_request *q, struct http_response *r,
		    struct err *err);
	/* environ(7); NULL: nothing is kept between processes */
	const char *const *(*variables)(void);
};
extern const struct aws_world aws_real_world;

/* aws_open in a given world. */
struct aws *aws_open_in(const struct aws_world *world, const struct aws_settings *settings,
			struct err *err);

/* What those opened beside each other have together. */
struct aws_shared {
	int users;
	const struct aws_world *world;
	const volatile int *stop;
	struct awsconfig *config;
	struct http *http;		/* NULL until the first request */
	char *ca_bundle;
	int tokens;			/* the retry quota, see aws_retry.c */
	int64_t skew;
	int timeout_ms;
};

struct aws {
	struct aws_shared *shared;
	char *profile;			/* as given; NULL: the chain's */
	char *label;
	char region[REGION_MAX];
	int max_attempts;
	bool fips, dualstack;
	bool given;			/* creds are the caller's: there is no other to fetch */
	struct creds *creds;		/* NULL until the first use */
	bool kept;			/* another process got them, some time ago */
	int64_t refresh_after;		/* look for newer ones from then on */
	char refused[CREDS_KEY_MAX + 1];	/* the key that AWS called expired; no cache's is used */
	char account[16];
	/* of the last failure */
	char code[128];
	char message[1024];
	bool maybe_done;
};

/* ---- aws_open.c ------------------------------------------------------------------ */

/* The HTTP session, made at the first use. */
struct http *aws_http(struct aws *a, struct err *err);
const char *aws_getenv(const struct aws *a, const char *name);	/* NULL when unset or empty */
const char *aws_home(const struct aws *a);			/* HOME, or the user's; NULL: none */
int64_t aws_now(const struct aws *a);				/* as the server sees it */
struct chain_input aws_chain_input(const struct aws *a);
/* A property of the deciding profile in the config file, or NULL. */
const char *aws_property(const struct aws *a, const char *name);
/* "true" and "false" in any case, anything else is false. */
bool aws_truth(const char *value);

/* ---- aws_credentials.c ----------------------------------------------------------- */

/* Forgets credentials of the chain, so that the next use fetches them again.
 * False when they are the caller's own. */
bool aws_forget_credentials(struct aws *a);

/* ---- aws_session.c --------------------------------------------------------------- */

/* As provider_choice, unless a session is kept or another process is getting one.
 * `since`: when AWS gave it, by this machine's clock. */
int aws_session_fetch(struct aws *a, const struct chain_choice *choice, struct creds *out,
		      int64_t *since, struct err *err);
/* Drops what is kept, when it has this access key id. */
void aws_session_forget(const struct aws *a, const char *access_key_id);

/* ---- aws_endpoint.c -------------------------------------------------------------- */

/* The endpoint that is configured for the service of this id; NULL when AWS's own is meant. */
int aws_endpoint_configured(const struct aws *a, const char *id, const char **out, struct err *err);
int aws_endpoint(const struct aws *a, const struct aws_service *service, struct endpoint *out,
		 struct err *err);

/* ---- aws_request.c, aws_query.c, aws_rest.c ---------------------------------------- */

#define AWS_REQUEST_MAX (4 << 20)	/* bytes of a body */

struct aws_request {
	const struct aws_operation *operation;
	const char *method;
	struct endpoint endpoint;
	char host[300];			/* as in the Host header */
	struct buf path;		/* on the wire */
	struct buf query;		/* on the wire, without '?' */
	struct strs names, values;	/* headers besides those of the signature; lower case */
	struct buf body;		/* secret memory */
	char payload_hash[HASH_HEX_LEN];
	int upload_fd;			/* -1: none */
	size_t upload_len;
	int download_fd;
	const struct aws_preparation *prepare;	/* NULL: none */
};

int aws_request_make(struct aws *a, const struct aws_operation *operation, const cJSON *input,
		     struct aws_request *out, struct err *err);
void aws_request_free(struct aws_request *r);
int aws_request_header(struct aws_request *r, const char *name, const char *value,
		       struct err *err);

/* Header lines with date, token and signature. The caller wipes them. */
int aws_request_sign(const struct aws_request *r, const struct creds *creds, int64_t now,
		     struct strs *lines, struct err *err);
void aws_wipe_lines(struct strs *lines);

/* Action=…&Version=… and the members of `input`, flattened. */
int aws_query_body(const struct aws_operation *operation, const cJSON *input, struct buf *out,
		   struct err *err);

/* Path, query, headers and payload of an S3 or REST operation. */
int aws_rest_fill(const cJSON *input, struct aws_request *r, struct err *err);
/* The checksum header of an S3 payload. */
int aws_rest_checksum(struct aws_request *r, const unsigned char hash[static HASH_LEN],
		      struct err *err);

/* ---- aws_answer.c, aws_error.c --------------------------------------------------- */

/* The tree of a 2xx answer; NULL when it is not what the protocol says. */
cJSON *aws_answer_tree(const struct aws_operation *operation, const struct http_response *r,
		       struct err *err);

/* "HTML", "nothing", for messages. */
const char *aws_answer_kind(const struct http_response *r);

struct aws_failure {
	char code[128];			/* "ThrottlingException" */
	char message[1024];		/* one line */
	char request_id[80];
	bool foreign;			/* not an answer of AWS: HTML, empty, a redirect */
};

/* Reads an answer that is not 2xx. */
void aws_failure_read(const struct aws_operation *operation, const struct http_response *r,
		      struct aws_failure *out);
enum err_class aws_failure_class(const struct aws_operation *operation, long status,
				 const struct aws_failure *f);
void aws_request_id(const struct http_response *r, char *out, size_t cap);
/* Overwrites every occurrence of the credentials' secret parts. */
void aws_redact(char *text, const struct creds *c);

/* ---- aws_retry.c ----------------------------------------------------------------- */

/* What happened to one attempt. */
struct aws_outcome {
	bool answered;			/* there is an answer, otherwise the transport failed */
	long status;
	bool sent, final;		/* of a transport that failed */
	const char *code;		/* of an answer that is not 2xx; "" when it has none */
};

enum aws_retry_kind { AWS_RETRY_NEVER, AWS_RETRY_TRANSIENT, AWS_RETRY_THROTTLED };

enum aws_retry_kind aws_retry_kind(const struct aws_operation *operation,
				   const struct aws_outcome *o);
/* May the server have carried out a create that failed so? */
bool aws_retry_maybe_done(const struct aws_operation *operation, const struct aws_outcome *o);
/* AWS_MAX_ATTEMPTS and AWS_RETRY_MODE, or the profile's. */
int aws_retry_attempts(const struct aws *a, int *out, struct err *err);
/* Milliseconds before attempt number `attempt` (from 2), full jitter; -1 when
 * the quota is used up. */
int aws_retry_pause(struct aws *a, enum aws_retry_kind kind, int attempt,
		    const struct http_response *r);
void aws_retry_succeeded(struct aws *a, int attempt);

/* Codes that mean: the clock, the credentials' end, credentials of nobody. */
bool aws_code_is_skew(const char *code);
bool aws_code_is_expired(const char *code);
bool aws_code_is_unknown_key(const char *code);

/* ---- aws_call.c ------------------------------------------------------------------ */

/* aws_call, with a say in the request before each attempt: a header that only one
 * operation has, and is new each time. A preparation that fails ends the call. */
struct aws_preparation {
	int (*run)(void *arg, struct aws_request *q, struct err *err);
	void *arg;
};
int aws_call_prepared(struct aws *a, const char *operation, const cJSON *input,
		      const struct aws_preparation *prepare, cJSON **output, struct err *err);

/* All attempts of a request that is made; on 0 `r` holds a 2xx answer. */
int aws_perform(struct aws *a, struct aws_request *q, struct http_response *r, struct err *err);

#endif
