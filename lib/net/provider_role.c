#include "provider.h"

#include <stdio.h>

static cJSON *request(const struct chain_role *role, int64_t now)
{
	cJSON *r = cJSON_CreateObject();
	char name[64];

	snprintf(name, sizeof(name), "codetrain-%lld", (long long)now);
	if (json_set_string(r, "RoleArn", role->arn) < 0 ||
	    json_set_string(r, "RoleSessionName", role->session_name ? role->session_name : name) < 0 ||
	    (role->duration && json_set_integer(r, "DurationSeconds", role->duration) < 0) ||
	    (role->external_id && json_set_string(r, "ExternalId", role->external_id) < 0)) {
		json_free(r);
		return NULL;
	}
	return r;
}

static int add_mfa(cJSON *r, const char *serial, struct err *err)
{
	char code[16];

	if (provider_ask_mfa(serial, code, sizeof(code), err) < 0)
		return -1;
	if (json_set_string(r, "SerialNumber", serial) < 0 || json_set_string(r, "TokenCode", code) < 0)
		return err_set(err, ERR_INTERNAL, "no memory for a request");
	return 0;
}

int provider_assume(struct aws *caller, const struct chain_role *role, struct creds *out,
		    struct err *err)
{
	cJSON *r = request(role, aws_now(caller)), *answer = NULL;
	char source[sizeof(out->source)];
	int result = -1;

	if (!r)
		return err_set(err, ERR_INTERNAL, "no memory for a request");
	if (role->mfa_serial && add_mfa(r, role->mfa_serial, err) < 0)
		goto out;
	if (aws_call(caller, "sts:AssumeRole", r, &answer, err) < 0) {
		err_suffix(err, "; the role was %s", role->arn);
		goto out;
	}
	snprintf(source, sizeof(source), "role %.200s", role->arn);
	result = provider_take(json_get(answer, "Credentials"), source, out, err);
out:
	json_free(r);
	json_free(answer);
	return result;
}

int aws_role_credentials(struct aws *a, const char *role_arn, struct creds *out, struct err *err)
{
	const struct chain_role role = { .arn = role_arn };

	return provider_assume(a, &role, out, err);
}

int provider_role(const struct provider_request *p, struct creds *out, struct err *err)
{
	struct chain_input in = aws_chain_input(p->a);
	struct creds *source = NULL;
	struct aws *caller = NULL;
	struct chain_role role;
	int result = -1;

	if (chain_role(&in, p->choice->profile, &role, err) < 0 || !(source = creds_new(err)) ||
	    provider_choice(p->a, &role.source, source, err) < 0)
		goto out;
	caller = provider_open(p, NULL, source, err);
	if (caller)
		result = provider_assume(caller, &role, out, err);
out:
	aws_close(caller);
	creds_free(source);
	return result;
}
