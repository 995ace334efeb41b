#include "provider.h"

#include "cli_cache.h"

#include <stdio.h>
#include <string.h>

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

static int add_mfa(const struct aws *a, cJSON *r, const char *serial, struct err *err)
{
	char code[PROVIDER_MFA_LEN];
	int result = provider_ask_mfa(a, serial, code, err);

	if (result == 0 && (json_set_string(r, "SerialNumber", serial) < 0 ||
			    json_set_string(r, "TokenCode", code) < 0))
		result = err_set(err, ERR_INTERNAL, "no memory for a request");
	explicit_bzero(code, sizeof(code));
	return result;
}

/* "arn:aws:sts::123456789012:assumed-role/NAME/SESSION" */
static void take_account(const char *arn, struct creds *out)
{
	for (int colons = 0; *arn && colons < 4; arn++)
		colons += *arn == ':';
	if (strspn(arn, "0123456789") == 12 && arn[12] == ':') {
		memcpy(out->account_id, arn, 12);
		out->account_id[12] = '\0';
	}
}

int provider_take_assumed(const cJSON *answer, const char *source, struct creds *out,
			  struct err *err)
{
	if (provider_take(json_get(answer, "Credentials"), source, out, err) < 0)
		return -1;
	if (!out->account_id[0])
		take_account(json_string(answer, "AssumedRoleUser.Arn", ""), out);
	return 0;
}

static void role_source(const char *arn, char *out, size_t cap)
{
	snprintf(out, cap, "role %.200s", arn);
}

int provider_assume(struct aws *caller, const struct chain_role *role, struct creds *out,
		    struct err *err)
{
	cJSON *r = request(role, aws_now(caller)), *answer = NULL;
	char source[sizeof(out->source)];
	int result = -1;

	if (!r)
		return err_set(err, ERR_INTERNAL, "no memory for a request");
	if ((!role->mfa_serial || add_mfa(caller, r, role->mfa_serial, err) == 0) &&
	    aws_call(caller, "sts:AssumeRole", r, &answer, err) == 0) {
		role_source(role->arn, source, sizeof(source));
		result = provider_take_assumed(answer, source, out, err);
	}
	if (result < 0)
		err_suffix(err, "; the role was %s", role->arn);
	json_free(r);
	json_free(answer);
	return result;
}

int aws_role_credentials(struct aws *a, const char *role_arn, struct creds *out, struct err *err)
{
	const struct chain_role role = { .arn = role_arn };

	return provider_assume(a, &role, out, err);
}

/* ---- of a profile ---------------------------------------------------------------- */

struct assuming {
	const struct provider_request *p;
	const struct chain_role *role;
};

static int assume(void *arg, struct creds *out, struct err *err)
{
	const struct assuming *as = arg;
	struct creds *source = creds_new(err);
	struct aws *caller = NULL;
	int result = -1;

	if (!source || provider_choice(as->p->a, &as->role->source, source, err) < 0)
		goto out;
	caller = provider_open(as->p, NULL, source, err);
	if (caller)
		result = provider_assume(caller, as->role, out, err);
out:
	aws_close(caller);
	creds_free(source);
	return result;
}

static void role_key(const struct chain_role *role, char out[static CLI_CACHE_KEY_LEN])
{
	const struct cli_cache_argument arguments[] = {
		{ "DurationSeconds", NULL, role->duration },
		{ "ExternalId", role->external_id, 0 },
		{ "RoleArn", role->arn, 0 },
		{ "RoleSessionName", role->session_name, 0 },
		{ "SerialNumber", role->mfa_serial, 0 },
	};

	cli_cache_key(arguments, sizeof(arguments) / sizeof(*arguments), true, out);
}

int provider_role(const struct provider_request *p, struct creds *out, struct err *err)
{
	struct chain_input in = aws_chain_input(p->a);
	char source[sizeof(out->source)];
	struct chain_role role;
	struct assuming as = { p, &role };
	struct cli_cache_item item = { .source = source, .service = "STS" };

	if (chain_role(&in, p->choice->profile, &role, err) < 0)
		return -1;
	role_source(role.arn, source, sizeof(source));
	item.duration = role.duration;
	role_key(&role, item.key);
	return cli_cache_through(p->a, &item, assume, &as, out, err);
}
