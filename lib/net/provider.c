#include "provider.h"

#include "lib/aws/session.h"
#include "lib/base/clock.h"

#include <stdio.h>
#include <string.h>

/* What a program, a container or a machine gives out can change without any file
 * that we could look at: it is kept for a while only, and never on a disk. */
enum { A_WHILE = 900 };

/* The local providers (environment, keys in the files) are chain_fetch_local's. */
static const struct {
	enum chain_provider provider;
	provider_fetch *fetch;
	unsigned places;	/* where its sessions may be kept between processes … */
	int64_t most;		/* … and for how many seconds; 0: to their end */
} providers[] = {
	{ CHAIN_ASSUME_ROLE, provider_role, SESSION_ANYWHERE, 0 },
	{ CHAIN_WEB_IDENTITY, provider_web_identity, SESSION_ANYWHERE, 0 },
	{ CHAIN_SSO, provider_sso, SESSION_ANYWHERE, 0 },
	{ CHAIN_LOGIN, provider_login, SESSION_ANYWHERE, 0 },
	{ CHAIN_KEYRING, provider_keyring, 0, 0 },	/* what it has does not end */
	{ CHAIN_PROCESS, provider_process, SESSION_KERNEL, A_WHILE },
	{ CHAIN_CONTAINER, provider_container, SESSION_KERNEL, A_WHILE },
	{ CHAIN_IMDS, provider_imds, SESSION_KERNEL, A_WHILE },
};

unsigned provider_places(enum chain_provider provider, int64_t *most)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(*providers); i++) {
		if (providers[i].provider != provider)
			continue;
		if (most)
			*most = providers[i].most;
		return providers[i].places;
	}
	if (most)
		*most = 0;
	return 0;
}

int provider_choice(struct aws *a, const struct chain_choice *choice, struct creds *out,
		    struct err *err)
{
	const struct provider_request p = { a, choice };
	struct chain_input in = aws_chain_input(a);

	for (size_t i = 0; i < sizeof(providers) / sizeof(*providers); i++) {
		if (providers[i].provider != choice->provider)
			continue;
		if (providers[i].fetch(&p, out, err) == 0)
			return 0;
		return err_prefix(err, "credentials of profile %s (%s): ", choice->profile,
				  chain_name(choice->provider));
	}
	return chain_fetch_local(&in, choice, out, err);
}

const char *provider_property(const struct provider_request *p, const char *name)
{
	struct awsconfig_value value;

	if (awsconfig_get(p->a->shared->config, p->choice->profile, name, &value) && *value.value)
		return value.value;
	return NULL;
}

struct aws *provider_open(const struct provider_request *p, const char *region,
			  const struct creds *creds, struct err *err)
{
	const struct aws_settings settings = {
		.profile = p->a->profile,
		.region = region ? region : p->a->region[0] ? p->a->region : NULL,
		.creds = creds,
		.label = p->choice->profile,
		.region_optional = true,
	};

	return aws_open_beside(p->a, &settings, err);
}

void provider_take_account(const char *id, struct creds *out)
{
	if (id && strlen(id) == 12 && strspn(id, "0123456789") == 12)
		memcpy(out->account_id, id, 13);
}

int provider_take(const cJSON *tree, const char *source, struct creds *out, struct err *err)
{
	const char *key = json_string(tree, "AccessKeyId", NULL);
	const char *secret = json_string(tree, "SecretAccessKey", NULL);
	const char *token = json_string(tree, "SessionToken", json_string(tree, "Token", NULL));
	const char *end = json_string(tree, "Expiration", NULL);

	if (!key || !secret)
		return err_set(err, ERR_ACCESS, "the answer has no %s",
			       key ? "SecretAccessKey" : "AccessKeyId");
	if (creds_set(out, key, secret, token, source, err) < 0) {
		err->class = ERR_ACCESS;	/* not the user's input: what a server or a program said */
		return -1;
	}
	if (end && clock_parse(end, &out->expiration) < 0)
		return err_set(err, ERR_ACCESS, "the answer's Expiration is no time");
	provider_take_account(json_string(tree, "AccountId", NULL), out);
	return 0;
}

int provider_local_get(const struct provider_request *p, const struct provider_local *q,
		       struct http_response *r, struct err *err)
{
	struct http *http = aws_http(p->a, err);
	struct http_request h = HTTP_REQUEST_INIT;

	if (!http)
		return -1;
	h.method = q->method;
	h.url = q->url;
	h.headers = q->headers;
	h.timeout_ms = q->timeout_ms;
	h.connect_timeout_ms = q->timeout_ms < 1000 ? q->timeout_ms : 1000;
	h.no_proxy = true;
	r->body.max = 64 << 10;
	r->body.secret = true;
	return p->a->shared->world->send(http, &h, r, err);
}
